"""Labels that chance has moved: what the same walk-forward makes of nothing."""

from dataclasses import dataclass

import numpy as np

from bt_fusion.models.refit import Refit

__all__ = ["ShuffledLabels"]

LEAST = 0.1  # of the training rows: how far labels are moved


@dataclass(frozen=True)
class ShuffledLabels:
    """What has every refit of a walk-forward learn from labels that belong to other rows.

    The training labels of each refit are moved along its rows by a random distance, circularly.
    That keeps the share of each class, when labels are known, and how much neighbours share (a
    label of five bars is that of the next bar four parts in five): shuffled one by one they would
    look like five times as many independent rows, and the model would overfit less than the real
    one. Only training labels are moved; keys of the cache are made of them, so that nothing of the
    real walk-forward is found under them, nor the other way round.

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
        """Return a refit's training labels, moved."""
        count = len(y)
        if count < 2:
            return y
        least = max(1, int(LEAST * count))
        rng = np.random.default_rng([self.seed, refit.bar])
        return np.roll(y, rng.integers(least, max(least + 1, count - least + 1)))
