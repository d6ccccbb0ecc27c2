"""Ensemble: members fitted on the same rows, their votes combined by class."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from bt_fusion.ensemble.calibration import CALIBRATION, fit_maps
from bt_fusion.ensemble.feature_names import Matrix, check_rows, column_names, values_of
from bt_fusion.ensemble.given_members import Members, made_of, portable
from bt_fusion.ensemble.members.probabilities import check_probabilities
from bt_fusion.ensemble.training import Preparation, TrainingRows, fit_member, rows_proba
from bt_fusion.ensemble.voting import combined
from bt_fusion.errors import OptionError, TrainingError, unknown_name

__all__ = ["VOTING", "Ensemble"]

VOTING = ("soft", "majority")
CHUNK_ROWS = 65_536  # rows per prediction: limits the memory for copies


class Ensemble(ClassifierMixin, BaseEstimator):
    """Classifiers that vote on the same question.

    Parameters
    ----------
    members : sequence of str, or mapping of str to classifier or str
        Names of `MEMBERS`, or a mapping from names of your choice to scikit-learn classifiers or
        names of `MEMBERS`.
    voting : {"soft", "majority"}
        Soft voting averages probabilities, majority voting counts each member's likeliest class.
    weights : sequence of float, optional
        One weight per member for soft voting, equal by default.
    vote_threshold : float
        Majority voting: share of votes needed to win (2 of 3 members are 0.667).
    class_weight : {"balanced"}, optional
        Weight rows so that every class counts the same.
    sample_weights : {"uniqueness", "decay"}, optional
        Weight rows by how little their labels overlap, or give newer ones more; see
        `sample_weights`.
    resample : {"smote"}, optional
        Add synthetic rows of the rarer classes. Members that split their rows in time (svm, lstm)
        get balanced class weights instead.
    outliers : {"iqr"}, optional
        Leave out rows far outside the quartiles of any feature.
    calibration : {"sigmoid", "isotonic"}, optional
        Map each member's probabilities to observed shares. The map is learnt on the last fifth of
        the rows from a fit on the earlier ones, and applied to the fit on all rows.
    seed : int
        Seed of every named member, and of a classifier whose `random_state` is None.

    Notes
    -----
    These options belong here, not to `SignalModel`, because only the ensemble knows which rows are
    training rows. Every fit (a model, a walk-forward, a cross-validation) uses them, and they only
    see training rows.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        In the order of every probability column.
    columns_ : ndarray of int
        Positions in `classes_` of the classes among the training rows, the members' own columns.
    feature_names_in_ : ndarray of str, shape (n_features,)
        Present if it was fitted on a table or by a `SignalModel`, or was loaded. Tables are then
        read by column name, in any order.
    n_features_in_ : int
    members_ : dict of str to fitted classifier
    calibrators_ : dict of str to ProbabilityMap
        Empty without calibration.
    onnx_ : dict of str to OnnxMember
        Members exported by `onnx_export.export_onnx`; empty after `fit`. A calibrated member
        predicts by its library, followed by its map; any other by its ONNX form if it has one,
        otherwise by its library.

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
        members: Members = ("rf", "xgb", "lgb"),
        *,
        voting: str = "soft",
        weights: Sequence[float] | None = None,
        vote_threshold: float = 0.633,
        class_weight: str | None = None,
        sample_weights: str | None = None,
        resample: str | None = None,
        outliers: str | None = None,
        calibration: str | None = None,
        seed: int = 0,
    ):
        self.members = members
        self.voting = voting
        self.weights = weights
        self.vote_threshold = vote_threshold
        self.class_weight = class_weight
        self.sample_weights = sample_weights
        self.resample = resample
        self.outliers = outliers
        self.calibration = calibration
        self.seed = seed

    # BaseEstimator has no __iter__; tell Backtrader's optstrategy, which iterates values.
    __iter__ = None

    def fit(
        self,
        X: Matrix,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        classes: Sequence[int] | None = None,
        *,
        rows: np.ndarray | None = None,
        t1: np.ndarray | None = None,
        purge: int = 0,
    ) -> "Ensemble":
        """Fit every member.

        Parameters
        ----------
        X : ndarray or DataFrame, shape (n_rows, n_features)
            Finite values. With `rows`: the features of consecutive bars, finite in those rows.
        y, sample_weight : ndarray of shape (n_rows,)
            Weights are optional.
        classes : sequence, optional
            All classes, if these rows may lack one: its probability is then 0.
        rows : ndarray of int, shape (n_rows,), optional
            Positions of the training rows among the bars of X, ascending; members with context look
            back from them. All rows of X by default.
        t1 : ndarray of int, shape (n_rows,), optional
            Positions at which the labels are known; by default `purge` bars after their rows.
        purge : int
            Most bars a label looks ahead; as many are left out when training rows are split in
            time.

        Raises
        ------
        TrainingError
            If the rows hold a single class, or are too few to split.
        """
        present, codes = np.unique(y, return_inverse=True)
        if len(present) < 2:
            raise TrainingError(
                f"{len(y)} training rows hold the single class "
                f"{present[0] if len(present) else 'none'}; give a longer window or another label"
            )
        X = self._remember_columns(X)
        self.classes_ = np.asarray(present if classes is None else classes)
        self.columns_ = np.searchsorted(self.classes_, present)
        at = np.arange(len(X)) if rows is None else np.asarray(rows)
        known = at + purge if t1 is None else np.asarray(t1)
        training = TrainingRows(X[: at[-1] + 1], at, codes, known, purge, sample_weight)
        self._fit_members(training)
        return self

    def _remember_columns(self, X: Matrix) -> np.ndarray:
        """Store the number of columns, and the names of a table; return the values."""
        names = column_names(X)
        if names:
            self.feature_names_in_ = np.array(names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        self.n_features_in_ = X.shape[1]
        return values_of(X, names)

    def _fit_members(self, training: TrainingRows) -> None:
        members, prepare = self.make_members(), self.preparation()
        self.calibrators_ = {}
        self.onnx_: dict[str, Any] = {}
        if self.calibration:
            self.calibrators_ = fit_maps(self.make_members(), training, prepare, self.calibration)
        prepared = prepare(training)
        self.members_ = {name: fit_member(made, prepared) for name, made in members.items()}

    def preparation(self) -> Preparation:
        """Return the preparation of training rows, after checking the options."""
        return Preparation(
            self.class_weight, self.sample_weights, self.resample, self.outliers, self.seed
        )

    def make_members(self) -> dict[str, Any]:
        """Return the unfitted members by name, after checking every option."""
        if self.voting not in VOTING:
            raise unknown_name("voting", self.voting, VOTING)
        if self.calibration not in (None, *CALIBRATION):
            raise unknown_name("calibration", self.calibration, CALIBRATION)
        self.preparation()
        if not 0 < self.vote_threshold <= 1:
            raise OptionError(
                f"vote_threshold {self.vote_threshold} must be a share, above 0 up to 1"
            )
        made = made_of(self.members, self.seed)
        self.member_weights()
        return made

    @property
    def named(self) -> bool:
        """Whether every member is in the register under its own name."""
        return not isinstance(self.members, Mapping)

    def portable(self) -> "Ensemble":
        """Return an unfitted copy that another process can fit without user-defined names."""
        given = {**self.get_params(deep=False), "members": portable(self.members, self.seed)}
        return Ensemble(**given)

    def member_weights(self) -> np.ndarray:
        """Return the members' weights, adding up to 1."""
        count = len(self.members)
        weights = np.ones(count) if self.weights is None else np.asarray(self.weights, float)
        if weights.shape != (count,) or not (weights >= 0).all() or not 0 < weights.sum() < np.inf:
            raise OptionError(f"weights {self.weights}: give {count} numbers >= 0, one a member")
        return weights / weights.sum()

    @property
    def context(self) -> int:
        """Bars needed for a prediction: 1, or the longest window of a member."""
        members = getattr(self, "members_", None) or self.make_members()
        windows = (m.window for m in members.values() if getattr(m, "needs_context", False))
        return max(windows, default=1)

    def member_proba(self, X: Matrix, rows: np.ndarray | None = None) -> np.ndarray:
        """Return each member's probabilities, shape (n_rows, n_members, n_classes).

        Parameters
        ----------
        X : ndarray or DataFrame, shape (n_bars, n_features)
        rows : ndarray of int, optional
            Positions of the rows to predict among the bars of X, ascending; all by default.
        """
        check_is_fitted(self)
        X = values_of(X, getattr(self, "feature_names_in_", ()))
        rows = np.arange(len(X)) if rows is None else np.asarray(rows)
        votes = np.zeros((len(rows), len(self.members_), len(self.classes_)))
        for start in range(0, len(rows), CHUNK_ROWS):
            part = slice(start, start + CHUNK_ROWS)
            for number, proba in enumerate(self._chunk_proba(X, rows[part])):
                votes[part, number, self.columns_] = proba
        return votes

    def _chunk_proba(self, X: np.ndarray, rows: np.ndarray):
        """Yield each member's probabilities, some rows at a time."""
        chunk = np.ascontiguousarray(X[rows], dtype=np.float32)
        for name, estimator in self.members_.items():
            predictor = self.onnx_[name] if self.predicts_in_onnx(name) else estimator
            proba = rows_proba(predictor, X, rows, chunk)
            check_probabilities(name, predictor, proba, (len(rows), len(self.columns_)))
            mapped = self.calibrators_.get(name)
            yield proba if mapped is None else mapped.transform(proba)

    def predicts_in_onnx(self, name: str) -> bool:
        """Return whether a member predicts by its ONNX form: it has one, and no calibration."""
        return name in self.onnx_ and name not in self.calibrators_

    def predict_proba(self, X: Matrix) -> np.ndarray:
        """Return the combined probabilities, shape (n_rows, n_classes).

        Parameters
        ----------
        X : ndarray or DataFrame, shape (n_rows, n_features)
            Finite values; columns of a table are selected by name, in any order.

        Raises
        ------
        ModelCompatibilityError
            If columns of a table are missing or extra, or an array has another width.
        OptionError
            For values that are not finite.
        """
        check_is_fitted(self)
        X = values_of(X, getattr(self, "feature_names_in_", ()))
        check_rows(X, self.n_features_in_)
        return combined(self.member_proba(X), self.member_weights(), self.voting)

    def predict(self, X: Matrix) -> np.ndarray:
        """Return the likeliest class of each row; see `predict_proba`."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
