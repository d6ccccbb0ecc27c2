"""Evaluation of a fitted model on bars it was not trained on."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.data.timestamps import iso_time
from bt_fusion.described import Described, when
from bt_fusion.errors import InSampleError
from bt_fusion.evaluation.classification import class_report, confusion, figures_of
from bt_fusion.evaluation.cross_validation import cross_validate
from bt_fusion.evaluation.grade import Grade, grade_of
from bt_fusion.evaluation.label_report import LabelReport, label_report, trained_rows
from bt_fusion.evaluation.permutation import permutation_importances, shap_importances
from bt_fusion.evaluation.reliability import reliability_table
from bt_fusion.evaluation.signal_quality import (
    labelled_signals,
    quality_by_confidence,
    signal_quality,
)
from bt_fusion.models.agreement import AUTO, DEFAULT_THRESHOLD
from bt_fusion.models.fused_signals import fused_signals, signal_counts
from bt_fusion.models.predictions import Predictions
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.splits import LabelledRows, purged_folds, time_series_folds
from bt_fusion.progress import step

__all__ = ["Evaluation", "evaluate"]

PURGED, IN_TIME = 5, 10  # folds


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation(Described):
    """Quality of a model's predictions, before any trade.

    Attributes
    ----------
    rows : int
        Number of out-of-sample bars with a known label, the basis of the figures.
    start, end : Timestamp
        First and last of these bars.
    trained_until : Timestamp
    classes : tuple of int
    labels : LabelReport
        Report on the labels, with class names.
    figures : dict
        See `figures_of`.
    grade : Grade
    report : dict
        See `class_report`.
    confusion : list of list of int
        A row for each actual class, a column for each predicted one.
    calibration : list of dict
        See `reliability_table`, of class 1.
    voting : str
        "soft" or "majority": the meaning of `Predictions.confidence`.
    high_confidence : float
        Lowest confidence of the signals called high in `quality`.
    quality : list of dict
        See `signal_quality`.
    by_confidence : list of dict
        See `quality_by_confidence`.
    fused : dict, or None
        Only for up and down: number of bars with a prediction, and of their fused signals "-1", "0"
        and "1" (see `fused_signals`, with its defaults).
    importances : list of dict, or None
        feature, importance and spread (log loss by permutation), largest first; with SHAP also
        shap, the members' shares by name.
    cross_validation : dict, or None
        "purged" and "time_series", see `cross_validate`; refits of the model over all bars.
    """

    rows: int
    start: pd.Timestamp
    end: pd.Timestamp
    trained_until: pd.Timestamp
    classes: tuple[int, ...]
    labels: LabelReport
    figures: dict[str, float | None]
    grade: Grade
    report: dict[str, dict[str, float]]
    confusion: list[list[int]]
    calibration: list[dict[Hashable, Any]]
    voting: str
    high_confidence: float
    quality: list[dict[str, Any]]
    by_confidence: list[dict[str, Any]]
    fused: dict[str, Any] | None
    importances: list[dict[str, Any]] | None
    cross_validation: dict[str, Any] | None

    @property
    def class_names(self) -> tuple[str, ...]:
        """Class names; scores, calibration and grade refer to the last one."""
        return self.labels.classes

    def description(self) -> tuple[str, Mapping[str, str]]:
        """Return the title and lines of its printed form: grade and figures."""
        about = {
            "grade": f"{self.grade.letter or 'none'} of the AUC of {self.class_names[-1]}",
            "trained until": when(self.trained_until),
        }
        figures = {name: "-" if v is None else f"{v:.3f}" for name, v in self.figures.items()}
        title = f"Evaluation on {self.rows:,} unseen rows, {when(self.start)} to {when(self.end)}"
        return title, about | figures

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON types: timestamps as ISO text, null if undefined."""
        stamps = {
            name: getattr(self, name).isoformat() for name in ("start", "end", "trained_until")
        }
        return asdict(self) | stamps | {"classes": [int(value) for value in self.classes]}


