"""SignalModel: features, a label and an ensemble, from bars to predictions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from bt_fusion.bundle.later.kinds import model_class
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.timestamps import bar_length, bar_seconds
from bt_fusion.described import Described
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.errors import ModelCompatibilityError, TrainingError
from bt_fusion.features import Features, FeatureSet, complete_rows
from bt_fusion.labels import Label, Labels, labels_of, make_label
from bt_fusion.models.causality import check_own, is_checked
from bt_fusion.models.descriptions.models import model_rows
from bt_fusion.models.empty_predictions import empty_predictions
from bt_fusion.models.parity.certificate import certificate
from bt_fusion.models.parity.compared_bars import choose_bars
from bt_fusion.models.payoff import Payoff
from bt_fusion.models.predictions import Predictions
from bt_fusion.models.reference import Reference, learn_reference
from bt_fusion.progress import step

if TYPE_CHECKING:
    from bt_fusion.bundle import LaterModel, SavedModel

__all__ = ["SignalModel", "load_model", "training_rows"]

SAMPLE_ROWS = 240
TAIL_ROWS = 16  # rows of features from the last bars


class SignalModel(Described, BaseEstimator):
    """A model that predicts a label of bars from their features.

    Causal: row t of a prediction depends only on bars up to t, and on the rows it was fitted on.
    Bars at or before `trained_until_` are in-sample and get no prediction by default.

    Parameters
    ----------
    features : str, FeatureSet, or sequence
        A feature set, or names of sets and features and functions, see `FeatureSet`.
    labels : str or Label
        The name of a label with its defaults, or a label such as ``Direction(horizon=5)``.
    ensemble : Ensemble, optional
        Default ``Ensemble()``: rf, xgb and lgb, soft vote.
    causality_check : bool
        Whether each fit checks your own features and label for look-ahead, see `check_causality`.
    timeframes : sequence of str
        Longer timeframes, such as ``("4h", "1d")``, for which all features are added.
    others : mapping of str to DataFrame, optional
        Bars of other markets by name, for which all features are added, see `FeatureSet`. A saved
        model stores only their names.

    Attributes
    ----------
    ensemble_ : Ensemble
        Fitted.
    trained_until_ : datetime64[ns]
        Stamp of the last bar the training labels used.
    interval_ : str or None
        Length of the training bars, such as 1h.
    n_rows_ : int
        Number of training rows.
    trained_from_ : datetime64[ns]
        Stamp of the first training row.
    sample_ : ndarray of float32, shape (at most 240, n_features)
        Some of them, evenly spread: loading a saved model checks its predictions on them.
    tail_ : BarArrays
        The last training bars, for the same purpose.
    tail_others_ : dict of str to BarArrays
        The same for other markets.
    compared_ : list of ComparedBars
        Some of the training bars: saving compares its ways of predicting on them. Empty for a
        loaded model.
    payoff_ : Payoff or None
        Value of a correct and a wrong prediction; None if the label has none, or an older version
        saved the model.
    reference_ : Reference or None
        What it expects of unseen bars, see `bt_fusion.evaluation.drift`; None if an older version
        saved the model.
    look_ahead_checked_ : bool or None
        Whether `fit` checked everything of your own; None if a saved model does not contain it.
    trials_ : int
        For loaded models only: variants tried before this one, as saved.

    Examples
    --------
    >>> from bt_fusion.data.samples import planted_edge
    >>> bars = planted_edge(2_000, auc=0.8)
    >>> model = SignalModel(["wick_balance", "return_1"]).fit(bars[:1_500])
    >>> predictions = model.predict(bars)
    >>> predictions.known.sum()  # the last 500 bars: the others are in-sample
    np.int64(500)
    """

    def __init__(
        self,
        features: Features = "default",
        labels: str | Label = "direction",
        ensemble: Ensemble | None = None,
        causality_check: bool = True,
        timeframes: Sequence[str] = (),
        others: Mapping[str, pd.DataFrame] | None = None,
    ):
        self.features = features
        self.labels = labels
        self.ensemble = ensemble
        self.causality_check = causality_check
        self.timeframes = timeframes
        self.others = others

    kind = "signal"  # kind of a saved model, see `bundle.later.kinds`

    # Backtrader's optstrategy iterates iterable values: a model is one value.
    __iter__ = None

    def description(self) -> tuple[str, dict[str, str]]:
        """Return the printed form."""
        state = "fitted" if hasattr(self, "ensemble_") else "not fitted"
        return f"{type(self).__name__}, {state}", model_rows(self)

    def feature_set(self) -> FeatureSet:
        """Return the features by name, checked."""
        return FeatureSet(self.features, self.timeframes, self.others)

    def label(self) -> Label:
        """Return the label object, also if it was given by name."""
        return make_label(self.labels) if isinstance(self.labels, str) else self.labels

    def new_ensemble(self) -> Ensemble:
        """Return an unfitted copy of the ensemble."""
        return Ensemble() if self.ensemble is None else clone(self.ensemble)

    @step("Training")
    def fit(
        self, bars: pd.DataFrame | BarArrays, start: int = 0, *, hold_out: bool = True
    ) -> "SignalModel":
        """Train on every bar with complete features and a known label.

        Parameters
        ----------
        bars : DataFrame or BarArrays
        start : int
            Position of the first training bar; earlier ones only warm up the features.
        hold_out : bool
            Whether to fit the ensemble again without the last 40 % of the rows, to learn what to
            expect of unseen bars (`reference_`). Without it, or with fewer than 100 non-overlapping
            labels in that part, only the features show drift.

        Raises
        ------
        TrainingError
            If no such rows are left, or they hold a single class.
        LookAheadError
            If a feature or label of your own looks ahead.
        OptionError
            If such a feature declares too short a lookback or memory, or is random.
        """
        arrays = BarArrays.of(bars)
        check_own(self, arrays)
        self.fit_arrays(arrays, start)
        self.look_ahead_checked_: bool | None = is_checked(self)
        self.reference_: Reference | None = self._reference(arrays, start, hold_out)
        return self

    def _reference(self, arrays: BarArrays, start: int, hold_out: bool) -> Reference:
        """Return what it expects of bars after the training bars."""
        label, X = self.label(), self.feature_set_.transform(arrays)
        labels = labels_of(label, arrays)
        rows = training_rows(complete_rows(X), labels, label.horizon, start, len(arrays))
        return learn_reference(self, X, labels, rows, hold_out)

    def fit_arrays(self, arrays: BarArrays, start: int = 0) -> "SignalModel":
        """Train on checked arrays, on rows from `start`; earlier bars only warm up."""
        label = self.label()
        self.feature_set_ = self.feature_set().on(arrays)
        X = self.feature_set_.transform(arrays)
        labels = labels_of(label, arrays)
        rows = training_rows(complete_rows(X), labels, label.horizon, start, len(arrays))
        if not len(rows):
            raise TrainingError(
                f"no training rows among {len(arrays)} bars: features look back "
                f"{self.feature_set_.lookback} bars and labels ahead {label.horizon}"
                f"{''.join(f'; {text}' for text in self.feature_set_.late_markets(arrays))}; "
                "give more bars"
            )
        self.ensemble_ = self.new_ensemble().fit(
            X,
            labels.y[rows],
            classes=label.classes,
            rows=rows,
            t1=labels.t1[rows],
            purge=label.horizon,
        )
        self.ensemble_.feature_names_in_ = np.array(self.feature_set_.names, dtype=object)
        self.trained_until_ = arrays.time[labels.t1[rows].max()]
        self.trained_from_ = arrays.time[rows[0]]
        self.interval_ = bar_length(arrays.time)
        self.n_rows_ = len(rows)
        self.sample_ = X[
            rows[np.linspace(0, len(rows) - 1, min(SAMPLE_ROWS, len(rows))).astype(int)]
        ]
        self.tail_ = arrays.tail(self.feature_set_.lookback + TAIL_ROWS)
        self.tail_others_ = self.feature_set_.others_behind(self.tail_, TAIL_ROWS)
        self.compared_ = choose_bars(arrays, X, self.feature_set_, self.ensemble_.context)
        self.payoff_ = Payoff.learn(label, arrays, labels, rows)
        return self

    @step("Predicting")
    def predict(self, bars: pd.DataFrame, *, allow_in_sample: bool = False) -> Predictions:
        """Predict every bar after `trained_until_`.

        Parameters
        ----------
        bars : DataFrame
        allow_in_sample : bool
            Also predict bars the model was trained on; such results do not show its quality.
        """
        arrays = BarArrays.of(bars)
        return self.predict_arrays(arrays, allow_in_sample=allow_in_sample)

    def predict_arrays(self, arrays: BarArrays, *, allow_in_sample: bool = False) -> Predictions:
        """Predict checked arrays."""
        check_is_fitted(self)
        self._check_spacing(arrays)
        return self._predict_rows(arrays, self.feature_set_.transform(arrays), allow_in_sample)

    def _predict_rows(self, arrays: BarArrays, X: np.ndarray, allow_in_sample: bool) -> Predictions:
        """Predict bars with known features."""
        known = complete_rows(X)
        if not allow_in_sample:
            known &= arrays.time > self.trained_until_
        predictions = empty_predictions(self, arrays.time)
        predictions.votes[known] = self.ensemble_.member_proba(X, np.flatnonzero(known))
        predictions.model[known] = 0
        predictions.trained_until[known] = self.trained_until_
        if self.payoff_ is None:
            return replace(predictions, payoff=None)
        assert predictions.payoff is not None  # it belongs to the label
        predictions.payoff[known] = self.payoff_.per_bar(arrays)[known]
        return predictions

    def _check_spacing(self, arrays: BarArrays) -> None:
        """Refuse bars of another length if its features need the closes of longer bars."""
        given = {**self.feature_set_.others, "": arrays}
        for name, spacing in self.feature_set_.spacing.items():
            if name in given:
                spacing.check(bar_seconds(given[name].time), name)

    def after_walk(
        self,
        arrays: BarArrays,
        X: np.ndarray,
        predictions: Predictions,
        refits: Sequence[Any],
        embargo: int = 0,
        jobs: int = 1,
    ) -> Predictions:
        """Return a walk-forward's predictions; a subclass may learn from them, refit by refit."""
        return predictions

    def signal_part(self) -> "SignalModel":
        """Return an unfitted model of the signal only, without copying other markets' bars."""
        names = SignalModel().get_params(deep=False)
        return SignalModel(**{name: getattr(self, name) for name in names})

    def later_ensembles(self) -> dict[str, tuple[Ensemble, tuple[str, ...], int]]:
        """Return the unfitted ensembles saved with it, each with columns and classes."""
        return {}

    def later_models(self) -> list["LaterModel"]:
        """Return the later models saved with it; a subclass may have some."""
        return []

    @step("Saving the model")
    def save(self, folder: str | Path, **about: Any) -> Path:
        """Save the fitted model as a folder, with its parity certificate.

        The written files are loaded again and compared before they replace the old ones; see
        `bt_fusion.bundle.save_model` and `bt_fusion.models.parity.certificate`.

        Raises
        ------
        OptionError, BundleError
            As these; the existing model stays.

        Warns
        -----
        BtFusionWarning
            If its predictions bar by bar or in ONNX differ from those in a batch.
        """
        from bt_fusion.bundle import save_model

        def certify(saved: "SavedModel") -> list[dict[str, Any]]:
            others = self.feature_set_.others
            return certificate(self, SignalModel.of_saved(saved, others))

        return save_model(self, folder, certify=certify, **about)

    @classmethod
    @step("Loading the model")
    def load(
        cls,
        folder: str | Path,
        *,
        digest: str | None = None,
        features: str | Sequence[str] | None = None,
        others: Mapping[str, pd.DataFrame] | None = None,
    ) -> "SignalModel":
        """Load a saved model after checking it.

        Its class is the saved one: the folder of a `ManagedModel` gives a `ManagedModel`.

        Parameters
        ----------
        folder : path or str
            Or the URL of a pushed model: it is pulled into the cache (see docs/hub.md).
        digest : str, optional
            The digest the model must have (`bt-fusion show` prints it).
        features : str or sequence of str, optional
            The features that a configuration expects: a set's name, or names in order.
        others : mapping of str to DataFrame, optional
            Bars of the other markets that its features need, by name.

        Returns
        -------
        SignalModel
            Fitted.

        Raises
        ------
        BundleError
            If files are missing, broken, altered or malicious.
        ModelCompatibilityError
            If a sound model does not fit the installed versions, or the features or digest given.
        HubError
            If a URL cannot be reached, or holds no such model.

        Examples
        --------
        >>> import tempfile
        >>> from bt_fusion.data.samples import planted_edge
        >>> model = SignalModel("fusion").fit(planted_edge(600))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     SignalModel.load(model.save(folder + "/model")).n_rows_ == model.n_rows_
        True
        """
        from bt_fusion.bundle import load_saved
        from bt_fusion.hub import model_folder

        saved = load_saved(model_folder(folder), digest=digest, features=features)
        return cls.of_saved(saved, others)

    @classmethod
    def of_saved(
        cls, saved: "SavedModel", others: Mapping[str, pd.DataFrame | BarArrays] | None = None
    ) -> "SignalModel":
        """Return the model of a bundle's checked content, of the class it was saved as.

        Raises
        ------
        ModelCompatibilityError
            For an unknown kind, or a kind that is not of this class.
        """
        known = cls if saved.kind == cls.kind else model_class(saved.kind)
        if not issubclass(known, cls):
            raise ModelCompatibilityError(
                f"the folder holds a {saved.kind} model, not a {cls.kind} model; load it with "
                f"load_model, or train one: bt-fusion train --preset {cls.kind}"
            )
        return known._restored(saved).with_others(others or {})

    def with_others(self, others: Mapping[str, pd.DataFrame | BarArrays]) -> "SignalModel":
        """Set the bars of other markets for its features; return the model itself."""
        fitted = getattr(self, "feature_set_", None)
        needed = (fitted or self.feature_set()).markets
        given = {name: bars for name, bars in others.items() if name in needed}
        if given:
            self.set_params(others={**(self.others or {}), **given})
            if fitted is not None:
                self.feature_set_ = fitted.with_others(given)
        return self

    @classmethod
    def _restored(cls, saved: "SavedModel") -> "SignalModel":
        unfitted = Ensemble(**saved.ensemble.get_params(deep=False))
        model = cls(saved.feature_set or saved.features.names, saved.label, unfitted)
        model.feature_set_, model.ensemble_ = saved.features, saved.ensemble
        model.n_rows_, model.trials_ = saved.rows, saved.trials
        model.interval_ = saved.interval
        model.trained_from_, model.trained_until_ = saved.trained_from, saved.trained_until
        model.sample_, model.tail_ = saved.sample, saved.tail
        model.tail_others_ = saved.tail_others
        model.look_ahead_checked_ = saved.look_ahead_checked
        model.payoff_ = None if saved.payoff is None else Payoff(**saved.payoff)
        model.reference_ = None if saved.reference is None else Reference.of_dict(saved.reference)
        return model


