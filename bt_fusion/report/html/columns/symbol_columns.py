"""The columns of a symbol's bars in report.html, one by one or in groups."""

from base64 import b64encode
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.report.html.columns.thinned import GroupedBars
from bt_fusion.report.model_figures import one_sided
from bt_fusion.report.signal_view import SignalView
from bt_fusion.report.signals import SignalBars
from bt_fusion.saved_runs.saved_run import SavedRun
from bt_fusion.technical.regimes import Regime

__all__ = ["bar_columns", "grouped_columns", "milliseconds", "own_rows", "symbol_table", "typed"]

PRICES = ("open", "high", "low", "close")
LARGEST = np.finfo(np.float32).max


def own_rows(view: SignalView, index: pd.DatetimeIndex) -> slice:
    """Return a symbol's bars in the view; its last bars if the view has none of them."""
    if view.until is not None and index[0] > view.until:
        return SignalView(view.bars).rows(index)
    return view.rows(index)


def symbol_table(run: SavedRun, symbol: str, signals: SignalBars) -> pd.DataFrame:
    """Return a row for each bar of a symbol.

    Without `down` where it says nothing of its own, and `least` where the threshold stays the same.
    """
    bars = run.of_symbol(run.bars, symbol)
    predicted = run.of_symbol(run.predictions, symbol).set_index("datetime").reindex(bars.datetime)
    three = len(run.summary["model"]["classes"]) == 3 and not one_sided(run.predictions)
    columns = {
        "time": milliseconds(bars.datetime),
        **{name: bars[name].to_numpy() for name in PRICES},
        "up": predicted.probability_up.to_numpy(),
        "confidence": predicted.confidence.to_numpy(),
        "signal": signals.table.signal.to_numpy(),
        "regime": signals.table.regime.to_numpy(),
    }
    if three:
        columns["down"] = predicted.probability_down.to_numpy()
    if signals.changing:
        columns["least"] = signals.table.least.to_numpy()
    return pd.DataFrame(columns)


def bar_columns(table: pd.DataFrame) -> dict[str, Any]:
    """Return the columns of bars one by one."""
    return {
        "down": None,
        "least": None,
        "size": 1,
        **{name: typed_column(table, name) for name in map(str, table)},
    }


def typed_column(table: pd.DataFrame, name: str) -> dict[str, str]:
    """Return a column of bars in its type."""
    dtypes = {"time": "float64", "signal": "int8", "regime": "int8"}
    return typed(table[name], dtypes.get(name, "float32"))


def grouped_columns(table: pd.DataFrame, symbols: int) -> dict[str, Any]:
    """Return the columns of grouped bars: for probabilities the mean, minimum and maximum."""
    groups = GroupedBars(len(table), symbols)
    made = {
        "down": None,
        "least": None,
        "size": groups.size,
        "time": typed(groups.first(table.time), "float64"),
        "open": typed(groups.first(table.open)),
        "high": typed(groups.high(table.high)),
        "low": typed(groups.low(table.low)),
        "close": typed(groups.last(table.close)),
        "confidence": typed(groups.high(table.confidence)),
        "longs": typed(groups.sum(table.signal > 0), "uint16"),
        "shorts": typed(groups.sum(table.signal < 0), "uint16"),
        "regime": typed(groups.commonest(table.regime, len(Regime)), "int8"),
    }
    for name in ("up", "down", "least"):
        if name in table:
            made[name] = typed(groups.mean(table[name]))
            made |= {f"{name}_low": typed(groups.low(table[name]))}
            made |= {f"{name}_high": typed(groups.high(table[name]))}
    return made


def typed(values: Any, dtype: str = "float32") -> dict[str, str]:
    """Return values as little-endian bytes in base64, with their type.

    >>> typed([1, -1], "int8")
    {'dtype': 'int8', 'data': 'Af8='}

    Numbers too large for four bytes take eight.

    >>> typed([1e40])["dtype"]
    'float64'
    """
    given = np.asarray(values)
    if given.dtype == object:  # a column of a table read without rows
        given = given.astype(float)
    if dtype == "float32" and (np.abs(given[np.isfinite(given)]) > LARGEST).any():
        dtype = "float64"
    array = given.astype(np.dtype(dtype).newbyteorder("<"))
    return {"dtype": dtype, "data": b64encode(array.tobytes()).decode("ascii")}


def milliseconds(times: Any) -> np.ndarray:
    """Return timestamps as JavaScript milliseconds since 1970, NaN for NaT.

    >>> milliseconds(np.array(["1970-01-01T00:00:01", "NaT"], "datetime64[ns]"))
    array([1000.,   nan])
    """
    stamps = np.asarray(times).astype("datetime64[us]")
    counted = stamps.astype(np.int64) / 1_000
    return np.where(np.isnat(stamps), np.nan, counted)
