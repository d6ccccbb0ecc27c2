"""Run a strategy over bars, with and without ML."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

from bt_fusion.analyzers import BrokerGuard, EntryLog, SignalFunnel, TradeStats
from bt_fusion.engine.account import Account
from bt_fusion.engine.feed import BarsData
from bt_fusion.engine.lean_cerebro import LeanCerebro
from bt_fusion.engine.variants import check_params, takes_ml
from bt_fusion.errors import BarsError, StrategyError
from bt_fusion.module_sources import file_of
from bt_fusion.progress import step
from bt_fusion.strategies import EquityShare, OnePosition
from bt_fusion.strategies.ml_filter import Veto
from bt_fusion.user_code import line_in

__all__ = ["Run", "run_strategy"]


@dataclass(frozen=True)
class Run:
    """Result of one run.

    Attributes
    ----------
    figures : dict
        The statistics of `TradeStats`.
    trades : DataFrame
        One row per trade.
    equity : Series
        Account value at the close of each bar; with several symbols, at each timestamp of any.
    signal : ndarray of float64, shape (n_bars,), or Series, optional
        The strategy's entry signal: -1, 0, 1, NaN while it warms up. None if it has no such line.
        With several symbols, a Series by symbol and timestamp.
    technical : ndarray of float64, shape (n_bars,), or Series, optional
        Its technical side alone, in the same form.
    vetoes : DataFrame, optional
        The entries `with_ml` did not let pass: time, data, side, size, probability.
    funnel : dict, optional
        Counts of `SignalFunnel`: passed and lost by stage; None if not recorded.
    entries : DataFrame, optional
        Entries of `EntryLog`, one row per entry order; None if not recorded.
    guard : dict, optional
        Result of `BrokerGuard`: findings and max_leverage; None for a run made elsewhere.
    """

    figures: dict[str, Any]
    trades: pd.DataFrame
    equity: pd.Series
    signal: np.ndarray | pd.Series | None = None
    technical: np.ndarray | pd.Series | None = None
    vetoes: pd.DataFrame | None = None
    funnel: dict[str, Any] | None = None
    entries: pd.DataFrame | None = None
    guard: dict[str, Any] | None = None

    @property
    def signal_counts(self) -> dict[int, int]:
        """Number of bars with signal -1, 0 and 1; empty without a signal."""
        return {} if self.signal is None else count_signals(self.signal)

    @property
    def veto_counts(self) -> dict[str, int] | None:
        """Number of vetoed entries: all, by side, and without a probability."""
        if self.vetoes is None:
            return None
        return {
            "entries": len(self.vetoes),
            "long": int((self.vetoes.side == "long").sum()),
            "short": int((self.vetoes.side == "short").sum()),
            "unknown": int(self.vetoes.probability.isna().sum()),
        }


def run_strategy(
    bars: pd.DataFrame | dict[str, pd.DataFrame],
    strategy: type[bt.Strategy],
    account: Account | None = None,
    name: str = "",
    plot: Path | None = None,
    details: bool = True,
    **params: Any,
) -> Run:
    """Run a strategy over all of the bars.

    Parameters
    ----------
    bars : DataFrame, or dict of them by symbol
    strategy : class
        For a strategy with its own ML support, the lines `signal` and `technical.state` are stored.
    account : Account, optional
    name : str
        Symbol of the trades, if the bars do not have one.
    plot : path, optional
        PNG file to draw Backtrader's own chart into.
    details : bool
        Also count the funnel and log the entries.
    **params
        Parameters of the strategy.

    Raises
    ------
    OptionError
        For a parameter the strategy does not have.
    BarsError
        If there are fewer bars than the strategy's indicators need.
    StrategyError
        If the strategy rejects its parameters.
    """
    check_params(strategy, params)
    if plot is not None:
        from bt_fusion.engine.plot import add_marks, draw_backtrader
    feeds = bars if isinstance(bars, dict) else {name: bars}
    cerebro = cerebro_of(feeds, account or Account())
    cerebro.addstrategy(strategy, **params)
    cerebro.addanalyzer(TradeStats, _name="stats")
    cerebro.addanalyzer(BrokerGuard, _name="guard")
    if details:
        cerebro.addanalyzer(SignalFunnel, _name="funnel")
        cerebro.addanalyzer(EntryLog, _name="entries")
    if plot is not None:
        add_marks(cerebro)
    ran = run_to_end(cerebro, strategy, min(len(own) for own in feeds.values()))
    if ran is None:
        raise StrategyError(f"{strategy.__name__} skips a run with the parameters {params}")
    if plot is not None:
        draw_backtrader(plot, cerebro)
    return result_of(ran, feeds, details)


def cerebro_of(feeds: dict[str, pd.DataFrame], account: Account) -> bt.Cerebro:
    """Return a Cerebro with the feeds, and the account's cash, costs and sizer."""
    cerebro = LeanCerebro()
    for symbol, own in feeds.items():
        timeframe, compression = bar_length(pd.DatetimeIndex(own.index))
        data = BarsData(dataname=own, name=symbol, timeframe=timeframe, compression=compression)
        cerebro.adddata(data)
    sizer = account.sizer or partial(EquityShare, share=account.share, split=len(feeds) > 1)
    cerebro.addsizer(sizer)
    cerebro.broker.setcash(account.cash)
    cerebro.broker.setcommission(commission=account.commission)
    if account.slippage:
        cerebro.broker.set_slippage_perc(account.slippage)
    return cerebro


