"""Members of the ensemble by name: defaults, tuning bounds, and how they run.

Prices hold little signal and labels of five bars overlap, so a hundred rows are about twenty
independent outcomes: leaves are large, boosting is shallow and slow, and trees see part of the
rows. docs/defaults.md has the walk-forward comparison on six data sets. Every member runs on one
thread: refits run in parallel instead, and results do not depend on the number of cores.

Nothing heavy is imported at the top: the command line reads the names for its help texts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, NamedTuple, TypeVar

from bt_fusion.ensemble.members.makers import (
    histogram_forest,
    lightgbm,
    logistic_regression,
    lstm,
    random_forest,
    support_vectors,
    xgboost,
)
from bt_fusion.errors import OptionError, unknown_name
from bt_fusion.module_sources import check_name_is_free

__all__ = [
    "MEMBERS",
    "SKLEARN_FOREST",
    "Member",
    "Range",
    "class_name",
    "make_member",
    "member",
    "missing_libraries",
    "require_library",
]


Make = TypeVar("Make", bound=Callable[[int], Any])


class Range(NamedTuple):
    """Bounds of a tuned parameter, both inclusive; integer if both bounds are.

    Attributes
    ----------
    low, high : int or float
    log : bool
        Whether to search on a logarithmic scale.
    """

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Member:
    """The register's entry of a member.

    Attributes
    ----------
    make : callable
        Takes a seed, returns an unfitted classifier.
    estimator : str
        Class of that classifier; for a pipeline, of its last step. Estimators of this class in
        presets and user models are tuned within the same bounds.
    space : dict of str to Range
        Bounds around the defaults, by the estimator's parameter; empty if it is not tuned.
    releases_lock : bool
        Whether it trains outside Python's lock and shares no state. Refits of such members run in
        threads, without starting processes (5.6 s against 7.3 s with two jobs over 20,000 bars).
    library : tuple of str
        Required modules of the extra ``deep``.
    """

    make: Callable[[int], Any]
    estimator: str
    space: dict[str, Range] = field(default_factory=dict)
    releases_lock: bool = False
    library: tuple[str, ...] = ()


# A forest's number of trees is not tuned: more trees only cost time
FOREST_SPACE = {
    "min_samples_leaf": Range(25, 400, log=True),
    "max_features": Range(0.05, 0.5),
    "max_samples": Range(0.1, 0.6),
}
# Not a member by name, but the original `rf`: system D's candidate, tuned like the presets' forests
SKLEARN_FOREST = Member(random_forest, "RandomForestClassifier", FOREST_SPACE, releases_lock=True)
# The LSTM is not tuned: one fit costs more than all other members together
MEMBERS: dict[str, Member] = {
    "rf": Member(histogram_forest, "HistogramForest", FOREST_SPACE, releases_lock=True),
    "xgb": Member(
        xgboost,
        "XGBClassifier",
        {
            "n_estimators": Range(50, 300),
            "max_depth": Range(2, 6),
            "learning_rate": Range(0.005, 0.2, log=True),
            "subsample": Range(0.3, 1.0),
            "colsample_bytree": Range(0.2, 1.0),
            "min_child_weight": Range(1.0, 200.0, log=True),
        },
        releases_lock=True,
    ),
    "lgb": Member(
        lightgbm,
        "LGBMClassifier",
        {
            "n_estimators": Range(50, 300),
            "num_leaves": Range(4, 32, log=True),
            "learning_rate": Range(0.005, 0.2, log=True),
            "subsample": Range(0.3, 1.0),
            "colsample_bytree": Range(0.2, 1.0),
            "min_child_samples": Range(10, 400, log=True),
        },
        releases_lock=True,
    ),
    "lr": Member(logistic_regression, "LogisticRegression", {"C": Range(1e-5, 10.0, log=True)}),
    "svm": Member(
        support_vectors,
        "RbfSVM",
        {"C": Range(1e-2, 10.0, log=True), "gamma": Range(1e-4, 0.3, log=True)},
    ),
    "lstm": Member(lstm, "LSTMClassifier", library=("torch", "skorch")),
}


def member(
    name: str, *, space: Mapping[str, Sequence[Any]] | None = None
) -> Callable[[Make], Make]:
    """Register a function as the maker of the member `name`.

    Parameters
    ----------
    name : str
    space : mapping, optional
        Bounds of the tuned parameters, (low, high) or (low, high, "log"), by their names in the
        classifier; for a pipeline, in its last step.

    Raises
    ------
    OptionError
        If another function has the name, or its classifier has no `predict_proba`.

    Examples
    --------
    The function takes a seed and returns an unfitted, single-threaded scikit-learn classifier.

    >>> from sklearn.naive_bayes import GaussianNB
    >>> @member("bayes", space={"var_smoothing": (1e-12, 1e-3, "log")})
    ... def bayes(seed):
    ...     return GaussianNB()
    >>> MEMBERS.pop("bayes").estimator
    'GaussianNB'
    """
    bounds = {key: Range(each[0], each[1], len(each) > 2) for key, each in (space or {}).items()}

    def register(make: Make) -> Make:
        check_name_is_free("member", name, getattr(MEMBERS.get(name), "make", None), make)
        MEMBERS[name] = Member(make, class_made(name, make), bounds)
        return make

    return register


def class_made(name: str, make: Callable[[int], Any]) -> str:
    """Return the class of a maker's classifier; for a pipeline, of its last step."""
    made = make(0)
    if not all(hasattr(made, part) for part in ("fit", "predict_proba", "get_params")):
        raise OptionError(
            f"member {name!r} makes a {type(made).__name__}, which is no classifier with "
            "predict_proba and get_params; return one of scikit-learn's kind"
        )
    return class_name(made)


def class_name(estimator: Any) -> str:
    """Return the name of an estimator's class; for a pipeline, of its last step."""
    return type(estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator).__name__


def make_member(name: str, seed: int = 0) -> Any:
    """Return an unfitted classifier by name.

    Raises
    ------
    OptionError
        For a name that is not in `MEMBERS`, or a member without its library.
    """
    if name not in MEMBERS:
        error = unknown_name("member", name, MEMBERS)
        raise OptionError(f"{error}. A member of your own comes from its file: --plugin FILE")
    require_library(name)
    return MEMBERS[name].make(seed)


def missing_libraries(name: str) -> list[str]:
    """Return the missing modules of a member; none for an unknown name."""
    needed = MEMBERS[name].library if name in MEMBERS else ()
    return [module for module in needed if find_spec(module) is None]


def require_library(name: str, otherwise: str | None = None) -> None:
    """Raise an OptionError if a library of a member is missing.

    Parameters
    ----------
    name : str
        Of the member.
    otherwise : str, optional
        What to do without it; by default, leave the member out.
    """
    missing = missing_libraries(name)
    if missing:
        raise OptionError(
            f"the member {name} needs {' and '.join(missing)}, not installed here: "
            f"pip install 'bt-fusion[deep]', or {otherwise or f'leave the member {name} out'}"
        )
