"""Writing a backtest's files: each under a temporary name first, then renamed."""

from pathlib import Path

import numpy as np
import pandas as pd

from bt_fusion.backtest.out_of_sample import OutOfSample
from bt_fusion.engine.runner import Run
from bt_fusion.files import write_whole
from bt_fusion.models.predictions import Predictions

__all__ = ["write_bars", "write_equity", "write_predictions", "write_trades"]


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


def write_bars(path: Path, out_of_sample: dict[str, OutOfSample], runs: dict[str, Run]) -> None:
    """Write the bars of the window as Parquet, with what was said and what came.

    Columns: datetime, symbol where there are several, open, high, low, close, volume, label (the
    class known afterwards, NaN unresolved), technical (ML-off's side), fused (ML-on's entry
    signal); NaN where unknown.
    """
    technical = [run.technical for run in runs.values() if run.technical is not None]
    fused = runs["on"].signal if "on" in runs else None
    frames = {}
    for symbol, part in out_of_sample.items():
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
