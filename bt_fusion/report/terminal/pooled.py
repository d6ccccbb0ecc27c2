"""Several markets, or a universe of files, with their pooled verdict, on the terminal."""

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from bt_fusion.report.figures import NONE, cell, count, decimals, number
from bt_fusion.report.terminal.comparison import verdict_lines
from bt_fusion.report.terminal.titled import titled
from bt_fusion.report.universe import HEAD as FILE_HEAD
from bt_fusion.report.universe import known, lines_of, row_texts, small, title_of

if TYPE_CHECKING:
    from bt_fusion.saved_runs.universe_folder import UniverseResult

__all__ = ["file_line", "pooled_table", "universe_table"]

SHOWN, NARROW = 10, 9  # files of a universe shown, and columns that fit a terminal
QUESTIONS = {"ranking p": "ranking_p", "setting p": "setting_p"}

HEAD = ("Market", "Trades off", "on", "Sharpe off", "on", "Ranking p", "Setting p")


def pooled_table(pooled: dict[str, Any]) -> Group:
    """Return one row per market, one for all together, and the verdict.

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


def file_line(row: dict[str, Any], done: int, total: int) -> Text:
    """Return a file of a universe as one line, as soon as it is judged.

    Parameters
    ----------
    row : dict
        The columns of the ranking that need no other file.
    done, total : int
        Files so far, and in all.
    """
    place = f"{done:>{len(str(total))}}/{total}  {row['symbol']:<14} {row['verdict']:<18} "
    if row["error"]:
        return Text(f"{place} {row['error']}")
    p_value = cell(known(row["p_value"]), small)
    sharpes = [cell(row[f"{run}_sharpe"], number) for run in ("off", "on")]
    trades = [cell(row[f"{run}_trades"], count) for run in ("off", "on")]
    return Text(
        f"{place} p {p_value:<8} Sharpe off {sharpes[0]} on {sharpes[1]}, "
        f"trades {trades[0]} and {trades[1]}"
    )


def universe_table(found: "UniverseResult") -> Group:
    """Return the files with the strongest evidence, the summary, and the pooled verdict."""
    table = titled(title_of(found.summary), *FILE_HEAD[:NARROW])
    table.columns[0].no_wrap = table.columns[1].no_wrap = True
    for _, row in found.table[found.table.error == ""].head(SHOWN).iterrows():
        table.add_row(*row_texts(row)[:NARROW])
    lines = [f"{name:<10} {text}" for name, text in lines_of(found.summary).items()]
    lines += [f"Note       {note}" for note in found.summary["notes"]]
    failed = found.table[found.table.error != ""]
    if len(failed):
        first = f"{failed.symbol.iloc[0]}: {failed.error.iloc[0]}"
        lines.append(f"Not judged {count(len(failed))}, the first {first}")
    pooled = found.summary["pooled"]
    tests = (f"{name} {cell(pooled[key], small)}" for name, key in QUESTIONS.items())
    lines.append(f"Together   for ML: {', '.join(tests)}")
    return Group(table, *map(Text, lines), *verdict_lines(pooled))
