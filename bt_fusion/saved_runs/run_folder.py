"""Writing a backtest's files: each under a temporary name first, then renamed."""

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.backtest.out_of_sample import Unseen
from bt_fusion.engine.runner import Run
from bt_fusion.models.predictions import Predictions

__all__ = [
    "write_bars",
    "write_equity",
    "write_json",
    "write_predictions",
    "write_trades",
    "write_whole",
]


def write_whole(path: Path, write: Callable[[Path], Any]) -> None:
    """Let `write` fill a temporary file beside `path` and rename it when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        temporary.chmod(0o644)  # mkstemp makes files for the owner alone
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a dictionary, with null for what is undefined."""
    text = json.dumps(plain(content), indent=2, allow_nan=False)
    write_whole(path, lambda file: file.write_text(text + "\n", encoding="utf-8"))


def write_predictions(path: Path, predictions: dict[str, Predictions]) -> None:
    """Write one row a bar as Parquet, with a column `symbol` where there are several."""
    frame = stacked({symbol: own.to_frame() for symbol, own in predictions.items()})
    write_whole(path, lambda file: frame.to_parquet(file, index=False))


def stacked(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all symbols with a column `symbol` in second place; of one as they are."""
    if len(frames) == 1:
        return next(iter(frames.values()))
    for symbol, frame in frames.items():
        frame.insert(1, "symbol", symbol)
    return pd.concat(frames.values(), ignore_index=True)


def write_bars(path: Path, unseen: dict[str, Unseen], runs: dict[str, Run]) -> None:
    """Write the bars of the window as Parquet, with what was said and what came.

    Columns: datetime, symbol where there are several, open, high, low, close, volume, label (the
    class known afterwards, NaN unresolved), technical (ML-off's side), fused (ML-on's entry
    signal); NaN where unknown.
    """
    technical = [run.technical for run in runs.values() if run.technical is not None]
    fused = runs["on"].signal if "on" in runs else None
    frames = {}
    for symbol, part in unseen.items():
        frame = frames[symbol] = part.bars.rename_axis("datetime").reset_index()
        frame["label"] = part.labels.y
        frame["technical"] = line_of(technical[0] if technical else None, symbol)
        frame["fused"] = line_of(fused, symbol)
    table = stacked(frames)
    write_whole(path, lambda file: table.to_parquet(file, index=False))


def line_of(line: np.ndarray | pd.Series | None, symbol: str) -> np.ndarray | float:
    """Return a symbol's part of what a `Run` holds by bar, NaN where it holds nothing."""
    if line is None:
        return np.nan
    return line[symbol].to_numpy() if isinstance(line, pd.Series) else line


def write_equity(path: Path, runs: dict[str, Run]) -> None:
    """Write each run's account value at the close of each bar as Parquet: datetime, off, on."""
    frame = pd.DataFrame({name: run.equity for name, run in runs.items()})
    frame = frame.rename_axis("datetime").reset_index()
    write_whole(path, lambda file: frame.to_parquet(file, index=False))


def write_trades(path: Path, runs: dict[str, Run]) -> None:
    """Write one row a trade of every run as CSV."""
    tables = [run.trades.assign(run=name) for name, run in runs.items()]
    table = pd.concat([table for table in tables if len(table)] or tables[:1])
    columns = ["run", *(name for name in table.columns if name not in ("run", "share"))]
    write_whole(path, lambda file: table.to_csv(file, columns=columns, index=False))


def plain(value: Any) -> Any:
    """Turn values into what JSON knows: NaN into null, stamps into ISO text, classes into names.

    >>> plain({"a": np.float64("nan"), "b": np.int64(2), "c": pd.Timestamp("2024-01-01")})
    {'a': None, 'b': 2, 'c': '2024-01-01T00:00:00'}
    """
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, type):
        return f"{value.__module__}:{value.__qualname__}"
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
