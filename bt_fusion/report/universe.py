"""Text of a universe, for the page, the picture and the terminal."""

from typing import Any

import pandas as pd

from bt_fusion.report.figures import NONE, cell, count, decimals, number, percent, signed_percent

__all__ = ["HEAD", "known", "lines_of", "row_texts", "small", "title_of"]

HEAD = (
    "File",
    "Verdict",
    "p",
    "q",
    "Ranking p",
    "Sharpe off",
    "on",
    "Trades off",
    "on",
    "Return off",
    "on",
)


def title_of(summary: dict[str, Any]) -> str:
    """Return the title: the strategy, and the number of judged files."""
    strategy = summary["config"]["strategy"].rsplit(":")[-1]
    compared, files = count(summary["judged"]), count(summary["files"])
    control = ", control with shuffled labels" if summary["config"]["shuffle_labels"] else ""
    return f"{strategy} over {compared} of {files} files{control}"


def lines_of(summary: dict[str, Any]) -> dict[str, str]:
    """Return the summary lines of the rows, by their first word.

    >>> grades = {"ML helped": 4, "no evidence": 996}
    >>> one = {"tested": 1_000, "helped_before": 4, "helped_after": 0, "by_chance": 5.0}
    >>> lines_of({**one, "grades": grades, "false_discoveries": 0.05})["Helped"]
    '4 of 1,000 files before control (chance alone gives up to 5 on average), 0 after it'
    """
    grades = ", ".join(f"{count(n)} {name}" for name, n in summary["grades"].items() if n)
    level = percent(summary["false_discoveries"], 0)
    return {
        "Grades": grades or NONE,
        "Helped": (
            f"{count(summary['helped_before'])} of {count(summary['tested'])} files before control "
            f"(chance alone gives up to {summary['by_chance']:.2g} on average), "
            f"{count(summary['helped_after'])} after it"
        ),
        "Control": (
            "Benjamini-Hochberg over the p-values of all files: of those that helped after it at "
            f"most {level} are false on average; q is the level at which a file would stay"
        ),
    }


def row_texts(row: Any) -> list[str]:
    """Return a row of the ranking, formatted for `HEAD`."""
    p_value, q_value, ranking = (known(row[name]) for name in ("p_value", "q_value", "ranking_p"))
    sharpes = (cell(known(row[f"{run}_sharpe"]), number) for run in ("off", "on"))
    trades = (cell(known(row[f"{run}_trades"]), whole) for run in ("off", "on"))
    returns = (cell(known(row[f"{run}_total_return"]), signed_percent) for run in ("off", "on"))
    tests = (cell(value, small) for value in (p_value, q_value, ranking))
    return [str(row["symbol"]), str(row["verdict"]), *tests, *sharpes, *trades, *returns]


def known(value: Any) -> Any:
    """Return a value, None for NaN."""
    return None if pd.isna(value) else value


def small(value: float) -> str:
    """Write a p-value.

    >>> small(0.0412), small(0.00002)
    ('0.041', '2.0e-05')
    """
    return decimals(3)(value) if value >= 0.0005 else f"{value:.1e}"


def whole(value: float) -> str:
    """Format a count that a table holds as a float."""
    return count(int(value))
