"""Labels that chance has moved: what the same walk-forward makes of nothing."""

from dataclasses import replace

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.labels import Labels
from bt_fusion.models.refit import Refit, Task
from bt_fusion.models.walk_forward import WalkForward

__all__ = ["ShuffledLabels"]

LEAST = 0.1  # of the training rows: how far labels are moved


class ShuffledLabels(WalkForward):
    """A walk-forward whose every refit learns from labels that belong to other rows.

    The training labels of each refit are moved along its rows by a random distance, circularly.
    That keeps the share of each class, when labels are known, and how much neighbours share (a
    label of five bars is that of the next bar four parts in five): shuffled one by one they would
    look like five times as many independent rows, and the model would overfit less than the real
    one. Only training labels are moved; keys of the cache are made of them, so that nothing of the
    real walk-forward is found under them, nor the other way round.

    Parameters
    ----------
    walk : WalkForward
    seed : int

    Examples
    --------
    >>> from bt_fusion import SignalModel
    >>> from bt_fusion.data.samples import planted_edge
    >>> walk = WalkForward(SignalModel("fusion"), train_bars=400, refit_bars=300, cache=None)
    >>> ShuffledLabels(walk).predict(planted_edge(1_000)).known.sum()
    np.int64(600)
    """

    def __init__(self, walk: WalkForward, seed: int = 0):
        super().__init__(**walk.get_params(deep=False))
        self.walk = walk
        self.seed = seed

    def _tasks(self, arrays: BarArrays, schedule: list[Refit]) -> list[Task]:
        return [self._shuffled(task) for task in super()._tasks(arrays, schedule)]

    def _shuffled(self, task: Task) -> Task:
        """Return a refit's task with its training labels moved."""
        count = len(task.rows)
        if count < 2:
            return task
        least = max(1, int(LEAST * count))
        rng = np.random.default_rng([self.seed, task.refit.bar])
        distance = rng.integers(least, max(least + 1, count - least + 1))
        y = task.labels.y.copy()
        y[task.rows] = np.roll(y[task.rows], distance)
        return replace(task, labels=Labels(y, task.labels.t1)).keyed()
