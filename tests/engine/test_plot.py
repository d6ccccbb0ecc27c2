"""Backtrader's own chart: buys and sells stand on their bars, and drawing changes no trade."""

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from bt_fusion.engine.account import Account
from bt_fusion.engine.plot import Orders, add_marks, draw_backtrader
from bt_fusion.engine.runner import cerebro_of, run_strategy


def bars(start, count):
    close = 100 + 5 * np.sin(np.arange(count) / 4)
    index = pd.date_range(start, periods=count, freq="h")
    return pd.DataFrame(
        {"open": close, "high": close + 1, "low": close - 1, "close": close, "volume": 1.0}, index
    )


class Twice(bt.Strategy):
    """Buys every feed on its bar 10 and sells it on its bar 20"""

    def next(self):
        for data in self.datas:
            if len(data) == 10:
                self.buy(data, size=1)
            elif len(data) == 20:
                self.sell(data, size=1)


@pytest.mark.parametrize("later", [0, 7])
def test_a_mark_stands_on_the_bar_of_its_fill(later, tmp_path):
    feeds = {"A": bars("2024-01-01", 40), "B": bars(f"2024-01-01T0{later}:00", 40)}
    cerebro = cerebro_of(feeds, Account())
    cerebro.addstrategy(Twice)
    add_marks(cerebro)
    cerebro.run()
    draw_backtrader(tmp_path / "chart.png", cerebro)
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")
    found = [each for each in cerebro.runstrats[0][0].getobservers() if isinstance(each, Orders)]
    assert len(found) == 2
    for observer in found:
        low, high = (np.array(getattr(observer.data, name).array) for name in ("low", "high"))
        buys, sells = (np.array(line.array) for line in observer.lines)
        assert len(buys) == len(sells) == len(low) == 40
        # ordered at the close of the bar 10: filled on bar 11, whose index is 10
        assert np.flatnonzero(~np.isnan(buys)).tolist() == [10] and buys[10] < low[10]
        assert np.flatnonzero(~np.isnan(sells)).tolist() == [20] and sells[20] > high[20]


def test_drawing_changes_no_trade(tmp_path):
    own = bars("2024-01-01", 40)
    plain = run_strategy(own, Twice)
    drawn = run_strategy(own, Twice, plot=tmp_path / "chart.png")
    assert len(plain.trades) == 1
    pd.testing.assert_frame_equal(plain.trades, drawn.trades)
    pd.testing.assert_series_equal(plain.equity, drawn.equity)
