"""Text of the findings in the bars, from `DataAudit.to_dict` or summary.json."""

from typing import Any

from bt_fusion.report.figures import count, when

__all__ = ["KINDS", "audit_line", "audit_rows", "audits_of", "stamp_line"]

KINDS = {
    "gaps": "Gaps",
    "filled": "Filled bars",
    "frozen": "Frozen bars",
    "lengths": "Other bar lengths",
    "outliers": "Outliers",
    "wicks": "Wicks",
    "splits": "Splits",
    "zero_volume": "No volume",
    "unfinished": "Unfinished bar",
}
STAMPS = {"open": "of the open", "close": "of the close", "unknown": "of the open or the close"}
TOLD = {"filled": "; they know the future"}  # too important for a line without it


def audits_of(summary: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the audits of a run that found something, by symbol; the only one's is empty.

    >>> audits_of({"audit": {"data": {"findings": []}}})
    {}
    """
    found = (summary.get("audit") or {}).get("data") or {}
    by_symbol = {"": found} if "findings" in found else found
    return {symbol: each for symbol, each in by_symbol.items() if each["findings"]}


def audit_rows(audit: dict[str, Any]) -> list[list[str]]:
    """Return name, cases, bars and first timestamps of each finding."""
    return [
        [
            KINDS[each["kind"]],
            count(each["count"]),
            count(each["bars"]),
            ", ".join(map(when, each["first"])) + (", ..." if each["count"] > 3 else ""),
        ]
        for each in audit["findings"]
    ]


def audit_line(audit: dict[str, Any]) -> str:
    """Write all findings in a line.

    >>> gaps = {"kind": "gaps", "count": 2, "bars": 7, "first": ["2024-01-02 03:00:00"]}
    >>> audit_line({"findings": [gaps]})
    'gaps 2 (7 bars, first 2024-01-02 03:00)'
    """
    return ", ".join(
        f"{KINDS[each['kind']].lower()} {count(each['count'])} "
        f"({count(each['bars'])} bar{'s' if each['bars'] > 1 else ''}, "
        f"first {when(each['first'][0])}{TOLD.get(each['kind'], '')})"
        for each in audit["findings"]
    )


def stamp_line(audit: dict[str, Any]) -> str:
    """Format the usual bar length, and whether timestamps mark the open or the close."""
    length = f"bars of {audit['length']}" if audit["length"] else "bars of no fixed length"
    return f"{length}; stamps are {STAMPS[audit['stamps']]}: {audit['stamps_why']}"
