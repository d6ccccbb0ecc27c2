"""Reference: what a model expects of unseen bars, learnt when it is fitted."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from bt_fusion.ensemble.voting import combined
from bt_fusion.errors import BundleError, TrainingError
from bt_fusion.labels import Labels
from bt_fusion.models.reference.feature_reference import FeatureReference, drifting_columns
from bt_fusion.models.reference.outcome_reference import FEWEST_BETS, OutcomeReference

__all__ = ["Reference", "learn_reference"]

HOLD_OUT = 0.4  # of the training rows, the last ones


@dataclass(frozen=True)
class Reference:
    """What a model expects of unseen bars.

    Attributes
    ----------
    features : FeatureReference or None
        None without a feature that can drift.
    outcomes : OutcomeReference or None
        None if there were too few unseen rows to learn from.
    """

    features: FeatureReference | None
    outcomes: OutcomeReference | None

    def to_dict(self) -> dict[str, Any]:
        """Return the reference in JSON types: lists of one or none."""
        parts = {"features": self.features, "outcomes": self.outcomes}
        return {name: [] if part is None else [part.to_dict()] for name, part in parts.items()}

    @classmethod
    def of_dict(cls, given: dict[str, Any]) -> "Reference":
        """Return the reference from the result of `to_dict`.

        Raises
        ------
        BundleError
            For invalid numbers.
        """
        try:
            features = [FeatureReference.of_dict(each) for each in given["features"]]
            outcomes = [OutcomeReference.of_dict(each) for each in given["outcomes"]]
        except ValueError as error:
            raise BundleError(
                f"the model's reference figures are impossible: {error}; train it again"
            ) from error
        return cls(next(iter(features), None), next(iter(outcomes), None))


def feature_part(X: np.ndarray, names: tuple[str, ...], lookback: int) -> FeatureReference | None:
    """Return the reference of the features that can drift, from training rows in time order."""
    watched = drifting_columns(names)
    if not watched or not len(X):
        return None
    return FeatureReference.of(X[:, watched], [names[n] for n in watched], lookback)


def learn_reference(
    model: Any, X: np.ndarray, labels: Labels, rows: np.ndarray, hold_out: bool = True
) -> Reference:
    """Learn the reference of a fitted model.

    Outcomes come from a copy of its ensemble, fitted without the last 40 % of the rows and tested
    on these: training rows do not show what to expect of unseen bars.

    Parameters
    ----------
    model : SignalModel
        Fitted.
    X : ndarray of float32, shape (n_bars, n_features)
    labels : Labels
    rows : ndarray of int64, shape (n_rows,)
        Positions of the training rows.
    hold_out : bool
        False skips the outcomes.
    """
    features = model.feature_set_
    watched = feature_part(X[rows], features.names, features.lookback)
    return Reference(watched, _held_out(model, X, labels, rows) if hold_out else None)


def _held_out(
    model: Any, X: np.ndarray, labels: Labels, rows: np.ndarray
) -> OutcomeReference | None:
    label = model.label()
    late = rows[len(rows) - int(len(rows) * HOLD_OUT) :]
    if len(late) // label.horizon < FEWEST_BETS:
        return None
    early = rows[(rows < late[0] - label.horizon) & (labels.t1[rows] < late[0])]
    try:
        ensemble = model.new_ensemble().fit(
            X,
            labels.y[early],
            classes=label.classes,
            rows=early,
            t1=labels.t1[early],
            purge=label.horizon,
        )
    except TrainingError:  # a part of the rows can be too few even if the whole is not
        return None
    votes = ensemble.member_proba(X, late)
    proba = combined(votes, ensemble.member_weights(), ensemble.voting)
    return OutcomeReference.of(proba, labels.y[late], label.classes, label.horizon)
