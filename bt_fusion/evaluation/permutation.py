"""Feature importances: by permutation, and by SHAP values."""

from importlib.util import find_spec
from typing import Any

import numpy as np

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.best_member import chosen_estimator
from bt_fusion.errors import OptionError
from bt_fusion.evaluation.classification import log_loss_of
from bt_fusion.evaluation.contributions import TREES, tree_shap
from bt_fusion.models.splits import LabelledRows

__all__ = ["permutation_importances", "shap_importances", "some_rows"]


def permutation_importances(
    ensemble: Ensemble,
    data: LabelledRows,
    *,
    max_rows: int = 1_000,
    repeats: int = 5,
    seed: int = 0,
) -> list[tuple[float, float]]:
    """Return the increase in log loss when a feature's values are shuffled.

    Parameters
    ----------
    ensemble : Ensemble
        Fitted, on none of these rows.
    data : LabelledRows
    max_rows : int
        Maximum number of rows, see `some_rows`.
    repeats : int
        Shuffles of each feature.
    seed : int

    Returns
    -------
    list of (float, float)
        Mean and standard deviation over the shuffles, per feature. Around zero or below, the
        ensemble does as well without the feature.

    References
    ----------
    Breiman, Random Forests (2001); scikit-learn's `permutation_importance`.
    """
    from sklearn.inspection import permutation_importance

    rows = some_rows(ensemble, data, max_rows)
    found = permutation_importance(
        ensemble,
        data.X[rows],
        data.labels.y[rows],
        scoring=_minus_log_loss,
        n_repeats=repeats,
        random_state=seed,
    )
    means, spreads = found["importances_mean"], found["importances_std"]
    return [(float(mean), float(spread)) for mean, spread in zip(means, spreads, strict=True)]


def shap_importances(
    ensemble: Ensemble, data: LabelledRows, *, max_rows: int = 200
) -> dict[str, list[float]]:
    """Return each tree member's mean absolute SHAP value by feature, as shares of their sum.

    Shares, because a forest's values are probabilities and a booster's log-odds. Members that
    are not trees are left out: their values would take minutes.

    Raises
    ------
    OptionError
        When the extra ``explain`` is not installed.

    References
    ----------
    Lundberg et al., From local explanations to global understanding with explainable AI for
    trees (2020).
    """
    if find_spec("shap") is None:
        raise OptionError(
            "SHAP values need shap, not installed here: pip install 'bt-fusion[explain]'"
        )
    X = np.ascontiguousarray(data.X[some_rows(ensemble, data, max_rows)], dtype=np.float32)
    shares: dict[str, list[float]] = {}
    for name, member in ensemble.members_.items():
        fitted = chosen_estimator(member)
        if type(fitted).__name__ in TREES:
            _, values = tree_shap(fitted, X)
            total = np.abs(values).mean(axis=(0, 2))
            shares[name] = (total / max(float(total.sum()), 1e-300)).tolist()
    return shares


def some_rows(ensemble: Ensemble, data: LabelledRows, count: int) -> np.ndarray:
    """Return positions of at most `count` rows: evenly spread, or the last if members look back.

    A member with context treats its rows as consecutive bars.
    """
    rows = data.rows
    if len(rows) <= count:
        return rows
    if ensemble.context > 1:
        return rows[-count:]
    return rows[np.linspace(0, len(rows) - 1, count).astype(int)]


def _minus_log_loss(ensemble: Any, X: np.ndarray, actual: np.ndarray) -> float:
    return -log_loss_of(actual, ensemble.predict_proba(X), tuple(ensemble.classes_))
