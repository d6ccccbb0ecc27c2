"""Levels of confidence: words for the likeliest class's share of votes or probability."""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np

__all__ = ["Confidence", "confidence_level", "confidence_levels"]


class Confidence(StrEnum):
    """Levels of confidence, see `Predictions.levels`."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    VERY_HIGH = "VERY_HIGH"


SOFT_STEPS = ((0.55, Confidence.MEDIUM), (0.60, Confidence.HIGH), (0.70, Confidence.VERY_HIGH))


def confidence_levels(
    confidence: np.ndarray, voting: str = "soft", vote_threshold: float = 0.633
) -> np.ndarray:
    """Return a `Confidence` for each value, None where it is NaN, dtype object.

    Soft voting: VERY_HIGH from .70, HIGH from .60, MEDIUM from .55, else LOW. Majority:
    VERY_HIGH when unanimous, HIGH from `vote_threshold`, else LOW.

    >>> [str(level) for level in confidence_levels(np.array([0.54, 0.55, 0.7]))]
    ['LOW', 'MEDIUM', 'VERY_HIGH']
    """
    confidence = np.asarray(confidence, dtype=float)
    levels = np.full(confidence.shape, Confidence.LOW, dtype=object)
    for least, level in confidence_steps(voting, vote_threshold):
        levels[confidence >= least] = level
    levels[np.isnan(confidence)] = None
    return levels


def confidence_level(
    confidence: float, voting: str = "soft", vote_threshold: float = 0.633
) -> Confidence | None:
    """Return the `Confidence` of one value, as `confidence_levels` does of many.

    >>> confidence_level(0.55), confidence_level(float("nan"))
    (<Confidence.MEDIUM: 'MEDIUM'>, None)
    """
    if confidence != confidence:
        return None
    reached = [
        level for least, level in confidence_steps(voting, vote_threshold) if confidence >= least
    ]
    return reached[-1] if reached else Confidence.LOW


def confidence_steps(voting: str, vote_threshold: float) -> Sequence[tuple[float, Confidence]]:
    """Return from which confidence each level is reached, ascending."""
    if voting == "majority":
        return (vote_threshold, Confidence.HIGH), (1.0, Confidence.VERY_HIGH)
    return SOFT_STEPS
