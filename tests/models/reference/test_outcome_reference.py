"""What unseen rows promise: lines, errors that know of overlap, and that nothing is in-sample."""

import numpy as np
import pytest

from bt_fusion import Ensemble, SignalModel
from bt_fusion.data.samples import random_walk
from bt_fusion.models.reference import CalibrationLine, OutcomeReference, Reference
from bt_fusion.models.reference.outcome_reference import error_of_mean

RNG = np.random.default_rng(0)
STATED = RNG.uniform(0.2, 0.8, 4_000)


def test_calibrated_probabilities_give_the_line_of_equality():
    line = CalibrationLine.learn(1, STATED, RNG.random(4_000) < STATED, 1)
    assert line.intercept == pytest.approx(0, abs=0.1) and line.slope == pytest.approx(1, abs=0.1)
    assert line.expected(0.7) == pytest.approx(0.7, abs=0.03)
    assert line.signal == pytest.approx(0.03, abs=0.005)


def test_overlapping_labels_count_once():
    values = RNG.normal(size=5_000)
    assert error_of_mean(values, 1) == pytest.approx(1 / np.sqrt(5_000), rel=0.2)
    assert error_of_mean(values, 5) == pytest.approx(np.sqrt(5) * values.std() / np.sqrt(5_000))


def test_what_hangs_together_longer_has_a_larger_error():
    lasting = np.repeat(RNG.normal(size=100), 50)
    assert error_of_mean(lasting, 1) > 2 * error_of_mean(RNG.permutation(lasting), 1)


def test_few_rows_or_a_single_class_promise_nothing():
    proba = np.column_stack([1 - STATED, STATED])
    assert OutcomeReference.of(proba[:99], np.ones(99), (0, 1), 1) is None
    assert OutcomeReference.of(proba, np.ones(4_000), (0, 1), 1) is None


def test_three_classes_have_a_line_for_each_side():
    proba = RNG.dirichlet([2, 2, 2], 2_000)
    y = np.array([RNG.choice([-1, 0, 1], p=p) for p in proba]).astype(float)
    found = OutcomeReference.of(proba, y, (-1, 0, 1), 5)
    assert [line.side for line in found.lines] == [1, -1] and found.bets == 400
    assert OutcomeReference.of_dict(found.to_dict()) == found


def test_a_model_of_noise_promises_no_more_than_chance():
    walk = random_walk(3_000, seed=4)
    model = SignalModel(["wick_balance", "return_1"], ensemble=Ensemble(["rf"])).fit(walk)
    assert model.reference_.outcomes.hit_rate == pytest.approx(0.5, abs=0.06)  # in-sample: 0.7
    assert model.reference_.outcomes.rows == pytest.approx(0.4 * model.n_rows_, abs=1)


def test_fit_without_the_hold_out_watches_features_alone():
    names = ["wick_balance", "return_1"]
    model = SignalModel(names, ensemble=Ensemble(["lr"])).fit(random_walk(2_000), hold_out=False)
    assert model.reference_.outcomes is None and model.reference_.features is not None
    given = model.reference_.to_dict()
    assert Reference.of_dict(given).to_dict() == given
