"""Groups of bars and rows of curves: nothing that stands out is lost."""

import numpy as np
import pandas as pd
import pytest

from bt_fusion.report.html.columns.thinned import DETAIL, GroupedBars, detail_rows, extreme_rows

NAN = float("nan")


@pytest.fixture
def grouped():
    """Seven bars in groups of three."""
    return GroupedBars(7, symbols=20_000 // 3)


def test_groups_are_of_one_size_but_the_last(grouped):
    assert (grouped.size, grouped.starts.tolist()) == (3, [0, 3, 6])
    values = [5, 1, 4, 2, 9, 3, 7]
    assert grouped.first(values).tolist() == [5, 2, 7]
    assert grouped.last(values).tolist() == [4, 3, 7]
    assert grouped.high(values).tolist() == [5, 9, 7]
    assert grouped.low(values).tolist() == [1, 2, 7]
    assert grouped.sum(np.array(values) > 3).tolist() == [2, 1, 1]
    assert grouped.commonest([0, 2, 2, 1, 1, 0, 0], kinds=3).tolist() == [2, 1, 0]


def test_unknown_values_are_left_out(grouped):
    values = [NAN, 2, 4, NAN, NAN, NAN, 5]
    np.testing.assert_array_equal(grouped.mean(values), [3, NAN, 5])
    np.testing.assert_array_equal(grouped.low(values), [2, NAN, 5])
    np.testing.assert_array_equal(grouped.high(values), [4, NAN, 5])


@pytest.mark.parametrize(("count", "size"), [(20_000, 1), (20_001, 2), (1_000_000, 50)])
def test_there_are_never_too_many_groups(count, size):
    found = GroupedBars(count)
    assert found.size == size
    assert len(found.starts) <= 20_000


@pytest.mark.parametrize("stop", [500, 10_000, 500_000, 1_000_000])
def test_the_bars_shown_are_among_those_held_one_by_one(stop):
    rows = detail_rows(1_000_000, 1, slice(stop - 500, stop))
    assert rows.stop - rows.start == DETAIL
    assert rows.start <= stop - 500 and stop <= rows.stop


def test_symbols_share_the_room():
    rows = detail_rows(300_000, 4, slice(299_500, 300_000))
    assert rows == slice(295_000, 300_000)


def test_curves_keep_their_extremes_and_their_ends():
    rng = np.random.default_rng(0)
    walk = pd.DataFrame(np.cumsum(rng.normal(size=(10_000, 2)), axis=0), columns=["off", "on"])
    rows = extreme_rows(walk, most=100)
    assert len(rows) <= 2 + 100 * 2 * 2
    assert rows[0] == 0 and rows[-1] == 9_999
    for start in range(0, 10_000, 100):
        group = walk[start : start + 100]
        kept = walk.iloc[rows[(rows >= start) & (rows < start + 100)]]
        pd.testing.assert_series_equal(kept.min(), group.min())
        pd.testing.assert_series_equal(kept.max(), group.max())
