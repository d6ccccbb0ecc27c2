"""The tables of an explanation: what they say of a dictionary worked out by hand."""

from io import StringIO

import pandas as pd
import pytest
from rich.console import Console

from bt_fusion.report.terminal.why import nearest, trades_table, why_tables

STAMP = pd.Timestamp("2024-01-02 03:00")
LIMITS = [
    {"name": "P(up)", "value": 0.62, "limit": 0.6, "rule": ">=", "passed": True, "margin": 0.02},
    {"name": "adx", "value": 18.0, "limit": 20.0, "rule": ">", "passed": False, "margin": -2.0},
]
TECHNICAL = {
    "side": "long",
    "stages": (("technical", ""), ("confident", "too quiet")),
    "outcome": "",
    "facts": {"ema_fast": 101.25, "symbol": "A", "note": "[red]"},
    "thresholds": LIMITS,
}
MODEL = {
    "refit": 3,
    "rows": 1_200,
    "trained_until": STAMP,
    "votes": {"rf": {"down": 0.3, "up": 0.7}, "lr": {"down": 0.46, "up": 0.54}},
    "weights": {"rf": 0.5, "lr": 0.5},
    "voting": "soft",
    "probability_up": 0.62,
    "probability_down": 0.38,
    "signal": "BUY",
    "level": "medium",
    "confidence": 0.62,
    "stored": 0.62,
    "difference": 0.0,
    "same": True,
    "explained": "up",
    "changed_plugins": (),
    "contributions": {
        "method": "SHAP",
        "base": 0.5,
        "members": ("rf",),
        "left_out": ("lr",),
        "features": [
            {"feature": f"f{k}", "value": float(k), "contribution": 0.01} for k in range(14)
        ],
    },
}
EXPLANATION = {
    "run": "on",
    "strategy": "fusion",
    "symbol": "A",
    "bar": STAMP,
    "close": 99.5,
    "trade": None,
    "side": "long",
    "technical": TECHNICAL,
    "opinion": MODEL,
}


def text_of(**changes):
    console = Console(width=120, record=True, file=StringIO())
    console.print(why_tables(EXPLANATION | changes))
    return " ".join(console.export_text().split())


def test_a_bar_without_a_trade():
    shown = text_of()
    assert "Signal bar 2024-01-02 03:00 of A, close 99.5; ML on" in shown
    assert "Technical ema fast 101.25, note [red] Stages passed technical; stopped" in shown
    assert "stopped at confident: too quiet" in shown
    assert "Outcome no entry: too quiet" in shown and "Nearest P(up): reached with 0.0200" in shown
    assert "weighted mean: P(up) 0.6200, P(down) 0.3800: signal line BUY" in shown
    assert "confidence 0.6200 (medium)" in shown
    assert "refit 3, 1,200 rows" in shown and "P(up) equals the stored one to 1e-12" in shown
    assert "│ 2 others │ │ +2.00 │" in shown and "│ all together │ │ 64.00 │" in shown
    assert "SHAP values of rf, weighted as their votes; not of lr" in shown


def test_a_trade_and_a_model_that_was_not_asked_or_differs():
    trade = {"number": 7, "side": "long", "symbol": "A", "exit_reason": "target", "bars": 4}
    trade |= {"entry_time": STAMP, "exit_time": STAMP, "entry_price": 100.0, "exit_price": 101.0}
    trade |= {"pnl": 1_234.5, "return": 0.01, "signal_time": STAMP}
    model = MODEL | {"same": False, "difference": 0.01, "probability_down": float("nan")}
    shown = text_of(run="off", trade=trade, opinion=model)
    assert "Trade 7 long A with ML off: entered 2024-01-02 03:00 at 100, left" in shown
    assert "P&L +1,234.50 (+1.00 % after costs)" in shown and "when the entry was ordered" in shown
    assert (
        "P(yes) 0.6200: signal line BUY (BUY or SELL from 0.60, STRONG from 0.70)" in shown
        and "ML was not asked in this run" in shown
    )
    assert "DIFFERS from the stored 0.620000000 by 1.0e-02" in shown
    del trade["signal_time"]
    assert "the run does not say where it was ordered" in text_of(trade=trade)  # an older folder


def test_a_bar_without_a_prediction():
    shown = text_of(opinion=None, technical=TECHNICAL | {"stages": (), "thresholds": []})
    assert "no prediction for this bar" in shown and "Votes" not in shown
    assert "Stages" not in shown and "Thresholds" not in shown


@pytest.mark.parametrize(
    ("margin", "passed", "expected"),
    [(-0.01, False, ["Nearest    P: missed by 0.0100"]), (float("nan"), False, [])],
)
def test_the_nearest_threshold(margin, passed, expected):
    assert nearest([LIMITS[1], {"name": "P", "margin": margin, "passed": passed}]) == expected


def test_trades_are_numbered_from_1():
    row = {"symbol": "000001", "side": "short", "pnl": -5.0, "exit_reason": "stop"}
    row |= {"entry_time": STAMP, "exit_time": STAMP, "probability": 0.6172, "threshold": 0.6}
    rows = pd.DataFrame([row, row | {"probability": float("nan")}])
    table = trades_table(rows, "on")
    assert [list(column.cells) for column in table.columns][:2] == [["1", "2"], ["000001"] * 2]
    assert list(table.columns[-2].cells) == ["0.617", "-"]
    assert list(table.columns[-1].cells) == ["0.600", "0.600"]
    assert str(table.columns[3].header) == "Entered"  # a folder of an older version
    signals = trades_table(rows.assign(signal_time=STAMP), "on")
    assert str(signals.columns[3].header) == "Signal bar"
    compared = trades_table(rows.assign(shared=[True, False]), "off")
    assert str(compared.columns[-1].header) == "ML on"
    assert list(compared.columns[-1].cells) == ["entered", "no"]
