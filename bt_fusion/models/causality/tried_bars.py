"""Test bars and their changed copies, made once for all features and labels."""

from functools import cached_property

import numpy as np
import pandas as pd

from bt_fusion.data.bars import BarArrays
from bt_fusion.models.causality.changed_bars import (
    CHANGES,
    GAP,
    block_starts,
    every_start,
    with_blocks,
)
from bt_fusion.models.causality.elsewhere import other_bars
from bt_fusion.models.causality.places import SHORT, places_of

__all__ = ["TriedBars"]

BLOCKS = 1_200  # over all passes: they find a leak on one bar in a hundred a dozen times
PASSES = 2  # at least
OTHERS = 3_000  # bars of another market


class TriedBars:
    """Bars for testing features and labels.

    Parameters
    ----------
    arrays : BarArrays

    Attributes
    ----------
    cuts, compared : int
        Places at which bars were changed, and values compared, over all tests.
    """

    def __init__(self, arrays: BarArrays):
        self.arrays = arrays
        self.cuts = self.compared = 0
        self._made: dict[tuple[int, int, int, str], BarArrays] = {}

    def part(self, first: int, stop: int) -> BarArrays:
        """Return the bars from `first` to `stop` (exclusive)."""
        if stop - first == len(self.arrays):
            return self.arrays
        return self._kept((first, stop, -1, ""))

    def changed(self, first: int, stop: int, cut: int, kind: str) -> BarArrays:
        """Return such bars with those after the bar `cut`, counted from `first`, changed."""
        return self._kept((first, stop, cut, kind))

    def _kept(self, key: tuple[int, int, int, str]) -> BarArrays:
        if key not in self._made:
            first, stop, cut, kind = key
            part = self.arrays[first:stop]
            self._made[key] = CHANGES[kind](part, cut) if kind else part
        return self._made[key]

    @cached_property
    def other_market(self) -> BarArrays:
        """Other bars at the stamps of the last ones."""
        return other_bars(self.arrays.tail(OTHERS))

    @cached_property
    def places(self) -> np.ndarray:
        """Bars to cut features after, see `places_of`."""
        return places_of(self.arrays)

    @cached_property
    def blocks(self) -> list[tuple[np.ndarray, BarArrays]]:
        """Starts of short blocks, and the bars with other bars there, for each pass.

        Up to 3,000 bars, each bar begins a block in one of the passes.
        """
        n_bars = len(self.arrays)
        drawn = [np.random.default_rng(seed) for seed in range(GAP)]
        if n_bars <= SHORT:
            all_starts = [every_start(n_bars, offset) for offset in range(1, GAP + 1)]
        else:
            passes = max(PASSES, -(-BLOCKS * GAP // n_bars))
            all_starts = [block_starts(n_bars, rng) for rng in drawn[:passes]]
        return [
            (starts, with_blocks(self.arrays, starts, rng))
            for starts, rng in zip(all_starts, drawn, strict=False)
            if len(starts)
        ]

    def count(self, values: np.ndarray, places: int = 1) -> None:
        """Count the compared values and the places with changed bars."""
        self.cuts += places
        self.compared += values.size

    def stamp(self, row: int) -> str:
        """Return the stamp of a row in words."""
        return str(pd.Timestamp(self.arrays.time[row]))
