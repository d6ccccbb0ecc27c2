"""How good predictions are as such, before any trade."""

from typing import Any

import numpy as np

from bt_fusion.labels import Labels
from bt_fusion.predictions import Predictions

__all__ = ["classification_figures"]


def classification_figures(predictions: Predictions, labels: Labels) -> dict[str, Any]:
    """Compare predictions with what came.

    Parameters
    ----------
    predictions : Predictions
    labels : Labels
        Of the same bars.

    Returns
    -------
    dict
        rows (predicted bars whose label is known), and on them, for class 1 against the rest:
        auc, brier, log_loss, accuracy, precision, recall, f1 (at probability 1/2, or the
        likeliest class with three). None where undefined.
    """
    from sklearn import metrics

    rows = predictions.known & np.isfinite(labels.y)
    figures: dict[str, Any] = {"rows": int(rows.sum())}
    names = ("auc", "brier", "log_loss", "accuracy", "precision", "recall", "f1")
    if not rows.any():
        return figures | dict.fromkeys(names)
    truth = labels.y[rows]
    proba = predictions.proba[rows]
    proba = proba / proba.sum(axis=1, keepdims=True)  # members may add up in float32
    chosen = np.asarray(predictions.classes)[proba.argmax(axis=1)]
    up, said_up = truth == 1, chosen == 1
    score = predictions.probability_up[rows]
    both = 0 < up.sum() < len(up)
    hits = int((up & said_up).sum())
    values = (
        float(metrics.roc_auc_score(up, score)) if both else None,
        float(metrics.brier_score_loss(up, score)),
        float(metrics.log_loss(truth, proba, labels=list(predictions.classes))),
        float((chosen == truth).mean()),
        hits / int(said_up.sum()) if said_up.any() else None,
        hits / int(up.sum()) if up.any() else None,
        2 * hits / int(up.sum() + said_up.sum()) if (up | said_up).any() else None,
    )
    return figures | dict(zip(names, values, strict=True))
