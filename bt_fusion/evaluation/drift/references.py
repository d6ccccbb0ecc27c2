"""References of the models: a fitted model's own, or one per refit."""

import numpy as np

from bt_fusion.features import complete_rows
from bt_fusion.labels import Labels
from bt_fusion.models.predictions import Predictions
from bt_fusion.models.predictors import OnePredictor
from bt_fusion.models.reference import OutcomeReference, Reference
from bt_fusion.models.reference.reference import feature_part
from bt_fusion.models.signal_model import SignalModel, training_rows

__all__ = ["Place", "references_of", "refit_reference"]

Place = tuple[int, int]  # of a refit: first bar of its training, and the bar it is fitted before


def references_of(
    predictor: OnePredictor, X: np.ndarray, labels: Labels, predictions: Predictions
) -> dict[int, Reference | None]:
    """Return the reference of each model, by its number in the predictions.

    Parameters
    ----------
    predictor : SignalModel or WalkForward
        In the state after making the predictions.
    X : ndarray of float32, shape (n_bars, n_features)
    labels : Labels
    predictions : Predictions
    """
    if isinstance(predictor, SignalModel):
        return {0: getattr(predictor, "reference_", None)}
    model, proba = predictor.signal_model(), predictions.proba
    used = np.unique(predictions.model[predictions.model >= 0])
    refits = {n: predictor.refits_[n] for n in used.tolist()}
    return {
        number: refit_reference(
            model, X, labels, proba, (refit.start, refit.bar), predictor.embargo_bars
        )
        for number, refit in refits.items()
    }


def refit_reference(
    model: SignalModel,
    X: np.ndarray,
    labels: Labels,
    proba: np.ndarray,
    place: Place,
    embargo: int = 0,
) -> Reference:
    """Return the reference of a refit, from earlier bars.

    Features are those of its training rows. Outcomes are those that earlier refits predicted within
    the same window, so the first refit has none.

    Parameters
    ----------
    model : SignalModel
        Whose features are known.
    X : ndarray of float32, shape (n_bars, n_features)
    labels : Labels
    proba : ndarray of float64, shape (n_bars, n_classes)
        Of all bars, NaN where nothing was predicted.
    place : (int, int)
    embargo : int
    """
    (start, bar), label = place, model.label()
    rows = training_rows(complete_rows(X), labels, label.horizon, start, bar, embargo)
    features = model.feature_set()
    watched = feature_part(X[rows], features.names, features.lookback)
    known = np.isfinite(proba[start:bar, 0]) & np.isfinite(labels.y[start:bar])
    unseen = start + np.flatnonzero(known & (labels.t1[start:bar] < bar))
    outcomes = OutcomeReference.of(proba[unseen], labels.y[unseen], label.classes, label.horizon)
    return Reference(watched, outcomes)
