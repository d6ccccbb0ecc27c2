"""Choose one of several members by cross-validation in time."""

from collections.abc import Sequence
from statistics import fmean
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from bt_fusion.ensemble.members.registry import MEMBERS, SKLEARN_FOREST, Member, make_member
from bt_fusion.ensemble.training import TrainingRows, fit_member, member_proba
from bt_fusion.errors import TrainingError

__all__ = [
    "FIGURES",
    "BestMember",
    "best_name",
    "candidate_record",
    "chosen_estimator",
    "make_candidate",
]

FIGURES = ("accuracy", "precision", "recall", "f1")
UNKNOWN = -1  # the code of a class missing from the training rows
Figures = dict[str, float]


class BestMember(ClassifierMixin, BaseEstimator):
    """The member with the best F1 in a purged time-series cross-validation, fitted on all rows.

    Parameters
    ----------
    candidates : sequence of str
        Names of `MEMBERS` without context; the first wins a tie. `rf` is scikit-learn's forest
        here, as in system D.
    folds : int
        A fit on everything before a fold predicts the fold.
    seed : int

    Attributes
    ----------
    scores_ : dict of str to list of dict
        Each candidate's `figures` in each fold. Folds are left out if a class is missing before
        their start.
    test_scores_ : dict of str to dict
        Each candidate's `figures` on the rows given to `evaluate`; empty before that.
    test_rows_ : int
        Number of these rows.
    name_ : str
        The winner, by mean F1.
    estimator_ : classifier
        The winner, fitted on all rows.
    fitted_ : dict of str to classifier
        Every candidate, fitted on all rows; after loading, only the winner.
    classes_ : ndarray, shape (n_classes,)
    """

    in_time_order = True

    def __init__(self, candidates: Sequence[str] = ("lr", "rf"), folds: int = 10, seed: int = 0):
        self.candidates = candidates
        self.folds = folds
        self.seed = seed

    def fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        purge: int = 0,
    ) -> "BestMember":
        """Choose and fit, on rows in time order; `purge` rows are left out before each fold."""
        self.classes_, codes = np.unique(y, return_inverse=True)
        self.n_features_in_ = X.shape[1]
        at = np.arange(len(X))
        training = TrainingRows(X, at, codes, at + purge, purge, sample_weight)
        splits = self._splits(training)
        self.scores_ = {name: self._scores(name, training, splits) for name in self.candidates}
        self.name_ = best_name(self.scores_)
        self.fitted_ = {
            name: fit_member(make_candidate(name, self.seed), training) for name in self.candidates
        }
        self.estimator_ = self.fitted_[self.name_]
        self.test_scores_: dict[str, Figures] = {}
        self.test_rows_ = 0
        return self

    def evaluate(self, X: np.ndarray, y: np.ndarray) -> "BestMember":
        """Score every candidate on rows that no candidate has seen, into `test_scores_`."""
        known = np.isin(y, self.classes_)
        codes = np.where(known, np.searchsorted(self.classes_, y), UNKNOWN)
        self.test_scores_ = {
            name: figures(codes, member_proba(made, X).argmax(axis=1), len(self.classes_))
            for name, made in self.fitted_.items()
        }
        self.test_rows_ = len(codes)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the winner's probabilities, shape (n_rows, n_classes)."""
        return member_proba(self.estimator_, X)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the winner's likeliest class of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _splits(self, training: TrainingRows) -> list[tuple[np.ndarray, np.ndarray]]:
        from sklearn.model_selection import TimeSeriesSplit

        if len(training) // (self.folds + 1) <= training.purge:
            raise TrainingError(
                f"{len(training)} training rows are too few for {self.folds} folds with "
                f"{training.purge} rows left out before each; give a longer window"
            )
        splitter = TimeSeriesSplit(self.folds, gap=training.purge)
        splits = list(splitter.split(training.rows))
        all_classes = len(self.classes_)
        usable = [s for s in splits if len(np.unique(training.codes[s[0]])) == all_classes]
        if not usable:
            raise TrainingError("no fold has every class before it; give a longer window")
        return usable

    def _scores(self, name: str, training: TrainingRows, splits) -> list[Figures]:
        scores = []
        for before, fold in splits:
            fitted = fit_member(make_candidate(name, self.seed), training[before])
            predicted = member_proba(fitted, training.matrix[fold]).argmax(axis=1)
            scores.append(figures(training.codes[fold], predicted, len(self.classes_)))
        return scores


def candidate_record(name: str) -> Member:
    """Return the register's entry of a candidate; KeyError for a name not in `MEMBERS`."""
    return SKLEARN_FOREST if name == "rf" else MEMBERS[name]


def make_candidate(name: str, seed: int = 0) -> Any:
    """Return an unfitted candidate by name; see `make_member` for what it raises."""
    return SKLEARN_FOREST.make(seed) if name == "rf" else make_member(name, seed)


def figures(actual: np.ndarray, predicted: np.ndarray, n_classes: int) -> Figures:
    """Score predicted classes, numbered from 0.

    Returns
    -------
    dict
        accuracy, and precision, recall and f1: of class 1, or with three classes the mean over
        them; 0 if undefined.

    Examples
    --------
    >>> figures(np.array([1, 0, 1, 0]), np.array([1, 1, 0, 0]), 2)
    {'accuracy': 0.5, 'precision': 0.5, 'recall': 0.5, 'f1': 0.5}
    """
    from sklearn.metrics import precision_recall_fscore_support

    labels = [1] if n_classes == 2 else None
    found = precision_recall_fscore_support(
        actual, predicted, labels=labels, average="macro", zero_division=0.0
    )
    values = (np.mean(actual == predicted), *found[:3])
    return dict(zip(FIGURES, map(float, values), strict=True))


def best_name(scores: dict[str, list[Figures]]) -> str:
    """Return the candidate with the best mean F1 over the folds, the first of equal ones."""
    return max(scores, key=lambda name: fmean(fold["f1"] for fold in scores[name]))


def chosen_estimator(member: Any) -> Any:
    """Return the winner of a `BestMember`; return any other member unchanged."""
    return member.estimator_ if isinstance(member, BestMember) else member
