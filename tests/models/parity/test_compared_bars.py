"""Which bars are compared, and how many before them are kept."""

import numpy as np

from bt_fusion import FeatureSet
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import random_walk
from bt_fusion.models.parity.compared_bars import choose_bars

FEATURES = FeatureSet(["rsi_14"])  # lookback 15, memory over 200
ARRAYS = BarArrays.of(random_walk(1_000, seed=1))
X = FEATURES.transform(ARRAYS)


def test_the_end_of_the_warm_up_and_the_last_200_bars_are_compared():
    first, last = choose_bars(ARRAYS, X, FEATURES, context=4)
    assert (first.count, last.count) == (16, 200)
    np.testing.assert_array_equal(first.time, ARRAYS.time[7:23])
    np.testing.assert_array_equal(last.time, ARRAYS.time[800:])
    assert len(first.arrays) == 23 and len(last.arrays) == FEATURES.memory + 3 + 200
    np.testing.assert_array_equal(last.X, X[797:])
    np.testing.assert_array_equal(last.rows, np.arange(3, 203))


def test_bars_without_a_prediction_are_compared_with_the_bar_after_each():
    holes = X.copy()
    holes[[400, 401, 500]] = np.nan
    found = choose_bars(ARRAYS, holes, FEATURES, context=1)
    assert [ARRAYS.time.tolist().index(part.time.tolist()[0]) for part in found] == [
        7,
        400,
        500,
        800,
    ]
    assert [part.count for part in found] == [16, 2, 2, 200]


def test_few_bars_are_all_compared_once():
    (only,) = choose_bars(ARRAYS[:60], X[:60], FEATURES, context=1)
    assert only.count == len(only.arrays) == len(only.X) == 60
