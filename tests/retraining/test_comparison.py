"""The figures that decide, and the rule."""

import numpy as np
import pandas as pd
import pytest

from bt_fusion.errors import BarsError
from bt_fusion.evaluation.classification import log_loss_of
from bt_fusion.retraining.comparison import (
    ModelComparison,
    compare_models,
    paired_difference,
    row_losses,
)

CLASSES = (-1, 0, 1)


def test_the_mean_of_the_losses_is_the_log_loss():
    rng = np.random.default_rng(0)
    actual = rng.choice(CLASSES, 50)
    proba = rng.dirichlet([1, 1, 1], 50)
    proba[0] = [1, 0, 0]  # certain, and wrong where the class is another
    actual[0] = 1
    losses = row_losses(actual, proba, CLASSES)
    assert losses.mean() == pytest.approx(log_loss_of(actual, proba, CLASSES), rel=1e-12)
    assert losses[0] == pytest.approx(-np.log(np.finfo(float).eps))


def test_the_error_of_independent_rows_is_that_of_their_mean():
    differences = np.random.default_rng(1).normal(0.1, 2.0, 1_600)
    mean, error = paired_difference(differences)
    assert mean == differences.mean() and error == pytest.approx(2 / 40, rel=0.15)


def test_overlapping_labels_make_it_larger():
    """Sums over 10 bars: their mean's error is ten times that of the bars' own mean."""
    errors = []
    for seed in range(8):
        shocks = np.random.default_rng(seed).normal(size=1_609)
        smooth = np.convolve(shocks, np.ones(10), "valid")
        errors.append(paired_difference(smooth, horizon=10)[1])
    assert np.mean(errors) == pytest.approx(10 / 40, rel=0.15)


def test_a_horizon_as_long_as_the_rows_still_has_an_error():
    differences = np.random.default_rng(3).normal(size=100)
    assert paired_difference(differences, horizon=500)[1] > 0.02


def verdict(difference, error):
    day = pd.Timestamp("2024-01-01")
    return ModelComparison(100, day, day, {}, {}, difference, error)


@pytest.mark.parametrize(
    ("difference", "error", "replaces"),
    [(-0.1, 0.01, True), (0.001, 0.01, False), (0.0, 0.0, True)],
)
def test_only_a_model_that_is_not_worse_is_taken(difference, error, replaces):
    assert verdict(difference, error).replaces is replaces


def test_the_rule_is_reported_with_its_figures():
    assert verdict(0.003, 0.002).because == (
        "the new model's log loss is 0.00300 higher than the old one's, standard error 0.00200"
    )


def test_both_are_judged_by_the_same_unseen_rows(bars, trained):
    other = trained.__class__(**trained.get_params(deep=False)).fit(bars[500:2_500])
    found = compare_models(trained, other, trained_arrays(bars[:3_000]), 2_500)
    assert found.rows == 495  # of five bars the label is not known
    assert (found.start, found.end) == (bars.index[2_500], bars.index[2_994])
    assert found.difference == pytest.approx(found.new["log_loss"] - found.old["log_loss"])
    assert 0.65 < found.new["auc"] < 0.85 and 0 < found.error < 0.02


def trained_arrays(frame):
    from bt_fusion.data.bars import BarArrays

    return BarArrays.of(frame)


def test_bars_that_a_model_has_seen_do_not_judge(bars, trained):
    """The new one was trained on all of them but 20."""
    other = trained.__class__(**trained.get_params(deep=False)).fit(bars[:2_980])
    with pytest.raises(BarsError, match=r"15 of the 500 bars .* 30 are needed"):
        compare_models(trained, other, trained_arrays(bars[:3_000]), 2_500)