def evaluate(
    model: SignalModel,
    bars: pd.DataFrame,
    *,
    fromdate: Any = None,
    importance: bool = False,
    cross_validation: bool = False,
    high_confidence: float = 0.60,
    seed: int = 0,
    on_step: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Score a fitted model on the bars after those it was trained on.

    Parameters
    ----------
    model : SignalModel
        Fitted.
    bars : DataFrame
        Training bars only warm up the features and take part in cross-validation.
    fromdate : str or Timestamp, optional
        Earlier bars only warm up the features.
    importance : bool
        Whether to shuffle each feature, and to compute SHAP values if it is installed.
    cross_validation : bool
        Whether to refit copies of the model, 5 purged folds and 10 in time order.
    high_confidence, seed
        See `signal_quality` and `permutation_importances`.
    on_step : callable, optional
        Called with (folds done, total folds).

    Raises
    ------
    InSampleError
        If no labelled bar comes after the training bars.

    Examples
    --------
    >>> from bt_fusion.data.samples import planted_edge
    >>> bars = planted_edge(1_500, auc=0.8)
    >>> model = SignalModel(["wick_balance", "return_1"]).fit(bars[:1_000])
    >>> evaluate(model, bars).figures["auc"] > 0.7
    True
    """
    data = LabelledRows.of(model, bars)
    with step("Folds" if cross_validation else "Judging the model", report=on_step) as report:
        dated, predictions = data, model.predict_arrays(data.arrays)
        if fromdate is not None:
            before, time = just_before(fromdate), data.arrays.time
            dated, predictions = data.since(before), predictions[time > before].at(time)
        out_of_sample = out_of_sample_rows(model, dated)
        return Evaluation(
            **_scores(out_of_sample, predictions),
            **_signals(out_of_sample, predictions, high_confidence),
            labels=label_report(model, data, trained_rows(model, data), out_of_sample.rows),
            fused=_fused(data, predictions),
            trained_until=pd.Timestamp(model.trained_until_),
            importances=_importances(model, out_of_sample, seed) if importance else None,
            cross_validation=_cross_validation(model, dated, report) if cross_validation else None,
        )


def just_before(date: Any) -> np.datetime64:
    """Return the last moment before a date."""
    return np.datetime64(iso_time("fromdate", date), "ns") - np.timedelta64(1, "ns")


def out_of_sample_rows(model: SignalModel, data: LabelledRows) -> LabelledRows:
    """Return the rows after those the model was trained on.

    Raises
    ------
    InSampleError
        If there is none.
    """
    out_of_sample = data.since(model.trained_until_)
    if not len(out_of_sample.rows):
        raise InSampleError(
            f"no labelled bar after {pd.Timestamp(model.trained_until_)}, the end of the model's "
            f"training; the bars end at {pd.Timestamp(data.arrays.time[-1])} and labels look "
            f"{data.horizon} bars ahead: give later bars"
        )
    return out_of_sample


def _scores(data: LabelledRows, predictions: Predictions) -> dict[str, Any]:
    """Return all figures of the rows' actual classes and probabilities."""
    rows, classes = data.rows, data.classes
    actual, proba = data.labels.y[rows], predictions.proba[rows]
    predicted, figures = (
        np.asarray(classes)[proba.argmax(axis=1)],
        figures_of(actual, proba, classes),
    )
    calibration = reliability_table(actual == 1, proba[:, classes.index(1)])
    return {
        "rows": len(rows),
        "start": pd.Timestamp(data.arrays.time[rows[0]]),
        "end": pd.Timestamp(data.arrays.time[rows[-1]]),
        "classes": classes,
        "figures": figures,
        "grade": grade_of(figures["auc"], len(rows), int((actual == 1).sum()), data.horizon),
        "report": class_report(actual, predicted, classes, predictions.class_names),
        "confusion": confusion(actual, predicted, classes),
        "calibration": calibration.reset_index().to_dict("records"),
    }


def _signals(
    data: LabelledRows, predictions: Predictions, high_confidence: float
) -> dict[str, Any]:
    signals = labelled_signals(predictions, data.labels, data.arrays, data.horizon)
    return {
        "voting": predictions.voting,
        "high_confidence": high_confidence,
        "quality": signal_quality(signals, high_confidence),
        "by_confidence": quality_by_confidence(signals),
    }


def _fused(data: LabelledRows, predictions: Predictions) -> dict[str, Any] | None:
    """Count the fused signals of the bars with a prediction."""
    if len(predictions.classes) != 2 or not predictions.two_sided:
        return None
    if DEFAULT_THRESHOLD == AUTO and predictions.payoff is None:  # saved by an older version
        return None
    signal = fused_signals(data.arrays, predictions).signal[predictions.known]
    return {"bars": len(signal), "counts": signal_counts(signal)}


def _importances(
    model: SignalModel, out_of_sample: LabelledRows, seed: int
) -> list[dict[str, Any]]:
    ensemble, names = model.ensemble_, model.feature_set_.names
    shuffled = permutation_importances(ensemble, out_of_sample, seed=seed)
    table: list[dict[str, Any]] = [
        {"feature": name, "importance": mean, "spread": spread}
        for name, (mean, spread) in zip(names, shuffled, strict=True)
    ]
    if find_spec("shap") is not None:
        shares = shap_importances(ensemble, out_of_sample)
        for number, line in enumerate(table):
            line["shap"] = {member: share[number] for member, share in shares.items()}
    return sorted(table, key=lambda line: -line["importance"])


def _cross_validation(
    model: SignalModel, data: LabelledRows, on_step: Callable[[int, int], None]
) -> dict[str, Any]:
    done = iter(range(1, PURGED + IN_TIME + 1))

    def on_fold() -> None:
        on_step(next(done), PURGED + IN_TIME)

    ensemble = model.new_ensemble()
    kinds = {"purged": purged_folds(data, PURGED), "time_series": time_series_folds(data, IN_TIME)}
    return {kind: cross_validate(ensemble, data, splits, on_fold) for kind, splits in kinds.items()}