def load_model(
    folder: str | Path,
    *,
    digest: str | None = None,
    features: str | Sequence[str] | None = None,
    others: Mapping[str, pd.DataFrame] | None = None,
) -> SignalModel:
    """Load a saved model after checking it; see `SignalModel.load`."""
    return SignalModel.load(folder, digest=digest, features=features, others=others)


def training_rows(
    complete: np.ndarray,
    labels: Labels,
    horizon: int,
    start: int,
    refit: int,
    embargo: int = 0,
) -> np.ndarray:
    """Return the rows that a model fitted at bar `refit` may learn from.

    Rows t from `start` with complete features, t <= refit - horizon - 1 **and** t1 < refit, both
    less the embargo. Purging by t1 alone would keep early touches near the cut and drop the
    time-outs there.

    Parameters
    ----------
    complete : ndarray of bool, shape (n_bars,)
    labels : Labels
    horizon, start, refit, embargo : int
        In bars.

    Returns
    -------
    ndarray of int64
        Positions, ascending.

    Examples
    --------
    >>> labels = Labels(y=np.zeros(8), t1=np.arange(8) + 2)
    >>> training_rows(np.ones(8, bool), labels, horizon=2, start=1, refit=6)
    array([1, 2, 3])
    """
    cut = refit - embargo
    rows = np.arange(max(0, start), max(0, min(cut - horizon, len(complete))))
    usable = complete[rows] & np.isfinite(labels.y[rows]) & (labels.t1[rows] < cut)
    return rows[usable]
