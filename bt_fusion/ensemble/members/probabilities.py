"""Check that a member returns probabilities of the classes it was fitted on."""

from typing import Any

import numpy as np

from bt_fusion.errors import OptionError

__all__ = ["check_probabilities"]

OUTSIDE = 1e-6  # of a probability beyond 0..1
OFF_ONE = 1e-3  # of a row's sum


def check_probabilities(
    name: str, estimator: Any, proba: np.ndarray, shape: tuple[int, int]
) -> None:
    """Raise OptionError if a member's output cannot be one row of probabilities per bar.

    NaN from one member would disable the whole vote, and 500,000 would decide it.

    Parameters
    ----------
    name : str
        Of the member.
    estimator : classifier
        Fitted on classes numbered from 0; its `classes_`, if present, must be these.
    proba : ndarray
        Its output.
    shape : (int, int)
        Expected rows and classes.

    Examples
    --------
    >>> check_probabilities("mine", None, np.array([[0.4, 0.6], [0.5, np.nan]]), (2, 2))
    Traceback (most recent call last):
    bt_fusion.errors.OptionError: member 'mine', row 1: predict_proba returned [0.5, nan]; each \
must be a number from 0 to 1, and a row must add up to 1. Mend the member, or leave it out
    """
    proba = np.asarray(proba)
    if proba.shape != shape:
        raise OptionError(
            f"member {name!r} returned an array of shape {proba.shape} for {shape[0]} rows; "
            f"predict_proba must give {shape[1]} probabilities a row, adding up to 1"
        )
    classes = getattr(estimator, "classes_", None)
    if classes is not None and sorted(np.asarray(classes).tolist()) != list(range(shape[1])):
        raise OptionError(
            f"member {name!r} has the classes {list(classes)} and was fitted on "
            f"{list(range(shape[1]))}; set classes_ to np.unique(y) in fit"
        )
    if shape[0] and not _are_probabilities(proba):
        row = next(row for row in range(shape[0]) if not _are_probabilities(proba[row : row + 1]))
        raise OptionError(
            f"member {name!r}, row {row}: predict_proba returned {proba[row].tolist()}; each must "
            "be a number from 0 to 1, and a row must add up to 1. Mend the member, or leave it out"
        )


def _are_probabilities(proba: np.ndarray) -> bool:
    """Return whether all numbers are probabilities and all rows add up to 1; NaN fails."""
    if len(proba) == 1:  # for a live bar, plain numbers take a tenth of the time
        row = proba[0].tolist()
        return abs(sum(row) - 1) <= OFF_ONE and all(-OUTSIDE <= p <= 1 + OUTSIDE for p in row)
    if not (proba.min() >= -OUTSIDE and proba.max() <= 1 + OUTSIDE):
        return False
    return bool((np.abs(proba.sum(axis=1) - 1) <= OFF_ONE).all())
