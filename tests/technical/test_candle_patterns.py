"""Candle patterns by name, on bars drawn by hand."""

import numpy as np
import pytest

from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import random_walk
from bt_fusion.errors import OptionError
from bt_fusion.technical.candle_patterns import LOOKBACK, PATTERNS, candle_patterns, pattern_name

# twenty falling bars of a plain body, wicks of a tenth of it
BEFORE = [(120.0 - i, 120.1 - i, 118.9 - i, 119.0 - i) for i in range(20)]


def drawn(*last) -> BarArrays:
    rows = np.array([*BEFORE, *last])
    time = np.arange(len(rows)).astype("datetime64[h]").astype("datetime64[ns]")
    return BarArrays(time, *np.ascontiguousarray(rows.T), np.ones(len(rows)))


@pytest.mark.parametrize(
    ("last", "name", "bullish", "bearish"),
    [
        ([(98.0, 98.32, 96.0, 98.3)], "hammer", 1, 0),
        ([(100.5, 100.6, 99.4, 99.5), (99.0, 101.2, 98.9, 101.0)], "engulfing", 2, 0),
        ([(100.0, 100.1, 98.9, 99.0)], "", 0, 0),
    ],
)
def test_patterns_on_the_last_bar(last, name, bullish, bearish):
    up, down, code = candle_patterns(drawn(*last))
    assert (pattern_name(code[-1]), up[-1], down[-1]) == (name, bullish, bearish)


def test_a_mirrored_engulfing_is_bearish():
    rows = np.array([*BEFORE, (100.5, 100.6, 99.4, 99.5), (99.0, 101.2, 98.9, 101.0)])
    rows = 200.0 - rows[:, [0, 2, 1, 3]]
    time = np.arange(len(rows)).astype("datetime64[h]").astype("datetime64[ns]")
    bars = BarArrays(time, *np.ascontiguousarray(rows.T), np.ones(len(rows)))
    up, down, code = candle_patterns(bars, ["engulfing"])
    assert (up[-1], down[-1]) == (0, 2)
    assert code[-1] < 0 and pattern_name(code[-1]) == "engulfing"


def test_several_bars_outrank_one_and_only_chosen_names_count():
    bars = BarArrays.of(random_walk(3_000, seed=1))
    up, down, code = candle_patterns(bars)
    assert np.isnan(code[: LOOKBACK - 1]).all() and np.isfinite(code[LOOKBACK - 1 :]).all()
    strongest = np.maximum(up, down)[LOOKBACK:]
    bars_of = {number: 1 if p.bars == 1 else 2 for number, p in enumerate(PATTERNS, start=1)}
    expected = [bars_of[abs(int(c))] if c else 0 for c in code[LOOKBACK:]]
    assert strongest.tolist() == expected
    assert len(set(np.abs(code[LOOKBACK:]))) > 10
    only = candle_patterns(bars, ["hammer"])[2][LOOKBACK:]
    assert set(only) == {0.0, 1.0}


def test_an_unknown_pattern_is_named():
    with pytest.raises(OptionError, match="did you mean 'hammer'"):
        candle_patterns(drawn(), ["hamer"])
