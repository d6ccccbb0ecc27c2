"""Spans: joined where they touch, and what is missing between them."""

from itertools import pairwise

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from bt_fusion.data.online.spans import joined, missing

DAYS = pd.date_range("2024-01-01", periods=31)
SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=8)


def held(spans):
    return {day for start, end in spans for day in DAYS if start <= day < end}


@given(pairs=SPANS, span=st.tuples(st.integers(0, 30), st.integers(0, 30)))
def test_spans_hold_the_same_days_and_what_is_missing_is_the_rest(pairs, span):
    spans = [(DAYS[a], DAYS[b]) for a, b in pairs]
    known = joined(spans)
    assert held(known) == held(spans)
    assert all(one[1] < other[0] for one, other in pairwise(known))
    start, end = DAYS[min(span)], DAYS[max(span)]
    gaps = missing(known, start, end)
    assert held(gaps) == held([(start, end)]) - held(spans)
    assert held(gaps) & held(known) == set()
