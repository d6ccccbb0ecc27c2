"""A sweep as a table on the terminal."""

from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Group
from rich.table import Table

from bt_fusion.report.figures import Writer, bars_traded, cell, money, number, percent
from bt_fusion.report.terminal.comparison import note_lines

if TYPE_CHECKING:
    from bt_fusion.saved_runs.sweep_folder import SweepResult

__all__ = ["sweep_table"]

SHOWN = 10
WIDTHS = {"on_net_profit": 10, "on_max_drawdown": 8}
COLUMNS: tuple[tuple[str, str, Writer], ...] = (
    ("off_sharpe", "Sharpe off", number),
    ("on_sharpe", "Sharpe on", number),
    ("on_trades", "Trades", money),
    ("on_profit_factor", "Profit factor", number),
    ("on_net_profit", "Net profit", money),
    ("on_max_drawdown", "Max. drawdown", percent),
)


def sweep_table(found: "SweepResult") -> Group:
    """Return the best variants by the Sharpe ratio with ML, and what the best one is worth."""
    s = found.summary
    title = (
        f"{s['data']['name']}: best of {s['variants']:,} variants by Sharpe ratio, ML on, "
        f"{bars_traded(s)}"
    )
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in found.varied:
        table.add_column(name, justify="right", no_wrap=True)
    for key, label, _ in COLUMNS:
        table.add_column(label, justify="right", min_width=WIDTHS.get(key, 6))
    order = found.table.on_sharpe.astype(float).sort_values(ascending=False, kind="stable")
    for row in order.index[:SHOWN]:
        values = found.table.loc[row]
        cells = [
            cell(None if pd.isna(values[key]) else values[key], write) for key, _, write in COLUMNS
        ]
        table.add_row(*(f"{values[name]}" for name in found.varied), *cells)
    return Group(table, *_lines(s, found.table))


def _lines(summary: dict[str, Any], table: pd.DataFrame) -> list[str]:
    runs, model, lines = summary["runs"], summary["model"], []
    lines.append(
        f"Runs       {runs['total']:,} ({runs['made']:,} made now, {runs['kept']:,} before) over "
        f"one set of predictions: {model['refits']} refits, {model['cached']} from the cache"
    )
    lines += replay_lines(runs)
    lines += note_lines(summary)
    if summary["failed"]:
        first = table.error.dropna().iloc[0]
        lines.append(f"Failed     {summary['failed']:,} variants, the first: {first}")
    if summary["best"] is None:
        return [*lines, "Best       none: no variant traded"]
    best, trials = summary["best"]["on"]["sharpe"], summary["trials"]
    lines.append(
        f"Best       the best of {summary['variants']:,} looks like a Sharpe ratio of {best:.2f}; "
        f"the best of {trials:,} tried without skill would look like {summary['luck']:.2f}"
    )
    if summary["dsr"] is not None:
        lines.append(
            f"DSR        {summary['dsr']:.3f}: probability that the best one's Sharpe ratio is "
            "more than that luck (0.95 is enough)"
        )
    if summary["pbo"] is not None:
        lines.append(
            f"PBO        {summary['pbo']:.2f}: how often the best variant of one half of the bars "
            "is below the median in the other (0.50 by chance)"
        )
    if summary["spa_p"] is not None:
        lines.append(
            f"SPA        p {summary['spa_p']:.3f}: if no variant made more with ML than without, "
            "how often the best would look as good (trading less under costs counts as more)"
        )
    return lines


def replay_lines(runs: dict[str, Any]) -> list[str]:
    """Return how many runs were replayed, and how the comparison with Backtrader went."""
    if runs.get("differing"):
        return [
            f"Replay     dropped, Backtrader made every run: {runs['differing']} of the "
            f"{runs['checked']} variants compared with it differ ({runs['engine_why']})"
        ]
    if not runs.get("checked"):  # nor in a sweep.json of before
        return []
    return [
        f"Replay     {runs['replayed']:,} runs without Backtrader, {runs['engine']:,} in it; the "
        f"best variant and {runs['checked'] - 1} drawn ones are equal in both, trade for trade"
    ]
