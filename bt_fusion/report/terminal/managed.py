"""Tables of a managed trade's later models, tested on unseen trades."""

from typing import Any

from rich.console import Group
from rich.table import Table

from bt_fusion.report.figures import cell, count, number, percent
from bt_fusion.report.terminal.titled import titled

__all__ = ["trade_tables"]

NEUTRAL = "{}neutral: fewer past trades than it needs"


def trade_tables(found: dict[str, Any]) -> Group:
    """Return a table for each model; see `bt_fusion.trade_models.evaluation`."""
    parts: list[Any] = [f"Trades     {count(found['trades'])} of the signal on unseen bars"]
    tables = {
        "position": ("Position   ", position_table),
        "stops": ("Stops      ", stop_table),
        "risk": ("Risk       ", risk_table),
    }
    for name, (head, table) in tables.items():
        figures = found[name]
        parts.append(NEUTRAL.format(head) if figures is None else table(figures))
    return Group(*parts)


def position_table(figures: dict[str, Any]) -> Table:
    """Return the gains of EXIT and ADD."""
    heads = ("Advice", "Times", "Share", "Mean, ATR", "Right")
    table = titled("Position: the first of each trade", *heads)
    names = {
        "exits": "EXIT, saved against holding",
        "adds": "ADD, the rest of the trade",
        "held": "HOLD, the rest of the trade",
    }
    for name, text in names.items():
        row = figures[name]
        shares = [cell(row[key], percent) for key in ("share", "right")]
        table.add_row(text, count(row["count"]), shares[0], cell(row["mean"], in_atr), shares[1])
    return table


def in_atr(value: float) -> str:
    """Write a number of ATR units.

    >>> in_atr(0.04)
    '+0.040'
    """
    return f"{value:+.3f}"


def stop_table(figures: dict[str, Any]) -> Table:
    """Return the results of trades with the model's distances and with fixed ones."""
    reached = [cell(figures[f"{level}_reached"], percent) for level in ("stop", "target")]
    title = (
        f"Stops: of {count(figures['signals'])} signals {reached[0]} reach the stop and "
        f"{reached[1]} the target within the horizon"
    )
    heads = ("Stop and target", "Trades", "Mean, ATR", "Of the risk", "Stopped", "Target")
    table = titled(title, *heads)
    for row in figures["with"]:
        fixed = row["stop"] is not None
        table.add_row(
            f"{row['stop']:g} and {row['target']:g} ATR" if fixed else "the model's",
            count(row["trades"]),
            *(cell(row[key], in_atr) for key in ("mean", "risked")),
            *(cell(row[key], percent) for key in ("stopped", "reached")),
        )
    return table


def risk_table(figures: dict[str, Any]) -> Table:
    """Return the account with the model's sizes, and with one size."""
    sizes = {name: cell(value, number) for name, value in figures["multiplier"].items()}
    title = (
        f"Risk: {count(figures['trades'])} trades, size {sizes['lowest']} to {sizes['highest']}, "
        f"mean {sizes['mean']}"
    )
    table = titled(title, "Sizes", "Return", "Drawdown", "Return per drawdown")
    for name, text in (("sized", "the model's"), ("even", "all the mean")):
        row = figures[name]
        shares = [cell(row[key], percent) for key in ("total_return", "max_drawdown")]
        table.add_row(text, *shares, cell(row["per_drawdown"], number))
    return table
