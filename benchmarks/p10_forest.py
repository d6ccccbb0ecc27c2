"""P10: the whole job from nothing, against the same with scikit-learn's forest as `rf`."""

import json
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from benchmarks.p8_cache import write_hourly
from benchmarks.registry import Measured, Ratio
from benchmarks.timing import in_child
from bt_fusion.cli.main import run_backtest
from bt_fusion.ensemble.members.registry import MEMBERS, SKLEARN_FOREST

__all__ = ["measure"]


def measure(bars: int = 55_597, data: str | None = None) -> Measured:
    """Measure the command line with an empty cache, refits on one core, a process each.

    Both processes start alike; one puts scikit-learn's forest in the place of `rf` before it
    does the job.

    Parameters
    ----------
    bars : int
        Length of the synthetic hourly series; the default is that of six years of one market.
    data : str, optional
        A file of bars to use instead.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        path = Path(data) if data else write_hourly(place / "hourly.csv", bars)
        ours = job_seconds(path, place / "ours", sklearn=False)
        theirs = job_seconds(path, place / "theirs", sklearn=True)
    name = Path(data).name if data else f"{bars:,} hourly bars"
    return Measured(
        f"run_backtest.py over {name}, no cache, one job: the default rf against scikit-learn's "
        "forest",
        {f"rf_{part}_s": value for part, value in ours.items()}
        | {f"sklearn_{part}_s": value for part, value in theirs.items()},
        (
            Ratio("time", ours["clock"] / theirs["clock"], most=0.40),
            Ratio("processor time", ours["processor"] / theirs["processor"], most=0.40),
            Ratio("ML time", ours["ml"] / theirs["ml"]),
        ),
    )


def job_seconds(data: Path, place: Path, *, sklearn: bool) -> dict[str, float]:
    """Return the seconds of the whole job in a process of its own, by what they are of."""
    start = time.perf_counter()
    found = in_child(do_job, data=str(data), place=str(place), sklearn=sklearn)
    return {"clock": time.perf_counter() - start, **found}


def do_job(data: str, place: str, sklearn: bool) -> dict[str, float]:
    """Do the job with or without scikit-learn's forest.

    Returns
    -------
    dict
        Seconds of this process's processor, which other load leaves alone, and of the
        predictions by the clock.
    """
    if sklearn:
        MEMBERS["rf"] = SKLEARN_FOREST
    folders = ["--cache", f"{place}/cache", "--out", f"{place}/out"]
    with suppress(SystemExit):  # where it fails, there is no summary
        run_backtest(["--quiet", "--jobs", "1", "--data", data, *folders])
    summary = json.loads(Path(place, "out", "summary.json").read_text())
    return {"processor": time.process_time(), "ml": summary["timing"]["predict_s"]}
