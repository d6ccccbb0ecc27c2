"""Running a strategy over bars, with and without ML."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

from bt_fusion.analyzers import TradeStats
from bt_fusion.backtest.feed import BarsData
from bt_fusion.errors import BarsError, OptionError, unknown_name
from bt_fusion.predictions import Predictions
from bt_fusion.strategies import EquityShare, FusionStrategy, HybridScoring, SignalDiscovery

__all__ = ["STRATEGIES", "Account", "Run", "check_params", "run_strategy", "unseen_window"]

STRATEGIES: dict[str, type[bt.Strategy]] = {
    "fusion": FusionStrategy,
    "hybrid": HybridScoring,
    "discovery": SignalDiscovery,
}


@dataclass(frozen=True)
class Account:
    """What a run starts with and pays.

    Attributes
    ----------
    cash : float
    commission : float
        Fraction of the value traded, per side.
    slippage : float
        Fraction of the price lost at each fill.
    share : float
        Part of the account's value a position takes.
    """

    cash: float = 100_000.0
    commission: float = 0.0005
    slippage: float = 0.0
    share: float = 0.95

    def __post_init__(self) -> None:
        if not self.cash > 0:
            raise OptionError(f"cash {self.cash} must be above 0")
        if not 0 <= self.commission < 1 or not 0 <= self.slippage < 1:
            raise OptionError(
                f"commission {self.commission} and slippage {self.slippage} are fractions: "
                "0.0005 is 5 basis points"
            )
        if not 0 < self.share <= 1:
            raise OptionError(f"share {self.share} must be above 0 and at most 1")


@dataclass(frozen=True)
class Run:
    """What one run did.

    Attributes
    ----------
    figures : dict
        The statistics of `TradeStats`.
    trades : DataFrame
        One row a trade.
    equity : Series
        Value of the account at the close of each bar.
    signal : ndarray of float64, shape (n_bars,)
        The strategy's entry signal: -1, 0, 1, NaN while it warms up.
    technical : ndarray of float64, shape (n_bars,)
        Its technical side alone.
    """

    figures: dict[str, Any]
    trades: pd.DataFrame
    equity: pd.Series
    signal: np.ndarray
    technical: np.ndarray

    @property
    def signal_counts(self) -> dict[int, int]:
        """How many bars said -1, 0 and 1."""
        return {value: int((self.signal == value).sum()) for value in (-1, 0, 1)}


def run_strategy(
    bars: pd.DataFrame,
    strategy: type[bt.Strategy],
    account: Account | None = None,
    name: str = "",
    plot: Path | None = None,
    **params: Any,
) -> Run:
    """Run a strategy over all of the bars.

    Parameters
    ----------
    bars : DataFrame
    strategy : class
        With the lines `signal` and `technical.state`, as `FusionStrategy`.
    account : Account, optional
    name : str
        Symbol to list trades under.
    plot : path, optional
        PNG file to draw Backtrader's own chart into.
    **params
        The strategy's own.

    Raises
    ------
    OptionError
        For a parameter the strategy does not have.
    BarsError
        When there are fewer bars than the strategy's indicators need.
    """
    check_params(strategy, params)
    account = account or Account()
    cerebro = bt.Cerebro(stdstats=False)
    timeframe, compression = bar_length(pd.DatetimeIndex(bars.index))
    data = BarsData(dataname=bars, name=name, timeframe=timeframe, compression=compression)
    cerebro.adddata(data)
    cerebro.addstrategy(strategy, **params)
    cerebro.addanalyzer(TradeStats, _name="stats")
    cerebro.addsizer(EquityShare, share=account.share)
    cerebro.broker.setcash(account.cash)
    cerebro.broker.setcommission(commission=account.commission)
    if account.slippage:
        cerebro.broker.set_slippage_perc(account.slippage)
    try:
        with rare_collections():
            ran = cerebro.run()[0]
    except IndexError as error:  # Backtrader's way to say that an indicator never got ready
        raise BarsError(
            f"{len(bars)} bars are fewer than the indicators of {strategy.__name__} need; "
            "give more bars or shorter periods"
        ) from error
    if plot is not None:
        from bt_fusion.backtest.report.pictures import draw_backtrader

        draw_backtrader(plot, cerebro)
    stats = ran.analyzers.stats
    return Run(
        figures=dict(stats.get_analysis()),
        trades=stats.trades(),
        equity=stats.equity(),
        signal=np.array(ran.signal.array[: len(bars)]),
        technical=np.array(ran.technical.state.array[: len(bars)]),
    )


@contextmanager
def rare_collections(objects: int = 100_000) -> Iterator[None]:
    """Look for garbage only after so many new objects, until the block ends.

    Backtrader keeps every order and its copies, so that Python's collector, which comes every
    700 objects, walks through ever more of them and finds nothing: a fifth of a run.
    """
    usual = gc.get_threshold()
    gc.set_threshold(max(objects, usual[0]) if usual[0] else 0, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def check_params(strategy: type[bt.Strategy], params: dict[str, Any]) -> None:
    """Raise OptionError for a parameter the strategy does not have."""
    known = strategy.params._getkeys()
    for param in params:
        if param not in known:
            raise unknown_name(f"parameter of {strategy.__name__}", param, known)


def unseen_window(predictions: Predictions, fromdate: Any = None, todate: Any = None) -> slice:
    """Return the rows that both runs trade: from the first prediction on, inside the dates.

    Raises
    ------
    BarsError
        When no predicted bar lies inside the dates.
    """
    inside = predictions.known.copy()
    if fromdate is not None:
        inside &= predictions.index >= pd.Timestamp(fromdate)
    if todate is not None:
        inside &= predictions.index < pd.Timestamp(todate)
    rows = np.flatnonzero(inside)
    if not len(rows):
        predicted = predictions.index[predictions.known]
        span = f"{predicted[0]} to {predicted[-1]}" if len(predicted) else "none"
        raise BarsError(f"no predicted bar between {fromdate} and {todate}; predicted bars: {span}")
    return slice(int(rows[0]), int(rows[-1]) + 1)


def bar_length(index: pd.DatetimeIndex) -> tuple[int, int]:
    """Return Backtrader's timeframe and compression of the usual distance between bars."""
    minutes = pd.Series(index).diff().median() / pd.Timedelta(minutes=1)
    if not minutes < 1_440:  # also where there is only one bar
        return bt.TimeFrame.Days, 1
    if minutes < 1:
        return bt.TimeFrame.Seconds, max(1, round(minutes * 60))
    return bt.TimeFrame.Minutes, round(minutes)
