"""Does ML rank entries? The result for the page, the pictures and the terminal."""

from typing import Any

from bt_fusion.report.figures import basis, cell, count, decimals

__all__ = ["QUARTILES", "quartile_rows", "ranking_line", "ranking_of", "ranking_words"]

QUARTILES = ("lowest quartile", "second quartile", "third quartile", "highest quartile")
WHAT = {
    "bars": "each bar with a technical side and a prediction is an entry, held for the horizon",
    "entries": "each trade of ML off, by the probability at its entry",
}


def quartile_rows(summary: dict[str, Any]) -> list[list[str]]:
    """Return name, number of trades and mean net return of each quartile of P(side)."""
    found = ranking_of(summary)
    if not found or found["reason"]:
        return []
    parts = zip(QUARTILES, found["counts"], found["quartiles"], strict=True)
    return [[name.capitalize(), count(trades), cell(mean, basis)] for name, trades, mean in parts]


def ranking_words(summary: dict[str, Any]) -> str:
    """Say what was ranked and the result.

    >>> found = {"kind": "entries", "reason": "", "p_value": 0.034, "auc": 0.562, "draws": 1_000}
    >>> ranking_words({"comparison": {"ranking": found}}).split(". ")[1]
    'The p-value is 0.034, the AUC 0.562 (0.5 is chance)'
    """
    found = ranking_of(summary)
    if not found:
        return ""
    if found["reason"]:
        return f"Not tested: {found['reason']}."
    p_value, auc = (cell(found[name], decimals(3)) for name in ("p_value", "auc"))
    return (
        f"Tested without a threshold: {WHAT[found['kind']]}. The p-value is {p_value}, the AUC "
        f"{auc} (0.5 is chance). Each entry is ranked among the earlier ones of its side alone, so "
        "the quartiles differ in size."
    )


def ranking_line(summary: dict[str, Any]) -> str:
    """Return the result in one line: the quartiles from low to high, and the p-value."""
    found = ranking_of(summary)
    if not found:
        return ""
    if found["reason"]:
        return f"not tested: {found['reason']}"
    made = " | ".join(cell(mean, basis) for mean in found["quartiles"])
    tested = f"p-value {cell(found['p_value'], decimals(3))}"
    against = found.get("p_against")
    if against is not None and against < found["p_value"]:
        tested += f", that ML ranks worse than chance {cell(against, decimals(3))}"
    return f"net return of a trade by quartile of P(side), low to high: {made}; {tested}"


def ranking_of(summary: dict[str, Any]) -> dict[str, Any]:
    """Return the ranking's entry in the summary, empty for older versions."""
    return (summary.get("comparison") or {}).get("ranking") or {}
