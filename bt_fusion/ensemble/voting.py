"""Voting: combine members' probabilities into one."""

import numpy as np

__all__ = ["combined"]


DIGITS = 12  # of a combined probability


def combined(votes: np.ndarray, weights: np.ndarray, voting: str) -> np.ndarray:
    """Combine members' probabilities, shape (n, n_members, n_classes), into (n, n_classes).

    >>> combined(np.array([[[0.39, 0.61], [0.39, 0.61], [0.42, 0.58]]]), np.ones(3) / 3, "soft")
    array([[0.4, 0.6]])
    """
    if voting == "majority":
        weights = np.full(len(weights), 1.0 / len(weights))
    # float sums end in noise: 0.60 must reach a threshold of 0.60
    return np.round(np.einsum("tmk,m->tk", votes, weights), DIGITS)
