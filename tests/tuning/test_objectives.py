"""Objectives on folds small enough to work out by hand."""

from functools import partial

import numpy as np
import pytest

from bt_fusion import OptionError, TrainingError
from bt_fusion.tuning.objectives import (
    FoldPredictions,
    held_equity,
    objective_named,
    precision_recall,
)


def fold(actual, predicted, classes=(0, 1), close=None, horizon=1, rows=None):
    """Rows whose likeliest class has probability 0.8."""
    rows = np.arange(len(actual)) if rows is None else np.array(rows)
    proba = np.full((len(actual), len(classes)), 0.2 / (len(classes) - 1))
    proba[np.arange(len(actual)), [classes.index(value) for value in predicted]] = 0.8
    close = np.ones(rows[-1] + 1 + horizon) if close is None else np.array(close, float)
    equity = partial(held_equity, close, horizon)
    return FoldPredictions(rows, np.array(actual, float), proba, classes, equity)


def equity(predictions):
    return predictions.equity(predictions.rows, predictions.predicted)


def measure(name, predictions):
    return objective_named(name).measure(predictions)


def test_log_loss_and_auc():
    predictions = fold([1, 0, 1, 0], [1, 0, 0, 1])
    assert measure("log_loss", predictions) == pytest.approx(-np.mean(np.log([0.8, 0.8, 0.2, 0.2])))
    assert measure("auc", predictions) == 0.5
    assert measure("auc", fold([1, 0], [1, 0])) == 1.0


def test_auc_of_one_kind_is_undefined():
    with pytest.raises(TrainingError, match="AUC is undefined: of the fold's 2 rows"):
        measure("auc", fold([1, 1], [1, 0]))


def test_sides_of_two_and_of_three_classes():
    assert precision_recall(fold([1, 1, 1, 0], [1, 1, 0, 1])) == (2 / 3, 2 / 3)
    three = fold([1, -1, 0, -1, 1], [1, 1, -1, -1, 0], (-1, 0, 1))
    assert precision_recall(three) == (2 / 4, 2 / 4)  # two hits, four predicted, four actual
    assert measure("f1", three) == 0.5
    assert precision_recall(fold([1, 1], [0, 0])) == (0.0, 0.0)
    assert measure("f1", fold([1, 1], [0, 0])) == 0.0


def test_equity_of_one_bar_forecasts():
    # long 1 -> 1.1 (+10 %), short 1.1 -> 1.21 (-10 %), out, long 1.21 -> 1.21
    predictions = fold([1, 1, 1, 1], [1, -1, 0, 1], (-1, 0, 1), close=[1, 1.1, 1.21, 1.21, 1.21])
    np.testing.assert_allclose(equity(predictions), [1, 1.1, 0.99, 0.99, 0.99])


def test_overlapping_forecasts_share_the_equity():
    # two long forecasts of two bars each: half, all, half of the equity held
    predictions = fold([1, 1], [1, 1], close=[1, 1.1, 1.21, 1.331], horizon=2)
    np.testing.assert_allclose(equity(predictions), np.cumprod([1, 1.05, 1.1, 1.05]))


def test_equity_holds_nothing_between_rows_far_apart():
    predictions = fold([1, 1], [1, 1], close=[1, 2, 2, 1, 2], horizon=1, rows=[0, 3])
    np.testing.assert_allclose(equity(predictions), [1, 2, 2, 2, 4])


def test_the_blend_by_hand():
    predictions = fold([1, 0, 0, 1], [1, 1, 0, 0], close=[1, 1.1, 0.88, 0.88, 0.88])
    # P = R = 1/2, so F0.5 = 1/2; equity 1, 1.1, 0.88: drawdown 0.2
    assert measure("blend", predictions) == pytest.approx(0.5 * 0.8)
    assert measure("blend", fold([1, 1], [1, 1], close=[1, 2, 3])) == 1.0
    assert measure("blend", fold([1, 1], [0, 0])) == 0.0


def test_precision_counts_more_than_recall():
    precise = fold([1, 1, 1, 1, 0, 0], [1, 0, 0, 0, 0, 0])  # P 1, R 1/4
    eager = fold([1, 0, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0])  # P 1/4, R 1
    assert measure("blend", precise) == pytest.approx(1.25 * 0.25 / 0.5)
    assert measure("blend", eager) == pytest.approx(1.25 * 0.25 / (0.25 * 0.25 + 1))
    assert measure("f1", precise) == pytest.approx(measure("f1", eager))


def test_an_unknown_objective_is_reported():
    with pytest.raises(OptionError, match=r"unknown objective 'brier'.*blend"):
        objective_named("brier")
