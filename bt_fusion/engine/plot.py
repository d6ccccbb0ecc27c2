"""Backtrader's own chart of a run, with its buys and sells, as a PNG file."""

from array import array
from math import isnan, nan
from pathlib import Path
from typing import Any

import backtrader as bt
import matplotlib

from bt_fusion.files import write_whole

__all__ = ["add_marks", "draw_backtrader"]

DISTANCE = 0.02  # distance of a mark from its bar, as a fraction of the chart's height
HIDDEN = dict(_plotvalue=False, _plotvaluetag=False)  # the price beside the name


class Orders(bt.observers.BuySell):
    """Marks each bar on which an order was filled: buys below it, sells above it.

    Backtrader's own observer counts the strategy's bars, so its marks are too far right for a feed
    that starts later.
    """

    plotlines = (("buy", HIDDEN), ("sell", HIDDEN))

    def __init__(self):
        super().__init__()
        self._marks = []

    def _plotlabel(self):
        return []

    def next(self):
        super().next()
        for line in self.lines:
            if not isnan(line[0]):
                self._marks.append((line, len(self.data) - 1))

    def align(self):
        """Put each mark on its bar of the feed, a little away from the price."""
        low, high = self.data.low.array, self.data.high.array
        away = DISTANCE * (max(high) - min(low))
        for line in self.lines:
            line.array = array("d", [nan] * self.data.buflen())
        for line, at in self._marks:
            line.array[at] = low[at] - away if line is self.lines.buy else high[at] + away


def add_marks(cerebro: bt.Cerebro) -> None:
    """Mark buys and sells in the chart of each feed."""
    cerebro.addobservermulti(Orders)


def draw_backtrader(path: Path, cerebro: bt.Cerebro) -> None:
    """Draw Backtrader's own chart of a finished run into a PNG file, without a screen."""
    import backtrader.plot  # noqa: F401  (asks for a screen as it is imported)

    matplotlib.use("Agg")
    daily = all(data._timeframe >= bt.TimeFrame.Days for data in cerebro.datas)
    times = "%Y-%m-%d" if daily else "%Y-%m-%d %H:%M"
    for strategy in cerebro.runstrats[0]:
        for observer in strategy.getobservers():
            if isinstance(observer, Orders):
                observer.align()
    figure = cerebro.plot(iplot=False, style="line", volume=False, fmt_x_ticks=times)[0][0]
    figure.set_size_inches(14, 9)
    show_times(figure)
    write_whole(path, lambda file: figure.savefig(file, dpi=110))


def show_times(figure: Any) -> None:
    """Show the times below the lowest chart, which newer versions of matplotlib hide."""
    lowest = min(axis.get_position().y0 for axis in figure.axes)
    for axis in figure.axes:
        if axis.get_position().y0 == lowest:
            axis.tick_params(axis="x", labelbottom=True)
            for label in axis.get_xticklabels():
                label.set_visible(True)
