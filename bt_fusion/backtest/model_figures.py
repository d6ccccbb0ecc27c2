"""The model behind the traded bars, and its quality on them."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.backtest.out_of_sample import OutOfSample
from bt_fusion.ensemble.importances import feature_shares, mean_shares
from bt_fusion.evaluation import classification_figures
from bt_fusion.evaluation.drift.summary import health_summary
from bt_fusion.evaluation.refit_figures import refit_figures
from bt_fusion.labels import Labels
from bt_fusion.models.predictions import Predictions
from bt_fusion.models.predictors import OnePredictor, Predictor, model_of, predictor_of
from bt_fusion.models.signal_model import SignalModel

__all__ = ["add_health", "model_figures"]


def model_figures(predictor: Predictor, parts: Mapping[str, OutOfSample]) -> dict[str, Any]:
    """Return the model's description and its quality on the rows of all symbols."""
    models = [model_of(predictor_of(predictor, symbol)) for symbol in parts]
    names = [model.feature_set().names for model in models]
    features = tuple(dict.fromkeys(name for own in names for name in own))
    shares = [
        on_all(share, own, features)
        for own, (symbol, part) in zip(names, parts.items(), strict=True)
        for share in shares_of(predictor_of(predictor, symbol), part)
    ]
    refits = [refit for part in parts.values() for refit in part.refits]
    predictions = [part.predictions for part in parts.values()]
    y, t1 = (
        np.concatenate([getattr(part.labels, name) for part in parts.values()])
        for name in ("y", "t1")
    )
    return {
        "members": list(dict.fromkeys(name for own in predictions for name in own.members)),
        "features": len(features),
        "refits": len(refits),
        "cached": sum(refit.cached for refit in refits),
        "classes": list(predictions[0].classes),
        "importances": mean_shares(features, shares),
        "payoffs": [
            one
            for symbol, part in parts.items()
            for one in payoffs_of(predictor_of(predictor, symbol), part)
        ],
        **classification_figures(joined(predictions), Labels(y, t1)),
        "refit_auc": refit_figures(
            {symbol: (part.predictions, part.labels) for symbol, part in parts.items()},
            models[0].label().horizon,
        ),
    }


def shares_of(predictor: OnePredictor, part: OutOfSample) -> list[np.ndarray]:
    """Return the features' shares of importance, per refit or for the fitted model."""
    if isinstance(predictor, SignalModel):
        return [feature_shares(predictor.ensemble_, len(predictor.feature_set().names))]
    return [refit.importances for refit in part.refits]


def payoffs_of(predictor: OnePredictor, part: OutOfSample) -> list[dict[str, Any] | None]:
    """Return the payoffs of right and wrong predictions, per refit or for the fitted model."""
    fixed = isinstance(predictor, SignalModel)
    found = [predictor.payoff_] if fixed else [refit.payoff for refit in part.refits]
    return [None if payoff is None else asdict(payoff) for payoff in found]


def on_all(share: np.ndarray, own: tuple[str, ...], features: tuple[str, ...]) -> np.ndarray:
    """Return shares of a model's own features as shares of all models' features.

    >>> on_all(np.array([0.2, 0.8]), ("gap", "body"), ("body", "gap", "range"))
    array([0.8, 0.2, 0. ])
    """
    if not len(share):
        return share
    by_name = dict(zip(own, share, strict=True))
    return np.array([by_name.get(name, 0.0) for name in features])


def joined(parts: list[Predictions]) -> Predictions:
    """Concatenate the ensemble predictions of several symbols, as one member."""
    rows = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("model", "trained_until")
    }
    votes = np.concatenate([part.proba for part in parts])[:, None]
    index = pd.DatetimeIndex(np.concatenate([part.index.values for part in parts]))
    member: dict[str, Any] = {"members": ("ensemble",), "weights": np.ones(1), "voting": "soft"}
    member["payoff"] = None
    known = {each.name: getattr(parts[0], each.name) for each in fields(Predictions)}
    return Predictions(**{**known, **rows, **member, "votes": votes, "index": index})


def add_health(summary: dict[str, Any], parts: Mapping[str, OutOfSample]) -> None:
    """Add the health of each symbol's models over its window, and a note on alarms."""
    found = []
    for symbol, part in parts.items():
        predictions, values = part.predictions, part.health()
        if values is not None:
            found.append(health_summary(predictions.index, values, predictions.model, symbol))
    summary["model"]["health"] = found
    several = len(found) > 1
    summary["notes"] += [text for text in (health_note(each, several) for each in found) if text]


def health_note(found: dict[str, Any], several: bool) -> str:
    """Return a note on the drift alarms of a symbol's models, or ""."""
    alarms = found["alarms"]
    if not alarms:
        return ""
    of = f"{found['symbol']}: " if several else ""
    models, first = found["models"], alarms[0]
    who = f"{len(alarms)} of {models} models have" if models > 1 else "the model has"
    return f"{of}{who} drifted, first by {first['time']}: {first['why']}; see docs/drift.md"
