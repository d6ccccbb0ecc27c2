"""The check of a member: its prediction for a row must not depend on other rows."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
from sklearn.base import clone

from bt_fusion.data.bars import BarArrays
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.given_members import classes_of
from bt_fusion.ensemble.members.probabilities import check_probabilities
from bt_fusion.ensemble.members.registry import MEMBERS
from bt_fusion.ensemble.training import Preparation, TrainingRows, fit_member, rows_proba
from bt_fusion.errors import LookAheadError, RandomPartError, RowsBesideError, TrainingError
from bt_fusion.features import FeatureSet, complete_rows
from bt_fusion.labels import Label, labels_of
from bt_fusion.models.causality.features import OFF
from bt_fusion.models.causality.look_ahead_bars import how_many, look_ahead_bars
from bt_fusion.models.causality.referenced import is_fitted
from bt_fusion.models.causality.tried_bars import TriedBars
from bt_fusion.module_sources import unwrapped, users_own

__all__ = ["check_batch", "check_member", "fit_small", "own_code_of", "own_members"]

MOST = 600  # training rows for the test
TRIED = 48  # rows to predict
ALONE = 8  # of them, predicted one at a time
SAME = 1e-6  # of a probability: float32 sums are added in another order in another batch


def check_member(
    name: str, made: Any, features: FeatureSet, label: Label, bars: TriedBars
) -> list[str]:
    """Fit a member on few rows, twice, and check its predictions.

    Parameters
    ----------
    name : str
    made : classifier
        Unfitted.
    features, label : FeatureSet, Label
        Its training features and label.
    bars : TriedBars

    Returns
    -------
    list of str
        The parts that could not be verified.

    Raises
    ------
    LookAheadError
        If a prediction changes with later rows of its batch.
    RowsBesideError
        If it changes with earlier rows.
    RandomPartError
        If it changes from one call to the next.
    OptionError
        If it is not a probability.
    TrainingError
        If there are too few rows.
    """
    training, at = small_rows(features, label, bars.arrays)
    fitted, again = (fit_small(made, training) for _ in range(2))
    proba = predicted(fitted, training.X, at)
    check_probabilities(name, fitted, proba, (len(at), len(np.unique(training.codes))))
    check_batch(name, fitted, training.X, at, bars)
    if (np.abs(predicted(again, training.X, at) - proba) > SAME).any():
        return [
            f"member {name}: two fits on the same rows differ; give it a fixed seed, and keep "
            "nothing from one fit to the next"
        ]
    return []


def small_rows(
    features: FeatureSet, label: Label, arrays: BarArrays
) -> tuple[TrainingRows, np.ndarray]:
    """Return training rows, positions of later rows, and the features of all."""
    part = arrays[: features.memory + label.horizon + MOST + TRIED]
    X, labels = features.transform(part), labels_of(label, part)
    complete = np.flatnonzero(complete_rows(X))
    at = complete[-TRIED:]
    usable = complete[:-TRIED]
    usable = usable[np.isfinite(labels.y[usable])]
    usable = usable[labels.t1[usable] < at[0]] if len(usable) else usable
    present, codes = np.unique(labels.y[usable], return_inverse=True)
    if len(at) < TRIED or len(present) < 2:
        raise TrainingError(f"{len(part)} bars are too few to try a member on; give more")
    return TrainingRows(X, usable, codes, labels.t1[usable], label.horizon), at


def fit_small(made: Any, training: TrainingRows) -> Any:
    """Return a copy of a member, fitted; it sees no row after the last training row."""
    seen = replace(training, X=training.X[: training.rows[-1] + 1])
    with catch_warnings():
        simplefilter("ignore")  # of few rows
        return fit_member(clone(made), Preparation()(seen))


def check_batch(name: str, fitted: Any, X: np.ndarray, at: np.ndarray, bars: TriedBars) -> None:
    """Predict rows together with others, and alone.

    Parameters
    ----------
    name : str
    fitted : classifier
    X : ndarray of float32, shape (n_bars, n_features)
    at : ndarray of int64, shape (n_rows,)
        Positions of the rows to predict.
    bars : TriedBars
    """
    whole = predicted(fitted, X, at)
    if not _same(predicted(fitted, X, at), whole).all():
        raise RandomPartError(
            f"member {name!r} is random: two calls of predict_proba on the same rows differ; give "
            "it a fixed seed, and keep nothing between calls"
        )
    rng = np.random.default_rng(len(X))
    for last in (0, len(at) // 3, 2 * len(at) // 3, len(at) - 2):
        for other in (X[: at[last] + 1], with_others(X, at[last], rng)):
            rows = at[at < len(other)]
            found = predicted(fitted, other, rows)[: last + 1]
            bars.count(found)
            differs = np.flatnonzero(~_same(found, whole[: last + 1]))
            if len(differs):
                raise _later(name, fitted, X, at, int(differs[-1]), bars)
    for row in range(0, len(at), -(-len(at) // ALONE)):
        found = predicted(fitted, X[: at[row] + 1], at[row : row + 1])
        bars.count(found)
        if not _same(found, whole[row : row + 1]).all():
            raise RowsBesideError(
                f"member {name!r} predicts the row of {bars.stamp(at[row])} differently alone than "
                "together with earlier rows; live, it gets each row alone. predict_proba must "
                "treat each row by itself"
            )


def with_others(X: np.ndarray, last: int, rng: np.random.Generator) -> np.ndarray:
    """Return features in which rows after a given one are taken from other rows, and enlarged."""
    changed = X.copy()
    after = np.arange(last + 1, len(X))
    known = np.flatnonzero(np.isfinite(X).all(axis=1))
    factor = rng.choice([-4.0, 0.25, 4.0], (len(after), 1))
    changed[after] = X[rng.choice(known, len(after))] * factor
    return changed


def predicted(fitted: Any, X: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return a member's probabilities of rows, float64."""
    with catch_warnings():
        simplefilter("ignore")
        return np.asarray(rows_proba(fitted, X, at), float)


