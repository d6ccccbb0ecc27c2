"""The state of open trades: each column on each bar against a plain loop."""

import numpy as np
import pytest
import talib

from bt_fusion.data.bars import BarArrays
from bt_fusion.trade_models.simulated_trades import simulate
from bt_fusion.trade_models.trade_state import STATE, OpenTrades, held_bars
from tests.trade_models.made import gappy_bars, random_sides


def made(seed, hold_bars=8):
    rng = np.random.default_rng(seed)
    bars = BarArrays.of(gappy_bars(seed))
    side = random_sides(rng, len(bars), 0.5)
    atr = talib.ATR(bars.high, bars.low, bars.close, 14)
    up, down = rng.uniform(0, 1, (2, len(bars)))
    return bars, simulate(bars, side, atr, 1.0, 1.5, hold_bars), up, down


def naive_state(bars, trades, number, bar, up, down):
    """What is known at the close of a bar, by the words of `STATE`."""
    side, entry = trades.side[number], trades.signal[number] + 1
    price, unit = trades.entry_price[number], trades.atr[number]
    since = range(entry, bar + 1)
    moves = [side * (each[t] - price) for t in since for each in (bars.high, bars.low)]
    chance = up if side > 0 else down
    return {
        "side": side,
        "bars_held": len(since),
        "open_profit": side * (bars.close[bar] - price) / unit,
        "best_excursion": max(moves) / unit,
        "worst_excursion": min(moves) / unit,
        "probability_now": chance[bar],
        "probability_at_entry": chance[entry - 1],
    }


@pytest.mark.parametrize("hold_bars", [1, 3, 8])
def test_each_bar_of_each_trade(hold_bars):
    rows = 0
    for seed in range(4):
        bars, trades, up, down = made(seed, hold_bars)
        trade, held = held_bars(trades)
        found = OpenTrades.of(bars, trades).states(trade, held, up, down)
        assert found.dtype == np.float32
        for row, number, ago in zip(found, trade, held, strict=True):
            bar = trades.entry[number] + ago
            naive = naive_state(bars, trades, number, bar, up, down)
            np.testing.assert_array_equal(row, np.float32([naive[name] for name in STATE]))
        rows += len(found)
    assert rows > 400 or hold_bars == 1


def test_bars_at_whose_close_a_trade_could_still_leave_earlier():
    """Leaving is filled at the next open: that must come before the trade's own end."""
    for seed in range(4):
        _, trades, _, _ = made(seed)
        trade, held = held_bars(trades)
        found = set(zip(trade.tolist(), (trades.entry[trade] + held).tolist(), strict=True))
        expected = set()
        for number, (entry, end, reason) in enumerate(
            zip(trades.entry, trades.exit, trades.reason, strict=True)
        ):
            last_open = end - 1 if reason == 0 else end  # a level is met after the open of its bar
            expected |= {(number, bar) for bar in range(entry, end) if bar + 1 <= last_open}
        assert found == expected
        assert len(found) > 100


def test_a_trade_held_one_bar_has_no_decision():
    _, trades, _, _ = made(0, hold_bars=1)
    assert len(trades) > 50
    assert len(held_bars(trades)[0]) == 0


def test_a_flat_market_has_no_state_in_its_units():
    price = np.full(6, 10.0)
    bars = BarArrays(np.arange(6).astype("datetime64[ns]"), *[price] * 5)
    trade = OpenTrades(bars, np.array([1]), np.array([2]), np.array([10.0]), np.array([0.0]))
    state = trade.states(np.array([0]), np.array([2]), np.ones(6), np.zeros(6))[0]
    assert dict(zip(STATE, np.isnan(state), strict=True)) == {
        name: name in ("open_profit", "best_excursion", "worst_excursion") for name in STATE
    }
