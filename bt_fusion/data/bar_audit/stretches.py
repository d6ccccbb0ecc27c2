"""Stretches without trading: repeated bars, bars on a straight line, bars without volume."""

import numpy as np

from bt_fusion.data.bar_audit.finding import Finding, stretches_of
from bt_fusion.data.bars import BarArrays

__all__ = ["find_filled", "find_frozen", "find_zero_volume"]

LEAST_SAME = 3  # equal bars in a row, of bars with a range and a volume
LEAST_SAME_FLAT = 5  # of bars without range or volume: quiet markets have a few
LEAST_LINE = 3  # inner bars of a straight line, if the volume does not confirm it
LEAST_DIFFERENT = 3  # steps of its columns
EXACT = 1e-9  # relative, of the rounding in a straight line

FROZEN = (
    "no price was made there, the feed stood still: volatility is too low and labels are of noise",
    "get these bars again, or drop them",
)
FILLED = (
    "someone filled gaps by a straight line to the next bar: these bars know the future, and what "
    "is learnt or earned there is not real",
    "drop these bars and leave the gap",
)
ZERO_VOLUME = (
    "nothing was traded: a fill at these prices is not real, and features of volume are off",
    "if the source lost the volume, get these bars again; else do not trade them",
)


def find_frozen(bars: BarArrays) -> Finding | None:
    """Return stretches of bars equal to the previous one in every column; a case per stretch.

    Bars without volume count as zero volume if the file has volumes at all.
    """
    same = np.ones(len(bars) - 1, dtype=bool)
    for column in _columns(bars):
        same &= column[1:] == column[:-1]
    traded = (bars.span > 0) & (bars.volume > 0)
    starts, counts = stretches_of(same)
    least = np.where(traded[starts], LEAST_SAME, LEAST_SAME_FLAT)
    kept = counts + 1 >= least
    if bars.volume.any():
        kept &= bars.volume[starts] > 0
    starts, counts = starts[kept], counts[kept] + 1
    rows = _spread(starts, counts)
    return Finding.of("frozen", bars.time, rows, FROZEN, cases=starts)


def find_filled(bars: BarArrays) -> Finding | None:
    """Return bars exactly halfway between their neighbours in every column; a case per stretch.

    A stretch needs at least three different step sizes: coarse prices that tick together are often
    halfway by chance.
    """
    if len(bars) < 3:
        return None
    straight = np.ones(len(bars) - 2, dtype=bool)
    for column in _columns(bars):
        curvature = np.abs(column[2:] - 2 * column[1:-1] + column[:-2])
        straight &= curvature <= EXACT * column[1:-1]
    starts, counts = stretches_of(straight)
    steps = np.array([column[starts + 2] - column[starts] for column in _columns(bars)])
    kept = _different(steps) & ((counts >= LEAST_LINE) | (steps[-1] != 0))
    starts, counts = starts[kept] + 1, counts[kept]
    return Finding.of("filled", bars.time, _spread(starts, counts), FILLED, cases=starts)


def _different(steps: np.ndarray) -> np.ndarray:
    """Return for each column whether it has enough different nonzero steps."""
    ordered = np.sort(steps, axis=0)
    new = np.diff(ordered, axis=0, prepend=-np.inf) > EXACT * np.abs(ordered)
    return (new & (ordered != 0)).sum(axis=0) >= LEAST_DIFFERENT


def find_zero_volume(bars: BarArrays) -> Finding | None:
    """Return the bars without volume, one case per bar; nothing if no bar has volume."""
    if not bars.volume.any():
        return None
    return Finding.of("zero_volume", bars.time, np.flatnonzero(bars.volume == 0), ZERO_VOLUME)


def _columns(bars: BarArrays) -> list[np.ndarray]:
    return [bars.open, bars.high, bars.low, bars.close, bars.volume]


def _spread(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return every row of stretches."""
    return np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
