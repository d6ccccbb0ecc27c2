"""Views: longer timeframes and other markets on which features are also computed.

The name of a feature includes its view: `rsi_14@4h`, `return_1:ETH`, `rsi_14@4h:ETH`.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.data.resampling import SECOND, bar_numbers, closed_bars, epoch_nanoseconds
from bt_fusion.data.timestamps import bar_seconds, distances, length_seconds, length_text
from bt_fusion.errors import (
    BtFusionWarning,
    ModelCompatibilityError,
    OptionError,
    TrainingError,
)

__all__ = [
    "OWN",
    "SPARE",
    "STALE",
    "Spacing",
    "View",
    "ViewBars",
    "recent",
    "split_name",
    "view_bars",
]

STALE = 7 * 86_400  # seconds by which another market's next bar may be late
RUN = 50  # equal unusual distances in a row: not gaps, but bars of that length


@dataclass(frozen=True, order=True)
class View:
    """Bars of a longer timeframe, of another market, or both.

    Attributes
    ----------
    timeframe : str
        Such as 4h; empty for the bars' own.
    market : str
        Its name; empty for the bars' own.
    """

    timeframe: str = ""
    market: str = ""

    def __post_init__(self) -> None:
        if self.timeframe and length_text(length_seconds(self.timeframe)) != self.timeframe:
            plain = length_text(length_seconds(self.timeframe))
            raise OptionError(f"timeframe {self.timeframe!r} is called {plain!r}")
        if {"@", ":", ","} & {*self.market} or self.market.strip() != self.market:
            raise OptionError(
                f"market {self.market!r}: a name holds no @, : and comma, and no space around it; "
                "rename it"
            )

    def name(self, feature: str) -> str:
        """Return the name of a feature of this view.

        >>> View("4h", "ETH").name("rsi_14")
        'rsi_14@4h:ETH'
        """
        at = f"@{self.timeframe}" if self.timeframe else ""
        return f"{feature}{at}" + (f":{self.market}" if self.market else "")


OWN = View()
SPARE = 2  # besides those remembered, two longer bars: the first, cut off, and the last, still open


def split_name(name: str) -> tuple[str, View]:
    """Return the feature and the view in a name.

    >>> split_name("rsi_14@4h")
    ('rsi_14', View(timeframe='4h', market=''))
    """
    left, colon, market = name.partition(":")
    feature, at, timeframe = left.partition("@")
    if (colon and not market) or (at and not timeframe):
        raise OptionError(f"feature {name!r} names no view; write rsi_14@4h, or rsi_14:ETH")
    return feature, View(timeframe, market)


@dataclass(frozen=True)
class Spacing:
    """The distance between bars, which tells when they close and how many make a longer one.

    Attributes
    ----------
    seconds : int
        Length of a bar.
    most : dict of str to int
        By timeframe, the most bars in one longer bar.
    """

    seconds: int
    most: Mapping[str, int]

    @classmethod
    def of(cls, bars: BarArrays, timeframes: set[str]) -> "Spacing":
        """Measure bars.

        Raises
        ------
        TrainingError
            For fewer than two bars.
        OptionError
            For a timeframe that is not a multiple of their length, and bars of several lengths.

        Warns
        -----
        BtFusionWarning
            If fewer than two in five bars have the usual distance.
        """
        seconds, most = bar_seconds(bars.time), {}
        if not seconds:
            raise TrainingError(
                f"{len(bars)} bars do not tell how long a bar is, a second at least: longer "
                "timeframes and other markets need to know when bars close"
            )
        _check_even(bars, seconds)
        for timeframe in sorted(timeframes):
            length = length_seconds(timeframe)
            if length <= seconds or length % seconds:
                raise OptionError(
                    f"timeframe {timeframe} is not a multiple of the bars' own, "
                    f"{length_text(seconds)}; give longer ones"
                )
            most[timeframe] = max(length // seconds, _largest(bars, length, seconds))
        return cls(seconds, most)

    def check(self, seconds: int | None, market: str = "") -> None:
        """Refuse bars with another distance; None if it is unknown.

        Raises
        ------
        ModelCompatibilityError
            If the length differs.
        """
        if seconds not in (None, self.seconds):
            assert seconds is not None
            raise ModelCompatibilityError(
                f"the model's features count bars of {length_text(self.seconds)}, and these bars"
                f"{f' of {market}' if market else ''} are {length_text(seconds)} apart; give bars "
                "as it was trained on"
            )

    def closes(self, time: np.ndarray) -> np.ndarray:
        """Return the closes of bars with these stamps, int64 nanoseconds since 1970."""
        return epoch_nanoseconds(time) + self.seconds * SECOND

    def bars_in(self, timeframe: str) -> int:
        """Return the most bars in one bar of a timeframe, 1 for their own."""
        return self.most[timeframe] if timeframe else 1


def _check_even(bars: BarArrays, seconds: int) -> None:
    """Refuse bars of several lengths; warn if there is no usual length."""
    steps = distances(bars.time)
    changes = np.flatnonzero(np.diff(steps, prepend=-1))
    lengths = np.diff(np.append(changes, len(steps)))
    other = np.flatnonzero((lengths >= RUN) & (steps[changes] != seconds))
    if len(other):
        at = changes[other[0]]
        raise OptionError(
            f"bars are {length_text(int(steps[at]))} apart for {lengths[other[0]]:,} bars from "
            f"{str(bars.time[at])[:16]} on, and {length_text(seconds)} elsewhere: when do they "
            "close? Give bars of one length"
        )
    share = float((steps == seconds).mean())
    if share < 0.4:
        warnings.warn(
            f"only {100 * share:.0f} % of the bars are {length_text(seconds)} apart, which is "
            "taken for their length: longer bars may close earlier than that tells",
            BtFusionWarning,
            stacklevel=3,
        )


def _largest(bars: BarArrays, length: int, seconds: int) -> int:
    """Return the most bars in any longer bar; stamps may be closer than usual."""
    return int(np.unique(bar_numbers(bars, length, seconds), return_counts=True)[1].max())


@dataclass(frozen=True, eq=False)
class ViewBars:
    """The bars of a view, and which of them have closed at each of our bars.

    Attributes
    ----------
    bars : BarArrays
    last : ndarray of int64, shape (n_rows,)
        For each of our bars, the last view bar closed by its close, -1 for none.
    """

    bars: BarArrays
    last: np.ndarray


def view_bars(
    view: View, source: BarArrays, spacing: Spacing, closes: np.ndarray, span: int
) -> ViewBars:
    """Return the bars of a view that our rows need.

    Parameters
    ----------
    view : View
    source : BarArrays
        Of its market; for a longer timeframe they must include the last `span` longer bars.
    spacing : Spacing
        Of the source.
    closes : ndarray of int64, shape (n_rows,)
        Closes of our bars, nanoseconds since 1970.
    span : int
        Bars of the view to keep before the first one requested.
    """
    if view.market:
        source = recent(source, spacing, closes, (span + SPARE) * spacing.bars_in(view.timeframe))
    if view.timeframe:
        seen, ends = closed_bars(source, length_seconds(view.timeframe), spacing.seconds)
    else:
        seen, ends = source, spacing.closes(source.time)
    last = np.searchsorted(ends, closes, side="right") - 1
    if view.market and len(ends):
        length = length_seconds(view.timeframe) if view.timeframe else spacing.seconds
        last[closes - ends[last] > (STALE + length) * SECOND] = -1
    known = last[last >= 0]
    if not len(known):
        return ViewBars(seen[:0], np.full(len(closes), -1))
    begin = max(0, int(known[0]) - span + 1)
    return ViewBars(seen[begin : int(known[-1]) + 1], np.where(last < 0, -1, last - begin))


def recent(source: BarArrays, spacing: Spacing, closes: np.ndarray, span: int) -> BarArrays:
    """Return the bars closed by each row's close, and `span` before those of the first."""
    first, last = np.searchsorted(spacing.closes(source.time), closes[[0, -1]], side="right")
    return source[max(0, int(first) - span) : int(last)]
