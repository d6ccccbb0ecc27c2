"""Record a run: every line a strategy can read, and every order it places, at each bar."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from typing import Any
from warnings import catch_warnings, simplefilter

import backtrader as bt
import numpy as np
import pandas as pd

from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import cerebro_of, rare_collections
from bt_fusion.errors import BtFusionError, BtFusionWarning, StrategyError
from bt_fusion.indicators import find_ensembles
from bt_fusion.indicators.line_arrays import stamps

__all__ = ["CANCEL", "Order", "Recording", "record"]

Order = tuple[Any, ...]
CANCEL = "cancel"  # type of a cancelled order
NUMBERED = re.compile(r"(Coupler)_\d+$")  # Backtrader's own classes, numbered on creation


@dataclass(frozen=True, eq=False)
class Recording:
    """Lines a strategy could read at each call, and its orders.

    Attributes
    ----------
    time : ndarray of datetime64[ns], shape (n_calls,)
        Last timestamp known at each call.
    lines : tuple of str
        Names of the lines of its indicators.
    values : ndarray of float64, shape (n_calls, n_lines)
        Values at that call; NaN if there was none.
    orders : tuple of (datetime64, str, float, str, float, float, float, float)
        Timestamp of the call, feed, signed size, type, price, limit price, and the trailing amount
        and fraction.
    cancels : tuple of the same
        Cancelled orders, with the time of the cancellation.
    trained_until : dict of str to datetime64
        Of each fitted model the strategy uses, by feed.
    first : int
        Number of the first call with all indicators ready.
    error : Exception or None
        Error that ended the run before its last bar.
    cheats : dict of str to str
        Settings that let orders fill at a price of their own bar: name and price.
    """

    time: np.ndarray
    lines: tuple[str, ...]
    values: np.ndarray
    orders: tuple[Order, ...]
    cancels: tuple[Order, ...] = ()
    trained_until: dict[str, np.datetime64] = field(default_factory=dict)
    first: int = 0
    error: Exception | None = None
    cheats: dict[str, str] = field(default_factory=dict)

    @property
    def ready(self) -> np.datetime64:
        """Timestamp of the first call with all indicators ready; of the last call if none."""
        return self.time[min(self.first, len(self.time) - 1)]

    def calls_until(self, stamp: np.datetime64) -> int:
        """Return the number of calls up to a timestamp."""
        return int(np.searchsorted(self.time, stamp, side="right"))

    @property
    def requests(self) -> tuple[Order, ...]:
        """Orders and cancellations, in time order."""
        return tuple(sorted((*self.orders, *self.cancels), key=lambda order: order[0]))

    def requests_until(self, stamp: np.datetime64) -> tuple[Order, ...]:
        """Return the orders and cancellations on bars up to a timestamp."""
        return tuple(order for order in self.requests if order[0] <= stamp)


class Recorder(bt.Analyzer):
    """Record the value of every line at each call of the strategy, and cancelled orders."""

    params = (("kept", None),)  # a list that receives the recorder

    def start(self):
        self.p.kept.append(self)
        self.lines = dict(named_lines(self.strategy))
        self.clocks = [data.lines.datetime for data in self.strategy.datas]
        self.days, self.rows, self.first = [], [], 0
        self.cancels: list[Order] = []
        self.given: dict[int, float] = {}
        broker = self.strategy.broker
        self._cancel, self._submit = broker.cancel, broker.submit
        broker.cancel, broker.submit = self.cancel, self.submit

    def stop(self):
        broker = self.strategy.broker
        broker.cancel, broker.submit = self._cancel, self._submit

    def submit(self, order, *args, **kwargs):
        if any(clock.lencount for clock in self.clocks):
            self.given[order.ref] = self.now()  # its feed's own timestamp may be earlier
        return self._submit(order, *args, **kwargs)

    def cancel(self, order, *args, **kwargs):
        done = self._cancel(order, *args, **kwargs)
        if done:
            when, feed, size, _, *prices = order_of(order, self.now())
            self.cancels.append((when, feed, size, CANCEL, *prices))
        return done

    def now(self):
        return max(clock[0] for clock in self.clocks if clock.lencount)

    def prenext(self):
        self.next()
        self.first = len(self.rows)

    def next(self):
        self.days.append(self.now())
        self.rows.append(values_of(self.lines.values()))


def record(
    bars: Mapping[str, pd.DataFrame],
    strategy: type[bt.Strategy],
    params: Mapping[str, Any],
    account: Account,
    **how: Any,
) -> Recording:
    """Run a strategy and record its lines and orders.

    Parameters
    ----------
    bars : mapping of DataFrame by symbol
    strategy : class
    params : mapping
    account : Account
    **how
        Options of `Cerebro.run`, such as ``preload=False``.
    """
    cerebro = cerebro_of(dict(bars), account)
    cerebro.addstrategy(strategy, **params)
    kept: list[Recorder] = []
    cerebro.addanalyzer(Recorder, kept=kept)
    error = None
    try:
        with rare_collections(), redirect_stdout(StringIO()), catch_warnings():
            simplefilter("ignore", BtFusionWarning)  # like prints, they belong to its own run
            cerebro.run(**how)
    except BtFusionError:
        raise
    except Exception as raised:  # a user's strategy may fail in any way
        error = raised
    if kept:
        return recording_of(kept[0], error)
    if error is None:
        raise StrategyError(f"{strategy.__name__} skips the run: nothing can be compared")
    return Recording(stamps([]), (), np.empty((0, 0)), (), error=error)


def recording_of(noted: Recorder, error: Exception | None) -> Recording:
    """Build the recording from a recorder."""
    ran, count = noted.strategy, len(noted.lines)
    return Recording(
        time=stamps(noted.days),
        lines=tuple(noted.lines),
        values=np.array(noted.rows, dtype=float).reshape(len(noted.rows), count),
        orders=tuple(order_of(each, noted.given.get(each.ref)) for each in ran.broker.orders),
        cancels=tuple(noted.cancels),
        trained_until=dict(trained_until(ran)),
        first=noted.first,
        error=error,
        cheats=dict(cheats(ran)),
    )


def cheats(ran: bt.Strategy) -> Iterator[tuple[str, str]]:
    """Yield settings that let a strategy's orders fill at a price of their own bar."""
    if getattr(ran.broker.p, "coc", False):
        yield "cheat-on-close", "close"
    if ran.cerebro.p.cheat_on_open:
        yield "cheat-on-open", "open"


