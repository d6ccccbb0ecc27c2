"""Feature contributions to one prediction: tree SHAP in units of probability, or occlusion."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.best_member import chosen_estimator
from bt_fusion.ensemble.voting import combined

__all__ = ["Contributions", "contributions", "occlusion", "shap_contributions", "tree_shap"]

# What the SHAP values of each kind of trees add up to: probabilities, margins whose softmax these
# are, or shares that are not normalised yet
TREES = {
    "RandomForestClassifier": "probability",
    "XGBClassifier": "margin",
    "LGBMClassifier": "margin",
    "HistogramForest": "share",
}
NODES, HALVES = np.polynomial.legendre.leggauss(32)
STEPS, SHARES = (NODES + 1) / 2, HALVES / 2  # of a path from 0 to 1


@dataclass(frozen=True, eq=False)
class Contributions:
    """Each feature's contribution to the probability of a class, on one bar.

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
        Members of kinds whose SHAP values would take minutes.
    """

    method: str
    base: float
    values: np.ndarray
    members: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def contributions(
    ensemble: Ensemble, X: np.ndarray, row: int, column: int, typical: np.ndarray
) -> Contributions:
    """Explain the probability of a class: by SHAP if possible, else by occlusion.

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
        A typical value of each feature, such as the median of the training rows.
    """
    if find_spec("shap") is not None:
        found = shap_contributions(ensemble, X[row], column)
        if found.members:
            return found
    return occlusion(ensemble, X, row, column, typical)


def shap_contributions(ensemble: Ensemble, features: np.ndarray, column: int) -> Contributions:
    """Split a probability among the features: ``base + values.sum()`` is the members' prediction.

    SHAP values of a forest are probabilities, or with three classes shares to normalise. Those of
    boosters and of a logistic regression add up to log-odds. They are converted to probability
    along the straight path from the average margins or shares to this bar's (Aumann and Shapley),
    which preserves every sum. The members' values are then weighted like their votes. Calibration
    comes later and is not included.

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
    own = np.flatnonzero(ensemble.columns_ == column)  # empty for a class missing from the rows
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
    """Return the loss in probability when a feature's value on the bar is made typical.

    One feature at a time, so information shared by two features counts for both: the values do not
    add up to the probability.
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
    """Return the weight of each member's probability in the ensemble's."""
    weights = ensemble.member_weights()
    return np.full(len(weights), 1 / len(weights)) if ensemble.voting == "majority" else weights


def member_margins(member: Any, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, str] | None:
    """Return (base, values, unit of their sum) of one row, None for an unsupported member.

    base, shape (n_classes,), and values, shape (n_features, n_classes), add up to the unit in
    `TREES`: "probability", "margin" or "share".
    """
    member, scaled = chosen_estimator(member), False
    if hasattr(member, "steps"):
        scaled = type(member.steps[0][1]).__name__ == "StandardScaler" and len(member.steps) == 2
        x = member[:-1].transform(x.astype(np.float64))
        member = member.steps[-1][1]
    kind = type(member).__name__
    if kind == "LogisticRegression" and scaled:  # the average training row is 0
        return *_with_both(member.intercept_, member.coef_.T * x[0][:, None], 0.0), "margin"
    if kind not in TREES:
        return None
    base, values = tree_shap(member, x)
    if len(base) == 1:
        base, values = _with_both(base, values[0], 1.0 if TREES[kind] == "share" else 0.0)
        return base, values, "margin" if TREES[kind] == "margin" else "probability"
    return base, values[0], TREES[kind]


def tree_shap(member: Any, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the base values and the SHAP values of a fitted member of a kind in `TREES`.

    Returns
    -------
    ndarray of float64, shape (n_sums,), and ndarray of float64, shape (n_rows, n_features, n_sums)
        One sum for two classes, or one per class.
    """
    if hasattr(member, "forest_"):
        from xgboost import DMatrix

        found = member.forest_.predict(DMatrix(X, nthread=1), pred_contribs=True)
        values = found.reshape(len(X), -1, X.shape[1] + 1).transpose(0, 2, 1).astype(np.float64)
        return values[0, -1], values[:, :-1]
    from shap import TreeExplainer

    explained = TreeExplainer(member)(X)
    base = np.atleast_1d(np.asarray(explained.base_values, dtype=np.float64)[0])
    return base, np.asarray(explained.values, dtype=np.float64).reshape(*X.shape, -1)


def split_probability(
    base: np.ndarray, values: np.ndarray, kind: str, own: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return a class's base probability and each feature's contribution to it.

    >>> values = np.array([[0.0, 2.0], [0.0, -1.0]])
    >>> start, given = split_probability(np.zeros(2), values, "margin", [1])
    >>> start, (start + given.sum()).round(6), given.round(3)  # 1 / (1 + exp(-1)) is 0.731059
    (np.float64(0.5), np.float64(0.731059), array([ 0.462, -0.231]))
    """
    if not len(own):
        return 0.0, np.zeros(len(values))
    k = own[0]
    if kind == "probability":
        return base[k], values[:, k]
    own_class = np.arange(len(base)) == k
    path = base + STEPS[:, None] * values.sum(axis=0)
    if kind == "share":
        total = path.sum(axis=1, keepdims=True)
        slopes = (own_class - path[:, [k]] / total) / total
        return base[k] / base.sum(), values @ (SHARES @ slopes)
    shares = softmax(path)
    slopes = shares[:, [k]] * (own_class - shares)
    return softmax(base[None])[0, k], values @ (SHARES @ slopes)


def softmax(margins: np.ndarray) -> np.ndarray:
    """Return the probabilities of margins, shape (n_rows, n_classes)."""
    powers = np.exp(margins - margins.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _with_both(base: np.ndarray, values: np.ndarray, total: float) -> tuple[np.ndarray, np.ndarray]:
    """Add the first of two classes to the second: the rest of 1, or a margin of 0."""
    if len(base) == 1:
        rest = total * (1.0 - base)
        base, values = np.r_[rest, base], np.column_stack([-total * values, values])
    return base, values


def _probability(ensemble: Ensemble, bars: np.ndarray, column: int) -> float:
    votes = ensemble.member_proba(bars, np.array([len(bars) - 1]))
    return float(combined(votes, ensemble.member_weights(), ensemble.voting)[0, column])
