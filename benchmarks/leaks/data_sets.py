"""The sets of bars that every case is tried on."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from bt_fusion.data.readers import read_bars
from bt_fusion.data.samples import load_sample, random_walk

__all__ = ["BARS", "data_sets"]

BARS = 1_500  # of a set
STEP = 700  # bars by which each seed begins later


def data_sets(
    file: Path | None = None, seeds: int = 3, bars: int = BARS
) -> Iterator[tuple[str, int, pd.DataFrame]]:
    """Yield name, seed and bars: days of the S&P 500, a walk of quarter hours, a file's last bars.

    Without a file days of the NASDAQ stand in its place. Each seed begins at another bar.
    """
    third = read_bars(file) if file else load_sample("nasdaq")
    name = file.stem if file else "nasdaq"
    for seed in range(seeds):
        yield "sp500", seed, part(load_sample("sp500"), seed, bars)
        walk = random_walk(bars, seed)
        stamps = pd.date_range("2024-01-01", periods=bars, freq="15min", name=walk.index.name)
        yield "walk", seed, walk.set_axis(stamps)
        yield name, seed, part(third, seed, bars)


def part(frame: pd.DataFrame, seed: int, bars: int) -> pd.DataFrame:
    """Return some bars of a frame, later ones for a higher seed."""
    first = min(seed * STEP, max(0, len(frame) - bars))
    return frame.iloc[first : first + bars]
