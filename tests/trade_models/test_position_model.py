"""PositionModel: labels, and an advice of -1, 0 or 1 whatever it is asked."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.errors import OptionError, TrainingError
from bt_fusion.trade_models.position_model import Advice, PositionModel, advice_labels

WIDTH = 9
X = np.random.default_rng(0).normal(size=(2_000, WIDTH)).astype(np.float32)
GAIN = 2.0 * X[:, 0]


def fitted(members=("lgb",), gain=GAIN):
    return PositionModel(Ensemble(members, voting="majority")).fit(X, gain)


MODELS = [fitted(), fitted(gain=np.abs(GAIN))]


@pytest.mark.parametrize("model", MODELS)
@given(
    rows=arrays(
        np.float32,
        st.tuples(st.integers(1, 12), st.just(WIDTH)),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
    )
)
def test_advice_is_one_of_three(model, rows):
    advice = model.advise(rows)
    assert advice.shape == (len(rows),)
    assert np.isin(advice, [int(each) for each in Advice]).all()


def test_it_learns_what_the_rest_of_a_trade_brings():
    rows = np.zeros((3, WIDTH), dtype=np.float32)
    rows[:, 0] = -2, 0, 2
    assert fitted().advise(rows).tolist() == [Advice.EXIT, Advice.HOLD, Advice.ADD]


def test_voters_that_disagree_hold():
    """Two members: a half is no majority."""
    model = fitted(("lgb", "xgb"))
    votes = model.ensemble_.member_proba(X, np.arange(len(X))).argmax(axis=2)
    split = votes[:, 0] != votes[:, 1]
    assert split.any() and not split.all()
    expected = np.where(split, Advice.HOLD, votes[:, 0] - 1)
    np.testing.assert_array_equal(model.advise(X), expected)


def test_rows_of_one_class_teach_nothing():
    with pytest.raises(TrainingError, match="single class"):
        PositionModel(Ensemble(("lgb",))).fit(X, np.zeros(len(X)))


@given(
    gain=arrays(np.float64, 20, elements=st.floats(allow_nan=False)),
    margins=st.tuples(st.floats(0, 5), st.floats(0, 5)).map(sorted),
)
def test_labels(gain, margins):
    leave, enlarge = margins
    expected = [1 if each > enlarge else -1 if each < -leave else 0 for each in gain]
    assert advice_labels(gain, leave, enlarge).tolist() == expected


@pytest.mark.parametrize("margins", [(-0.1, 1.0), (0.5, 0.4), (float("nan"), 1.0)])
def test_margins_that_are_none(margins):
    with pytest.raises(OptionError, match="exit_margin"):
        advice_labels(np.zeros(3), *margins)
