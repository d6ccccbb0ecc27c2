"""Text of the findings of a code audit, for the terminal and the report."""

from typing import Any

__all__ = ["FOUND", "QUICK", "parts_audit_line", "strategy_audit_line"]

FOUND = {
    "look-ahead": "looks ahead",
    "in-sample": "in-sample",
    "error": "fails",
    "mode": "differs bar by bar",
    "pairing": "pairs feeds by place",
    "declared": "refused",
}

QUICK = "on the first bars alone; `bt-fusion audit --strategy` tries more"


def strategy_audit_line(found: dict[str, Any]) -> str:
    """Return the result and its extent in one line.

    >>> counts = {"cuts": 3, "bars": 300, "lines": 2, "orders": 9, "compared": 1_234}
    >>> strategy_audit_line({"findings": [], "unverified": [], **counts})
    'nothing looks ahead: 1,234 values of 2 lines and 9 orders on 300 bars agree at 3 cuts'
    """
    compared = (
        f"{found['compared']:,} values of {counted(found['lines'], 'line')} and "
        f"{counted(found['orders'], 'order')} on {found['bars']:,} bars"
    )
    ahead = [each for each in found["findings"] if each["kind"] == "look-ahead"]
    if ahead:
        first = ahead[0]
        verb = "look" if first["where"] == "orders" else "looks"
        return f"{first['where']} {verb} ahead, first at {first['first']}: {first['detail']}"
    if not found["compared"]:
        fails = [each["detail"] for each in found["findings"] if each["kind"] == "error"]
        return f"nothing was compared: {'; '.join(fails or found['unverified'])}"
    return outcome(found, f"{compared} agree at {counted(found['cuts'], 'cut')}")


def outcome(found: dict[str, Any], compared: str) -> str:
    """Return the other findings, what was compared, and what was not verified."""
    others = ", ".join(dict.fromkeys(FOUND[each["kind"]] for each in found["findings"]))
    start = (
        f"nothing looks ahead, but see the findings ({others})" if others else "nothing looks ahead"
    )
    unknown = len(found["unverified"])
    return f"{start}: {compared}{f'; {unknown} not verified' if unknown else ''}"


def counted(number: int, noun: str) -> str:
    """Write a number and its noun.

    >>> counted(1, "line"), counted(1_200, "line")
    ('1 line', '1,200 lines')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def parts_audit_line(found: dict[str, Any]) -> str:
    """Return the result of an audit of features, labels, members or a model in one line.

    >>> counts = {"cuts": 90, "bars": 300, "parts": ["feature gap"], "compared": 1_234}
    >>> parts_audit_line({"findings": [], "unverified": [], **counts})
    'nothing looks ahead: 1,234 values of 1 part on 300 bars agree at 90 cuts'
    """
    count = len(found["parts"])
    ahead = [each["where"] for each in found["findings"] if each["kind"] == "look-ahead"]
    if ahead:
        return f"{len(ahead)} of {count} look ahead: {', '.join(ahead)}"
    if not found["compared"]:
        return f"nothing was compared: {'; '.join(found['unverified']) or 'every part fails'}"
    compared = f"{found['compared']:,} values of {counted(count, 'part')} on {found['bars']:,} bars"
    return outcome(found, f"{compared} agree at {counted(found['cuts'], 'cut')}")
