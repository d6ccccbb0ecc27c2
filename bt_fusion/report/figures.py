"""Figures and their differences as written text."""

from collections.abc import Callable
from typing import Any

__all__ = ["NONE", "cell", "difference", "reason", "signed", "when"]

NONE = "-"


def cell(value: Any, write: Callable[[Any], str]) -> str:
    """Write a value, a dash for none."""
    return NONE if value is None else write(value)


def difference(entry: Any, write: Callable[[Any], str]) -> list[str]:
    """Return a difference and its interval as written, empty where nothing is compared.

    >>> difference({"off": 1, "on": 3, "delta": 2, "ci95": [1, 3]}, str)
    ['+2', '1 to 3']
    """
    if not isinstance(entry, dict) or "ci95" not in entry:
        return ["", ""]
    delta, interval = entry["delta"], entry["ci95"]
    sign = "+" if delta is not None and delta > 0 else ""
    span = f"{write(interval[0])} to {write(interval[1])}" if interval else NONE
    return [sign + cell(delta, write), span]


def reason(comparison: dict[str, Any]) -> str:
    """Return why a verdict is what it is, as a sentence that does not name it again.

    >>> reason({"verdict": "no evidence", "because": "no evidence: too few entries"})
    'Too few entries'
    """
    because = str(comparison.get("because") or "").removeprefix(f"{comparison.get('verdict')}: ")
    return because[:1].upper() + because[1:]


def signed(value: float) -> str:
    """Write an amount of cash with its sign, nothing as plain 0.

    >>> signed(1234.5), signed(-0.2)
    ('+1,234', '0')
    """
    return f"{value:+,.0f}" if abs(value) >= 0.5 else "0"


def when(stamp: object) -> str:
    """Write a stamp, midnight as the day alone and full minutes without seconds.

    >>> when("2024-01-01T00:00:00"), when("2024-01-01 09:30:00")
    ('2024-01-01', '2024-01-01 09:30')
    """
    return str(stamp).replace("T", " ").removesuffix(" 00:00:00").removesuffix(":00")


def percent(value: float, digits: int = 1) -> str:
    """Write a fraction as percent.

    >>> percent(0.1234), percent(-1e9)
    ('12.3 %', '-1.0e+11 %')
    """
    return f"{100 * value:.{digits}f} %" if abs(value) < 1e4 else f"{100 * value:.1e} %"


def basis(value: float) -> str:
    """Write a small fraction as percent with three digits."""
    return percent(value, 3)


def number(value: float) -> str:
    """Write a ratio."""
    return f"{value:.2f}"


def money(value: float) -> str:
    """Write an amount of cash."""
    return f"{value:,.0f}"


# key in summary.json, its name, how to write it
ROWS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("trades", "Trades", money),
    ("win_rate", "Win rate", percent),
    ("profit_factor", "Profit factor", number),
    ("expectancy", "Expectancy a trade", basis),
    ("avg_win", "Average win", basis),
    ("avg_loss", "Average loss", basis),
    ("net_profit", "Net profit", money),
    ("total_return", "Total return", percent),
    ("cagr", "CAGR", percent),
    ("sharpe", "Sharpe ratio", number),
    ("sortino", "Sortino ratio", number),
    ("max_drawdown", "Max. drawdown", percent),
    ("sqn", "SQN", number),
    ("exposure", "Exposure", percent),
    ("commission", "Commission", money),
    ("final_value", "Final value", money),
)
