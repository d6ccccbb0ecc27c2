"""The EMA state on arrays: by hand, and bit for bit the averages of Backtrader."""

import backtrader as bt
import numpy as np
import pandas as pd
import pytest
import talib

from bt_fusion.data.samples import random_walk, sp500
from bt_fusion.engine import BarsData
from bt_fusion.indicators import EMACross
from bt_fusion.technical.ema_state import ema, ema_state


class Lines(bt.Strategy):
    """Keeps the lines of an EMA cross."""

    def __init__(self):
        self.cross, self.rows = EMACross(self.data, fast=12, slow=26), []

    def prenext(self):
        self.next()

    def next(self):
        lines = self.cross.lines
        self.rows.append((lines.state[0], lines.fast[0], lines.slow[0]))


def in_backtrader(bars, runonce=True):
    cerebro = bt.Cerebro(stdstats=False, runonce=runonce)
    cerebro.adddata(BarsData(dataname=bars))
    cerebro.addstrategy(Lines)
    return np.array(cerebro.run()[0].rows).T


def standing_still():
    index = pd.date_range("2024-01-01", periods=200, freq="h")
    prices = dict.fromkeys(("open", "high", "low", "close"), 4261.48)
    return pd.DataFrame({**prices, "volume": 1.0}, index=index)


def test_an_average_by_hand():
    # seed (3 + 6) / 2, then 2 / 3 of the new price
    assert ema(np.array([3.0, 6.0, 9.0, 0.0]), 2).tolist() == pytest.approx(
        [np.nan, 4.5, 7.5, 2.5], nan_ok=True
    )
    assert np.isnan(ema(np.array([3.0, 6.0]), 3)).all()
    assert len(ema(np.array([]), 3)) == 0


def test_the_state_by_hand():
    assert ema_state(np.array([5.0, 5.0, 6.0, 4.0]), 1, 2).tolist() == [0, 0, 1, -1]
    assert ema_state(np.array([5.0, 5.0, 6.0, 4.0]), 2, 1).tolist() == [0, 0, -1, 1]
    assert ema_state(np.arange(30.0)).tolist() == [0] * 25 + [1] * 5


@pytest.mark.parametrize("bars", [sp500()[:800], random_walk(800), standing_still()])
@pytest.mark.parametrize("runonce", [True, False])
def test_the_same_bits_as_in_backtrader(bars, runonce):
    state, fast, slow = in_backtrader(bars, runonce)
    close = bars.close.to_numpy()
    assert len(close) == len(state) and np.isnan(state[:25]).all()
    for period, line in ((12, fast), (26, slow)):
        known = np.isfinite(line)  # a run shows the fast one only when both are known
        assert known.sum() >= len(close) - 25
        assert np.array_equal(ema(close, period)[known], line[known])
    assert np.array_equal(ema_state(close), np.nan_to_num(state))


def test_ta_lib_agrees_but_for_the_last_bit():
    close = sp500().close.to_numpy()
    for period in (12, 26):
        assert np.nanmax(np.abs(talib.EMA(close, period) / ema(close, period) - 1)) < 1e-14
    still = standing_still().close.to_numpy()
    assert not ema_state(still).any()  # where TA-Lib's averages of equal prices differ
    assert (talib.EMA(still, 12) != talib.EMA(still, 26))[25:].all()
