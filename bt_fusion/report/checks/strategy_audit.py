"""What an audit of code has found, in words, once for the terminal and the page."""

from typing import Any

__all__ = ["FOUND", "parts_audit_line", "strategy_audit_line"]

FOUND = {
    "look-ahead": "looks ahead",
    "in-sample": "in-sample",
    "error": "fails",
    "mode": "differs bar by bar",
    "pairing": "pairs feeds by place",
    "declared": "declares too little",
}


def strategy_audit_line(found: dict[str, Any]) -> str:
    """Say in one line what came out, and of how much.

    >>> counts = {"cuts": 3, "bars": 300, "lines": 2, "orders": 9, "compared": 1_234}
    >>> strategy_audit_line({"findings": [], "unverified": [], **counts})
    'nothing looks ahead: 1,234 values of 2 lines and 9 orders on 300 bars agree at 3 cuts'
    """
    compared = (
        f"{found['compared']:,} values of {found['lines']:,} lines and {found['orders']:,} orders "
        f"on {found['bars']:,} bars"
    )
    ahead = [each for each in found["findings"] if each["kind"] == "look-ahead"]
    if ahead:
        first = ahead[0]
        return f"{first['where']} look ahead, first at {first['first']}: {first['detail']}"
    if not found["compared"]:
        return f"nothing was compared: {'; '.join(found['unverified']) or 'the run fails'}"
    others = ", ".join(dict.fromkeys(FOUND[each["kind"]] for each in found["findings"]))
    start = f"nothing looks ahead, but {others}" if others else "nothing looks ahead"
    unknown = len(found["unverified"])
    rest = f"; {unknown} not verified" if unknown else ""
    return f"{start}: {compared} agree at {found['cuts']} cuts{rest}"


def parts_audit_line(found: dict[str, Any]) -> str:
    """Say in one line what came out of an audit of features, labels, members or a model.

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
    others = ", ".join(dict.fromkeys(FOUND[each["kind"]] for each in found["findings"]))
    start = f"nothing looks ahead, but {others}" if others else "nothing looks ahead"
    unknown = len(found["unverified"])
    rest = f"; {unknown} not verified" if unknown else ""
    return (
        f"{start}: {found['compared']:,} values of {count} part{'s' if count > 1 else ''} on "
        f"{found['bars']:,} bars agree at {found['cuts']:,} cuts{rest}"
    )
