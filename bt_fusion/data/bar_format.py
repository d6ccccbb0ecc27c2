"""The form of bars: their columns and index, and what is wrong with a frame."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from bt_fusion.errors import BarsError

__all__ = [
    "COLUMNS",
    "PRICES",
    "REMEDY",
    "check_order",
    "checked_index",
    "faults",
    "named_rows",
    "nanoseconds",
    "numbers",
]

COLUMNS = ("open", "high", "low", "close", "volume")
PRICES = COLUMNS[:4]
ROUNDING = 1e-6  # share of the price: adjusted prices of 32 bits overshoot by a tenth of it
SHOWN = 3  # rows named in an error
REMEDY = "mend the source, or repair it (--repair, or repair_bars) to drop such rows"
TIDY = "tidy_bars(bars) brings names, time column and time zone into form"


def checked_index(bars: pd.DataFrame) -> pd.DatetimeIndex:
    """Return the index of bars after checking the columns and the kind of index."""
    if not isinstance(bars, pd.DataFrame):
        raise BarsError(
            f"bars are a {type(bars).__name__}, not a DataFrame; read a file by read_bars"
        )
    missing = [name for name in COLUMNS if name not in bars.columns]
    if missing:
        has = ", ".join(map(str, bars.columns)) or "none"
        raise BarsError(
            f"bars lack the column(s) {', '.join(missing)}; they have {has}. Rename them "
            f"({TIDY}); where no volume is known, set it to 0"
        )
    for name in COLUMNS:
        if not isinstance(bars[name], pd.Series):
            raise BarsError(f"{bars[name].shape[1]} columns are called {name!r}; keep one")
        if bars[name].dtype.kind in "bcmM":
            raise BarsError(f"column {name} holds {bars[name].dtype}, not numbers; mend the source")
    index = bars.index
    if not isinstance(index, pd.DatetimeIndex):
        raise BarsError(
            f"bars have a {type(index).__name__}, not a DatetimeIndex; "
            f"set the time column as index ({TIDY})"
        )
    if index.tz is not None:
        raise BarsError(f"bars carry the time zone {index.tz}; turn them into naive UTC ({TIDY})")
    return index


def check_order(index: pd.DatetimeIndex) -> None:
    """Raise BarsError if stamps are not ascending or repeat."""
    if index.hasnans:
        return  # the rows without a time are named first
    steps = np.r_[1, np.diff(index.asi8)]
    for fault, rows, remedy in (
        ("bars out of order", steps < 0, "sort them"),
        ("duplicate time", steps == 0, "keep one"),
    ):
        if rows.any():
            raise BarsError(
                f"{fault} in {named_rows(index, rows)}; {remedy} (--repair, or repair_bars)"
            )


def numbers(bars: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the columns as float64, NaN where a value is not a number."""
    return {name: _float64(pd.to_numeric(bars[name], errors="coerce")) for name in COLUMNS}


def _float64(column: pd.Series) -> np.ndarray:
    if column.dtype == np.float64:  # without the copy that na_value would make
        return column.to_numpy()
    return column.to_numpy(np.float64, na_value=np.nan)


def faults(bars: pd.DataFrame, values: dict[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (what is wrong, boolean array of the rows) in reporting order."""
    yield "no time", np.asarray(bars.index.isna())
    for name in COLUMNS:
        unknown = np.isnan(values[name])
        text = unknown & bars[name].notna().to_numpy() if unknown.any() else unknown
        if text.any():
            example = bars[name].to_numpy()[text][0]
            yield f"no plain number such as 1234.5 in column {name} ({example!r})", text
        yield f"NaN in column {name}", unknown
        yield f"infinity in column {name}", np.isinf(values[name])
    for name in PRICES:
        yield f"price <= 0 in column {name}", values[name] <= 0
    yield "negative volume", values["volume"] < 0
    yield "high below low", values["high"] < values["low"]
    above, below = values["high"] * (1 + ROUNDING), values["low"] * (1 - ROUNDING)
    for name in ("open", "close"):
        outside = (values[name] > above) | (values[name] < below)
        yield f"{name} outside low..high", outside


def nanoseconds(index: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return the index in nanoseconds; BarsError for years outside their range."""
    try:
        return index.as_unit("ns")
    except pd.errors.OutOfBoundsDatetime as error:
        raise BarsError(f"{error}; stamps must lie in the years 1678..2261") from error


def named_rows(index: pd.Index, rows: np.ndarray) -> str:
    """Name the first few faulty rows (a mask, or positions): position from 0, stamp."""
    positions = np.flatnonzero(rows) if rows.dtype == bool else rows
    shown = ", ".join(f"{p} ({index[p]})" for p in positions[:SHOWN])
    more = f" and {len(positions) - SHOWN} more" if len(positions) > SHOWN else ""
    return f"row {shown}{more}"