def named_lines(owner: Any) -> Iterator[tuple[str, Any]]:
    """Yield each line of the indicators of a strategy, by name.

    Not those inside other indicators: with preloaded bars they never move.
    """
    held = {id(value): name for name, value in vars(owner).items() if not name.startswith("_")}
    taken: dict[str, int] = {}
    for indicator in getattr(owner, "_lineiterators", {}).get(bt.LineIterator.IndType, ()):
        name = held.get(id(indicator)) or NUMBERED.sub(r"\1", type(indicator).__name__)
        taken[name] = taken.get(name, 0) + 1
        name = name if taken[name] == 1 else f"{name} {taken[name]}"
        lines = getattr(getattr(indicator, "lines", None), "lines", None) or [indicator]
        aliases = indicator.lines.getlinealiases() if len(lines) > 1 else ("",)
        for place, line in enumerate(lines):
            alias = aliases[place] if place < len(aliases) else str(place)
            yield f"{name}.{alias}".removesuffix("."), line


def values_of(lines: Iterable[Any]) -> list[float]:
    """Return the current values of lines; from their buffers if possible, four times as fast."""
    try:
        return [line.array[line.idx] if line.lencount else np.nan for line in lines]
    except (AttributeError, IndexError):
        return [value_of(line) for line in lines]


def value_of(line: Any) -> float:
    """Return the current value of a line, NaN if it has not begun."""
    try:
        return float(line[0]) if len(line) else np.nan
    except IndexError:
        return np.nan


def order_of(order: Any, when: float | None = None) -> Order:
    """Return an order's terms without its number; a trailing price has no initial value.

    Its time is Backtrader's day `when`, or the last bar of its own feed.
    """
    made = order.created
    trails = order.exectype in (bt.Order.StopTrail, bt.Order.StopTrailLimit)
    return (
        stamps([made.dt if when is None else when])[0],
        order.data._name,
        float(made.size),
        order.getordername(),
        np.nan if trails else float(made.price or np.nan),
        np.nan if trails else float(made.pricelimit or np.nan),
        float(order.trailamount or np.nan),
        float(order.trailpercent or np.nan),
    )


def trained_until(ran: bt.Strategy) -> Iterator[tuple[str, np.datetime64]]:
    """Yield the last training bar of each fitted model a strategy uses, by feed."""
    for data, ensemble in find_ensembles(ran).items():
        until = getattr(ensemble._model, "trained_until_", None)
        if until is not None:
            yield data._name, np.datetime64(until, "ns")
