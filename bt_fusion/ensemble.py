"""Ensemble: members fitted on the same rows, their votes combined by class."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from bt_fusion.errors import OptionError, TrainingError, unknown_name
from bt_fusion.members import make_member, member_proba
from bt_fusion.predictions import combined

__all__ = ["VOTING", "Ensemble"]

VOTING = ("soft", "majority")
CHUNK_ROWS = 65_536  # rows predicted at a time: bounds the memory of copies


class Ensemble(ClassifierMixin, BaseEstimator):
    """Classifiers voting on the same question.

    Parameters
    ----------
    members : sequence of str, or mapping of str to classifier
        Names of `MEMBERS`, or own scikit-learn classifiers by a name of your choice.
    voting : {"soft", "majority"}
        Soft voting averages probabilities, majority voting counts each member's likeliest class.
    weights : sequence of float, optional
        One weight a member for soft voting, equal by default.
    vote_threshold : float
        Majority voting: share of votes the winner needs (2 of 3 members are 0.667).
    seed : int
        Seed of every named member.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        In the order of every probability column.
    members_ : dict of str to fitted classifier

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 3)); y = X[:, 0] > 0
    >>> ensemble = Ensemble(["rf", "lgb"]).fit(X, y)
    >>> ensemble.member_proba(X[:2]).shape
    (2, 2, 2)
    """

    def __init__(
        self,
        members: Sequence[str] | Mapping[str, Any] = ("rf", "xgb", "lgb"),
        *,
        voting: str = "soft",
        weights: Sequence[float] | None = None,
        vote_threshold: float = 0.633,
        seed: int = 0,
    ):
        self.members = members
        self.voting = voting
        self.weights = weights
        self.vote_threshold = vote_threshold
        self.seed = seed

    # BaseEstimator has no __iter__; say so to Backtrader's optstrategy, which iterates values.
    __iter__ = None

    def fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        classes: Sequence[int] | None = None,
    ) -> "Ensemble":
        """Fit every member.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            Finite values.
        y : ndarray of shape (n_rows,)
        sample_weight : ndarray of shape (n_rows,), optional
        classes : sequence, optional
            All classes there are, where these rows may lack one: its probability is then 0.

        Raises
        ------
        TrainingError
            When the rows hold a single class.
        """
        X = np.ascontiguousarray(X, dtype=np.float32)
        present, codes = np.unique(y, return_inverse=True)
        if len(present) < 2:
            raise TrainingError(
                f"{len(y)} training rows hold the single class "
                f"{present[0] if len(present) else 'none'}; give a longer window or another label"
            )
        self.classes_ = np.asarray(present if classes is None else classes)
        self._columns = np.searchsorted(self.classes_, present)
        self.members_ = {}
        for name, estimator in self.make_members().items():
            self.members_[name] = estimator.fit(X, codes, sample_weight=sample_weight)
        return self

    def make_members(self) -> dict[str, Any]:
        """Return the unfitted members by name, checking every option."""
        if self.voting not in VOTING:
            raise unknown_name("voting", self.voting, VOTING)
        if not 0 < self.vote_threshold <= 1:
            raise OptionError(
                f"vote_threshold {self.vote_threshold} must be a share, above 0 up to 1"
            )
        if isinstance(self.members, str):
            raise OptionError(
                f"members {self.members!r}: give a sequence, such as [{self.members!r}]"
            )
        if isinstance(self.members, Mapping):
            made = {name: clone(estimator) for name, estimator in self.members.items()}
        else:
            made = {name: make_member(name, self.seed) for name in self.members}
        if not made or len(made) != len(self.members):
            raise OptionError(f"members {list(self.members)}: give at least one, none twice")
        self.member_weights()
        return made

    def member_weights(self) -> np.ndarray:
        """Return the members' weights, adding up to 1."""
        count = len(self.members)
        weights = np.ones(count) if self.weights is None else np.asarray(self.weights, float)
        if weights.shape != (count,) or not (weights >= 0).all() or not 0 < weights.sum() < np.inf:
            raise OptionError(f"weights {self.weights}: give {count} numbers >= 0, one a member")
        return weights / weights.sum()

    def member_proba(self, X: np.ndarray) -> np.ndarray:
        """Return each member's probabilities, shape (n_rows, n_members, n_classes)."""
        check_is_fitted(self)
        votes = np.zeros((len(X), len(self.members_), len(self.classes_)))
        for start in range(0, len(X), CHUNK_ROWS):
            rows = slice(start, start + CHUNK_ROWS)
            chunk = np.ascontiguousarray(X[rows], dtype=np.float32)
            for number, estimator in enumerate(self.members_.values()):
                votes[rows, number, self._columns] = member_proba(estimator, chunk)
        return votes

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the combined probabilities, shape (n_rows, n_classes)."""
        return combined(self.member_proba(X), self.member_weights(), self.voting)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the likeliest class of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
