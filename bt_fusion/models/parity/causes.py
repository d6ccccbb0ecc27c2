"""Why a bar-by-bar prediction differs: features, members, or a last digit."""

from itertools import compress
from typing import Any

import numpy as np

from bt_fusion.models.parity.compared_bars import ComparedBars
from bt_fusion.models.parity.comparison import Difference
from bt_fusion.models.parity.ways import streamed_features

__all__ = ["differing_features", "last_digit_bars"]

LAST_DIGIT = 1e-6  # of a feature and its standard deviation: the effect of its memory and float32
BARS_COMPARED = 8  # differing bars on which features are compared


def differing_features(model: Any, bars: list[ComparedBars], at: np.ndarray) -> tuple[str, ...]:
    """Return the features whose values from their own memory differ from those of all bars.

    Parameters
    ----------
    model : SignalModel
    bars : list of ComparedBars
    at : ndarray of int
        Positions of differing bars among all compared ones; only the first few are used.
    """
    differ = np.zeros(len(model.feature_set_), dtype=bool)
    for bar in at[:BARS_COMPARED]:
        part, row = _located(bars, int(bar))
        differ |= _differs(model, part, streamed_features(model, part, row)[-1], row)
    return tuple(compress(model.feature_set_.names, differ))


def last_digit_bars(model: Any, bars: list[ComparedBars], found: Difference) -> np.ndarray:
    """Return which bars differ only by the last digit of a feature.

    A feature from its own memory can differ from that of all bars in the last digit of a float32;
    rarely, a threshold of a tree lies between the two. The members must predict from such features
    the same as the stream did.

    Returns
    -------
    ndarray of bool, shape (n_bars,)
    """
    alike = np.zeros(len(found.expected), dtype=bool)
    both = found.bars & found.expected.known & found.found.known
    for bar in np.flatnonzero(both):
        part, row = _located(bars, int(bar))
        X = streamed_features(model, part, row)
        if (X[-1] == part.X[part.rows[row]]).all() or _differs(model, part, X[-1], row).any():
            continue
        votes = model.ensemble_.member_proba(X, np.array([len(X) - 1]))
        alike[bar] = np.abs(votes - found.found.votes[bar]).max() <= found.tolerance
    return alike


def _located(bars: list[ComparedBars], bar: int) -> tuple[ComparedBars, int]:
    """Return the stretch of a compared bar, and its position there."""
    for part in bars:
        if bar < part.count:
            return part, bar
        bar -= part.count
    raise IndexError(f"{bar} bars beyond those compared")


def _differs(model: Any, bars: ComparedBars, streamed: np.ndarray, row: int) -> np.ndarray:
    """Return which features of a bar differ by more than a last digit, shape (n_features,)."""
    whole = bars.X[bars.rows[row]].astype(np.float64)
    allowed = LAST_DIGIT * (np.abs(whole) + model.sample_.std(axis=0, dtype=np.float64))
    with np.errstate(invalid="ignore"):
        near = np.abs(streamed - whole) <= allowed
    return ~near & (streamed != whole) & ~(np.isnan(streamed) & np.isnan(whole))
