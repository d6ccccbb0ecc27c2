"""Closed trades in groups, by hand."""

import pandas as pd
import pytest

from bt_fusion.errors import OptionError
from bt_fusion.saved_runs.trade_groups import breakdown, by_reason, check_periods, figures_of_symbol

# symbol, exit, pnl, commission, entry price, size, reason
OFF = [
    ("A", "2024-01-31 23:59", 10.0, 1.0, 100.0, 1.0, "horizon"),
    ("B", "2024-02-01 00:00", -5.0, 1.0, 50.0, 2.0, "stop"),
    ("A", "2024-02-04 12:00", 20.0, 1.0, 100.0, 2.0, "horizon"),  # a Sunday
    ("A", "2024-02-05 00:00", -8.0, 1.0, 80.0, 1.0, "horizon"),  # a Monday
    ("A", "2024-03-01 00:00", 99.0, 1.0, 100.0, 1.0, "open"),
]
ON = [("A", "2024-03-09 00:00", 0.0, 1.0, 100.0, 1.0, "target")]
COLUMNS = ["symbol", "exit_time", "pnl", "commission", "entry_price", "size", "exit_reason"]


def table(rows):
    return pd.DataFrame(rows, columns=COLUMNS).astype({"exit_time": "datetime64[ns]"})


def made(trades, won, net_profit):
    return {"trades": trades, "won": won, "net_profit": net_profit}


def test_months():
    assert breakdown({"off": table(OFF), "on": table(ON)}, "month") == [
        {"start": "2024-01", "ml_off": made(1, 1, 10.0), "ml_on": made(0, 0, 0)},
        {"start": "2024-02", "ml_off": made(3, 1, 7.0), "ml_on": made(0, 0, 0)},
        {"start": "2024-03", "ml_off": made(0, 0, 0), "ml_on": made(1, 0, 0.0)},
    ]


def test_weeks_begin_on_monday():
    rows = breakdown({"off": table(OFF)}, "week")
    assert rows == [
        {"start": "2024-01-29", "ml_off": made(3, 2, 25.0)},
        {"start": "2024-02-05", "ml_off": made(1, 0, -8.0)},
    ]


def test_days():
    rows = breakdown({"off": table(OFF)}, "day")
    days = ["2024-01-31", "2024-02-01", "2024-02-04", "2024-02-05"]
    assert [row["start"] for row in rows] == days
    assert rows[1]["ml_off"] == made(1, 0, -5.0)


def test_no_closed_trade_leaves_no_period():
    assert breakdown({"off": table(OFF[-1:]), "on": table([])}, "day") == []


def test_periods_are_checked_and_named_once():
    assert check_periods(["week", "day", "week"]) == ("week", "day")
    with pytest.raises(OptionError, match="did you mean 'week'"):
        check_periods(["weeek"])


def test_exit_reasons_the_most_frequent_first():
    found = by_reason(table(OFF))
    assert list(found) == ["horizon", "stop"]
    assert found["horizon"] == {
        **made(3, 2, 22.0),
        "win_rate": 2 / 3,
        "expectancy": pytest.approx((0.1 + 0.1 - 0.1) / 3),
    }
    assert by_reason(table([])) == {}


def test_figures_of_a_symbol_leave_the_open_trade_out_and_its_commission_in():
    figures = figures_of_symbol(table(OFF), "A")
    assert (figures["trades"], figures["won"], figures["lost"]) == (3, 2, 1)
    assert figures["net_profit"] == 22 and figures["commission"] == 4
    assert figures["profit_factor_cash"] == 30 / 8
    assert figures["profit_factor"] == pytest.approx(2.0)  # twice 0.1 over 0.1
    assert figures["sqn"] is None  # of three trades
    nothing = figures_of_symbol(table(OFF), "C")
    assert nothing["trades"] == 0 and nothing["win_rate"] is None
