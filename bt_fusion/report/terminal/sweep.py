"""A sweep as a table on the terminal."""

from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Group
from rich.table import Table

from bt_fusion.report.figure_table import ROWS
from bt_fusion.report.figures import Writer, bars_traded, cell, money, number, percent
from bt_fusion.report.terminal.comparison import note_lines
from bt_fusion.saved_runs.sweep_folder import column_of
from bt_fusion.verdict.rules import LEAST_DSR, LEAST_TRADES
from bt_fusion.verdict.wording import p_text

if TYPE_CHECKING:
    from bt_fusion.saved_runs.sweep_folder import SavedSweep

__all__ = ["best_variant_lines", "sweep_table"]

SHOWN = 10
EVEN = 0.5  # PBO by chance
LARGEST_P = 0.05  # of SPA, for "more with ML"
WIDTHS = {"on_net_profit": 10, "on_max_drawdown": 8}
COLUMNS: tuple[tuple[str, str, Writer], ...] = (
    ("off_sharpe", "Sharpe off", number),
    ("on_sharpe", "Sharpe on", number),
    ("on_trades", "Trades", money),
    ("on_profit_factor", "Profit factor", number),
    ("on_net_profit", "Net profit", money),
    ("on_max_drawdown", "Max. drawdown", percent),
)


def sweep_table(found: "SavedSweep") -> Group:
    """Return the best variants, and how much of the best one may be luck."""
    s = found.summary
    best = f"{SHOWN} best" if s["variants"] > SHOWN else "best"
    title = (
        f"{s['data']['name']}: {best} of {s['variants']:,} variants by "
        f"{figure_name(found.maximize)}, {bars_traded(s)}"
    )
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in found.varied:
        table.add_column(name, justify="right", no_wrap=True)
    for key, label, _ in COLUMNS:
        table.add_column(label, justify="right", min_width=WIDTHS.get(key, 6))
    order = found.table[found.maximize].astype(float).sort_values(ascending=False, kind="stable")
    for row in order.index[:SHOWN]:
        values = found.table.loc[row]
        cells = [
            cell(None if pd.isna(values[key]) else values[key], write) for key, _, write in COLUMNS
        ]
        table.add_row(*(f"{values[name]}" for name in found.varied), *cells)
    few = few_trades_line(found.table.loc[order.index[:SHOWN], "on_trades"])
    return Group(table, *few, *_lines(s, found.table))


def few_trades_line(trades: "pd.Series[float]") -> list[str]:
    """Return a warning if the best variant, or most of the best, made few trades with ML.

    Parameters
    ----------
    trades : Series
        Number of trades of each variant shown, the best first; NaN for a variant that failed.

    Examples
    --------
    >>> few_trades_line(pd.Series([12.0, 40.0]))
    ['Few trades 1 of the 2 variants shown made under 30 trades, the best one 12: figures of so \
few trades are mostly luck']
    """
    known = trades.dropna()
    few = int((known < LEAST_TRADES).sum())
    if not few or (known.iloc[0] >= LEAST_TRADES and 2 * few <= len(known)):
        return []
    return [
        f"Few trades {few} of the {len(known)} variants shown made under {LEAST_TRADES} trades, "
        f"the best one {known.iloc[0]:,.0f}: figures of so few trades are mostly luck"
    ]


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
    return lines + best_variant_lines(summary)


def best_variant_lines(summary: dict[str, Any]) -> list[str]:
    """Return the figures of the best variant corrected for luck.

    Parameters
    ----------
    summary : dict
        The content of sweep.json.
    """
    if summary["best"] is None:
        return ["Best       none: no variant traded"]
    lines = [best_line(summary)]
    if summary["dsr"] is not None:
        lines.append(
            f"DSR        {summary['dsr']:.3f}: probability that the best variant's Sharpe ratio is "
            "above that luck (0.95 is the limit)"
        )
    if summary["pbo"] is not None:
        lines.append(
            f"PBO        {summary['pbo']:.2f}: how often the best variant of one half of the bars "
            "is below the median in the other (0.50 by chance)"
        )
    if summary["spa_p"] is not None:
        lines.append(
            f"SPA        p {p_text(summary['spa_p'])}: if no variant made more with ML than "
            "without, how often the best would look as good (trading less under costs counts as "
            "more)"
        )
    return lines + luck_line(summary["dsr"], summary["pbo"], summary["spa_p"])


def luck_line(dsr: float | None, pbo: float | None, spa_p: float | None = None) -> list[str]:
    """Return in one line whether luck explains the best variant; none without `dsr`.

    >>> luck_line(0.138, 0.09)[0]
    'In short   luck can explain the Sharpe ratio of the best variant: its DSR is below 0.95'
    >>> luck_line(0.99, 0.6)[0]
    'In short   luck alone does not explain the Sharpe ratio of the best variant, but what is best \
changes from one half of the bars to the other: try it on bars that this sweep has not seen'
    >>> luck_line(0.99, 0.1, 0.7)[0]
    'In short   luck alone does not explain the Sharpe ratio of the best variant, but no variant \
clearly makes more with ML than without: try it on bars that this sweep has not seen'
    """
    if dsr is None:
        return []
    explained = "explain the Sharpe ratio of the best variant"
    if dsr < LEAST_DSR:
        return [f"In short   luck can {explained}: its DSR is below {LEAST_DSR}"]
    but = ""
    if pbo is not None and pbo >= EVEN:
        but = ", but what is best changes from one half of the bars to the other"
    elif spa_p is not None and spa_p > LARGEST_P:
        but = ", but no variant clearly makes more with ML than without"
    return [
        f"In short   luck alone does not {explained}{but}: try it on bars that this sweep has not "
        "seen"
    ]


def best_line(summary: dict[str, Any]) -> str:
    """Return the best variant's Sharpe ratio, that of luck, and the figure maximized."""
    params = ", ".join(f"{name} {summary['best']['params'][name]}" for name in summary["grid"])
    figure, sharpe = summary.get("maximize", "sharpe"), summary["best"]["on"]["sharpe"]
    by = "" if figure == "sharpe" else f" by {figure_name(column_of(figure))}"
    text = (
        f"Best       {params}: the best of {summary['variants']:,} variants{by}, Sharpe ratio "
        f"{cell(sharpe, number)}"
    )
    if summary["luck"] is None:
        return text
    by_chance, trials = number(summary["luck"]), summary["trials"]
    return f"{text}; the best of {trials:,} without skill would reach {by_chance}"


def figure_name(column: str) -> str:
    """Return the name of a column of a sweep's table, for use inside a sentence.

    >>> figure_name("on_sharpe"), figure_name("delta_net_profit")
    ('Sharpe ratio, ML on', 'net profit, ML on minus ML off')
    """
    run, _, key = column.partition("_")
    names = {row[0]: lowered(row[1]) for row in ROWS}
    suffix = {"on": "ML on", "off": "ML off", "delta": "ML on minus ML off"}
    return f"{names.get(key, key)}, {suffix[run]}"


def lowered(label: str) -> str:
    """Return a label with its first word in lower case, unless it is a name.

    >>> lowered("Net profit"), lowered("CAGR"), lowered("Sharpe ratio")
    ('net profit', 'CAGR', 'Sharpe ratio')
    """
    name = label.startswith(("Sharpe", "Sortino")) or label.isupper()
    return label if name else label[:1].lower() + label[1:]


def replay_lines(runs: dict[str, Any]) -> list[str]:
    """Return the number of replayed runs, and the result of the comparison with Backtrader."""
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