def run_to_end(cerebro: bt.Cerebro, strategy: type[bt.Strategy], bars: int) -> bt.Strategy | None:
    """Run a Cerebro's only strategy; None if it skips the run."""
    first = cerebro.datas[0]
    try:
        with rare_collections(), step("Trading", place=lambda: (len(first), bars)):
            return next(iter(cerebro.run()), None)
    except IndexError as error:  # raised by Backtrader if an indicator never gets ready
        if len(first) or line_in(error, file_of(strategy)):  # a bar was traded, or it is their code
            raise
        raise BarsError(
            f"{bars} bars are fewer than the indicators of {strategy.__name__} need; "
            "give more bars or shorter periods"
        ) from error


def result_of(ran: bt.Strategy, feeds: dict[str, pd.DataFrame], details: bool) -> Run:
    """Collect the result of a strategy over these bars."""
    stats, vetoes = ran.analyzers.stats, None
    entries = ran.analyzers.entries.entries() if details else None
    signal, state = zip(*entry_lines(ran), strict=True)
    if hasattr(ran, "ml_filter"):
        vetoes = pd.DataFrame(ran.ml_filter.vetoes, columns=list(Veto._fields))
    return Run(
        figures={**stats.get_analysis(), "entry_score": mean_score(entries)},
        trades=stats.trades(),
        equity=stats.equity(),
        signal=line_values(signal, feeds),
        technical=line_values(state, feeds),
        vetoes=vetoes,
        funnel=dict(ran.analyzers.funnel.get_analysis()) if details else None,
        entries=entries,
        guard=dict(ran.analyzers.guard.get_analysis()),
    )


def mean_score(entries: pd.DataFrame | None) -> float | None:
    """Return the mean score of the entries, None for a strategy without scores."""
    if entries is None or "score" not in entries:
        return None
    return float(entries["score"].mean())


def count_signals(signal: np.ndarray | pd.Series) -> dict[int, int]:
    """Return the number of bars with signal -1, 0 and 1."""
    return {value: int((signal == value).sum()) for value in (-1, 0, 1)}


def entry_lines(ran: bt.Strategy) -> list[tuple[Any, Any]]:
    """Return each feed's entry signal and technical state, or None."""
    if not takes_ml(type(ran)):
        return [(None, None) for _ in ran.datas]
    several = len(ran.datas) > 1 and isinstance(ran, OnePosition)
    parts = ran.symbols if several else (ran,)
    found = {id(part.data): part for part in parts}
    traded = [found.get(id(data)) for data in ran.datas]
    return [
        (getattr(one, "signal", None), getattr(getattr(one, "technical", None), "state", None))
        for one in traded
    ]


def line_values(
    lines: Sequence[Any], feeds: dict[str, pd.DataFrame]
) -> np.ndarray | pd.Series | None:
    """Return the values of a line on each bar; None if a feed has no such line."""
    if not all(isinstance(line, bt.LineRoot) for line in lines):
        return None
    values = {
        symbol: pd.Series(np.array(line.array[: len(bars)]), bars.index)
        for (symbol, bars), line in zip(feeds.items(), lines, strict=True)
    }
    if len(values) == 1:
        return next(iter(values.values())).to_numpy()
    return pd.concat(values, names=["symbol", "datetime"])


@contextmanager
def rare_collections(objects: int = 100_000) -> Iterator[None]:
    """Collect garbage only every `objects` new objects, until the block ends.

    Backtrader keeps every order and its copies. Python's collector, every 700 objects, would scan
    them again and again and find nothing: a fifth of a run's time.
    """
    usual = gc.get_threshold()
    gc.set_threshold(max(objects, usual[0]) if usual[0] else 0, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def bar_length(index: pd.DatetimeIndex) -> tuple[int, int]:
    """Return Backtrader's timeframe and compression for the usual distance between bars."""
    minutes = pd.Series(index).diff().median() / pd.Timedelta(minutes=1)
    if not minutes < 1_440:  # also where there is only one bar
        return bt.TimeFrame.Days, 1
    if minutes < 1:
        return bt.TimeFrame.Seconds, max(1, round(minutes * 60))
    return bt.TimeFrame.Minutes, round(minutes)