def own_members(ensemble: Ensemble) -> Iterator[tuple[str, Any]]:
    """Yield (name, unfitted member) for members that run user code or are fitted."""
    for name, made in ensemble.make_members().items():
        if own_code_of(name, made, ensemble.named) or is_fitted(made):
            yield name, made


def own_code_of(name: str, made: Any, named: bool = True) -> list[Any]:
    """Return the user-defined classes and functions that a member runs."""
    params = made.get_params().values()
    maker = [unwrapped(MEMBERS[name].make)] if named and name in MEMBERS else []
    parts = [*classes_of([made]), *(each for each in params if callable(each)), *maker]
    return sorted(filter(users_own, parts), key=lambda part: part.__qualname__)


def _same(found: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return which rows are equal; a row of another shape is not."""
    if found.shape != whole.shape:
        return np.zeros(len(whole), dtype=bool)
    near = (np.abs(found - whole) <= SAME) | (np.isnan(found) & np.isnan(whole))
    return near.all(axis=1)


def _later(
    name: str, fitted: Any, X: np.ndarray, at: np.ndarray, row: int, bars: TriedBars
) -> LookAheadError:
    """Return the error for a row whose prediction changes with later ones."""
    whole = predicted(fitted, X, at)[: row + 1]

    def changed(ahead: int) -> bool:
        rng = np.random.default_rng(ahead)
        last = at[row + ahead]
        others = (X[: last + 1], with_others(X, last, rng))
        found = (predicted(fitted, each, at[at < len(each)])[: row + 1] for each in others)
        return any(not _same(each, whole)[row] for each in found)

    far = look_ahead_bars(changed, len(at) - 1 - row)
    further = "all later rows" if far is None else f"rows up to {how_many(far)} later"
    stamp = bars.stamp(int(at[row]))
    return LookAheadError(
        f"member {name!r} looks ahead: its prediction for {stamp} changes when later rows of the "
        f"batch change or are missing; it looks at {further}. A prediction may depend only on its "
        f"own row; {OFF}",
        stamp,
    )
