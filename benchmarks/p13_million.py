"""P13: a backtest over 1,000,000 bars: its memory, and the size of its report."""

import tempfile
import time
from pathlib import Path

from benchmarks.child import peak_bytes
from benchmarks.registry import Measured, Ratio
from benchmarks.timing import in_child
from bt_fusion import Backtest, Ensemble, SignalModel, WalkForward, redraw
from bt_fusion.data.samples import planted_edge

__all__ = ["measure"]


def measure(bars: int = 1_000_000) -> Measured:
    """Measure ML off and on with one member, LightGBM, over one-minute bars with an edge.

    The run and its drawing have a process each: the first makes the bars and writes the folder,
    the second reads it again. The peaks are those of the whole processes.

    Parameters
    ----------
    bars : int
    """
    with tempfile.TemporaryDirectory() as folder:
        made = in_child(run_backtest, bars=bars, out=folder)
        drawn = in_child(draw_report, out=folder)
        size = Path(folder, "report.html").stat().st_size
    parts = {f"run_{name}": value for name, value in made.items()}
    parts |= {f"report_{name}": value for name, value in drawn.items()}
    return Measured(
        f"ML off and on over {bars:,} bars, one member",
        parts | {"report_html_mb": size / 1e6},
        (
            Ratio("peak of the run, GB", made["peak_mb"] / 1e3, most=3.0),
            Ratio("report.html, MB", size / 1e6, most=15.0),
            Ratio("peak of drawing, GB", drawn["peak_mb"] / 1e3, most=3.0),
        ),
    )


def run_backtest(bars: int, out: str) -> dict[str, float]:
    """Make the bars, trade them and write the folder; return seconds and megabytes."""
    start = time.perf_counter()
    walk = WalkForward(SignalModel(ensemble=Ensemble(["lgb"])), cache=None)
    Backtest(walk).run(planted_edge(bars), "edge").write(out)
    return {"s": time.perf_counter() - start, "peak_mb": peak_bytes() / 1e6}


def draw_report(out: str) -> dict[str, float]:
    """Draw report.html and comparison.png; return seconds and megabytes."""
    start = time.perf_counter()
    redraw(out)
    return {"s": time.perf_counter() - start, "peak_mb": peak_bytes() / 1e6}
