"""What each feature gave to one prediction: tree SHAP in units of probability, or occlusion."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.best_member import chosen_estimator
from bt_fusion.ensemble.voting import combined

__all__ = ["Contributions", "contributions", "occlusion", "shap_contributions"]

TREES = ("RandomForestClassifier", "XGBClassifier", "LGBMClassifier")
NODES, HALVES = np.polynomial.legendre.leggauss(32)
STEPS, SHARES = (NODES + 1) / 2, HALVES / 2  # of a path from 0 to 1


@dataclass(frozen=True, eq=False)
class Contributions:
    """What each feature gave to the probability of a class, on one bar.

    Attributes
    ----------
    method : str
        "SHAP" or "occlusion".
    base : float
        SHAP: the mean probability that the explained members predict for their training rows, to
        which `values` add. Occlusion: NaN, its values do not add up.
    values : ndarray of float64, shape (n_features,)
        In units of probability.
    members : tuple of str
        Members explained.
    left_out : tuple of str
        Members of a kind that SHAP values would take minutes for.
    """

    method: str
    base: float
    values: np.ndarray
    members: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def contributions(
    ensemble: Ensemble, X: np.ndarray, row: int, column: int, typical: np.ndarray
) -> Contributions:
    """Explain the probability of a class: by SHAP where it can, else by occlusion.

    Parameters
    ----------
    ensemble : Ensemble
        Fitted.
    X : ndarray of float32, shape (n_bars, n_features)
        Features of consecutive bars.
    row : int
        The bar's position in X.
    column : int
        The class's position in `ensemble.classes_`.
    typical : ndarray of float, shape (n_features,)
        An ordinary value of each feature, such as the median of the training rows.
    """
    if find_spec("shap") is not None:
        found = shap_contributions(ensemble, X[row], column)
        if found.members:
            return found
    return occlusion(ensemble, X, row, column, typical)


def shap_contributions(ensemble: Ensemble, features: np.ndarray, column: int) -> Contributions:
    """Split a probability among the features: ``base + values.sum()`` is what the members predict.

    SHAP values of a forest are probabilities already. Those of boosters and of a logistic
    regression add up to log-odds; they are carried over to the probability along the straight
    path from the average margins to this bar's (Aumann and Shapley), which keeps every sum. The
    members' values are then weighed as their votes are. A calibration comes after, and is not
    part of it.

    Parameters
    ----------
    ensemble : Ensemble
    features : ndarray, shape (n_features,)
        Of the bar.
    column : int

    References
    ----------
    Lundberg et al., From local explanations to global understanding with explainable AI for
    trees (2020); Sundararajan, Taly and Yan, Axiomatic Attribution for Deep Networks (2017).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 3)).astype(np.float32)
    >>> ensemble = Ensemble(["lr"]).fit(X, X[:, 0] > 0)
    >>> found = shap_contributions(ensemble, X[0], 1)
    >>> np.isclose(found.base + found.values.sum(), ensemble.predict_proba(X[:1])[0, 1])
    np.True_
    """
    parts, weights = {}, dict(zip(ensemble.members_, vote_weights(ensemble), strict=True))
    own = np.flatnonzero(ensemble.columns_ == column)  # none: a class the rows did not have
    for name, member in ensemble.members_.items():
        margins = member_margins(member, np.atleast_2d(features))
        if margins is not None:
            parts[name] = split_probability(*margins, own)
    total = sum(weights[name] for name in parts) or 1.0
    base, values = 0.0, np.zeros(features.shape)
    for name, (start, given) in parts.items():
        base += weights[name] / total * start
        values = values + weights[name] / total * given
    left_out = tuple(name for name in ensemble.members_ if name not in parts)
    return Contributions("SHAP", base, values, tuple(parts), left_out)


def occlusion(
    ensemble: Ensemble, X: np.ndarray, row: int, column: int, typical: np.ndarray
) -> Contributions:
    """Return what the probability loses when a feature's value on the bar becomes typical.

    One feature at a time, so that what two features tell together counts for both: the values do
    not add up to the probability.
    """
    first = max(0, row - ensemble.context + 1)
    bars = np.array(X[first : row + 1])
    predicted = _probability(ensemble, bars, column)
    values = np.empty(bars.shape[1])
    for feature, value in enumerate(typical):
        changed = bars.copy()
        changed[-1, feature] = value
        values[feature] = predicted - _probability(ensemble, changed, column)
    return Contributions("occlusion", np.nan, values, tuple(ensemble.members_))


def vote_weights(ensemble: Ensemble) -> np.ndarray:
    """Return what each member's probability weighs in the ensemble's."""
    weights = ensemble.member_weights()
    return np.full(len(weights), 1 / len(weights)) if ensemble.voting == "majority" else weights


def member_margins(member: Any, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool] | None:
    """Return (base, values, linked) of one row, None for a kind of member that has none.

    base, shape (n_classes,), and values, shape (n_features, n_classes), add up to probabilities,
    or where `linked` to margins whose softmax the probabilities are.
    """
    member, scaled = chosen_estimator(member), False
    if hasattr(member, "steps"):
        scaled = type(member.steps[0][1]).__name__ == "StandardScaler" and len(member.steps) == 2
        x = member[:-1].transform(x.astype(np.float64))
        member = member.steps[-1][1]
    kind = type(member).__name__
    if kind == "LogisticRegression" and scaled:  # the average training row is 0
        return _with_both(member.intercept_, member.coef_.T * x[0][:, None])
    if kind not in TREES:
        return None
    from shap import TreeExplainer

    found = TreeExplainer(member)(x)
    base = np.atleast_1d(np.asarray(found.base_values, dtype=np.float64)[0])
    values = np.asarray(found.values, dtype=np.float64)[0].reshape(x.shape[1], -1)
    return (base, values, False) if kind == TREES[0] else _with_both(base, values)


def split_probability(
    base: np.ndarray, values: np.ndarray, linked: bool, own: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return a class's base probability and what each feature adds to it.

    >>> values = np.array([[0.0, 2.0], [0.0, -1.0]])
    >>> start, given = split_probability(np.zeros(2), values, True, [1])
    >>> start, (start + given.sum()).round(6), given.round(3)  # 1 / (1 + exp(-1)) is 0.731059
    (np.float64(0.5), np.float64(0.731059), array([ 0.462, -0.231]))
    """
    if not len(own):
        return 0.0, np.zeros(len(values))
    k = own[0]
    if not linked:
        return base[k], values[:, k]
    path = softmax(base + STEPS[:, None] * values.sum(axis=0))
    slopes = path[:, [k]] * ((np.arange(len(base)) == k) - path)
    return softmax(base[None])[0, k], values @ (SHARES @ slopes)


def softmax(margins: np.ndarray) -> np.ndarray:
    """Return the probabilities of margins, shape (n_rows, n_classes)."""
    powers = np.exp(margins - margins.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _with_both(base: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
    """Put a margin of 0 for the first of two classes beside that of the second."""
    if len(base) == 1:
        base, values = np.r_[0.0, base], np.column_stack([np.zeros(len(values)), values])
    return base, values, True


def _probability(ensemble: Ensemble, bars: np.ndarray, column: int) -> float:
    votes = ensemble.member_proba(bars, np.array([len(bars) - 1]))
    return float(combined(votes, ensemble.member_weights(), ensemble.voting)[0, column])
