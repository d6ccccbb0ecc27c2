"""What a model learns from and is judged by: features by family, regimes, classes."""

from collections import Counter
from dataclasses import dataclass, is_dataclass
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.features import entry_of
from bt_fusion.labels import Label, class_names
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.splits import LabelledRows
from bt_fusion.technical.regimes import Regime, regimes

__all__ = ["LabelReport", "label_report", "report_before_fit", "trained_rows"]


@dataclass(frozen=True)
class LabelReport:
    """Features, regimes and classes of labelled rows.

    Rows are bars with complete features and a known label, before any resampling or removal of
    outliers.

    Attributes
    ----------
    label : str
        With its parameters.
    classes : tuple of str
        In words, such as Short, No trade, Long.
    features : dict of int
        Number of features by family.
    parts : list of dict
        part ("all", "training", "test"), rows, and counts and shares by class. Between training
        and test lie the rows whose label looks into the test part; they are in "all" alone.
    regimes : list of dict
        regime ("ranging", "up", "down"), bars and share (of all bars), and of the labelled rows
        in it rows, counts and shares by class.
    """

    label: str
    classes: tuple[str, ...]
    features: dict[str, int]
    parts: list[dict[str, Any]]
    regimes: list[dict[str, Any]]


def label_report(
    model: SignalModel, data: LabelledRows, training: np.ndarray, test: np.ndarray
) -> LabelReport:
    """Count features, regimes and classes.

    Parameters
    ----------
    model : SignalModel
        Fitted or not.
    data : LabelledRows
    training, test : ndarray of int64
        Positions of the rows to learn from and to judge by, among the bars.
    """
    label, trend = model.label(), regimes(data.arrays)
    names = class_names(label.classes, label.two_sided)

    def by_class(rows: np.ndarray) -> dict[str, Any]:
        return class_counts(data.labels.y[rows], label.classes, names)

    parts = {"all": data.rows, "training": training, "test": test}
    return LabelReport(
        label=described(label),
        classes=names,
        features=dict(Counter(entry_of(name).family for name in model.feature_set().names)),
        parts=[{"part": part, **by_class(rows)} for part, rows in parts.items()],
        regimes=[
            {
                "regime": regime.name.lower(),
                "bars": int((trend == regime).sum()),
                "share": float((trend == regime).mean()),
                **by_class(data.rows[trend[data.rows] == regime]),
            }
            for regime in Regime
        ],
    )


def report_before_fit(model: SignalModel, bars: pd.DataFrame, cut: int) -> LabelReport:
    """Count what a fit on the first `cut` bars learns from, and what comes after it."""
    data = LabelledRows.of(model, bars)
    training = data.before(cut)
    known_until = data.labels.t1[training].max(initial=-1)
    return label_report(model, data, training, data.rows[data.rows > known_until])


def trained_rows(model: SignalModel, data: LabelledRows) -> np.ndarray:
    """Return the positions of the rows a fitted model has learnt from, as far as they are here."""
    rows, time = data.rows, data.arrays.time
    known_in_time = time[data.labels.t1[rows]] <= model.trained_until_
    # early touches beyond the last training row are known in time, too: the count leaves them out
    return rows[(time[rows] >= model.trained_from_) & known_in_time][: model.n_rows_]


def class_counts(
    actual: np.ndarray, classes: tuple[int, ...], names: tuple[str, ...]
) -> dict[str, Any]:
    """Return the number of rows, and the count and share of each class by name.

    >>> class_counts(np.array([1.0, 0.0, 1.0, 1.0]), (0, 1), ("Down", "Up"))
    {'rows': 4, 'counts': {'Down': 1, 'Up': 3}, 'shares': {'Down': 0.25, 'Up': 0.75}}
    """
    rows = len(actual)
    pairs = zip(classes, names, strict=True)
    counts = {name: int((actual == value).sum()) for value, name in pairs}
    shares = {name: count / rows if rows else None for name, count in counts.items()}
    return {"rows": rows, "counts": counts, "shares": shares}


def described(label: Label) -> str:
    """Return a label with its parameters; only its name if it is not a dataclass."""
    return repr(label) if is_dataclass(label) else type(label).__name__
