"""Randomly shifted labels: the same walk-forward without anything to learn."""

from dataclasses import dataclass

import numpy as np

from bt_fusion.models.refit import Refit

__all__ = ["ShuffledLabels"]

LEAST = 0.1  # smallest shift, as a fraction of the training rows


@dataclass(frozen=True)
class ShuffledLabels:
    """Make every refit of a walk-forward learn from the labels of other rows.

    The training labels of each refit are shifted along its rows by a random distance, in a circle.
    That keeps the class shares, the times when labels are known, and the overlap of neighbours (a
    five-bar label shares four fifths with the next bar's). Shuffled one by one, they would look
    like five times as many independent rows, and the model would overfit less than the real one.
    Only training labels are shifted. The cache keys include them, so real and shifted refits never
    mix.

    Attributes
    ----------
    seed : int

    Examples
    --------
    >>> from bt_fusion import SignalModel, WalkForward
    >>> from bt_fusion.data.samples import planted_edge
    >>> walk = WalkForward(SignalModel("fusion"), train_bars=400, refit_bars=300, cache=None)
    >>> walk.predict(planted_edge(1_000), relabel=ShuffledLabels(seed=1)).known.sum()
    np.int64(600)
    """

    seed: int = 0

    def __call__(self, refit: Refit, y: np.ndarray) -> np.ndarray:
        """Return a refit's training labels, shifted."""
        count = len(y)
        if count < 2:
            return y
        least = max(1, int(LEAST * count))
        rng = np.random.default_rng([self.seed, refit.bar])
        return np.roll(y, rng.integers(least, max(least + 1, count - least + 1)))
