"""Regimes, and the label that asks them."""

import numpy as np
import pandas as pd
import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st

from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import random_walk
from bt_fusion.errors import OptionError
from bt_fusion.labels import ProfitBeforeStop
from bt_fusion.technical.regimes import MEMORY, Regime, regimes


def steps(moves) -> pd.DataFrame:
    close = 100 * np.cumprod(1 + np.asarray(moves, dtype=float))
    open_ = np.r_[100.0, close[:-1]]
    columns = {
        "open": open_,
        "high": np.maximum(open_, close),
        "low": np.minimum(open_, close),
        "close": close,
        "volume": np.ones(len(close)),
    }
    return pd.DataFrame(columns, index=pd.date_range("2024", periods=len(close), freq="h"))


def test_a_rise_a_fall_and_standing_still():
    bars = steps([0.01] * 60 + [-0.01] * 60)
    states = regimes(bars)
    assert (states[:27] == Regime.RANGING).all()  # ADX(14) needs 28 bars
    assert (states[30:60] == Regime.UP).all()
    assert (states[-30:] == Regime.DOWN).all()
    assert (regimes(steps([0.0] * 80)) == Regime.RANGING).all()


def test_the_rule_bar_by_bar(daily):
    bars = daily[:600]
    prices = [bars[name].to_numpy() for name in ("high", "low", "close")]
    adx, plus, minus = (f(*prices, 14) for f in (talib.ADX, talib.PLUS_DI, talib.MINUS_DI))
    raw = [
        0 if not a >= 25 else (1 if p > m else 2) for a, p, m in zip(adx, plus, minus, strict=True)
    ]
    expected = [
        raw[t] if t >= 3 and len(set(raw[t - 3 : t + 1])) == 1 else 0 for t in range(len(raw))
    ]
    assert regimes(bars, threshold=25, confirm=4).tolist() == expected
    assert {0, 1, 2} == set(expected)


def test_it_is_causal_and_forgets_its_start(daily):
    arrays = BarArrays.of(daily)
    whole = regimes(arrays)
    for t in (700, 1500, 4000):
        assert regimes(arrays[: t + 1])[-1] == whole[t]
        assert regimes(arrays[t + 1 - MEMORY - 3 : t + 1])[-1] == whole[t]
    with pytest.raises(OptionError, match="confirm 0"):
        regimes(arrays, confirm=0)


def slowly(bars, target, stop, horizon):
    """The label by its definition, one bar after the other."""
    high, low, close = (bars[name].to_numpy() for name in ("high", "low", "close"))
    trend, rows = regimes(bars), []
    for t in range(len(bars)):
        sides = []
        for side in (1, -1):
            outcome = None
            for ahead in range(1, horizon + 1):
                if t + ahead >= len(bars):
                    break
                gain, loss = (high, low) if side == 1 else (low, high)
                hit = side * (gain[t + ahead] - close[t] * (1 + side * target)) >= 0
                stopped = side * (loss[t + ahead] - close[t] * (1 - side * stop)) <= 0
                if stopped or hit:
                    outcome = (not stopped, t + ahead)
                    break
            else:
                outcome = (False, t + horizon)
            sides.append(outcome)
        if None in sides:
            rows.append((np.nan, -1))
            continue
        (long, known), (short, also_known) = sides
        tie = {1: 1, 2: -1}.get(trend[t], 0)
        rows.append((tie if long and short else int(long) - int(short), max(known, also_known)))
    return np.array(rows, dtype=float)


@given(
    seed=st.integers(0, 10_000),
    target=st.sampled_from([0.004, 0.01, 0.02]),
    stop=st.sampled_from([0.004, 0.01, 0.02]),
    horizon=st.integers(1, 12),
    count=st.integers(1, 90),
)
def test_profit_before_stop_is_its_definition(seed, target, stop, horizon, count):
    bars = random_walk(count, seed=seed)
    labels = ProfitBeforeStop(target, stop, horizon)(bars)
    expected = slowly(bars, target, stop, horizon)
    np.testing.assert_array_equal(labels.y, expected[:, 0])
    np.testing.assert_array_equal(labels.t1, expected[:, 1])


def test_profit_before_stop_by_hand():
    #        bar:   0    1      2      3       4
    bars = steps([0.0, 0.005, 0.012, -0.001, -0.03])
    labels = ProfitBeforeStop(0.015, 0.010, horizon=3)(bars)
    assert labels.y[0] == 1 and labels.t1[0] == 2  # +1.7 % at bar 2; the short was stopped there
    assert labels.y[3] == -1 and labels.t1[3] == 4  # -3 % at once
    assert np.isnan(labels.y[4]) and labels.t1[4] == -1


def test_both_sides_can_qualify_where_the_stop_is_wide_and_the_regime_decides():
    calm = [0.0] * 60
    moves = [0.01] * 60 + [0.012, -0.03, 0.0, 0.0]
    label = ProfitBeforeStop(0.01, 0.05, horizon=3)
    rising = label(steps(moves))
    assert (rising.y[59], rising.t1[59]) == (1, 61)  # long at 60, short at 61: an uptrend
    ranging = label(steps([*calm, 0.012, -0.03, 0.0, 0.0]))
    assert (ranging.y[59], ranging.t1[59]) == (0, 61)


def test_fractions_are_checked():
    with pytest.raises(OptionError, match="are fractions"):
        ProfitBeforeStop(target=1.5)
