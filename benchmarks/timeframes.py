"""``python -m benchmarks.timeframes``: features of longer timeframes and other markets.

Random layouts of stamps: offsets, gaps, weekends, sessions that move with daylight saving, single
stamps too close together. Of each: do values change when bars that are not closed yet do, are they
those of the last closed bar, and are they the same bar by bar?
"""

import argparse

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bt_fusion.data.bars import BarArrays
from bt_fusion.data.timestamps import length_seconds
from bt_fusion.features import FeatureSet

__all__ = ["Layout", "differing_bars", "stale_values", "unclosed_values"]

FEATURES = ("return_1", "gap", "rsi_14", "atr_14", "volatility_20", "volume_ratio_20")
LENGTHS = {"5m": ("15m", "1h", "4h"), "15m": ("1h", "4h"), "1h": ("4h", "12h", "1d"), "1d": ("1w",)}
COUNT = 1_500
PLACES = 8


class Layout:
    """Bars, and perhaps another market, at random stamps.

    Parameters
    ----------
    seed : int
    """

    def __init__(self, seed: int):
        rng = np.random.default_rng(seed)
        self.length = str(rng.choice(list(LENGTHS)))
        known = LENGTHS[self.length]
        self.timeframes = tuple(rng.permutation(known)[: rng.integers(1, len(known) + 1)].tolist())
        self.bars = random_bars(stamps(self.length, rng), rng)
        self.others = {}
        if rng.random() < 0.6:
            length = str(rng.choice([self.length, *known[:-1]]))
            self.others["ETH"] = random_bars(stamps(length, rng), rng)
        names = [*FEATURES, *(f"{name}@{known[-1]}:ETH" for name in FEATURES if self.others)]
        self.features = FeatureSet(names, self.timeframes, self.others)
        self.rng = rng

    @property
    def matrix(self) -> np.ndarray:
        """The features of every bar."""
        return self.features.transform(self.bars)

    def closes(self, bars: pd.DataFrame) -> np.ndarray:
        """Return when bars close: as long after their stamps as these are usually apart."""
        return (bars.index + pd.Series(bars.index).diff().mode().min()).to_numpy()


def stamps(length: str, rng: np.random.Generator) -> pd.DatetimeIndex:
    """Return stamps of bars of a length: whole, with gaps, by sessions, or out of step."""
    step = pd.Timedelta(seconds=length_seconds(length))
    start = pd.Timestamp("2023-01-01") + rng.integers(0, 400) * pd.Timedelta("1h")
    index = pd.date_range(start, periods=2 * COUNT, freq=step)
    if rng.random() < 0.3 and length != "1d":  # not on the clock
        index += rng.integers(1, 60) * pd.Timedelta("1min")
    if rng.random() < 0.4:  # no weekends
        index = index[index.day_of_week < 5]
    if rng.random() < 0.4 and length[-1] == "m":  # a session that follows daylight saving
        local = index.tz_localize("UTC").tz_convert("America/New_York")
        minute = local.hour * 60 + local.minute
        index = index[(minute >= 570) & (minute < 960)]
    index = index[:COUNT]
    kept = rng.random(len(index)) > rng.choice([0.0, 0.02, 0.3])  # single gaps
    for _ in range(rng.integers(0, 4)):  # long gaps
        begin = rng.integers(0, len(index))
        kept[begin : begin + rng.integers(1, 60)] = False
    index = index[kept]
    if rng.random() < 0.2:  # a few too close together
        index = index.append(index[rng.integers(0, len(index), 3)] + step / 2).unique()
    return index.sort_values()


def random_bars(index: pd.DatetimeIndex, rng: np.random.Generator) -> pd.DataFrame:
    """Return bars of a random walk at these stamps."""
    count = len(index)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, count)))
    open_ = close * np.exp(rng.normal(0, 0.004, count))
    high = np.maximum(open_, close) * np.exp(np.abs(rng.normal(0, 0.004, count)))
    low = np.minimum(open_, close) * np.exp(-np.abs(rng.normal(0, 0.004, count)))
    columns = {"open": open_, "high": high, "low": low, "close": close}
    return pd.DataFrame({**columns, "volume": rng.uniform(1, 9, count)}, index=index)


def unclosed_values(layout: Layout) -> int:
    """Return how many values change with bars that are not closed when they are made."""
    whole, closes, wrong = layout.matrix, layout.closes(layout.bars), 0
    measured = layout.features.on(BarArrays.of(layout.bars))
    for at in layout.rng.integers(1, len(whole), PLACES):
        bars = changed(layout.bars, np.arange(len(whole)) > at)
        others = {
            name: changed(frame, layout.closes(frame) > closes[at])
            for name, frame in layout.others.items()
        }
        found = measured.with_others(others).transform(bars)
        same = (found[: at + 1] == whole[: at + 1]) | np.isnan(found[: at + 1]) & np.isnan(
            whole[: at + 1]
        )
        wrong += int((~same).sum())
    return wrong


def changed(bars: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """Return bars of which some are ten times as high."""
    return bars.mul(np.where(rows, 10.0, 1.0), axis=0)


def stale_values(layout: Layout) -> int:
    """Return how many one-bar returns are not those of the last closed bar of their timeframe.

    Worked out bar by bar from the definition: each bar belongs to the longer one in which it
    closes.
    """
    wrong, matrix = 0, layout.matrix
    closes = pd.DatetimeIndex(layout.closes(layout.bars))
    for timeframe in layout.timeframes:
        column = layout.features.names.index(f"return_1@{timeframe}")
        length = pd.Timedelta(seconds=length_seconds(timeframe))
        origin = pd.Timestamp("1970-01-05" if timeframe.endswith("w") else "1970-01-01")
        ends = [origin + -(-(each - origin) // length) * length for each in closes]
        finished: list[float] = []  # closes of the longer bars that are closed
        current, last = ends[0], layout.bars.close.iloc[0]
        whole = layout.bars.index[0] == ends[0] - length
        for row, (end, close) in enumerate(zip(ends, layout.bars.close, strict=True)):
            if end != current:
                finished += [last] if whole else []
                current, whole = end, True
            last = close
            now = [*finished, last] if closes[row] == end and whole else finished
            expected = np.log(now[-1] / now[-2]) if len(now) > 1 else np.nan
            wrong += not np.isclose(matrix[row, column], expected, atol=1e-6, equal_nan=True)
    return wrong


def differing_bars(layout: Layout) -> int:
    """Return on how many of some bars the features differ bar by bar, last digits aside."""
    whole, arrays, wrong = layout.matrix, BarArrays.of(layout.bars), 0
    measured = layout.features.on(arrays)
    for at in layout.rng.integers(1, len(whole), PLACES):
        count = int(min(layout.rng.integers(1, 5), at))
        keep = measured.memory + count - 1
        found = measured.latest(arrays[: at + 1].tail(keep), count)
        expected = whole[at + 1 - count : at + 1]
        wrong += not np.allclose(found, expected, rtol=2e-6, atol=1e-9, equal_nan=True)
    return wrong


def main() -> None:
    """Print what came out of so many layouts."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--layouts", type=int, default=300)
    given = parser.parse_args()
    checks = {check.__name__: check for check in (unclosed_values, stale_values, differing_bars)}
    found = dict.fromkeys(checks, 0)
    for seed in track(range(given.layouts), "Layouts"):
        for name, check in checks.items():
            found[name] += check(Layout(seed))
    table = Table("check", "layouts", "wrong")
    for name, wrong in found.items():
        table.add_row(name.replace("_", " "), str(given.layouts), str(wrong))
    Console().print(table)


if __name__ == "__main__":
    main()
