"""One verdict over many markets."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bt_fusion.statistics.bootstrap import Bootstrap
from bt_fusion.verdict.pooled import GainBootstrap, Market, pool
from bt_fusion.verdict.rules import HELPED, NO_EVIDENCE
from bt_fusion.verdict.stouffer import DailyGains, DayTotals
from tests.verdict.test_rules import NOTHING, chance

FEW = Bootstrap(draws=200)


def market(name, values, p_value=0.1, freq="D", **evidence):
    index = pd.date_range("2020-01-01", periods=len(values), freq=freq)
    setting, ranking = chance(p_value), chance(p_value)
    found = replace(NOTHING, setting=setting, ranking=ranking, edge_dsr=0.9, **evidence)
    gains = DailyGains.of(pd.Series(values, index=index))
    return Market(name, found, gains, gains)


def gain_of(*gains):
    """The mean gain a year of some markets, and its interval."""
    total, known = DayTotals(), DayTotals()
    for each in gains:
        total.add(each.first, each.values)
        known.add(each.first, np.ones(len(each.values)))
    drawn = GainBootstrap(total, known, len(gains), FEW)
    for each in gains:
        drawn.add(each)
    return drawn.result


def test_a_year_of_a_market_that_rests_on_weekends_is_a_year():
    working = market("A", np.full(522, 0.01), freq="B")  # 2020-01-01 to 2021-12-30: 730 days
    gain, low, high = gain_of(working.above_chance)
    assert gain == pytest.approx(522 * 0.01 / 730 * 365.25)
    assert low <= gain <= high


def test_the_gain_is_a_year_of_each_market_s_own_days():
    long, short = DailyGains(9, np.array([0.01, 0.01])), DailyGains(9, np.array([0.03]))
    gain, low, high = gain_of(long, short)
    assert gain == pytest.approx((0.01 + 0.03) / 2 * 365.25)
    assert 0.01 * 365.25 <= low <= gain <= high <= 0.03 * 365.25 + 1e-9


def test_many_weak_markets_make_strong_evidence_and_one_market_copied_does_not():
    rng = np.random.default_rng(1)
    own = [rng.normal(0.0005, 0.01, 1_000) for _ in range(12)]
    together = pool([market(str(n), values) for n, values in enumerate(own)], FEW)
    assert together.verdict == HELPED
    assert together.because == (
        "ML helped: over 12 markets ML ranks entries better than chance (p below 0.001), and its "
        "settings beat random filters (p below 0.001); 12 markets beat the median filter"
    )
    same = pool([market(str(n), own[0]) for n in range(12)], FEW)
    assert same.verdict == NO_EVIDENCE
    assert "times as many markets or years" in same.change
