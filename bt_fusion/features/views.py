"""Views: the longer timeframes and other markets on which features are computed, too.

A feature of a view is called by it: `rsi_14@4h`, `return_1:ETH`, `rsi_14@4h:ETH`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.data.resampling import SECOND, bar_numbers, closed_bars, epoch_nanoseconds
from bt_fusion.data.timestamps import bar_seconds, length_seconds, length_text
from bt_fusion.errors import OptionError

__all__ = ["OWN", "SPARE", "Spacing", "View", "ViewBars", "recent", "split_name", "view_bars"]

STALE = 7 * 86_400  # seconds after its close at which another market's bar says nothing any more


@dataclass(frozen=True, order=True)
class View:
    """Bars of a longer timeframe, of another market, or both.

    Attributes
    ----------
    timeframe : str
        Such as 4h; empty for that of the bars.
    market : str
        Its name; empty for that of the bars.
    """

    timeframe: str = ""
    market: str = ""

    def __post_init__(self) -> None:
        if self.timeframe and length_text(length_seconds(self.timeframe)) != self.timeframe:
            plain = length_text(length_seconds(self.timeframe))
            raise OptionError(f"timeframe {self.timeframe!r} is called {plain!r}")
        if {"@", ":", ","} & {*self.market}:
            raise OptionError(f"market {self.market!r}: a name holds no @, : and comma; rename it")

    def name(self, feature: str) -> str:
        """Return what a feature of the view is called.

        >>> View("4h", "ETH").name("rsi_14")
        'rsi_14@4h:ETH'
        """
        at = f"@{self.timeframe}" if self.timeframe else ""
        return f"{feature}{at}" + (f":{self.market}" if self.market else "")


OWN = View()
SPARE = 2  # longer bars beside those remembered: the first, cut off, and the last, still open


def split_name(name: str) -> tuple[str, View]:
    """Return the feature and the view a name speaks of.

    >>> split_name("rsi_14@4h")
    ('rsi_14', View(timeframe='4h', market=''))
    """
    left, _, market = name.partition(":")
    feature, _, timeframe = left.partition("@")
    return feature, View(timeframe, market)


@dataclass(frozen=True)
class Spacing:
    """How far apart bars are, which tells when they close and how many make a longer one.

    Attributes
    ----------
    seconds : int
        Length of a bar.
    most : dict of str to int
        By timeframe, the most bars that a longer one holds.
    """

    seconds: int
    most: Mapping[str, int]

    @classmethod
    def of(cls, bars: BarArrays, timeframes: set[str]) -> "Spacing":
        """Measure bars.

        Raises
        ------
        OptionError
            For fewer than two bars, and a timeframe that is no multiple of theirs.
        """
        seconds, most = bar_seconds(bars.time), {}
        if not seconds:
            raise OptionError("longer timeframes and other markets need two bars at least")
        for timeframe in sorted(timeframes):
            length = length_seconds(timeframe)
            if length <= seconds or length % seconds:
                raise OptionError(
                    f"timeframe {timeframe} is no multiple of the bars' own, "
                    f"{length_text(seconds)}; give longer ones"
                )
            most[timeframe] = max(length // seconds, _largest(bars, length, seconds))
        return cls(seconds, most)

    def closes(self, time: np.ndarray) -> np.ndarray:
        """Return when bars with these stamps close, int64 nanoseconds since 1970."""
        return epoch_nanoseconds(time) + self.seconds * SECOND

    def bars_in(self, timeframe: str) -> int:
        """Return the most bars that one of a timeframe holds, 1 of their own."""
        return self.most[timeframe] if timeframe else 1


def _largest(bars: BarArrays, length: int, seconds: int) -> int:
    """Return the number of bars in the fullest longer bar; stamps may be closer than usual."""
    return int(np.unique(bar_numbers(bars, length, seconds), return_counts=True)[1].max())


@dataclass(frozen=True, eq=False)
class ViewBars:
    """The bars of a view, and which of them are closed when.

    Attributes
    ----------
    bars : BarArrays
    last : ndarray of int64, shape (n_rows,)
        For each of our bars the last one that is closed when it closes, -1 for none.
    """

    bars: BarArrays
    last: np.ndarray


def view_bars(
    view: View, source: BarArrays, spacing: Spacing, closes: np.ndarray, span: int
) -> ViewBars:
    """Return what some of our bars see of a view.

    Parameters
    ----------
    view : View
    source : BarArrays
        Of its market; of a longer timeframe the last `span` longer bars must be among them.
    spacing : Spacing
        Of these.
    closes : ndarray of int64, shape (n_rows,)
        When our bars close, nanoseconds since 1970.
    span : int
        Bars of the view that are kept before the first that is asked for.
    """
    if view.market:
        source = recent(source, spacing, closes, (span + SPARE) * spacing.bars_in(view.timeframe))
    if view.timeframe:
        seen, ends = closed_bars(source, length_seconds(view.timeframe), spacing.seconds)
    else:
        seen, ends = source, spacing.closes(source.time)
    last = np.searchsorted(ends, closes, side="right") - 1
    if view.market and len(ends):
        last[closes - ends[last] > (STALE + spacing.seconds) * SECOND] = -1
    known = last[last >= 0]
    if not len(known):
        return ViewBars(seen[:0], np.full(len(closes), -1))
    begin = max(0, int(known[0]) - span + 1)
    return ViewBars(seen[begin : int(known[-1]) + 1], np.where(last < 0, -1, last - begin))


def recent(source: BarArrays, spacing: Spacing, closes: np.ndarray, span: int) -> BarArrays:
    """Return the bars that are closed by then, and `span` before the first row's."""
    first, last = np.searchsorted(spacing.closes(source.time), closes[[0, -1]], side="right")
    return source[max(0, int(first) - span) : int(last)]
