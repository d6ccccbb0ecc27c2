"""Labels moved by chance: only the training ones, class shares kept, never the same cache entry."""

import numpy as np

from bt_fusion import Ensemble, SignalModel, WalkForward
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge
from bt_fusion.verdict.placebos.shuffled_labels import ShuffledLabels

WALK = WalkForward(
    SignalModel(["wick_balance", "return_1"], ensemble=Ensemble(["lr"])),
    train_bars=300,
    refit_bars=200,
    cache=None,
)


def tasks(relabel=None, count=900):
    arrays = BarArrays.of(planted_edge(count, seed=1, auc=0.75))
    return WALK._tasks(arrays, list(WALK.schedule(count)), relabel)


def test_training_labels_move_and_nothing_else():
    for real, moved in zip(tasks(), tasks(ShuffledLabels(seed=1)), strict=True):
        rows = real.rows
        np.testing.assert_array_equal(moved.rows, rows)
        np.testing.assert_array_equal(moved.inputs.labels.t1, real.inputs.labels.t1)
        np.testing.assert_array_equal(moved.inputs.labels.y, real.inputs.labels.y)
        np.testing.assert_array_equal(real.y, real.inputs.labels.y[rows])
        turned = [k for k in range(len(rows)) if np.array_equal(np.roll(real.y, k), moved.y)]
        assert len(turned) == 1 and 0.1 * len(rows) <= turned[0] <= 0.9 * len(rows)
        assert moved.refit.key != real.refit.key
        assert (moved.refit.bar, moved.refit.rows) == (real.refit.bar, real.refit.rows)


def test_refits_and_seeds_move_by_their_own_distance():
    first, again, other = (tasks(ShuffledLabels(seed)) for seed in (1, 1, 2))
    keys = [[task.refit.key for task in made] for made in (first, again, other)]
    assert keys[0] == keys[1]
    assert not set(keys[0]) & set(keys[2])


def test_the_real_cache_is_not_touched(tmp_path):
    bars = planted_edge(900, seed=1, auc=0.75)
    real = WalkForward(WALK.model, 300, 200, cache=tmp_path)
    known = real.predict(bars)
    moved = real.predict(bars, relabel=ShuffledLabels(seed=3))
    assert not any(refit.cached for refit in real.refits_)
    assert np.nanmax(np.abs(moved.probability_up - known.probability_up)) > 0.05
    again = real.predict(bars)
    assert all(refit.cached for refit in real.refits_)
    np.testing.assert_array_equal(again.votes, known.votes)
