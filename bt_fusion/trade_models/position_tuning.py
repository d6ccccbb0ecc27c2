"""Tune a position model: Optuna's search over the bars of out-of-sample trades."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone

from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import TrainingError
from bt_fusion.labels import Labels
from bt_fusion.models.causality import check_own
from bt_fusion.models.splits import LabelledRows
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.progress import step
from bt_fusion.trade_models.learning import Learner
from bt_fusion.trade_models.managed_model import ManagedModel
from bt_fusion.trade_models.position_model import Advice, advice_labels
from bt_fusion.tuning.search_space import apply_parameters
from bt_fusion.tuning.tuning import Search, StudyOptions, Tuning, check_trials, result

__all__ = ["tune_position"]

RISKED = 0.01  # of the account, per ATR


def tune_position(
    model: ManagedModel,
    bars: pd.DataFrame,
    trials: int = 50,
    options: StudyOptions | None = None,
    *,
    storage: str | Path | None = None,
    on_trial: Callable[[int, int], None] | None = None,
    jobs: int = 1,
) -> Tuning:
    """Search for the best parameters of a position model's voters; arguments as in `tune`.

    First a walk-forward of the unchanged signal model gives out-of-sample trades. The rows are the
    bars of these trades, purged by their exits. The objective ``blend`` uses the equity of an
    account that follows the first EXIT or ADD of each trade: per ATR saved or added it gains 1 %.

    Returns
    -------
    Tuning
        Its model is a copy of the managed one with the tuned position model.

    Raises
    ------
    TrainingError
        If there are fewer trades than a position model needs, or too few for the folds.

    Examples
    --------
    >>> from bt_fusion.ensemble.ensemble import Ensemble
    >>> from bt_fusion.data.samples import planted_edge
    >>> from bt_fusion.trade_models.position_model import PositionModel
    >>> voter = PositionModel(Ensemble(["lr"], voting="majority"))
    >>> model = ManagedModel(["wick_balance"], ensemble=Ensemble(["lr"]), position=voter)
    >>> found = tune_position(model, planted_edge(2_500, auc=0.8), trials=2)
    >>> found.value <= found.untuned, len(found.table)
    (True, 2)
    """
    check_trials(trials)
    options, recipe, arrays = options or StudyOptions(), model.recipe(), BarArrays.of(bars)
    check_own(model, arrays)
    walk = WalkForward(model.signal_part(), jobs=jobs, cache=None)
    predictions = walk.predict_arrays(arrays)
    X = model.feature_set().transform(arrays)
    data, rest = held_rows(Learner(recipe, arrays, X, predictions))
    ensemble = recipe.position.new_ensemble(recipe.seed)
    equity = partial(advised_equity, rest, data.labels.t1)
    about = "position", model.feature_set().names, recipe.hold_bars
    search = Search.of(ensemble, data, equity, about, options)
    with step("Trials, position", report=on_trial) as report:
        study = search.run(trials, storage, report, jobs)
    tuned = apply_parameters(ensemble, study.best_trial.params)
    position = clone(recipe.position).set_params(ensemble=tuned)
    return result(clone(model).set_params(position=position), study, options.objective)


def held_rows(learner: Learner) -> tuple[LabelledRows, np.ndarray]:
    """Return the bars of a learner's trades as training rows, and the results of their rest.

    Returns
    -------
    rows : LabelledRows
        Columns are the features and `STATE`; the label is an `Advice`, known at the trade's exit.
    rest : ndarray of float64, shape (n_bars,)
        In ATR units, NaN outside trades.
    """
    recipe, trades, count = learner.recipe, learner.trades, len(learner.bars)
    held = learner.held(trades)
    if len(trades) < recipe.min_trades or not len(held):
        raise TrainingError(
            f"the signal model makes {len(trades)} trades out of sample, and a position model "
            f"learns from {recipe.min_trades} at least: there is nothing to tune; give more bars"
        )
    held, columns = held.complete(learner.X)
    at, X = held.at, np.full((count, columns.shape[1]), np.nan, np.float32)
    X[at] = columns
    rest, y, t1 = np.full(count, np.nan), np.full(count, np.nan), np.arange(count)
    rest[at] = held.rest
    y[at] = advice_labels(rest[at], recipe.position.exit_margin, recipe.position.add_margin)
    t1[at] = trades.exit[held.trade]
    classes = tuple(int(each) for each in Advice)
    labels = Labels(y=y, t1=t1)
    return LabelledRows(learner.bars, X, labels, at, recipe.hold_bars, classes), rest


def advised_equity(
    rest: np.ndarray, t1: np.ndarray, rows: np.ndarray, predicted: np.ndarray
) -> np.ndarray:
    """Return the equity of following the first EXIT or ADD of each trade, starting at 1.

    >>> rest, t1 = np.array([2.0, -1.0, -3.0]), np.array([1, 4, 4])
    >>> advised_equity(rest, t1, np.arange(3), np.array([1, -1, -1]))
    array([1.    , 1.02  , 1.0302])
    """
    advised = np.flatnonzero(predicted)
    first = advised[np.unique(t1[rows[advised]], return_index=True)[1]]
    gained = predicted[first] * rest[rows[first]]
    return np.r_[1.0, np.cumprod(np.maximum(1 + RISKED * gained, 0.0))]
