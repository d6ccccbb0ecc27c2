"""Stop and target distances: the target is farther, and the stop's cap is never exceeded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import OptionError
from bt_fusion.trade_models.stop_model import LEAST, MOST, StopModel, capped_stop, largest_moves
from tests.trade_models.made import gappy_bars, random_sides

WIDTH = 4
finite = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(1e-12, 1e12)


def fitted(quantile=0.75, against=3.0, favour=1.0):
    """A model of excursions that go farther against the signal than for it."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, WIDTH)).astype(np.float32)
    worst, best = rng.exponential((against, favour), (400, 2)).T * (1 + (X[:, :1].T > 0))[0]
    return StopModel(quantile, n_estimators=10).fit(X, worst, best)


MODELS = [fitted(), fitted(0.99, 20.0, 0.01), fitted(0.05, 0.01, 50.0)]


@pytest.mark.parametrize("model", MODELS)
@given(
    X=arrays(
        np.float32, st.tuples(st.integers(1, 20), st.just(WIDTH)), elements=st.floats(width=32)
    )
)
def test_the_target_is_always_the_farther_one(model, X):
    stop, target = model.distances(X)
    assert (target > stop).all()
    assert (stop >= LEAST).all() and (target <= MOST).all()


def test_it_learns_what_is_there():
    """The quantile of either excursion, and a wider one where the first feature is above 0."""
    model = fitted(against=0.5, favour=2.0)
    X = np.zeros((2, WIDTH), dtype=np.float32)
    X[:, 0] = -1, 1
    stop, target = model.distances(X)
    assert stop[1] > stop[0] and target[1] > target[0]


@given(
    distance=positive,
    equity=finite,
    size=finite,
    max_risk=st.floats(0, 1),
    point_value=positive,
)
def test_the_cap_is_never_exceeded(distance, equity, size, max_risk, point_value):
    stop = capped_stop(distance, equity, size, max_risk, point_value)
    assert 0 <= stop <= distance
    loss, allowed = stop * abs(size) * point_value, max_risk * max(0.0, equity)
    assert loss <= allowed * (1 + 1e-9) or not size * point_value


@pytest.mark.parametrize("size", [float("nan")])
def test_a_size_that_is_not_known_has_no_cap(size):
    assert capped_stop(3.0, 1_000.0, size, 0.02) == 3.0


@pytest.mark.parametrize("quantile", [0, 1, -0.5, float("nan")])
def test_a_quantile_that_is_none(quantile):
    with pytest.raises(OptionError, match="between 0 and 1"):
        StopModel(quantile).fit(np.zeros((60, 1)), np.ones(60), np.ones(60))


@pytest.mark.parametrize("horizon", [1, 5, 12])
def test_reach_bar_by_bar(horizon):
    bars = BarArrays.of(gappy_bars(2))
    side = random_sides(np.random.default_rng(2), len(bars), 0.6)
    atr = np.where(np.arange(len(bars)) % 7 == 3, 0.0, 10.0)
    against, favour = largest_moves(bars, side, atr, horizon)
    for t in range(len(bars)):
        if t + horizon >= len(bars) or not atr[t]:
            assert np.isnan(against[t]) and np.isnan(favour[t])
            continue
        ahead = range(t + 1, t + horizon + 1)
        up = max(0.0, max(bars.high[i] for i in ahead) - bars.close[t]) / 10
        down = max(0.0, bars.close[t] - min(bars.low[i] for i in ahead)) / 10
        assert (against[t], favour[t]) == ((down, up) if side[t] > 0 else (up, down))
