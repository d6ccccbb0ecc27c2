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
        "the quartiles differ in size, and the first of a side have no rank."
    )


def ranking_line(summary: dict[str, Any]) -> str:
    """Return the result in one line: the quartiles from low to high, and the p-value."""
    found = ranking_of(summary)
    if not found:
        return ""
    if found["reason"]:
        return f"not tested: {found['reason']}"
    made = " | ".join(cell(mean, basis) for mean in found["quartiles"])
    tested = f"p-value {_p_cell(found, 'p_value')}"
    against = found.get("p_against")
    if against is not None and against < found["p_value"]:
        tested += f", that ML ranks worse than chance {_p_cell(found, 'p_against')}"
    what = "an entry on any bar" if found["kind"] == "bars" else "a trade"
    return f"net return of {what} by quartile of P(side), low to high: {made}; {tested}"


def _p_cell(found: dict[str, Any], name: str) -> str:
    """Return a p-value as text, and whether it is larger than the share of the draws."""
    p_value = found[name]
    share = (p_value or 0) * (found["draws"] + 1)  # of draws as good, and one
    tail = " (normal tail)" if abs(share - round(share)) > 1e-6 else ""
    return f"{cell(p_value, decimals(3))}{tail}"


def ranking_of(summary: dict[str, Any]) -> dict[str, Any]:
    """Return the ranking's entry in the summary, empty for older versions."""
    return (summary.get("comparison") or {}).get("ranking") or {}
