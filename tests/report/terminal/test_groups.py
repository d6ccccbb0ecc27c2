"""Tables by symbol, exit reason and period: what they hold, and in which order."""

from io import StringIO

import pytest
from rich.console import Console

from bt_fusion import Backtest
from bt_fusion.data.samples import planted_edge
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.labels import Direction
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.report.terminal.groups import (
    breakdown_table,
    reason_table,
    result_tables,
    symbol_table,
)
from tests.saved_runs.test_trade_groups import OFF, ON, table

FIGURES = {"won": 1, "win_rate": 0.5, "profit_factor": None, "expectancy": 0.01, "net_profit": 7.4}


def text_of(shown):
    console = Console(width=120, record=True, force_terminal=False, quiet=False)
    with console.capture() as caught:
        console.print(shown)
    return caught.get()


def cells(shown):
    """The rows of a table as lists of text."""
    columns = [list(column.cells) for column in shown.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def test_symbols_and_their_total_even_if_one_is_called_so():
    parts = {
        name: {"ml_off": {"trades": n, **FIGURES}, "ml_on": {"trades": 0}}
        for n, name in ((1_000, "BTC/USDT"), (2, "TOTAL"))
    }
    whole = {"ml_off": {"trades": 1_002, **FIGURES}, "ml_on": {"trades": 0}}
    rows = cells(symbol_table({**whole, "symbols": parts}))
    assert rows[0] == ["BTC/USDT", "off", "1,000", "1", "50.0 %", "-", "1.000 %", "7"]
    assert [row[:3] for row in rows[1:]] == [
        ["", "on", "0"],
        ["TOTAL", "off", "2"],
        ["", "on", "0"],
        ["TOTAL", "off", "1,002"],
        ["", "on", "0"],
    ]


def test_reasons_of_either_run():
    rows = cells(reason_table({"off": table(OFF), "on": table(ON)}))
    assert rows[0] == ["horizon", "off", "3", "66.7 %", "3.333 %", "22"]
    assert rows[1] == ["", "on", "-", "-", "-", "-"]
    assert [row[0] for row in rows] == ["horizon", "", "stop", "", "target", ""]


def test_periods_have_both_runs_side_by_side():
    row = {"start": "2024-01", "ml_off": {"trades": 3, "won": 2, "net_profit": -1_234.5}}
    summary = {"ml_off": {"trades": 3}, "ml_on": None, "breakdown": {"month": [row]}}
    assert cells(breakdown_table(summary, "month")) == [["2024-01", "3", "2", "-1,234"]]


def test_days_are_whole_on_a_narrow_terminal():
    figures = {"trades": 1_234, "won": 1_000, "net_profit": -1_234_567.0}
    row = {"start": "2024-01-31", "ml_off": figures, "ml_on": figures}
    summary = {"ml_off": figures, "ml_on": figures, "breakdown": {"day": [row]}}
    console = Console(width=80, record=True, file=StringIO())
    console.print(breakdown_table(summary, "day"))
    assert "2024-01-31" in console.export_text()


@pytest.mark.parametrize("several", [False, True])
def test_the_whole_comes_first_and_what_says_nothing_not_at_all(several):
    bars = planted_edge(700, seed=1, auc=0.8)
    model = SignalModel(["wick_balance", "gap"], Direction(5), Ensemble(("lr",)))
    walk = WalkForward(model, 400, 150, cache=None)
    leave = {"exit": "horizon"}
    job = Backtest(walk, params=leave, draws=20, breakdown=("day",) if several else ())
    result = job.run({"A": bars, "B": bars[:600]} if several else {"A": bars})
    shown = text_of(result_tables(result.summary, result.trades))
    assert ("Symbols" in shown) is several and ("By day of exit" in shown) is several
    assert "Exit reasons" not in shown  # all trades end by the horizon
    assert "Exit reasons" in text_of(result_tables(result.summary, result.trades, details=True))
    titles = ["unseen bars", "Verdict", "Differences and their"]
    titles += ["Symbols", "By day of exit"] if several else []
    titles.append("Account  ")
    places = [shown.index(title) for title in titles]
    assert places == sorted(places)
