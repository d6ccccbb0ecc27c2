"""DriftReport: a model's health since a date, and why there was an alarm or not."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.errors import BarsError
from bt_fusion.evaluation.drift.health import Health, model_health
from bt_fusion.evaluation.drift.levels import ALPHA
from bt_fusion.evaluation.drift.monitor import Monitor, State
from bt_fusion.evaluation.drift.outcome_tests import bets_to_find
from bt_fusion.evaluation.drift.summary import health_summary, known
from bt_fusion.evaluation.drift.words import BEFORE_DRIFT, alarm_text
from bt_fusion.evaluation.reliability import reliability_table
from bt_fusion.labels import labels_of
from bt_fusion.models.predictions import Predictions
from bt_fusion.models.signal_model import SignalModel

__all__ = ["DriftReport", "drift_report"]


@dataclass(frozen=True, eq=False)
class DriftReport:
    """Report on a model's health since a date.

    Attributes
    ----------
    since : Timestamp
        First bar that counts.
    bars, bets : int
        Number of bars with a prediction, and of predictions with non-overlapping labels.
    alarm : dict or None
        time, part, bars (until the alarm, including the first) and why.
    hit_rate, expected : float or None
        Of the last 100 counted predictions; see `State`.
    evidence : dict of str to float
        Of each part of the test, as a share of its alarm level.
    features : list of dict
        feature, psi (over the last full window) and usual (the level that 1 in 20 training windows
        exceeds), largest first.
    window : int
        Bars per feature window.
    calibration : list of dict
        low, predicted, expected (from out-of-sample training rows), observed and rows of each bin
        of P(class 1).
    promise : str
        What the test could detect and what it could not.
    summary : dict
        See `health_summary`.
    """

    since: pd.Timestamp
    bars: int
    bets: int
    alarm: dict[str, Any] | None
    hit_rate: float | None
    expected: float | None
    evidence: dict[str, float]
    features: list[dict[str, Any]]
    window: int
    calibration: list[dict[str, Any]]
    promise: str
    summary: dict[str, Any]

    @property
    def line(self) -> str:
        """The result in a sentence."""
        if self.alarm is not None:
            return f"{self.alarm['text']} (after {self.alarm['bars']:,} bars)"
        if not self.evidence:
            return self.promise
        return f"no evidence of drift in {self.bars:,} bars; {self.promise}"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON types."""
        names = ("bars", "bets", "alarm", "hit_rate", "expected", "evidence", "window")
        tables = {name: getattr(self, name) for name in ("features", "calibration", "promise")}
        head = {name: getattr(self, name) for name in names}
        curves = self.summary["over_time"]
        return {"since": self.since, **head, **tables, "level": ALPHA, "over_time": curves}


def drift_report(model: SignalModel, bars: pd.DataFrame, since: Any) -> DriftReport:
    """Report a fitted model's health on the bars since a date.

    Parameters
    ----------
    model : SignalModel
        Fitted.
    bars : DataFrame
        Including earlier bars, which warm up the features.
    since : date
        Training bars never count.

    Raises
    ------
    BarsError
        If there is no prediction since then.
    """
    predictions = model.predict(bars)
    health = model_health(model, bars, predictions, since=since)
    evaluated = np.flatnonzero(health.model >= 0)
    if not len(evaluated):
        until = pd.Timestamp(model.trained_until_)
        raise BarsError(
            f"no predicted bar since {since}: the model was trained until {until}, the bars end at "
            f"{bars.index[-1]}; give later bars or an earlier date"
        )
    monitor, first = health.monitors[0], int(evaluated[0])
    rows = predictions.known & (np.arange(len(predictions)) >= first)
    state = State(*health.values[-1])
    return DriftReport(
        since=bars.index[first],
        bars=int(rows.sum()),
        bets=monitor.bets,
        alarm=first_alarm(health, first),
        hit_rate=known(state.hit_rate),
        expected=known(state.expected),
        evidence={part.words: value for part, value in monitor.parts.items()},
        features=feature_lines(monitor),
        window=monitor.window,
        calibration=calibration_lines(model, bars, predictions, rows, monitor),
        promise=promise(model, monitor),
        summary=health_summary(health.index, health.values, health.model),
    )


def first_alarm(health: Health, first: int) -> dict[str, Any] | None:
    """Return the alarm with its explanation, or None."""
    for alarm in health.alarms():
        state = State(*health.values[alarm["bar"]])
        place = {"time": alarm["time"], "part": alarm["part"], "bars": alarm["bar"] - first + 1}
        return {**place, "text": alarm_text(alarm, state)}
    return None


def feature_lines(monitor: Monitor) -> list[dict[str, Any]]:
    """Return each feature's PSI over the last window, largest first."""
    if monitor.features is None or monitor.worst is None:
        return []
    lines = [
        {"feature": name, "psi": float(psi), "usual": known(usual)}
        for name, psi, usual in zip(
            monitor.features.names, monitor.worst, monitor.features.usual, strict=True
        )
    ]
    return sorted(lines, key=lambda line: -line["psi"])


def calibration_lines(
    model: SignalModel,
    bars: pd.DataFrame,
    predictions: Predictions,
    rows: np.ndarray,
    monitor: Monitor,
) -> list[dict[str, Any]]:
    """Return predicted, expected and observed shares of class 1 by bins of probability."""
    y = labels_of(model.label(), bars).y
    labelled = rows & np.isfinite(y)
    if not labelled.any():
        return []
    line = None if monitor.outcomes is None else monitor.outcomes.lines[0]
    table = reliability_table(y[labelled] == 1, predictions.probability_up[labelled])
    return [
        {
            "low": float(each["low"]),
            "predicted": float(each["mean_predicted"]),
            "expected": None if line is None else line.expected(float(each["mean_predicted"])),
            "observed": float(each["observed"]),
            "rows": int(each["count"]),
        }
        for each in table.reset_index().to_dict("records")
    ]


def promise(model: SignalModel, monitor: Monitor) -> str:
    """Return how large a loss the test can detect, and what it cannot test."""
    if getattr(model, "reference_", None) is None:
        return BEFORE_DRIFT
    if monitor.outcomes is None:
        return (
            "the model has no results on unseen rows (too few training rows, or hold_out=False): "
            "hit rate and calibration cannot be judged; train on more bars"
        )
    line, hits = monitor.outcomes.lines[0], monitor.outcomes.hit_rate
    bets = bets_to_find(line, monitor.bets)
    if not math.isfinite(bets):
        return "its training found no edge on unseen rows, so none can be lost"
    after = round(bets * model.label().horizon, -2)
    return (
        f"a loss of its whole edge (hit rate {100 * hits:.1f} % on unseen training rows) would be "
        f"found within about {after:,.0f} bars in 95 % of cases"
    )
