"""The check of a feature: its values up to a bar must not depend on later bars."""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import cycle
from warnings import catch_warnings, simplefilter

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import LookAheadError, RandomPartError
from bt_fusion.features.registry import Feature
from bt_fusion.models.causality.changed_bars import CHANGES
from bt_fusion.models.causality.differences import differing, rounding_of, scale_of
from bt_fusion.models.causality.elsewhere import YEARS, how_far_predicted, shifted
from bt_fusion.models.causality.look_ahead_bars import how_far, how_many, look_ahead_bars
from bt_fusion.models.causality.places import frames, turns
from bt_fusion.models.causality.referenced import check_fitted_before
from bt_fusion.models.causality.tried_bars import TriedBars

__all__ = ["CONFIRMED", "OFF", "FeatureCheck"]

REPLACING = tuple(kind for kind in CHANGES if kind != "removed")
EARLY = 1_000  # bars beyond the lookback on which the first rows are tested
FIRST_ROWS = (0, 3, 10, 30)
ROWS_BEFORE = 8  # rows before a block that are tested
CONFIRMED = 4  # places to cut after, those with the largest changes
LEAST = 1e-10  # of a feature's usual size: smaller changes before a block are ignored
OFF = "causality_check=False (--no-causality-check) turns this check off"


@dataclass(frozen=True, eq=False)
class FeatureCheck:
    """A feature and its test bars.

    Parameters
    ----------
    entry : Feature
    bars : TriedBars
    """

    entry: Feature
    bars: TriedBars

    def run(self) -> list[str]:
        """Test the feature.

        Returns
        -------
        list of str
            The parts that could not be verified.

        Raises
        ------
        LookAheadError
            If a value changes with later bars.
        RandomPartError
            If two calls on the same bars differ.
        OptionError
            If it uses something fitted before.
        """
        named = ", ".join(self.entry.names)
        check_fitted_before(f"feature {named}", self.entry.compute, self.bars.arrays.time[0])
        self._check_repeated()
        places = np.concatenate([self.bars.places, turns(self.whole)])
        cuts = frames(places, len(self.whole), self.entry.lookback)
        for (first, stop, cut), kind in zip(cuts, cycle(REPLACING), strict=False):
            reference = self._reference(first, stop)
            for each in ("removed", kind):
                self._compare(first, stop, reference, cut - first, each)
        self._check_first_rows()
        self._check_blocks()
        unverified = self._check_unprimed()
        self._check_other_bars()
        return unverified

    def values(self, arrays: BarArrays) -> np.ndarray:
        """Return the feature's columns, float64, shape (n_bars, n_columns)."""
        with np.errstate(all="ignore"), catch_warnings():
            simplefilter("ignore")  # of bars that are not realistic
            return np.column_stack([np.asarray(c, float) for c in self.entry.columns(arrays)])

    @cached_property
    def whole(self) -> np.ndarray:
        """The columns of the unchanged bars."""
        return self.values(self.bars.arrays)

    @cached_property
    def scale(self) -> np.ndarray:
        """The usual size of each column."""
        return scale_of(self.whole)

    @cached_property
    def spread(self) -> np.ndarray:
        """The standard deviation of each column's finite values, 0 if there are none."""
        finite = [column[np.isfinite(column)] for column in self.whole.T]
        return np.array([column.std() if len(column) else 0.0 for column in finite])

    @cached_property
    def rounding(self) -> np.ndarray:
        """The possible rounding in each value of `whole`."""
        return rounding_of(self.values, self.bars.arrays, self.whole)

    def _reference(self, first: int, stop: int) -> np.ndarray:
        whole = stop - first == len(self.whole)
        return self.whole if whole else self.values(self.bars.part(first, stop))

    def _check_repeated(self) -> None:
        again = self.values(self.bars.arrays)
        differs = (again != self.whole) & ~(np.isnan(again) & np.isnan(self.whole))
        if differs.any():
            row, column = np.argwhere(differs)[0]
            raise RandomPartError(
                f"feature {self.entry.names[column]} is random: two calls on the same bars differ, "
                f"first at {self.bars.stamp(row)}; give it a fixed seed, and keep nothing between "
                "calls"
            )

    def _check_first_rows(self) -> None:
        """Change the bars after the first rows; this reveals values filled in backwards."""
        stop = min(len(self.whole), self.entry.lookback + EARLY)
        reference = self._reference(0, stop)
        for cut in (*FIRST_ROWS, self.entry.lookback // 2):
            if cut < stop - 1:
                self._compare(0, stop, reference, cut, REPLACING[0])

    def _compare(self, first: int, stop: int, reference: np.ndarray, cut: int, kind: str) -> None:
        """Raise LookAheadError if the rows up to a cut change with later bars."""
        differs = self._differs(first, stop, reference, cut, kind)
        if differs is None or not differs.any():
            return
        row = int(differs.any(axis=1).argmax())
        column = int(differs[row].argmax())
        last = int(np.flatnonzero(differs[:, column])[-1])

        def changed(ahead: int) -> bool:
            found = (
                self._differs(first, stop, reference, last + ahead, each)
                for each in CHANGES
                if each != "removed" or last + ahead + 1 >= self.entry.lookback
            )
            return any(differs is not None and differs[last, column] for differs in found)

        far = how_far(look_ahead_bars(changed, stop - first - 1 - last))
        raise LookAheadError(
            f"feature {self.entry.names[column]} looks ahead: its value at "
            f"{self.bars.stamp(first + row)} changes when the bars after "
            f"{self.bars.stamp(first + cut)} are {kind}; {far}. A value may depend only on its own "
            f"bar and earlier ones; {OFF}",
            self.bars.stamp(first + row),
        )

    def _differs(
        self, first: int, stop: int, reference: np.ndarray, cut: int, kind: str
    ) -> np.ndarray | None:
        """Return which rows up to a cut change with later bars.

        None if the feature refuses the changed bars, or returns only NaN for NaN among them.
        """
        try:
            other = self.values(self.bars.changed(first, stop, cut, kind))[: cut + 1]
        except Exception:  # of bars that are no market's; such a feature is cut there as well
            if kind == "removed":
                raise
            return None
        if kind == "replaced by NaN" and np.isnan(other).all():
            return None
        self.bars.count(other)
        return differing(self, self.bars.part(first, stop), reference, other, kind)

    def _check_unprimed(self) -> list[str]:
        """Cut bars at stamps new to the feature; compute the part first, then all.

        Values kept from an earlier call, or in a table by stamp, would hide a look-ahead.
        """
        named = ", ".join(self.entry.names)
        first, stop = 0, min(len(self.whole), self.entry.lookback + EARLY)
        for years, share in ((-YEARS, 0.6), (YEARS, 0.9)):
            part = self.bars.part(first, stop)
            other = replace(part, time=shifted(part.time, years))
            cut = max(int(share * stop), min(self.entry.lookback, stop - 2))
            try:
                before, after = self.values(other[: cut + 1]), self.values(other)[: cut + 1]
            except Exception as error:
                what = f"{named}: it fails at stamps {YEARS} years away ({type(error).__name__})"
                return [f"feature {what}; a table cannot be checked by other futures"]
            differs = differing(self, other[: cut + 1], after, before)
            if differs.any():
                row, column = np.argwhere(differs)[0]
                raise LookAheadError(
                    f"feature {self.entry.names[column]} looks ahead: its value at "
                    f"{self.bars.stamp(row)} changes once a call has seen bars after "
                    f"{self.bars.stamp(cut)}: it keeps values between calls. A value may depend "
                    f"only on its own bar and earlier ones; {OFF}",
                    self.bars.stamp(row),
                )
        return []

    def _check_other_bars(self) -> None:
        """Compute the feature on other bars; it must not predict the real ones."""
        market = self.bars.other_market
        first = len(self.whole) - len(market)
        try:
            other = self.values(market)
        except Exception:  # of bars that are no market's
            return
        for name, column in zip(self.entry.names, other.T, strict=True):
            found = how_far_predicted(column, self.bars.arrays.close[first:])
            if found is not None:
                row = first + int(np.isfinite(column).argmax())
                raise LookAheadError(
                    f"feature {name} looks ahead: computed from other bars with the same stamps, "
                    f"it still predicts the move of these bars {how_many(found[0])} later, from "
                    f"{self.bars.stamp(row)} on (rank correlation {found[1]:.2f}). It reads a "
                    f"table or file that contains the future, or keeps values from an earlier "
                    f"call; {OFF}",
                    self.bars.stamp(row),
                )

    def _check_blocks(self) -> None:
        """Insert short blocks of other bars throughout, and cut where earlier rows change.

        After a block, a smoothing feature changes a little with every bar; before a block, a
        feature that looks ahead jumps. Cuts after the largest jumps decide.
        """
        found: list[tuple[float, int]] = []
        for starts, arrays in self.bars.blocks:
            try:
                jumps = self._jumps(self.values(arrays), starts) - LEAST * self.scale
            except Exception:  # as in `_differs`
                return
            most = jumps.max(axis=1)
            found += [(float(most[at]), int(starts[at])) for at in np.flatnonzero(most > 0)]
        for _, start in sorted(found, reverse=True)[:CONFIRMED]:
            kind = "removed" if start >= self.entry.lookback else REPLACING[0]
            self._compare(0, len(self.whole), self.whole, start - 1, kind)

    def _jumps(self, other: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Return the largest step of the difference in the rows before each block."""
        near = starts[:, None] - np.arange(ROWS_BEFORE + 1)
        near = np.maximum(near[:, ::-1][:, :-1], 0)  # the rows before, in time order
        near = np.concatenate([np.maximum(near[:, :1] - 1, 0), near], axis=1)
        new, old = other[near], self.whole[near]
        self.bars.count(new, len(starts))
        with np.errstate(invalid="ignore"):
            difference = np.where((new == old) | (np.isnan(new) & np.isnan(old)), 0.0, new - old)
            steps = np.abs(np.diff(difference, axis=1))
        steps[~np.isfinite(steps)] = np.finfo(float).max  # a number and a NaN
        return steps.max(axis=1)
