"""Suspicious prices: moves that revert at once, long wicks, jumps like those of a split."""

from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.data.bar_audit.finding import Finding
from bt_fusion.data.bars import BarArrays

__all__ = ["find_outliers", "find_splits", "find_wicks"]

WINDOW, LEAST = 100, 20  # bars behind the volatility so far, and the fewest
FAR = 15.0  # standard deviations of a bar's move
REVERTED = 0.25  # of the move that may be left a bar later
LONG = 12.0  # usual ranges of a wick
RATIOS = (3 / 2, 2, 5 / 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 40, 50, 100)
NEAR = 0.03  # of a ratio, in log returns
SPLIT_FAR = 6.0  # standard deviations of a bar's move
AFTER = 5  # bars over which a split stays

OUTLIERS = (
    "one close stands apart and the next is back: a bad tick, or a flash; one such bar can decide "
    "a scaler, a stop and a label",
    "compare with another source; correct or drop the bar if it is wrong",
)
WICKS = (
    "a high or low stands far from its bar: stops and barriers touch a price that few could trade",
    "compare with another source; cut the wick if it is wrong",
)
SPLITS = (
    "the price jumps by a ratio as of a stock split and stays: a return nobody had",
    "use prices that are adjusted for splits",
)


def find_outliers(bars: BarArrays) -> Finding | None:
    """Return closes far outside the volatility so far that revert on the next close."""
    moves = np.diff(bars.log_close, prepend=bars.log_close[0])
    after = np.r_[moves[1:], np.nan]
    with np.errstate(invalid="ignore"):
        large = np.abs(moves) > FAR * volatility(moves)
        back = np.abs(moves + after) < REVERTED * np.abs(moves)
    return Finding.of("outliers", bars.time, np.flatnonzero(large & back), OUTLIERS)


def find_wicks(bars: BarArrays) -> Finding | None:
    """Return bars with an upper or lower wick far longer than the usual range so far."""
    above = np.log(bars.high / np.maximum(bars.open, bars.close))
    below = np.log(np.minimum(bars.open, bars.close) / bars.low)
    usual = typical(np.log(bars.high / bars.low))
    with np.errstate(invalid="ignore"):
        long = np.maximum(above, below) > LONG * usual
    return Finding.of("wicks", bars.time, np.flatnonzero(long), WICKS)


def find_splits(bars: BarArrays) -> Finding | None:
    """Return opens that differ from the previous close by a split ratio, and stay there."""
    jump = np.r_[0.0, np.log(bars.open[1:] / bars.close[:-1])]
    moves = np.diff(bars.log_close, prepend=bars.log_close[0])
    with np.errstate(invalid="ignore"):
        far = np.abs(jump) > SPLIT_FAR * volatility(moves)
    far &= np.abs(jump) > np.log(RATIOS[0]) - NEAR
    rows = [row for row in np.flatnonzero(far).tolist() if _is_split(bars, row, jump[row])]
    return Finding.of("splits", bars.time, np.array(rows, dtype=np.int64), SPLITS)


def _is_split(bars: BarArrays, row: int, jump: float) -> bool:
    near = np.abs(np.abs(jump) - np.log(RATIOS)).min() <= NEAR
    later_move = np.median(bars.log_close[row : row + AFTER]) - bars.log_close[row - 1]
    return bool(near and abs(later_move - jump) < abs(jump) / 2)


def volatility(moves: np.ndarray) -> np.ndarray:
    """Return the standard deviation of a move from the bars before, NaN without enough bars.

    The larger of a robust estimate and one from the mean size, each exact for normal moves. The
    first stays low after a few large moves; the second stays above 0 if most bars do not move.
    """
    sizes = pd.Series(np.abs(moves)).shift(1).rolling(WINDOW, min_periods=LEAST)
    return _positive(np.maximum(1.4826 * sizes.median(), 1.2533 * sizes.mean()))


def typical(sizes: np.ndarray) -> np.ndarray:
    """Return the larger of median and mean over the bars before, NaN without enough bars."""
    before = pd.Series(sizes).shift(1).rolling(WINDOW, min_periods=LEAST)
    return _positive(np.maximum(before.median(), before.mean()))


def _positive(sizes: Any) -> np.ndarray:
    """Return the sizes, NaN for 0: without movement there are no outliers."""
    return np.where(sizes > 0, sizes, np.nan)
