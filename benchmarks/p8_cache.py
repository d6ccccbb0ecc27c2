"""P8: the whole job again, its refits cached."""

import sys
import tempfile
from pathlib import Path

import pandas as pd

from benchmarks.registry import Measured, Ratio
from benchmarks.timing import ROOT, process_seconds
from bt_fusion.samples import planted_edge

__all__ = ["measure"]


def measure(bars: int = 55_597, data: str | None = None) -> Measured:
    """Measure the command line twice as whole processes, with files and picture.

    Parameters
    ----------
    bars : int
        Length of the synthetic hourly series; the default is that of six years of one market.
    data : str, optional
        A file of bars to use instead.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        path = Path(data) if data else _write_hourly(place / "hourly.csv", bars)
        command = [sys.executable, str(ROOT / "run_backtest.py"), "--data", str(path), "--quiet"]
        command += ["--cache", str(place / "cache"), "--out", str(place / "out")]
        first = process_seconds(command)
        again = process_seconds(command)
    name = Path(data).name if data else f"{bars:,} hourly bars"
    return Measured(
        f"run_backtest.py over {name}, the second time",
        {"first_s": first, "again_s": again},
        (Ratio("time", again / first, most=0.25),),
        "the sweep's half of P8 waits for the sweep",
    )


def _write_hourly(path: Path, bars: int) -> Path:
    frame = planted_edge(bars)
    frame.index = pd.date_range("2019-01-01", periods=bars, freq="h", name="datetime")
    frame.to_csv(path)
    return path
