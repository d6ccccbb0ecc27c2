"""FeatureSet: a chosen list of features, and the matrix of their values."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import BarsError, OptionError
from bt_fusion.features.choice import resolved, with_views
from bt_fusion.features.column_groups import (
    Groups,
    by_view,
    fill_latest,
    of_last_closed,
    places_of,
    shared_span,
    writer_of,
)
from bt_fusion.features.registry import Feature
from bt_fusion.features.views import (
    OWN,
    SPARE,
    STALE,
    Spacing,
    View,
    ViewBars,
    recent,
    view_bars,
)

__all__ = ["FeatureSet", "Features"]

Memo = dict[View, tuple[Any, np.ndarray]]
ALL_BARS = 2**40


class FeatureSet:
    """Features by set name or by their own names, on the bars and on views of them.

    A view is a longer timeframe, `rsi_14@4h`, another market, `return_1:ETH`, or both,
    `rsi_14@4h:ETH`. Each bar uses only bars of the view that have closed when it closes; stamps are
    opens.

    Parameters
    ----------
    features : str, FeatureSet, or sequence
        The name of a set in `SETS` (`default`, `fusion`, `generator`, `mar`), or a sequence of
        names of sets and features, and functions registered by `feature`. A set may also have a
        view: `fusion@1d`.
    timeframes : sequence of str
        Longer timeframes for which all features except calendar ones are added, such as 4h.
    others : mapping of str to DataFrame, optional
        Bars of other markets by name; all features are added for each.

    Attributes
    ----------
    names : tuple of str
        Columns of the matrix, in order.
    others : dict of str to BarArrays
    spacing : dict of str to Spacing
        Of each other market, and of the bars under an empty name, once `on` has measured them.
    lookback, memory : int
        The largest over the features, in bars; includes longer timeframes once `on` was called.
    has_views : bool
        Whether any feature is of a longer timeframe or another market.

    Raises
    ------
    OptionError
        For an unknown set or feature, an empty choice, or a repeated name.

    Examples
    --------
    >>> from bt_fusion.data.samples import random_walk
    >>> FeatureSet("fusion").names
    ('return_1', 'return_5', 'rsi_14_simple', 'sma_10_over_20')
    >>> FeatureSet(["return_1", "gap"]).transform(random_walk(4)).shape
    (4, 2)
    >>> FeatureSet(["return_1"], timeframes=["1h"]).names
    ('return_1', 'return_1@1h')
    """

    def __init__(
        self,
        features: "Features" = "default",
        timeframes: Sequence[str] = (),
        others: Mapping[str, pd.DataFrame | BarArrays] | None = None,
    ):
        known: Mapping[str, BarArrays] = getattr(features, "others", {})
        given = _bars_of(others)
        self.names = with_views(resolved(features), _listed(timeframes), given)
        self.spacing: dict[str, Spacing] = {}  # these bars are not measured yet
        self._views = {view: tuple(groups) for view, groups in by_view(self.names)}
        self.markets = tuple(dict.fromkeys(view.market for view in self._views if view.market))
        self._own = self._views.get(OWN, ())
        self.has_views = any(view != OWN for view in self._views)
        self.others = {**known, **given}
        self._count_bars()

    def __len__(self) -> int:
        return len(self.names)

    def memory_of(self, market: str) -> int:
        """Return the bars of another market after which its features have forgotten their start."""
        return self._most_bars(market, lambda entry: shared_span(entry.memory))

    def on(self, bars: BarArrays) -> "FeatureSet":
        """Return the set with the spacing of these bars and of the other markets.

        Raises
        ------
        OptionError
            For a timeframe that is not a multiple of the bar length.
        BarsError
            For features of a market without bars.
        """
        if not self.has_views or self.spacing.keys() >= {"", *self.markets}:
            return self
        measured = {"": bars, **{name: self._market(name) for name in self.markets}}
        return self.with_spacing(
            {
                name: self.spacing.get(name) or Spacing.of(each, self.timeframes_of(name))
                for name, each in measured.items()
            }
        )

    def with_spacing(self, spacing: Mapping[str, Spacing]) -> "FeatureSet":
        """Return the set with the given spacing by market."""
        found = copy(self)
        found.spacing = dict(spacing)
        found._count_bars()
        return found

    def with_others(self, others: Mapping[str, pd.DataFrame | BarArrays]) -> "FeatureSet":
        """Return the set with bars of other markets for its existing features."""
        found = copy(self)
        given = _bars_of(others)
        found.others = {**self.others, **given}
        return found

    def others_behind(self, bars: BarArrays, rows: int) -> dict[str, BarArrays]:
        """Return the bars of other markets that the features of the last `rows` bars need."""
        found = {}
        for name in self.markets:
            span = self._most_bars(name, lambda entry: entry.lookback)
            closes = self.spacing[""].closes(bars.time[-rows:])
            found[name] = recent(self._market(name), self.spacing[name], closes, span)
        return found

    def late_markets(self, bars: BarArrays) -> list[str]:
        """Return a clause for each other market whose bars end too early for the last bar."""
        found = []
        for name in self.markets:
            time = self.others[name].time if name in self.others else bars.time
            if not len(time) or bars.time[-1] - time[-1] > np.timedelta64(STALE, "s"):
                found.append(
                    f"the bars of {name} end {str(time[-1])[:16] if len(time) else 'at once'}, "
                    f"these {str(bars.time[-1])[:16]}"
                )
        return found

    def transform(self, bars: pd.DataFrame | BarArrays) -> np.ndarray:
        """Compute the features of every bar.

        Returns
        -------
        ndarray of float32, shape (n_bars, n_features), column-major
            NaN before a feature has its lookback.

        Raises
        ------
        BarsError
            For features of a market without bars.
        """
        arrays = BarArrays.of(bars)
        known = self.on(arrays)
        if known is not self:
            return known.transform(arrays)
        arrays = arrays[:]  # frees what features share
        matrix = np.empty((len(arrays), len(self.names)), np.float32, order="F")
        with writer_of(matrix) as write, np.errstate(over="ignore"):  # 1e38 becomes inf, then NaN
            for view, groups in self._views.items():
                seen = None if view == OWN else self._seen(view, arrays, len(arrays), ALL_BARS)
                for entry, picks, columns in groups:
                    values = entry.columns(arrays if seen is None else seen.bars)
                    for pick, column in zip(picks, columns, strict=True):
                        whole = values[pick]
                        write(column, whole if seen is None else of_last_closed(whole, seen.last))
        return matrix

    def table(self, bars: pd.DataFrame | BarArrays) -> pd.DataFrame:
        """Compute the features of every bar, by name.

        Returns
        -------
        DataFrame of float32
            One column per feature, with the index of the bars; NaN before a feature has its
            lookback.

        Examples
        --------
        >>> from bt_fusion.data.samples import random_walk
        >>> FeatureSet(["gap", "return_1"]).table(random_walk(4)).columns.tolist()
        ['gap', 'return_1']
        """
        index = bars.index if isinstance(bars, pd.DataFrame) else pd.DatetimeIndex(bars.time)
        return pd.DataFrame(self.transform(bars), index=index, columns=list(self.names))

    def latest(self, arrays: BarArrays, count: int = 1, memo: Memo | None = None) -> np.ndarray:
        """Compute the features of the last bars only, each from its memory.

        Parameters
        ----------
        arrays : BarArrays
        count : int
            Bars to compute, at most as many as there are.
        memo : dict, optional
            For one stream of bars, empty at first: features of a longer bar are computed again only
            after a new one closes.

        Returns
        -------
        ndarray of float32, shape (count, n_features)
            Equal to the last rows of `transform` to within 1e-9, the effect of the limited memory.
        """
        count = min(count, len(arrays))
        rows = np.empty((count, len(self.names)), np.float32)
        fill_latest(rows, self._own, arrays, count, self.memory)
        if self.has_views:
            known = self.on(arrays)
            for view, groups in self._views.items():
                if view != OWN:
                    known._fill_view(rows, view, groups, arrays, memo if count == 1 else None)
        return rows

    def _fill_view(
        self,
        rows: np.ndarray,
        view: View,
        groups: Groups,
        arrays: BarArrays,
        memo: Memo | None,
    ) -> None:
        memory, count = max(entry.memory for entry, _, _ in groups), len(rows)
        reach = count + (0 if view.market else self._bars(view, memory))
        seen = self._seen(view, arrays.tail(reach), count, shared_span(memory))
        if memo is None:
            return self._fill_seen(rows, groups, seen, memory)
        last, made = seen.bars.tail(1), np.empty_like(rows)
        key = (tuple(seen.last >= 0), *(getattr(last, n).tobytes() for n in ("time", *COLUMNS)))
        if view not in memo or memo[view][0] != key:
            self._fill_seen(made, groups, seen, memory)
            memo[view] = key, made
        columns = places_of(groups)
        rows[:, columns] = memo[view][1][:, columns]

    def _fill_seen(self, rows: np.ndarray, groups: Groups, seen: ViewBars, memory: int) -> None:
        columns = places_of(groups)
        rows[:, columns] = np.nan
        known = seen.last >= 0
        if known.any():
            first = int(seen.last[known][0])
            made = np.empty((len(seen.bars) - first, rows.shape[1]), np.float32)
            fill_latest(made, groups, seen.bars, len(made), memory)
            rows[np.ix_(known, columns)] = made[seen.last[known] - first][:, columns]

    def _seen(self, view: View, arrays: BarArrays, rows: int, span: int) -> ViewBars:
        source = self._market(view.market) if view.market else arrays
        closes = self.spacing[""].closes(arrays.time[-rows:])
        return view_bars(view, source, self.spacing[view.market], closes, span)

    def _market(self, name: str) -> BarArrays:
        """Return the bars of a market.

        Raises
        ------
        BarsError
            If they are not given.
        """
        if name not in self.others:
            raise BarsError(
                f"the features need bars of {name}: give others={{{name!r}: bars}}, on the command "
                f"line --other {name}=PATH"
            )
        return self.others[name]

    def timeframes_of(self, market: str) -> set[str]:
        """Return the longer timeframes of a market's features; an empty name means our own."""
        return {v.timeframe for v in self._views if v.timeframe and v.market == market}

    def _count_bars(self) -> None:
        """Compute how many of our bars the features look back and remember."""
        self.lookback = self._most_bars("", lambda entry: entry.lookback)
        self.memory = self._most_bars("", lambda entry: entry.memory)

    def _most_bars(self, market: str, of: Callable[[Feature], int]) -> int:
        """Return the most bars of a market that a feature spans, by lookback or memory."""
        spans = (
            self._bars(view, max(of(entry) for entry, _, _ in groups))
            for view, groups in self._views.items()
            if view.market == market
        )
        return max(spans, default=1)

    def _bars(self, view: View, count: int) -> int:
        """Return the bars of a market needed for a number of bars of its view."""
        if view == OWN or view.market not in self.spacing:
            return count
        return (count + SPARE) * self.spacing[view.market].bars_in(view.timeframe)


