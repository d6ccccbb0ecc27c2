"""Tables of the figures of both runs, with random filters, and of their differences."""

from collections.abc import Iterator, Sequence
from typing import Any

from bt_fusion.report.figures import (
    Writer,
    basis,
    cell,
    difference,
    interval,
    money,
    number,
    percent,
)

__all__ = [
    "ROWS",
    "centre",
    "drawn",
    "false_by_chance",
    "figure_rows",
    "interval_rows",
    "with_chance",
]

# key in summary.json, its name, how to write it
ROWS: tuple[tuple[str, str, Writer], ...] = (
    ("trades", "Trades", money),
    ("entry_score", "Average entry score", number),
    ("win_rate", "Win rate", percent),
    ("profit_factor", "Profit factor", number),
    ("profit_factor_cash", "Profit factor, cash", number),
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


def with_chance(cells: list[str], chance: str) -> list[str]:
    """Return the cells of both runs with that of the random filters between them."""
    return [cells[0], chance, *cells[1:]]


def centre(found: dict[str, Any]) -> float | None:
    """Return the middle of a figure of the random filters: the median of a ratio, else the mean.

    >>> centre({"mean": 4.87, "ci95": [0.54, 16.37], "median": 2.1}), centre({"mean": 0.93})
    (2.1, 0.93)
    """
    return found.get("median", found["mean"])


def drawn(found: Any, write: Writer, intervals: bool = True) -> str:
    """Format the middle of the random filters and their 95 % interval, "" if unknown.

    >>> drawn({"mean": 0.93, "ci95": [0.62, 1.36]}, number), drawn(None, number)
    ('0.93 (0.62 to 1.36)', '')
    """
    if not isinstance(found, dict):
        return ""
    middle = centre(found)
    if middle is None or not found["ci95"] or not intervals:
        return cell(middle, write)
    low, high = (write(end).removesuffix(" %") for end in found["ci95"])
    return f"{write(middle)} ({low} to {high})"


def false_by_chance(comparison: dict[str, Any]) -> str:
    """Format the share of losing entries of the random filters, "" if unknown.

    >>> false_by_chance({"chance": {"win_rate": {"mean": 0.447, "ci95": None}}})
    '55.3 %'
    """
    won = ((comparison.get("chance") or {}).get("win_rate") or {}).get("mean")
    return "" if won is None else percent(1 - won)


WHERE_KNOWN = ("entry_score", "profit_factor_cash")  # not of most strategies, or older versions


def shown_rows(
    summary: dict[str, Any], runs: Sequence[str], keys: Sequence[str] = ()
) -> Iterator[tuple[str, str, Writer, list[str]]]:
    """Yield key, name, format and each run's value for the `ROWS` of a run."""
    for key, label, write in ROWS:
        values = [summary[f"ml_{name}"].get(key) for name in runs]
        if (keys and key not in keys) or (key in WHERE_KNOWN and values == [None] * len(values)):
            continue
        yield key, label, write, [cell(value, write) for value in values]


def figure_rows(
    summary: dict[str, Any],
    runs: Sequence[str],
    keys: Sequence[str] = (),
    *,
    intervals: bool = True,
) -> tuple[list[str], list[list[str]]]:
    """Return the head and the rows of the table of figures, as written.

    Parameters
    ----------
    summary : dict
        The content of summary.json.
    runs : sequence of str
        "off", "on" or both; with both, the mean of the random filters is between them. Buy and hold
        follows if known.
    keys : sequence of str
        Which of `ROWS`; all by default.
    intervals : bool
        Add the random filters' 95 % interval, and of both runs their difference and its interval.

    Examples
    --------
    >>> summary = {"comparison": None, "ml_on": {"sharpe": 1.234, "sqn": None}}
    >>> figure_rows(summary, ["on"], ["sharpe", "sqn"])
    (['', 'ML on'], [['Sharpe ratio', '1.23'], ['SQN', '-']])
    """
    both, hold = len(runs) == 2, summary.get("buy_hold")
    comparison = (summary["comparison"] or {}) if both else {}
    chance = comparison.get("chance")
    named = [f"ML {name}" for name in runs]
    head = ["", *(with_chance(named, "Matched chance") if chance else named)]
    head += ["Buy & hold"] if hold else []
    head += ["Difference", "95 % interval"] if both and intervals else []
    rows = []
    for key, label, write, values in shown_rows(summary, runs, keys):
        found = drawn(chance.get(key), write, intervals) if chance else ""
        row = [label, *(with_chance(values, found) if chance else values)]
        if hold:
            row.append(cell(hold[key], write) if key in hold else "")
        rows.append(row + (difference(comparison.get(key), write) if both and intervals else []))
    return head, rows


def interval_rows(summary: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the head and the rows of the differences of both runs, where there is an interval.

    Of the random filters the interval of what they made, not of a difference.
    """
    comparison = summary["comparison"]
    chance = comparison.get("chance")
    head = ["", "ML on minus off", "95 % interval", *(["Chance, 95 %"] if chance else [])]
    rows = []
    for key, label, write, _ in shown_rows(summary, ("off", "on")):
        row = difference(comparison.get(key), write)
        spread = chance.get(key) if chance else None
        between = interval(spread.get("ci95"), write) if isinstance(spread, dict) else ""
        if any(row) or between:
            rows.append([label, *row, *([between] if chance else [])])
    return head, rows
