"""Purged splits: training and test rows whose labels share no bar."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from bt_fusion.data.bars import BarArrays
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.voting import combined
from bt_fusion.errors import OptionError, TrainingError
from bt_fusion.features import complete_rows
from bt_fusion.labels import Labels, labels_of
from bt_fusion.models.causality import check_own
from bt_fusion.models.signal_model import SignalModel, training_rows

__all__ = ["LabelledRows", "Split", "fold_proba", "purged_folds", "time_series_folds"]

Split = tuple[np.ndarray, np.ndarray]  # positions among the bars: training, test
TICKS = 2  # the length of a bar in purgedcv's time, so that an embargo may end between two bars


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """The bars a model can learn from: complete features and a known label.

    Attributes
    ----------
    arrays : BarArrays
    X : ndarray of float32, shape (n_bars, n_features)
    labels : Labels
        Of all bars.
    rows : ndarray of int64, shape (n_rows,)
        Positions of the labelled rows among the bars, ascending.
    horizon : int
        Most bars until a label is known.
    classes : tuple of int
    """

    arrays: BarArrays
    X: np.ndarray
    labels: Labels
    rows: np.ndarray
    horizon: int
    classes: tuple[int, ...]

    @classmethod
    def of(cls, model: SignalModel, bars: pd.DataFrame | BarArrays) -> "LabelledRows":
        """Compute the features and labels of a model.

        Raises
        ------
        TrainingError
            If no row is left.
        LookAheadError, OptionError
            See `SignalModel.fit`.
        """
        arrays, label = BarArrays.of(bars), model.label()
        check_own(model, arrays)
        features = model.feature_set().on(arrays)
        X, labels = features.transform(arrays), labels_of(label, arrays)
        rows = training_rows(complete_rows(X), labels, label.horizon, 0, len(arrays))
        if not len(rows):
            raise TrainingError(
                f"no labelled rows among {len(arrays)} bars: features look back "
                f"{features.lookback} bars and labels ahead {label.horizon}; "
                "give more bars"
            )
        return cls(arrays, X, labels, rows, label.horizon, label.classes)

    def since(self, time: np.datetime64) -> "LabelledRows":
        """Return only the rows of bars after `time`."""
        later = self.rows[self.arrays.time[self.rows] > time]
        return LabelledRows(self.arrays, self.X, self.labels, later, self.horizon, self.classes)

    def before(self, bar: int) -> np.ndarray:
        """Return the training rows of a model fitted at `bar`, see `training_rows`."""
        early = (self.rows < bar - self.horizon) & (self.labels.t1[self.rows] < bar)
        return self.rows[early]

    @property
    def ends(self) -> np.ndarray:
        """End of each row's horizon, shape (n_rows,), even if t1 is earlier.

        Purging by t1 alone would keep the early touches next to a fold and drop its time-outs.
        """
        return np.maximum(self.labels.t1[self.rows], self.rows + self.horizon)


def purged_folds(data: LabelledRows, folds: int = 5, embargo_bars: int = 0) -> list[Split]:
    """Split the rows into contiguous folds; a fit on the others predicts each.

    A row's span reaches from its own bar to the one at which its label is known, at least to the
    end of the horizon, inclusive. No training row shares a bar with a test row, on either side.

    Parameters
    ----------
    data : LabelledRows
    folds : int
    embargo_bars : int
        Bars left out after the last span of each fold, beyond the purge.

    Returns
    -------
    list of (ndarray, ndarray)
        Positions among the bars: training, test.

    Raises
    ------
    OptionError
        For fewer than two folds, or a negative embargo.
    TrainingError
        If the purge leaves no training rows.

    Notes
    -----
    purgedcv's spans are half-open, [start, end): a label known at bar t1 ends at t1 + 1 there.

    References
    ----------
    Lopez de Prado, Advances in Financial Machine Learning (2018), 7.4.
    """
    from purgedcv import PurgedKFold

    check_folds(data, folds, folds)
    if embargo_bars < 0:
        raise OptionError(f"embargo_bars {embargo_bars} must be 0 or more")
    embargo = np.timedelta64(TICKS * embargo_bars - 1, "ns") if embargo_bars else None
    splitter = PurgedKFold(folds, embargo=embargo, **_times(data))
    return _positions(data, splitter)


def time_series_folds(data: LabelledRows, folds: int = 10) -> list[Split]:
    """Split the rows into `folds` + 1 parts; a fit on all earlier ones predicts each but the first.

    Purged like `purged_folds`.
    """
    from purgedcv import WalkForwardSplit

    check_folds(data, folds, folds + 1)
    size = len(data.rows) // (folds + 1)
    return _positions(data, WalkForwardSplit(folds, size, **_times(data)))


def fold_proba(ensemble: Ensemble, data: LabelledRows, split: Split) -> np.ndarray:
    """Fit a copy of the ensemble on the training side; return its probabilities of the test side.

    Returns
    -------
    ndarray of float64, shape (n_test, n_classes)
    """
    train, test = split
    fitted = clone(ensemble).fit(
        data.X,
        data.labels.y[train],
        classes=data.classes,
        rows=train,
        t1=data.labels.t1[train],
        purge=data.horizon,
    )
    votes = fitted.member_proba(data.X, test)
    return combined(votes, fitted.member_weights(), fitted.voting)


def check_folds(data: LabelledRows, folds: int, parts: int) -> None:
    """Raise an error unless there are at least two folds, each longer than a label's span."""
    if folds < 2:
        raise OptionError(f"folds {folds} must be 2 or more")
    if len(data.rows) // parts <= data.horizon:
        raise TrainingError(
            f"{len(data.rows)} labelled rows are too few for {folds} folds with labels that look "
            f"{data.horizon} bars ahead; give more bars or fewer folds"
        )


def _times(data: LabelledRows) -> dict[str, Any]:
    """Return the rows' spans as durations for purgedcv."""
    spans = {"prediction_times": data.rows, "evaluation_times": data.ends + 1}
    return {name: (TICKS * at).astype("timedelta64[ns]") for name, at in spans.items()}


def _positions(data: LabelledRows, splitter: Any) -> list[Split]:
    picks: Sequence[Split] = splitter.split(data.rows)
    splits = [(data.rows[train], data.rows[test]) for train, test in picks]
    if not all(len(train) for train, _ in splits):
        raise TrainingError(
            f"the purge leaves a fold of {len(data.rows)} rows nothing to learn from; "
            "give more bars or fewer folds"
        )
    return splits
