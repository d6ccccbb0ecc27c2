"""Simulated trades: against a slow reading of the docstring, and against the engine."""

import numpy as np
import pytest
import talib

from bt_fusion.data.bars import BarArrays
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import run_strategy
from bt_fusion.trade_models.simulated_trades import REASONS, simulate
from tests.trade_models.made import Follows, gappy_bars, plan_for, random_sides

FREE = Account(commission=0.0, share=0.5)  # gaps cost no entry


def slow_trade(bars, signal, side, stop, target, hold_bars):
    """Exit bar, exit price and reason of one trade, bar by bar; None where it does not end."""
    for bar in range(signal + 2, len(bars)):
        if bar == signal + 1 + hold_bars:
            return bar, bars.open[bar], "horizon"
        low, high, open_ = bars.low[bar], bars.high[bar], bars.open[bar]
        if (low <= stop) if side > 0 else (high >= stop):
            return bar, min(open_, stop) if side > 0 else max(open_, stop), "stop"
        if (high >= target) if side > 0 else (low <= target):
            return bar, max(open_, target) if side > 0 else min(open_, target), "target"
    return None


def slow_trades(bars, side, atr, stop, target, hold_bars):
    """Rows of signal, side, exit, entry price, exit price and reason."""
    rows, free_from = [], 0
    for bar in range(len(bars) - 1):
        known = (
            side[bar] in (-1, 1) and atr[bar] > 0 and np.isfinite([stop[bar], target[bar]]).all()
        )
        if bar < free_from or not known:
            continue
        own = int(side[bar])
        levels = (
            bars.close[bar] - own * stop[bar] * atr[bar],
            (bars.close[bar] + own * target[bar] * atr[bar]),
        )
        ended = slow_trade(bars, bar, own, *levels, hold_bars)
        if ended is None:
            break
        rows.append((bar, own, ended[0], bars.open[bar + 1], *ended[1:]))
        free_from = ended[0]
    return rows


def rows_of(trades):
    columns = (trades.signal, trades.side, trades.exit, trades.entry_price, trades.exit_price)
    reasons = (REASONS[each] for each in trades.reason)
    return list(zip(*(each.tolist() for each in columns), reasons, strict=True))


@pytest.mark.parametrize("hold_bars", [1, 2, 5, 12])
def test_as_a_slow_reading_of_the_docstring(hold_bars):
    found = {reason: 0 for reason in REASONS}
    for seed in range(15):
        rng = np.random.default_rng(seed)
        bars = BarArrays.of(gappy_bars(seed))
        side = random_sides(rng, len(bars), 0.5).astype(float)
        side[rng.random(len(bars)) < 0.1] = np.nan
        atr = talib.ATR(bars.high, bars.low, bars.close, 5).round()
        stop, target = rng.integers(1, 5, (2, len(bars))) / 2
        stop[rng.random(len(bars)) < 0.1] = np.nan
        trades = simulate(bars, side, atr, stop, target, hold_bars)
        expected = slow_trades(bars, side, atr, stop, target, hold_bars)
        assert rows_of(trades) == expected
        np.testing.assert_array_equal(trades.atr, atr[trades.signal])
        np.testing.assert_array_equal(trades.stop, stop[trades.signal])
        for row in expected:
            found[row[-1]] += 1
    assert sum(found.values()) > 300
    assert hold_bars == 1 or min(found.values()) > 30  # a level lives from the second bar on


def engine_rows(bars, run):
    """The closed trades of a run as `rows_of` has them."""
    trades = run.trades[run.trades.exit_reason != "open"]
    at = bars.index.get_indexer
    side = np.where(trades.side == "long", 1, -1)
    columns = (
        at(trades.signal_time),
        side,
        at(trades.exit_time),
        trades.entry_price,
        trades.exit_price,
        trades.exit_reason,
    )
    return list(zip(*(np.asarray(each).tolist() for each in columns), strict=True))


@pytest.mark.parametrize("hold_bars", [1, 4, 12])
def test_the_engine_trades_the_same(hold_bars):
    reasons = set()
    for seed in range(4):
        rng = np.random.default_rng(seed)
        bars = gappy_bars(seed, 400)
        side = random_sides(rng, len(bars))
        atr = talib.ATR(*(bars[name].to_numpy() for name in ("high", "low", "close")), 14)
        stop, target = rng.uniform(0.5, 3.0, (2, len(bars)))
        plan = plan_for(bars, stop=stop, target=target, atr=atr)
        only_stops = {"position": False, "risk": False, "max_risk_pct": 1.0}
        params = {"sides": side, "model": plan, "hold_bars": hold_bars, "ml_threshold": 0.5}
        run = run_strategy(bars, Follows, FREE, **params, **only_stops)
        expected = rows_of(simulate(BarArrays.of(bars), side, atr, stop, target, hold_bars))
        found = engine_rows(bars, run)
        assert len(expected) > 30
        assert [row[:3] + row[5:] for row in found] == [row[:3] + row[5:] for row in expected]
        prices = [[row[3:5] for row in rows] for rows in (found, expected)]
        np.testing.assert_allclose(*prices, rtol=1e-12)
        reasons |= {row[-1] for row in found}
    assert reasons == set(REASONS) if hold_bars > 1 else {"horizon"}


def test_the_engine_trades_the_same_without_models():
    for seed in range(2):
        bars = gappy_bars(seed, 500)
        side = random_sides(np.random.default_rng(seed), len(bars))
        atr = talib.ATR(*(bars[name].to_numpy() for name in ("high", "low", "close")), 14)
        run = run_strategy(bars, Follows, FREE, sides=side, ml=False, hold_bars=6)
        expected = rows_of(simulate(BarArrays.of(bars), side, atr, 1.5, 1.5, 6))
        found = engine_rows(bars, run)
        assert len(expected) > 30
        assert [row[:3] + row[5:] for row in found] == [row[:3] + row[5:] for row in expected]
