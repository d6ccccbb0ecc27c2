"""The check of a label: its value must not depend on bars after its t1."""

from dataclasses import dataclass
from functools import cached_property
from warnings import catch_warnings, simplefilter

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import LookAheadError, RandomPartError
from bt_fusion.labels import Label, Labels, labels_of
from bt_fusion.models.causality.changed_bars import GAPS, block_starts, with_blocks
from bt_fusion.models.causality.features import OFF
from bt_fusion.models.causality.look_ahead_bars import look_ahead_bars
from bt_fusion.models.causality.places import turns
from bt_fusion.models.causality.referenced import check_fitted_before
from bt_fusion.models.causality.tried_bars import TriedBars

__all__ = ["LabelCheck"]

KINDS = ("removed", "replaced by others", "multiplied by 1e9")
ON_ALL = 4  # cuts with every kind of change; the others have one
CLOSE = (4, 24)  # fewest and most bars from one block to the next, in addition to the horizon
FAR, NEAR = 1_200, 3_000  # blocks over all passes
MOST_PASSES = 40
TRIED = 8  # places of each kind to cut after


@dataclass(frozen=True, eq=False)
class LabelCheck:
    """A label and its test bars.

    Parameters
    ----------
    name : str
    label : Label
    bars : TriedBars
    """

    name: str
    label: Label
    bars: TriedBars

    def run(self) -> None:
        """Test the label.

        Raises
        ------
        LookAheadError
            If y or t1 of a row changes with bars after its t1.
        RandomPartError
            If two calls on the same bars differ.
        """
        check_fitted_before(f"label {self.name}", type(self.label), self.bars.arrays.time[0])
        again = self.labels(self.bars.arrays)
        if not (
            np.array_equal(again.y, self.whole.y, equal_nan=True)
            and np.array_equal(again.t1, self.whole.t1)
        ):
            raise RandomPartError(
                f"label {self.name} is random: two calls on the same bars differ; give it a fixed "
                "seed, and keep nothing between calls"
            )
        places = np.concatenate([self.bars.places, turns(self.whole.y[:, None])])
        for number, cut in enumerate(places[places > 0]):
            for kind in KINDS if number < ON_ALL else (KINDS[number % len(KINDS)],):
                self._compare(int(cut), kind)
        self._check_blocks()

    @cached_property
    def whole(self) -> Labels:
        """The label of the unchanged bars."""
        return self.labels(self.bars.arrays)

    def labels(self, arrays: BarArrays) -> Labels:
        """Return the label of bars, checked as in `labels_of`."""
        with np.errstate(all="ignore"), catch_warnings():
            simplefilter("ignore")
            return labels_of(self.label, arrays)

    def _compare(self, cut: int, kind: str) -> None:
        differs = self._differs(cut, kind)
        if differs is None or not differs.any():
            return
        row = int(differs.argmax())
        known = self.whole.t1[row]
        base = int(known) if 0 <= known <= cut else cut
        ahead = look_ahead_bars(
            lambda far: self._any_differs(base + far, row), len(self.whole.y) - 1 - base
        )
        further = "all later bars" if ahead is None else f"bars up to {ahead:,} later"
        raise LookAheadError(
            f"label {self.name} looks further than its t1: its value at "
            f"{self.bars.stamp(row)}, known at {self.bars.stamp(base)} according to t1, changes "
            f"when the bars after {self.bars.stamp(cut)} are {kind}; it looks at {further}. t1 "
            f"must be the bar at which y is known; {OFF}",
            self.bars.stamp(row),
        )

    def _differs(self, cut: int, kind: str) -> np.ndarray | None:
        """Return which rows are known by a cut but change with later bars.

        None if the label refuses such bars.
        """
        try:
            other = self.labels(self.bars.changed(0, len(self.whole.y), cut, kind))
        except Exception:
            if kind == "removed":
                raise
            return None
        differs = self._changed(other, slice(0, cut + 1), cut)
        if kind == "removed":  # rows may wait for the whole horizon, even if t1 is earlier
            unresolved = np.arange(cut + 1) + self.label.horizon > cut
            differs &= ~(unresolved & np.isnan(other.y[: cut + 1]))
        return differs

    def _changed(self, other: Labels, rows: slice | np.ndarray, by: int | np.ndarray) -> np.ndarray:
        """Return which rows are known by a bar but have changed."""
        y, t1, other_y, other_t1 = (
            column[rows] for column in (self.whole.y, self.whole.t1, other.y, other.t1)
        )
        self.bars.count(y)
        known, now = (np.isfinite(a) & (b <= by) for a, b in ((y, t1), (other_y, other_t1)))
        return (known != now) | (known & now & ((y != other_y) | (t1 != other_t1)))

    def _any_differs(self, cut: int, row: int) -> bool:
        found = [self._differs(cut, kind) for kind in KINDS]
        return any(differs is not None and bool(differs[row]) for differs in found)

    def _check_blocks(self) -> None:
        """Insert short blocks of other bars throughout, and cut where labels change.

        A label that looks back may change after a block, which is allowed. In half of the passes
        the blocks are far apart, so that this is rarer; in the others they are many.
        """
        found: list[tuple[int, int]] = []
        for gaps, places in ((GAPS, FAR), (CLOSE, NEAR)):
            found += self._before_blocks(gaps, places)
        for cut in dict.fromkeys(start for _, start in found):
            self._compare(cut - 1, KINDS[1])

    def _before_blocks(self, gaps: tuple[int, int], places: int) -> list[tuple[int, int]]:
        """Return (bars from a changed row to the next block, its start), nearest first."""
        arrays, found = self.bars.arrays, []
        fewest, most = (gap + self.label.horizon for gap in gaps)
        rows = np.arange(len(arrays))
        for seed in range(min(MOST_PASSES, max(2, places * most // len(arrays)))):
            rng = np.random.default_rng(seed)
            starts = block_starts(len(arrays), rng, (fewest, most))
            if not len(starts):
                return []
            following = np.append(starts, len(arrays))[np.searchsorted(starts, rows, "right")]
            try:
                other = self.labels(with_blocks(arrays, starts, rng))
            except Exception:  # as in `_differs`
                return []
            changed = np.flatnonzero(self._changed(other, rows, following - 1))
            pairs = zip(following[changed] - changed, following[changed], strict=True)
            found += [(int(far), int(start)) for far, start in pairs if start < len(arrays)]
        return sorted(found)[:TRIED]
