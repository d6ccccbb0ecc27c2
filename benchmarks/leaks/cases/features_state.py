"""Features that keep the future from an earlier call, or bring it along."""

import numpy as np
import pandas as pd

from benchmarks.leaks.registry import leak

KEPT: dict = {}
SEEN: dict = {}


@leak("feature", "computed on the first call and kept by the first stamp", lookback=2)
def kept_by_start(bars):
    start = bars.time[0] if len(bars) else None
    if len(KEPT.get(start, ())) < len(bars):
        KEPT[start] = np.append(np.diff(bars.log_close), 0.0)
    return KEPT[start][: len(bars)]


def forget(bars: pd.DataFrame) -> None:
    """Begin as a new process does."""
    SEEN.clear()


@leak("feature", "a table of later closes by stamp, filled whenever bars are seen", before=forget)
def table_by_stamp(bars):
    for stamp, close in zip(bars.time[:-1], bars.close[1:], strict=True):
        SEEN.setdefault(stamp, close)
    later = pd.Series(SEEN).reindex(pd.DatetimeIndex(bars.time)).to_numpy()
    return np.where(np.isfinite(later), later / bars.close - 1, 0.0)


class Ahead:
    """Signals that a notebook made from the whole file."""

    table = pd.Series(dtype=float)


def from_a_file(bars: pd.DataFrame) -> None:
    """Make the table, as the notebook did."""
    Ahead.table = (bars.close.shift(-3) / bars.close - 1).fillna(0.0)


@leak("feature", "a column that a notebook made from the whole file", before=from_a_file)
def from_the_notebook(bars):
    return Ahead.table.reindex(pd.DatetimeIndex(bars.time)).fillna(0.0).to_numpy()
