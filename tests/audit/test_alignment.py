"""Feeds whose stamps come too early, by the moves of another."""

import numpy as np
import pandas as pd

from bt_fusion.audit.alignment import stamped_too_early
from bt_fusion.data.samples import random_walk

BARS = random_walk(800)


def longer(place: int) -> pd.DataFrame:
    """Return four bars in one, at the stamp of its first (0) or last (3) bar."""
    parts = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    return BARS.groupby(np.arange(800) // 4).agg(parts).set_axis(BARS.index[place::4])


def test_longer_bars_at_their_open_are_named():
    (found,) = stamped_too_early({"A": BARS, "B": longer(0)})
    assert (found.kind, found.where, found.first) == ("look-ahead", "B", str(BARS.index[0]))
    assert "as A does up to 3 bars later (correlation 1.00" in found.detail


def test_longer_bars_at_their_close_are_not():
    assert list(stamped_too_early({"A": BARS, "B": longer(3)})) == []


def test_bars_one_stamp_early_are_named():
    early = BARS.set_axis(BARS.index - pd.Timedelta("1min"))
    (found,) = stamped_too_early({"A": BARS, "B": early})
    assert found.where == "B"


def test_markets_that_have_nothing_in_common_are_not():
    assert list(stamped_too_early({"A": BARS, "B": random_walk(800, seed=1)})) == []
    assert list(stamped_too_early({"A": BARS})) == []
