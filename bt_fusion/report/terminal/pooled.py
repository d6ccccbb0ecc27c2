"""Several markets and their pooled verdict on the terminal."""

from typing import Any

from rich.console import Group
from rich.text import Text

from bt_fusion.report.figures import NONE, cell, count, decimals, number
from bt_fusion.report.terminal.comparison import verdict_lines
from bt_fusion.report.terminal.titled import titled

__all__ = ["pooled_table"]

HEAD = ("Market", "Trades off", "on", "Sharpe off", "on", "Ranking p", "Setting p")


def pooled_table(pooled: dict[str, Any]) -> Group:
    """Return one row a market and one for all together, and the verdict.

    Parameters
    ----------
    pooled : dict
        Of `PooledRuns.to_dict`.
    """
    table = titled(f"Did ML help? {', '.join(pooled['strategies'])}", *HEAD)
    for row in [*pooled["markets"], {"market": "together", **pooled["together"]}]:
        p_values = (cell(row[name], decimals(3)) for name in ("ranking_p", "setting_p"))
        sharpes = (cell(row[name], number) for name in ("sharpe_off", "sharpe_on"))
        trades = (cell(row[name], count) for name in ("trades_off", "trades_on"))
        table.add_row(row["market"] or NONE, *trades, *sharpes, *p_values)
    notes = [Text(f"Note       {note}") for note in pooled["notes"]]
    return Group(table, *notes, *verdict_lines(pooled))
