"""The entry log in words: the published entry of system C, others, and what is unknown."""

import numpy as np
import pandas as pd

from bt_fusion.strategies.entry_text import SHOWN, entry_lines, entry_text

PUBLISHED = {
    "time": np.datetime64("2024-03-01T08:30"),
    "side": "long",
    "symbol": "BTCUSDT",
    "price": 41234.5,
    "score": 7.5,
    "pattern": "hammer",
    "rsi": 27.3,
    "lower_band": 41200.0,
    "volume_ratio": 1.8,
    "macd": -12.5,
    "macd_signal": -13.0,
    "stochastic_k": 15.0,
    "stochastic_d": 17.5,
    "support": 41150.0,
    "rsi_points": 1.0,
    "band_points": 1.0,
    "volume_points": 1.0,
    "pattern_points": 1.0,
    "macd_points": 0.5,
    "stochastic_points": 0.5,
    "support_points": 0.5,
    "probability": 0.723,
    "class": "STRONG_BUY",
    "level": "VERY_HIGH",
    "ml_points": 2.0,
}
TEXT = """\
2024-03-01 08:30  long BTCUSDT at 41234.5  score 7.5
    [X] RSI 27.3 (mandatory)                       1
    [X] lower band 41200                           1
    [X] volume 1.80x its mean                      1
    [X] pattern hammer                             1
    [X] MACD -12.5, signal -13                   0.5
    [X] stochastic K 15.0, D 17.5                0.5
    [X] support 41150                            0.5
    [X] ML P(long) 0.723, STRONG_BUY, VERY_HIGH    2"""


def test_the_published_entry_has_every_mark_and_its_score():
    assert entry_text(PUBLISHED) == TEXT
    points = [value for name, value in PUBLISHED.items() if name.endswith("_points")]
    assert sum(points) == PUBLISHED["score"]


def test_conditions_that_were_not_met_have_no_mark():
    nothing = {"pattern": "", "pattern_points": 0.0, "support": np.nan, "support_points": 0.0}
    doubted = {"probability": 0.40, "class": "NEUTRAL", "level": "LOW", "ml_points": -1.0}
    text = entry_text(PUBLISHED | nothing | doubted)
    assert "[ ] pattern none                               0" in text
    assert "[ ] support none                               0" in text
    assert text.endswith("[ ] ML P(long) 0.400, NEUTRAL, LOW            -1")
    bearish = {"pattern": "engulfing", "pattern_points": 0.0, "bullish": 0.0}
    assert "[ ] pattern engulfing, bearish " in entry_text(PUBLISHED | bearish)
    unknown = {"probability": np.nan, "class": None, "level": None, "ml_points": 0.0}
    assert entry_text(PUBLISHED | unknown).endswith(
        "[ ] ML no prediction                           0"
    )


def test_other_entries_tell_what_is_known():
    facts = {"time": "2024-03-01", "side": "short", "symbol": "X", "price": 9.5, "order": "Limit"}
    assert (
        entry_text(facts | {"rsi": 71.25})
        == "2024-03-01  short X at 9.5  Limit order\n    rsi 71.25"
    )


def test_the_last_entries_of_a_run_are_listed():
    count = SHOWN + 5
    times = pd.date_range("2024-01-01", periods=count, freq="D")
    table = pd.DataFrame({"run": "on", "time": times, "symbol": "A", "side": "long", "price": 1.0})
    lines = entry_lines(pd.concat([table, table[:3].assign(run="off")]), "on")
    assert lines[:2] == ["Entries with ML on (25)", "5 earlier entries stand in entries.csv"]
    assert len(lines) == 2 + SHOWN and lines[-1].startswith("2024-01-25")
    assert entry_lines(table[:0], "on") == ["Entries with ML on (0)"]
