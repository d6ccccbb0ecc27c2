"""Choice of one of several members, by cross-validation in time."""

from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from bt_fusion.ensemble.members.registry import make_member
from bt_fusion.ensemble.training import TrainingRows, fit_member, member_proba
from bt_fusion.errors import TrainingError

__all__ = ["BestMember"]


class BestMember(ClassifierMixin, BaseEstimator):
    """The member with the best F1 in a purged time-series cross-validation, fitted on all rows.

    Parameters
    ----------
    candidates : sequence of str
        Names of `MEMBERS` that take rows without context; the first wins a tie.
    folds : int
        Each fold is predicted by a fit on everything before it.
    seed : int

    Attributes
    ----------
    scores_ : dict of str to ndarray, shape (n_folds,)
        F1 of class 1, or the mean over classes where there are three. Folds before whose start
        a class is missing are left out.
    name_ : str
        The winner.
    estimator_ : classifier
        The winner, fitted on all rows.
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
        self.name_ = max(self.scores_, key=lambda name: self.scores_[name].mean())
        self.estimator_ = fit_member(make_member(self.name_, self.seed), training)
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

    def _scores(self, name: str, training: TrainingRows, splits) -> np.ndarray:
        from sklearn.metrics import f1_score

        average = "binary" if len(self.classes_) == 2 else "macro"
        scores = []
        for before, fold in splits:
            fitted = fit_member(make_member(name, self.seed), training[before])
            predicted = member_proba(fitted, training.matrix[fold]).argmax(axis=1)
            actual = training.codes[fold]
            scores.append(f1_score(actual, predicted, average=average, zero_division=0.0))
        return np.array(scores)
