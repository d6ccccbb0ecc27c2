"""Members of the ensemble by name, with their defaults.

Prices hold little signal and labels of five bars overlap, so that a hundred rows are about twenty
independent outcomes: leaves are large, boosting is shallow and slow, and trees see part of the
rows. docs/defaults.md tells what was compared by walk-forward on six data sets, and what came out.
Every member runs on one thread: refits run side by side instead, and numbers do not depend on the
number of cores.
"""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from bt_fusion.errors import OptionError, unknown_name

__all__ = ["MEMBERS", "make_member", "require_deep"]


def random_forest(seed: int) -> Any:
    """Return a random forest of 100 trees (scikit-learn)."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        n_estimators=100,
        min_samples_leaf=100,
        max_features=0.3,
        max_samples=0.3,
        n_jobs=1,
        random_state=seed,
    )


def xgboost(seed: int) -> Any:
    """Return gradient boosting by XGBoost, 100 trees of depth 3."""
    from xgboost import XGBClassifier

    return XGBClassifier(
        n_estimators=100,
        max_depth=3,
        learning_rate=0.02,
        subsample=0.5,
        colsample_bytree=0.5,
        min_child_weight=25,
        tree_method="hist",
        n_jobs=1,
        random_state=seed,
    )


def lightgbm(seed: int) -> Any:
    """Return gradient boosting by LightGBM, 100 trees of up to 8 leaves."""
    from lightgbm import LGBMClassifier

    return LGBMClassifier(
        n_estimators=100,
        num_leaves=8,
        learning_rate=0.02,
        subsample=0.5,
        subsample_freq=1,
        colsample_bytree=0.5,
        min_child_samples=100,
        deterministic=True,
        force_row_wise=True,
        n_jobs=1,
        random_state=seed,
        verbose=-1,
    )


def logistic_regression(seed: int) -> Any:
    """Return a logistic regression on standardised features (scikit-learn)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        StandardScaler(), LogisticRegression(C=0.001, max_iter=1_000, random_state=seed)
    )


def support_vectors(seed: int) -> Any:
    """Return a support vector machine with an RBF kernel on standardised features."""
    from bt_fusion.ensemble.members.svm import RbfSVM

    return RbfSVM(seed=seed)


def lstm(seed: int) -> Any:
    """Return an LSTM network over windows of 32 bars; it needs the extra ``deep``."""
    require_deep()
    from bt_fusion.ensemble.members.lstm import LSTMClassifier

    return LSTMClassifier(seed=seed)


def require_deep(otherwise: str = "leave the member lstm out") -> None:
    """Raise an OptionError when a library of the extra ``deep`` is missing.

    Parameters
    ----------
    otherwise : str
        What to do without it.
    """
    missing = [name for name in ("torch", "skorch") if find_spec(name) is None]
    if missing:
        raise OptionError(
            f"the member lstm needs {' and '.join(missing)}, not installed here: "
            f"pip install 'bt-fusion[deep]', or {otherwise}"
        )


MEMBERS: dict[str, Callable[[int], Any]] = {
    "rf": random_forest,
    "xgb": xgboost,
    "lgb": lightgbm,
    "lr": logistic_regression,
    "svm": support_vectors,
    "lstm": lstm,
}


def make_member(name: str, seed: int = 0) -> Any:
    """Return an unfitted classifier by name.

    Raises
    ------
    OptionError
        For a name that is not in `MEMBERS`.
    """
    if name not in MEMBERS:
        raise unknown_name("member", name, MEMBERS)
    return MEMBERS[name](seed)
