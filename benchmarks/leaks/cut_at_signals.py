"""Freqtrade's look-ahead analysis, in our own words and over Backtrader.

Its documentation (https://www.freqtrade.io/en/stable/lookahead-analysis/) describes it: a run over
all bars; then, for the first 20 trades, a run on bars that end just after the entry and one on bars
that end just after the exit. An entry or exit that the shorter run does not repeat is a biased
signal, and a column that differs on any of its bars a biased indicator. Below 10 trades nothing is
said. What is kept here of its details: a trade opens on the bar after its signal, also where a
limit order fills later; the shorter bars hold one bar more than that; trades that only the end of
the bars closes are skipped; values are compared exactly; of markets that are traded each is tried
alone, bars that only inform are all there up to the same stamp. Order types stay as the strategy
gives them (its option ``--lookahead-allow-limit-orders``; by default it trades market orders
alone).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import backtrader as bt
import numpy as np
import pandas as pd

from benchmarks.leaks.registry import Case
from bt_fusion.audit.recording import Recorder
from bt_fusion.data.bars import BarArrays
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import cerebro_of

__all__ = ["cut_at_signals"]

MOST, FEWEST = 20, 10  # trades
HOLD = 10  # bars a feature's trade is held
USUAL = 60  # bars of the mean a feature is compared with
STRATEGY_BARS = 800


@dataclass(frozen=True)
class Run:
    """What a run shows: columns by stamp, and trades by their stamps of entry and exit."""

    columns: pd.DataFrame
    trades: list[tuple[pd.Timestamp, pd.Timestamp | None]]


Runs = Callable[[pd.Timestamp | None], Run]


def cut_at_signals(case: Case, bars: pd.DataFrame) -> bool | None:
    """Tell whether the method finds a case biased; None where it says nothing.

    Labels, members and models have no signals of their own: it does not speak of them.
    """
    if "before" in case.options:
        case.options["before"](bars)
    if case.kind == "feature":
        return compared(lambda end: of_feature(case, bars[:end] if end else bars), bars.index)
    if case.kind == "indicator":
        return of_strategies(indicator_strategy(case.part), {"": bars[:STRATEGY_BARS]}, False)
    if case.kind == "strategy":
        return of_strategies(case.part, {"": bars[:STRATEGY_BARS]}, False)
    if case.kind == "feeds":
        feeds = case.options["feeds"](bars[:STRATEGY_BARS])
        return of_strategies(case.part, feeds, case.options.get("alone", False))
    return None


def of_strategies(
    strategy: type[bt.Strategy], feeds: Mapping[str, pd.DataFrame], alone: bool
) -> bool | None:
    """Try a strategy: the first feed is traded, the others inform, or are tried alone."""
    first = next(iter(feeds))
    index = feeds[first].index

    def run(end: pd.Timestamp | None) -> Run:
        kept = {first: feeds[first]} if alone and end is not None else feeds
        return of_strategy(strategy, {name: own[:end] for name, own in kept.items()}, first)

    return compared(run, index)


def compared(run: Runs, index: pd.Index) -> bool | None:
    """Compare the run of all bars with those that end after its trades."""
    try:
        whole = run(None)
    except Exception:  # it cannot be run to its end at all
        return None
    closed = [trade for trade in whole.trades if trade[1] is not None][:MOST]
    if len(closed) < FEWEST:
        return None
    for trade in closed:
        for side, stamp in enumerate(trade):
            last = index[min(index.get_loc(stamp) + 1, len(index) - 1)]
            try:
                part = run(last)
            except Exception:  # the shorter bars are too few for it: no signal there
                return True
            if stamp not in [each[side] for each in part.trades]:
                return True
            if differs(whole.columns, part.columns):
                return True
    return False


def differs(whole: pd.DataFrame, part: pd.DataFrame) -> bool:
    """Tell whether any value of the shorter run is another one in the whole run."""
    shared = [name for name in part if name in whole]
    return not whole[shared].reindex(part.index).equals(part[shared])


def of_feature(case: Case, bars: pd.DataFrame) -> Run:
    """Trade a feature: buy above its mean of the last 60 bars, hold for ten."""
    column = pd.Series(np.asarray(case.part(BarArrays.of(bars)), float), bars.index)
    signal = (column > column.rolling(USUAL).mean()).to_numpy()
    trades: list[tuple[pd.Timestamp, pd.Timestamp | None]] = []
    row = 0
    while row < len(bars) - 1:
        if not signal[row]:
            row += 1
            continue
        out = row + 1 + HOLD
        trades.append((bars.index[row + 1], bars.index[out] if out < len(bars) else None))
        row = out
    return Run(pd.DataFrame({case.name: column}), trades)


class Trades(bt.Analyzer):
    """Trades of a feed, and on which bar the order was given that filled at a time."""

    params = (("feed", ""),)

    def start(self):
        self.found, self.given = {}, {}

    def notify_order(self, order):
        if order.status == order.Completed:
            self.given[order.executed.dt] = order.created.dt

    def notify_trade(self, trade):
        if trade.data._name == self.p.feed:
            self.found[trade.ref] = trade

    def stamps(self, index):
        """Yield when trades open, the bar after their signal, and close, None while they do not."""
        for trade in self.found.values():
            signal = stamp_of(self.given.get(trade.dtopen, trade.dtopen))
            opened = index[min(index.searchsorted(signal, side="right"), len(index) - 1)]
            yield opened, None if trade.isopen else stamp_of(trade.dtclose)


def of_strategy(strategy: type[bt.Strategy], feeds: Mapping[str, pd.DataFrame], first: str) -> Run:
    """Run a strategy and note its lines, and the trades of its first feed."""
    cerebro, kept = cerebro_of(dict(feeds), Account(cash=1e9, share=0.1)), []
    cerebro.addstrategy(strategy)
    cerebro.addanalyzer(Recorder, kept=kept)
    cerebro.addanalyzer(Trades, feed=first, _name="trades")
    ran = cerebro.run()[0]
    index = pd.DatetimeIndex(map(stamp_of, kept[0].days))
    columns = pd.DataFrame(kept[0].rows, index, list(kept[0].lines))
    columns = columns[~columns.index.duplicated(keep="last")]
    return Run(columns, list(ran.analyzers.trades.stamps(feeds[first].index)))


def stamp_of(day: float) -> pd.Timestamp:
    """Return one of Backtrader's times as a stamp."""
    return pd.Timestamp(bt.num2date(day)).round("s")


def indicator_strategy(indicator: type[bt.Indicator]) -> type[bt.Strategy]:
    """Return a strategy that buys where an indicator is above its own mean, and holds ten bars."""

    class Above(bt.Strategy):
        def __init__(self):
            self.indicator = indicator(self.data)
            self.usual, self.held = bt.ind.SMA(self.indicator.lines[0], period=USUAL), 0

        def next(self):
            self.held += bool(self.position)
            if not self.position and self.indicator[0] > self.usual[0]:
                self.buy()
                self.held = 0
            elif self.position and self.held >= HOLD:
                self.close()

    return Above
