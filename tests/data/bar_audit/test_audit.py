"""audit_bars: the samples and the whole of it."""

import json

import pandas as pd
import pytest

from bt_fusion.data.bar_audit import audit_bars
from bt_fusion.data.samples import nasdaq, planted_edge, random_walk, sp500
from bt_fusion.errors import BarsError
from tests.data.bar_audit.calendars import NOW, around_the_clock, stock_sessions, weekdays

# 11 September 2001; a day of mourning after New Year 2007; the hurricane of October 2012
CLOSED = ("2001-09-17", "2007-01-03", "2012-10-31")


@pytest.mark.parametrize("make", [sp500, nasdaq])
def test_the_index_samples_lack_the_days_their_markets_were_closed(make):
    gaps = audit_bars(make(), NOW).findings[0]
    assert (gaps.kind, gaps.count, gaps.bars) == ("gaps", 3, 8)
    assert gaps.first == tuple(map(pd.Timestamp, CLOSED))


def test_an_audit_prints_what_to_do():
    shown = repr(audit_bars(nasdaq(), NOW))
    assert "  gaps         3 (8 bars, first 2001-09-17): " in shown and "; to do: " in shown
    assert repr(audit_bars(random_walk(50), NOW)).endswith("findings  none")


def test_the_index_samples_have_nothing_else_but_two_days_without_volume():
    assert audit_bars(sp500(), NOW).counts() == {"gaps": 3}
    assert audit_bars(nasdaq(), NOW).counts() == {"gaps": 3, "zero_volume": 2}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("make", [random_walk, planted_edge])
def test_synthetic_bars_have_nothing(make, seed):
    assert audit_bars(make(5_000, seed=seed), NOW).counts() == {}


@pytest.mark.parametrize(
    "bars",
    [around_the_clock(), around_the_clock(400, "D"), stock_sessions(), weekdays()],
    ids=["crypto 1h", "crypto 1d", "stock 5m", "stock 1d"],
)
def test_sound_calendars_have_nothing(bars):
    assert audit_bars(bars, NOW).counts() == {}


@pytest.mark.parametrize("count", [1, 2, 3, 21])
def test_a_few_bars_are_audited_too(count):
    audit = audit_bars(random_walk(count), NOW)
    assert (audit.bars, audit.findings) == (count, ())
    assert audit.length == (None if count == 1 else "1m")


def test_it_says_when_and_in_which_steps():
    audit = audit_bars(around_the_clock(48), NOW)
    assert (audit.bars, audit.length, audit.stamps) == (48, "1h", "unknown")
    assert (audit.start, audit.end) == (
        pd.Timestamp("2024-01-01"),
        pd.Timestamp("2024-01-02 23:00"),
    )


def test_its_values_go_into_json():
    bars = around_the_clock(48).drop(pd.Timestamp("2024-01-01 05:00"))
    found = json.loads(json.dumps(audit_bars(bars, NOW).to_dict()))
    assert set(found) == {"bars", "start", "end", "length", "stamps", "stamps_why", "findings"}
    (gap,) = found["findings"]
    assert (gap["kind"], gap["count"], gap["bars"]) == ("gaps", 1, 1)
    assert gap["first"] == ["2024-01-01 06:00:00"]
    assert gap["meaning"] and gap["remedy"]


def test_broken_bars_are_refused():
    with pytest.raises(BarsError, match="NaN in column close"):
        audit_bars(random_walk(5).assign(close=float("nan")))
