"""Cross-validation: a model's figures over purged folds, with their mean and spread."""

from collections.abc import Callable
from typing import Any

import numpy as np

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.evaluation.classification import FIGURES, figures_of
from bt_fusion.models.splits import LabelledRows, Split, fold_proba

__all__ = ["cross_validate", "mean_and_spread"]


def cross_validate(
    ensemble: Ensemble,
    data: LabelledRows,
    splits: list[Split],
    on_fold: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """Fit on one side of every split and score the other.

    Parameters
    ----------
    ensemble : Ensemble
        Copied, not fitted itself.
    data : LabelledRows
    splits : list of (ndarray, ndarray)
        See `purged_folds` and `time_series_folds`.
    on_fold : callable, optional
        Called after each fold.

    Returns
    -------
    dict
        folds (a list of figures, rows among them), mean and spread.
    """
    folds = []
    for split in splits:
        proba = fold_proba(ensemble, data, split)
        found = figures_of(data.labels.y[split[1]], proba, data.classes)
        folds.append({"learnt": len(split[0]), "rows": len(split[1]), **found})
        if on_fold is not None:
            on_fold()
    return {"folds": folds, **mean_and_spread(folds)}


def mean_and_spread(folds: list[dict[str, Any]]) -> dict[str, dict[str, float | None]]:
    """Return each figure's mean and standard deviation over the folds that have it.

    Examples
    --------
    >>> found = mean_and_spread([dict.fromkeys(FIGURES, 0.5), dict.fromkeys(FIGURES, 0.7)])
    >>> round(found["mean"]["auc"], 3), round(found["spread"]["auc"], 3)
    (0.6, 0.141)
    """
    mean: dict[str, float | None] = {}
    spread: dict[str, float | None] = {}
    for name in FIGURES:
        values = [fold[name] for fold in folds if fold[name] is not None]
        mean[name] = float(np.mean(values)) if values else None
        spread[name] = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"mean": mean, "spread": spread}
