"""P7: how time grows with the number of bars, and the memory of the most."""

from functools import partial

import numpy as np

from benchmarks.child import peak_bytes
from benchmarks.registry import Measured, Ratio
from benchmarks.timing import best_of, in_child, slope
from bt_fusion import SignalModel
from bt_fusion.data.samples import planted_edge

__all__ = ["measure"]

TRAINING = 4_000


def measure(
    least: int = 10_000, most: int = 1_000_000, steps: int = 5, repeats: int = 3
) -> Measured:
    """Measure features and predictions of ever more bars, each number in a fresh process.

    The model (three members, feature set `default`) is fitted on the first 4,000 bars outside the
    clock and predicts all bars, those too: left out, they would be two fifths of the fewest. The
    first of several goes tells the peak, the quickest the seconds. The exponent is the slope of
    log seconds over log bars. The peak is the whole process with its libraries, the bars and
    their making.
    """
    sizes = [int(size) for size in np.geomspace(least, most, steps).round()]
    found = [in_child(predict_bars, bars=size, repeats=repeats) for size in sizes]
    seconds = [result["seconds"] for result in found]
    peak = found[-1]["peak"] / 1e9
    parts = {f"{size:,}_bars_s": value for size, value in zip(sizes, seconds, strict=True)}
    return Measured(
        f"features and predictions of {least:,} to {most:,} bars",
        parts | {"us_a_bar": seconds[-1] / sizes[-1] * 1e6, "peak_mb": peak * 1e3},
        (
            Ratio("growth exponent", slope(sizes, seconds), most=1.05),
            Ratio(f"peak at {sizes[-1]:,}, GB", peak, most=1.5),
        ),
    )


def predict_bars(bars: int, repeats: int) -> dict[str, float]:
    """Predict so many bars and return the least seconds, and the peak bytes of the first go."""
    frame = planted_edge(bars)
    model = SignalModel().fit(frame[:TRAINING])
    model.predict(frame[:1_000], allow_in_sample=True)
    predict = partial(model.predict, frame, allow_in_sample=True)
    seconds = best_of(predict, 1)
    peak = peak_bytes()
    again = best_of(predict, repeats - 1) if repeats > 1 else seconds
    return {"seconds": min(seconds, again), "peak": peak}
