"""Entry of summary.json on the models' health over a run."""

from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.evaluation.drift.health import alarms_of
from bt_fusion.evaluation.drift.monitor import State
from bt_fusion.evaluation.drift.words import why_text

__all__ = ["health_summary"]

POINTS = 200  # of the curves


def health_summary(
    index: pd.DatetimeIndex, values: np.ndarray, model: np.ndarray, symbol: str = ""
) -> dict[str, Any]:
    """Summarise the health of the models behind some bars.

    Parameters
    ----------
    index : DatetimeIndex, shape (n_bars,)
    values : ndarray of float64, shape (n_bars, 6)
        See `Health.values`.
    model : ndarray of int64, shape (n_bars,)
        Numbers of the models, -1 for none.
    symbol : str

    Returns
    -------
    dict
        symbol, models (number that could be tested), alarms (a dict for each drifted model: model,
        time, part and why), the last known hit_rate, expected, evidence, psi and calibration (None
        where unknown), and over_time: time and these five, lists of at most 200 points, with the
        highest evidence of each stretch.
    """
    evaluated = np.isfinite(values[:, State._fields.index("drifted")])
    alarms = alarms_of(index, values, model)
    last = values[evaluated][-1] if evaluated.any() else np.full(len(State._fields), np.nan)
    names = [name for name in State._fields if name != "drifted"]
    return {
        "symbol": symbol,
        "models": len(np.unique(model[evaluated & (model >= 0)])),
        "alarms": [alarm_entry(alarm, values) for alarm in alarms],
        **{name: known(last[State._fields.index(name)]) for name in names},
        "over_time": curves(index[evaluated], values[evaluated], names),
    }


def alarm_entry(alarm: dict[str, Any], values: np.ndarray) -> dict[str, Any]:
    """Return an alarm with its explanation."""
    why = why_text(alarm["part"], State(*values[alarm["bar"]]))
    return {name: alarm[name] for name in ("model", "time", "part")} | {"why": why}


def curves(index: pd.DatetimeIndex, values: np.ndarray, names: list[str]) -> dict[str, list[Any]]:
    """Return the columns at the last bar of each of some stretches of equal length."""
    if not len(index):
        return {"time": [], **{name: [] for name in names}}
    ends = np.unique(np.linspace(0, len(index), min(POINTS, len(index)) + 1).astype(int))[1:]
    drawn = {name: values[ends - 1, State._fields.index(name)] for name in names}
    evidence = np.nan_to_num(values[:, State._fields.index("evidence")])
    drawn["evidence"] = np.maximum.reduceat(evidence, np.r_[0, ends[:-1]])
    times = list(index[ends - 1])
    return {"time": times, **{name: [known(each) for each in drawn[name]] for name in names}}


def known(value: float) -> float | None:
    """Return a number as a JSON value."""
    return float(value) if np.isfinite(value) else None