def _listed(timeframes: str | Sequence[str]) -> list[str]:
    """Return timeframes as a list, also from a text: `4h,1d`."""
    given = timeframes.split(",") if isinstance(timeframes, str) and timeframes else timeframes
    found = [str(each).strip() for each in given]
    if not all(found):
        raise OptionError(f"timeframes {timeframes!r}: one is empty; write 4h,1d")
    return [*dict.fromkeys(found)]


def _bars_of(others: Mapping[str, pd.DataFrame | BarArrays] | None) -> dict[str, BarArrays]:
    """Return the bars of other markets, checked."""
    if others is not None and not isinstance(others, Mapping):
        raise OptionError(
            f"others is a {type(others).__name__}; give bars by name, {{'ETH': bars}}"
        )
    for name in others or ():
        if not isinstance(name, str) or not name:
            raise OptionError(f"others: a market is called {name!r}; give it a name, such as 'ETH'")
    return {name: BarArrays.of(bars) for name, bars in (others or {}).items()}


Features = str | FeatureSet | Sequence[str | FeatureSet | Callable[..., Any]]


def complete_rows(matrix: np.ndarray) -> np.ndarray:
    """Return which rows are finite in every column.

    >>> complete_rows(np.array([[1.0, np.nan], [1.0, 2.0]]))
    array([False,  True])
    """
    complete = np.ones(len(matrix), dtype=bool)
    for column in range(matrix.shape[1]):
        complete &= np.isfinite(matrix[:, column])
    return complete
