"""The check of a member's knowledge: it may know only the rows it is fitted on."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from bt_fusion.ensemble.training import TrainingRows, fit_member, rows_proba
from bt_fusion.errors import FittedBeforeError, LookAheadError
from bt_fusion.features import FeatureSet, complete_rows
from bt_fusion.labels import Label, labels_of
from bt_fusion.models.causality.features import OFF
from bt_fusion.models.causality.referenced import check_fitted_before, referenced
from bt_fusion.models.causality.tried_bars import TriedBars

__all__ = ["KnownRowsCheck", "MemberRows", "check_known_rows"]

TRAIN_SHARE = 0.6  # of the rows
NEAR = 1e-5  # between equal probabilities: networks round by batch size
SHUFFLES = 3
MOST_AREA = 0.8  # area under the curve of later rows, from labels without information
BARS, FEWEST_ROWS = 3_000, 200  # the last bars, on which members are tested
HELD_NUMBERS, HELD_SHARE = 50, 0.3  # distinct later rows, and their share, in a member's data


@dataclass(frozen=True, eq=False)
class MemberRows:
    """Test rows for members.

    Attributes
    ----------
    X : ndarray of float32, shape (n_bars, n_features)
    time : ndarray of datetime64[ns], shape (n_bars,)
    close : ndarray of float64, shape (n_bars,)
    rows : ndarray of int64, shape (n_rows,)
        Positions of complete rows whose label is known, ascending.
    y : ndarray of float64, shape (n_rows,)
    t1 : ndarray of int64, shape (n_rows,)
    horizon : int
    """

    X: np.ndarray
    time: np.ndarray
    close: np.ndarray
    rows: np.ndarray
    y: np.ndarray
    t1: np.ndarray
    horizon: int

    @cached_property
    def count(self) -> int:
        """Number of training rows."""
        return int(TRAIN_SHARE * len(self.rows))

    @cached_property
    def test_rows(self) -> np.ndarray:
        """Positions of the rows to predict, later than all training rows."""
        return self.rows[self.count + self.horizon :]

    @cached_property
    def test_labels(self) -> np.ndarray:
        """The labels of the rows to predict."""
        return self.y[self.count + self.horizon :]

    def later(self) -> TrainingRows:
        """Return the rows to predict as training rows."""
        at, count = self.test_rows, self.count + self.horizon
        codes = np.unique(self.test_labels, return_inverse=True)[1]
        return TrainingRows(self.X, at, codes, self.t1[count:], self.horizon)

    def training(self, shuffled: int | None = None) -> TrainingRows:
        """Return the training rows; with a seed, their labels are shuffled."""
        part = slice(0, self.count)
        codes = np.unique(self.y[part], return_inverse=True)[1]
        if shuffled is not None:
            codes = np.random.default_rng(shuffled).permutation(codes)
        at = self.rows[part]
        return TrainingRows(self.X[: at[-1] + 1], at, codes, self.t1[part], self.horizon)


@dataclass(frozen=True, eq=False)
class KnownRowsCheck:
    """A member and its test rows.

    Parameters
    ----------
    name : str
    made : classifier
        Unfitted.
    given : MemberRows
    """

    name: str
    made: Any
    given: MemberRows

    def run(self) -> None:
        """Test the member.

        Raises
        ------
        LookAheadError
            If it has data of rows it was not fitted on.
        FittedBeforeError
            If it uses something fitted before, or learns nothing from its rows.
        """
        check_fitted_before(f"member {self.name!r}", self.made, self.given.time[0])
        self._check_held()
        with catch_warnings():
            simplefilter("ignore")
            try:
                fitted = self._fitted()
                whole = self._proba(fitted, self.given.test_rows)
            except Exception:  # a member may fail on few rows; the real fit reports it
                return
            if whole.ndim != 2 or not np.isfinite(whole).all():
                return  # `check_probabilities` reports it
            self._check_labels(whole)

    def _fitted(self, shuffled: int | None = None) -> Any:
        return fit_member(clone(self.made), self.given.training(shuffled))

    def _proba(self, fitted: Any, rows: np.ndarray, X: np.ndarray | None = None) -> np.ndarray:
        return np.asarray(rows_proba(fitted, self.given.X if X is None else X, rows))

    def _check_labels(self, whole: np.ndarray) -> None:
        """Fit it on shuffled labels: it must then predict nothing."""
        others = [self._proba(self._fitted(seed), self.given.test_rows) for seed in range(SHUFFLES)]
        varies = np.ptp(whole, axis=0).max() > NEAR
        learns_nothing = varies and all(np.abs(each - whole).max() <= 1e-9 for each in others)
        if learns_nothing and not getattr(self.made, "fixed_rule", False):
            raise FittedBeforeError(
                f"member {self.name!r} gives the same probabilities whatever labels it is fitted "
                "on: it was trained earlier, on unknown rows, so its figures are in-sample. Let "
                "fit do the learning; for a rule that learns nothing, set the class attribute "
                "fixed_rule = True"
            )
        known = [self._area(each) for each in others]
        if min(known) > MOST_AREA:
            raise LookAheadError(
                f"member {self.name!r} looks ahead: fitted on labels in random order, it still "
                f"ranks {100 * min(known):.0f} % of the pairs of rows after {self._stamp(0)} "
                f"correctly. It knows them from another source, such as a table or file; {OFF}",
                self._stamp(0),
            )
        self._check_kept()

    def _check_kept(self) -> None:
        """Fit it on later rows, then on earlier ones with labels without information."""
        if len(np.unique(self.given.test_labels)) < 2:
            return
        try:
            for _ in range(SHUFFLES):
                fit_member(clone(self.made), self.given.later())
        except Exception:  # a member may fail on few rows
            return
        known = [
            self._area(self._proba(self._fitted(seed), self.given.test_rows)) for seed in (0, 1)
        ]
        if min(known) > MOST_AREA:
            raise LookAheadError(
                f"member {self.name!r} looks ahead: fitted on rows after {self._stamp(0)} and then "
                f"on earlier ones with labels in random order, it ranks {100 * min(known):.0f} % "
                f"of the pairs of the later rows rightly. It keeps rows from one fit to the next; "
                f"let fit learn from what it is given alone; {OFF}",
                self._stamp(0),
            )

    def _area(self, proba: np.ndarray) -> float:
        """Return the area under the curve of the highest class, 0 if there is only one class."""
        up = self.given.test_labels == self.given.test_labels.max()
        if up.all() or not np.isfinite(proba).all():
            return 0.0
        return float(roc_auc_score(up, proba[:, -1]))

    def _check_held(self) -> None:
        """Search for numbers of later rows in the objects that the member refers to."""
        later = self.given.test_rows
        known = {
            "features": np.unique(self.given.X[later].astype(np.float32)),
            "closes": np.unique(self.given.close[later].astype(np.float32)),
        }
        for name, each in referenced(self.made):
            values = numbers_of(each)
            for what, those in known.items():
                found = np.isin(values, those)
                if found.mean() > HELD_SHARE and len(np.unique(values[found])) >= HELD_NUMBERS:
                    raise LookAheadError(
                        f"member {self.name!r} looks ahead: {name}, which it refers to, holds "
                        f"{int(found.sum()):,} {what} of rows after {self._stamp(0)}, which it "
                        f"has to predict. It may learn only from what fit receives; {OFF}",
                        self._stamp(0),
                    )

    def _stamp(self, row: int) -> str:
        return str(pd.Timestamp(self.given.time[self.given.test_rows[row]]))


def check_known_rows(
    name: str, made: Any, features: FeatureSet, label: Label, bars: TriedBars
) -> None:
    """Check a member's knowledge on the last bars; too few rows are inconclusive.

    Parameters
    ----------
    name : str
    made : classifier
        Unfitted.
    features, label : FeatureSet, Label
        Its training features and label.
    bars : TriedBars
    """
    arrays = bars.arrays.tail(features.memory + BARS)
    X, labels = features.transform(arrays), labels_of(label, arrays)
    rows = np.flatnonzero(complete_rows(X) & np.isfinite(labels.y))
    given = MemberRows(
        X, arrays.time, arrays.close, rows, labels.y[rows], labels.t1[rows], label.horizon
    )
    if len(rows) >= FEWEST_ROWS and len(given.test_rows):
        KnownRowsCheck(name, made, given).run()


def numbers_of(held: Any) -> np.ndarray:
    """Return the numbers of an array, table or dictionary, float32; one NaN for other objects."""
    if isinstance(held, dict):
        held = list(held.values())[:100_000]
    try:
        values = np.asarray(held, dtype=np.float32).ravel()
    except (TypeError, ValueError):
        values = np.empty(0, np.float32)
    values = values[np.isfinite(values)]
    return values if len(values) >= HELD_NUMBERS else np.array([np.nan], np.float32)
