"""The features that the members of a fitted ensemble use, by their own importances."""

from typing import Any

import numpy as np

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.best_member import chosen_estimator

__all__ = ["feature_shares", "mean_shares"]


def feature_shares(ensemble: Ensemble, n_features: int) -> np.ndarray:
    """Return each feature's share of the importance, a mean over members.

    Parameters
    ----------
    ensemble : Ensemble
        Fitted.
    n_features : int

    Returns
    -------
    ndarray of float64, shape (n_features,), or shape (0,) if no member has importances
        Adding up to 1. Trees: loss reduction of the splits on the feature; linear members:
        absolute coefficients on standardised features. They come from the training rows: what a
        member uses, not what helps out of sample (see `permutation_importances`).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 3))
    >>> feature_shares(Ensemble(["lgb", "lr"]).fit(X, X[:, 1] > 0), 3).argmax()
    np.int64(1)
    """
    known = [_importances(member) for member in ensemble.members_.values()]
    shares = [t / t.sum() for t in known if t.shape == (n_features,) and t.sum() > 0]
    return np.mean(shares, axis=0) if shares else np.empty(0)


def mean_shares(names: tuple[str, ...], shares: list[np.ndarray]) -> dict[str, float]:
    """Return the mean over refits by feature, largest first; empty if none has importances.

    >>> mean_shares(("a", "b"), [np.array([0.2, 0.8]), np.empty(0), np.array([0.4, 0.6])])
    {'b': 0.7, 'a': 0.3}
    """
    known = [each for each in shares if len(each)]
    if not known:
        return {}
    mean = np.asarray(np.mean(known, axis=0)).round(6)
    order = np.argsort(-mean, kind="stable")
    return {names[number]: float(mean[number]) for number in order}


def _importances(member: Any) -> np.ndarray:
    """Return a member's own importances, empty if it has none."""
    member = chosen_estimator(member)
    if hasattr(member, "steps"):
        member = member.steps[-1][1]
    if hasattr(member, "booster_"):  # by default LightGBM counts splits
        found = member.booster_.feature_importance(importance_type="gain")
    elif hasattr(member, "feature_importances_"):
        found = member.feature_importances_
    else:
        found = np.abs(np.atleast_2d(getattr(member, "coef_", np.empty((1, 0))))).mean(axis=0)
    return np.asarray(found, dtype=float)
