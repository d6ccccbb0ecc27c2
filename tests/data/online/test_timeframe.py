"""Timeframes: what they are called, when a candle ends, and which have."""

import pandas as pd
import pytest

from bt_fusion.data.online.timeframe import Timeframe
from bt_fusion.errors import OptionError


@pytest.mark.parametrize(
    ("text", "name", "end"),
    [
        ("15m", "15m", "2024-01-31 00:15"),
        ("4h", "4h", "2024-01-31 04:00"),
        ("1d", "1d", "2024-02-01 00:00"),
        ("1wk", "1w", "2024-02-07 00:00"),
        ("1mo", "1M", "2024-02-29 00:00"),
        ("1M", "1M", "2024-02-29 00:00"),
        ("1y", "1y", "2025-01-31 00:00"),
    ],
)
def test_a_text_says_when_a_candle_ends(text, name, end):
    timeframe = Timeframe.of(text)
    assert str(timeframe) == name
    assert timeframe.after(pd.Timestamp("2024-01-31")) == pd.Timestamp(end)


@pytest.mark.parametrize("text", ["", "h", "0m", "1x", "-1h", "1h ", "1 h", "60", "h1"])
def test_what_is_none_is_refused(text):
    with pytest.raises(OptionError, match="is unknown; write 15m, 1h, 4h, 1d, 1w or 1M"):
        Timeframe.of(text)


def test_a_candle_that_ends_now_is_finished():
    bars = pd.DataFrame(
        {"close": [1, 2, 3]}, index=pd.date_range("2024-01-01", periods=3, freq="h")
    )
    finished = Timeframe.of("1h").finished
    assert len(finished(bars, pd.Timestamp("2024-01-01 03:00"))) == 3
    assert len(finished(bars, pd.Timestamp("2024-01-01 02:59:59"))) == 2
    assert len(finished(bars, pd.Timestamp("2024-01-01 00:30"))) == 0
