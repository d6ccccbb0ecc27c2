"""Compare a run with other runs of the same strategy, value by value."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.audit.recording import CANCEL, Order, Recording

__all__ = ["Compared", "Finding", "error_text", "stamp_text"]

EXACT = 1e-10  # relative: a leak of 1e-9 shows, the last bits of sums over other lengths do not
BY_MODE = 1e-6  # between batch and bar by bar
DIGITS = 10  # of orders
AT_ONCE = ("Market", "Close")  # order types without a price


@dataclass(frozen=True)
class Finding:
    """One finding of an audit.

    Attributes
    ----------
    kind : {"look-ahead", "error", "in-sample", "mode", "pairing", "declared"}
    where : str
        The line, "orders", or a part such as "feature gap".
    first : str
        Timestamp of the first affected bar; empty if there is none.
    detail : str
        The difference, in one sentence.
    """

    kind: str
    where: str
    first: str
    detail: str


class Compared:
    """A run to compare with others of the same strategy.

    Parameters
    ----------
    plain, again : Recording
        The run, and a repetition: lines and orders that differ are random.
    trades : bool
        Whether orders are expected.
    """

    def __init__(self, plain: Recording, again: Recording, trades: bool = True):
        self.plain, self.trades, self.count = plain, trades, 0
        self.elsewhere = ""  # what could not be verified about sources other than the bars
        self.repeatable: np.ndarray = np.zeros(len(plain.lines), dtype=bool)
        if plain.lines == again.lines and plain.values.shape == again.values.shape:
            self.repeatable = np.all(same_values(plain.values, again.values, 0.0), axis=0)
        self.orders_repeatable = rounded(plain.requests) == rounded(again.requests)

    def unverified(self) -> Iterator[str]:
        """Yield what could not be compared, and why."""
        known = np.isfinite(self.plain.values).any(axis=0)
        for name, repeatable, has_value in zip(
            self.plain.lines, self.repeatable, known, strict=True
        ):
            if not repeatable:
                yield f"{name}: differs between two identical runs"
            elif not has_value:
                yield f"{name}: never has a value"
        if not self.orders_repeatable:
            yield "orders: differ between two identical runs"
        elif not self.plain.orders and self.trades:
            yield "orders: the strategy gives none"
        if self.elsewhere:
            yield self.elsewhere

    def bar_by_bar(self, other: Recording) -> Iterator[Finding]:
        """Yield the differences from a bar-by-bar run."""
        if other.error is not None:
            yield Finding("mode", "the run", "", f"fails bar by bar: {error_text(other.error)}")
            return
        last = min(self.plain.time[-1], other.time[-1])
        text = "{} in a batch, but {} bar by bar"
        yield from self._differences(other, last, "mode", text, BY_MODE)

    def until(self, stamp: np.datetime64, other: Recording, ended: bool) -> Iterator[Finding]:
        """Yield the differences up to a timestamp after which the bars end or change."""
        changed = (
            f"{'when the bars end at' if ended else 'with other bars after'} {stamp_text(stamp)}"
        )
        if other.error is not None and len(other.time) <= self.plain.calls_until(stamp):
            text = f"the run fails {changed}: {error_text(other.error)}"
            yield Finding("look-ahead", "the strategy", stamp_text(stamp), text)
            return
        text = f"{{}} with all bars, but {{}} {changed}"
        yield from self._differences(other, stamp, "look-ahead", text, EXACT)

    def _differences(
        self, other: Recording, stamp: np.datetime64, kind: str, text: str, tolerance: float
    ) -> Iterator[Finding]:
        """Yield the first difference of each line, and of the orders, up to a timestamp."""
        if other.lines != self.plain.lines:
            yield Finding(kind, "the strategy", "", "its indicators differ between runs")
            return
        calls = min(self.plain.calls_until(stamp), other.calls_until(stamp))
        before, after = self.plain.values[:calls], other.values[:calls]
        self.count += before.size
        same = same_values(before, after, tolerance)
        if kind == "mode":  # batches start lines early, which is irrelevant until all are ready
            warm_up = np.arange(calls)[:, None] < self.plain.first
            same |= warm_up & (np.isnan(before) | np.isnan(after))
        for column in np.flatnonzero(self.repeatable & ~same.all(axis=0)):
            row = int(np.argmin(same[:, column]))
            values = (f"{each[row, column]:.10g}" for each in (before, after))
            first = stamp_text(self.plain.time[row])
            yield Finding(kind, self.plain.lines[column], first, text.format(*values))
        if self.orders_repeatable:
            yield from self._orders(other, stamp, kind, text)

    def _orders(
        self, other: Recording, stamp: np.datetime64, kind: str, text: str
    ) -> Iterator[Finding]:
        """Yield the first order that only one of the runs places."""
        before, after = (rounded(run.requests_until(stamp)) for run in (self.plain, other))
        self.count += len(before)
        if before == after:
            return
        pairs = zip([*before, None], [*after, None], strict=False)
        first = next((one, another) for one, another in pairs if one != another)
        when = min(each[0] for each in first if each is not None)
        yield Finding(kind, "orders", stamp_text(when), text.format(*order_texts(*first)))


def same_values(before: np.ndarray, after: np.ndarray, tolerance: float) -> np.ndarray:
    """Return which values are equal, relative to their own or their line's median size.

    NaN equals NaN.

    >>> one = np.array([[1.0, np.nan], [1.0, 2.0]])
    >>> same_values(one, np.array([[1.0, np.nan], [1.1, 2.0]]), 1e-6).tolist()
    [[True, True], [False, True]]
    """
    size = np.abs(before)
    usual = np.zeros(before.shape[1])
    known = np.isfinite(size).any(axis=0)
    usual[known] = np.nanmedian(np.where(np.isfinite(size), size, np.nan)[:, known], axis=0)
    with np.errstate(invalid="ignore"):
        near = np.abs(before - after) <= tolerance * np.fmax(size, usual)
    return near | (before == after) | (np.isnan(before) & np.isnan(after))


def rounded(orders: tuple[Order, ...]) -> list[tuple[Any, ...]]:
    """Return orders in comparable form: numbers to ten digits, None for NaN."""
    return [tuple(_rounded(part) for part in order) for order in orders]


def _rounded(part: Any) -> Any:
    if not isinstance(part, float):
        return part
    return None if part != part else float(f"{part:.{DIGITS}g}")


def order_text(order: tuple[Any, ...] | None, digits: int = 6) -> str:
    """Format an order, its size to `digits` digits.

    >>> order_text(("2024-01-01", "", -2.0, "Limit", 99.5, 99.5, None, None))
    'sell 2 Limit at 99.5'
    >>> order_text(("2024-01-01", "", 1.0, CANCEL, 99.5, 99.5, None, 0.02))
    'cancel buy 1'
    """
    if order is None:
        return "no order"
    _, _, size, kind, *prices, amount, part = order
    text = f"{'buy' if size > 0 else 'sell'} {abs(size):.{digits}g}"
    if kind == CANCEL:
        return f"{CANCEL} {text}"
    if kind in AT_ONCE:
        return text
    levels = [f"at {each:.10g}" for each in dict.fromkeys(prices) if each is not None]
    trails = [f"trailing {each:.10g}" for each in (amount, part) if each is not None]
    return " ".join([text, kind, *levels, *trails])


def order_texts(one: tuple[Any, ...] | None, another: tuple[Any, ...] | None) -> list[str]:
    """Format two differing orders; if the texts are equal, with all digits, feed and bar.

    >>> buy = ("2024-01-01", "", 1.0, "Market", None, None, None, None)
    >>> order_texts(buy, ("2024-01-02", *buy[1:]))
    ['buy 1 on 2024-01-01 00:00:00', 'buy 1 on 2024-01-02 00:00:00']
    """
    texts = [order_text(each) for each in (one, another)]
    if texts[0] != texts[1]:
        return texts
    return [
        " ".join(filter(None, [order_text(each, DIGITS), each[1], "on", stamp_text(each[0])]))
        for each in (one, another)
        if each is not None
    ]


def stamp_text(stamp: Any) -> str:
    """Format a timestamp."""
    return str(pd.Timestamp(stamp))


def error_text(error: Exception) -> str:
    """Format an error in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
