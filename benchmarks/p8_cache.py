"""P8: the whole job again, its refits cached; and a sweep, which pays for ML once."""

import json
import sys
import tempfile
from pathlib import Path

import pandas as pd

from benchmarks.registry import Measured, Ratio
from benchmarks.timing import ROOT, process_seconds
from bt_fusion.data.samples import planted_edge

__all__ = ["hourly", "measure", "write_hourly"]

SWEEP = "import sys; from bt_fusion.cli.main import main; main(sys.argv[1:])"


def measure(bars: int = 55_597, data: str | None = None, variants: int = 20) -> Measured:
    """Measure the command line as whole processes, with files and picture.

    Parameters
    ----------
    bars : int
        Length of the synthetic hourly series; the default is that of six years of one market.
    data : str, optional
        A file of bars to use instead.
    variants : int
        Of the sweep, an even number: two EMA lengths times half as many thresholds.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        path = Path(data) if data else write_hourly(place / "hourly.csv", bars)
        once = [sys.executable, str(ROOT / "run_backtest.py"), *_options(place, "once", path)]
        first = process_seconds(once)
        single = json.loads((place / "once" / "summary.json").read_text())
        again = process_seconds(once)
        thresholds = f"ml_threshold=0.5:{0.5 + 0.005 * (variants // 2 - 1):.3f}:0.005"
        sweep = [sys.executable, "-c", SWEEP, "sweep", *_options(place, "sweep", path)]
        swept_s = process_seconds([*sweep, "--param", thresholds, "--param", "ema_fast=8,12"])
        swept = json.loads((place / "sweep" / "sweep.json").read_text())
    refits = swept["model"]["refits"] - swept["model"]["cached"]
    name = Path(data).name if data else f"{bars:,} hourly bars"
    return Measured(
        f"run_backtest.py over {name}, second run against first; ML of a sweep of "
        f"{swept['variants']} variants against ML of that first run, both without a cache",
        {
            "first_s": first,
            "again_s": again,
            "sweep_s": swept_s,
            "first_ml_s": single["timing"]["predict_s"],
            "sweep_ml_s": swept["timing"]["predict_s"],
            "variants": swept["variants"],
            "runs": swept["runs"]["made"],
            "refits": refits,
            "bytes_a_run": round(swept["runs"]["bytes_each"]),
        },
        (
            Ratio("time", again / first, most=0.25),
            Ratio("refits of the sweep", refits / single["model"]["refits"], most=1.0),
            Ratio(
                "ML time of the sweep",
                swept["timing"]["predict_s"] / single["timing"]["predict_s"],
                most=1.2,
            ),
        ),
    )


def _options(place: Path, name: str, data: Path) -> list[str]:
    """Return options with a cache and a folder of their own."""
    own = {"--data": data, "--cache": place / f"{name}-cache", "--out": place / name}
    return ["--quiet", *(str(part) for pair in own.items() for part in pair)]


def write_hourly(path: Path, bars: int) -> Path:
    hourly(bars).to_csv(path)
    return path


def hourly(bars: int) -> pd.DataFrame:
    """Return a planted edge with the stamps of hours."""
    stamps = pd.date_range("2019-01-01", periods=bars, freq="h", name="datetime")
    return planted_edge(bars).set_axis(stamps)
