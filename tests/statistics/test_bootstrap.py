"""The stationary bootstrap: arch's own draws, variances that are known, and undefined figures."""

import numpy as np
import pytest
from arch.bootstrap import StationaryBootstrap, optimal_block_length

from bt_fusion.statistics.bootstrap import Bootstrap, block_length, influence, intervals, resamples

MEAN = {"mean": lambda means: means[..., 0]}


def remembering(rows=2_000, memory=0.6, seed=0):
    noise = np.random.default_rng(seed).normal(size=rows)
    values = np.zeros(rows)
    for row in range(1, rows):
        values[row] = memory * values[row - 1] + noise[row]
    return values


def test_intervals_are_percentiles_of_arch_s_bootstrap():
    values = remembering(300)
    length = block_length(values)
    theirs = StationaryBootstrap(length, values, seed=3).apply(np.mean, 200)
    expected = np.percentile(theirs, (5, 95), method="weibull")
    (found,) = intervals(values[:, None], MEAN, Bootstrap(200, 3, 0.9)).values()
    assert found == pytest.approx(expected, rel=1e-9)


def test_block_length_is_arch_s():
    values = remembering()
    assert block_length(values) == optimal_block_length(values)["stationary"].iloc[0] > 10
    assert block_length(np.random.default_rng(0).normal(size=2_000)) < 5
    assert block_length(np.zeros(50)) == block_length(values[:9]) == 1.0


def test_blocks_have_their_mean_length_and_wrap_around():
    rows = np.concatenate(list(resamples(500, 8.0, Bootstrap(40, 1))))
    new = (np.diff(rows) % 500) != 1
    assert 1 / new.mean() == pytest.approx(8.0, rel=0.08)
    assert ((np.diff(rows) == -499) & ~new).any()
    assert rows.min() == 0 and rows.max() == 499


def test_memory_widens_an_interval():
    values = remembering(4_000)
    (memory,) = intervals(values[:, None], MEAN).values()
    shuffled = np.random.default_rng(1).permutation(values)
    (none,) = intervals(shuffled[:, None], MEAN).values()
    # the variance of the mean of an AR(1) is (1 + 0.6) / (1 - 0.6) = 4 times that of no memory
    assert np.ptp(memory) / np.ptp(none) == pytest.approx(2.0, rel=0.15)


def test_influence_is_the_derivative():
    rng = np.random.default_rng(2)
    x, y = rng.normal(1, 0.2, 500), rng.normal(2, 0.3, 500)
    found = influence(np.stack([x, y], axis=1), lambda means: means[..., 0] / means[..., 1])
    by_hand = (x - x.mean()) / y.mean() - x.mean() / y.mean() ** 2 * (y - y.mean())
    assert found == pytest.approx(by_hand, abs=1e-4)


def test_the_block_length_is_that_of_the_figure_not_of_a_column():
    # both columns remember, their difference does not
    common, rng = 10 * remembering(3_000, 0.9), np.random.default_rng(3)
    columns = np.stack([common, common + rng.normal(size=3_000)], axis=1)
    gap = influence(columns, lambda means: means[..., 1] - means[..., 0])
    assert block_length(gap) < 4 < 30 < block_length(columns[:, 0])


def test_equal_columns_differ_by_nothing():
    values = np.random.default_rng(4).normal(size=777)
    columns = np.stack([values, values**2, values, values**2], axis=1)
    figure = {"gap": lambda means: means[..., 2] / means[..., 3] - means[..., 0] / means[..., 1]}
    assert intervals(columns, figure, Bootstrap(50)) == {"gap": [0.0, 0.0]}


def test_undefined_is_none():
    assert intervals(np.ones((9, 1)), MEAN) == {"mean": None}
    once = np.eye(40)[:, :1]  # a third of all resamples never draw the row that counts
    ratio = {"ratio": lambda means: np.where(means[..., 0] > 0, 1.0, np.nan)}
    assert intervals(once, ratio, Bootstrap(100)) == {"ratio": None}


def test_paths_see_the_same_resamples_in_their_order():
    values = remembering(200)
    last = {"last": lambda rows: values[rows].mean()}
    found = intervals(values[:, None], MEAN, Bootstrap(60, 5), paths=last)
    assert found["last"] == pytest.approx(found["mean"])
