"""Text of the findings of `BrokerGuard`, from summary.json."""

from typing import Any

from bt_fusion.report.checks.strategy_audit import counted
from bt_fusion.report.figures import when

__all__ = ["NAMES", "guard_line", "guard_rows", "guards_of"]

NAMES = {
    "nan_cash": "NaN cash",
    "nan_value": "NaN value",
    "nan_order": "order on NaN",
    "stale_order": "order on an old bar",
    "margin": "Margin",
    "rejected": "Rejected",
    "leverage": "leverage",
    "negative_cash": "negative cash",
    "negative_value": "negative value",
}


def guards_of(summary: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the runs with findings; older versions stored none.

    >>> guards_of({}), guards_of({"guard": {"off": {"findings": []}, "on": None}})
    ({}, {})
    """
    found = summary.get("guard") or {}
    return {run: guard for run, guard in found.items() if guard and guard["findings"]}


def guard_line(guard: dict[str, Any]) -> str:
    """Write all findings of a run in a line.

    >>> first = {"time": "2024-01-02 00:00:00", "feed": "BTC", "count": 2, "unit": "orders"}
    >>> guard_line({"findings": [{"kind": "margin", **first}], "max_leverage": 0.0})
    'Margin (2 orders, first 2024-01-02 BTC)'
    """
    return ", ".join(
        f"{name_of(each, guard)} ({cases(each)}, first {first_bar(each)})"
        for each in guard["findings"]
    )


def guard_rows(guard: dict[str, Any]) -> list[list[str]]:
    """Return name, count, first bar and advice of each finding."""
    return [
        [capital(name_of(each, guard)), cases(each), first_bar(each), f"{capital(each['text'])}."]
        for each in guard["findings"]
    ]


def name_of(found: dict[str, Any], guard: dict[str, Any]) -> str:
    """Return the name of a finding, for leverage with its maximum."""
    most = f" up to {guard['max_leverage']:.2f}" if found["kind"] == "leverage" else ""
    return NAMES[found["kind"]] + most


def cases(found: dict[str, Any]) -> str:
    """Format the count."""
    return counted(found["count"], found["unit"].removesuffix("s"))


def first_bar(found: dict[str, Any]) -> str:
    """Format the first bar, and the feed if it has a name."""
    return f"{when(found['time'])} {found['feed']}".rstrip()


def capital(text: str) -> str:
    """Write a text with a capital letter."""
    return text[:1].upper() + text[1:]
