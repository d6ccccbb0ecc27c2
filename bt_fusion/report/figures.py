"""Figures and their differences as written text."""

from collections.abc import Callable
from typing import Any

__all__ = ["NONE", "cell", "difference", "reason", "signed", "when"]

NONE = "-"


def cell(value: Any, write: Callable[[Any], str]) -> str:
    """Write a value, a dash for none."""
    return NONE if value is None else write(value)


def difference(entry: Any, write: Callable[[Any], str]) -> list[str]:
    """Return a difference and its interval as written, empty where nothing is compared.

    >>> difference({"off": 1, "on": 3, "delta": 2, "ci95": [1, 3]}, str)
    ['+2', '1 to 3']
    """
    if not isinstance(entry, dict) or "ci95" not in entry:
        return ["", ""]
    delta, interval = entry["delta"], entry["ci95"]
    sign = "+" if delta is not None and delta > 0 else ""
    span = f"{write(interval[0])} to {write(interval[1])}" if interval else NONE
    return [sign + cell(delta, write), span]


def reason(comparison: dict[str, Any]) -> str:
    """Return why a verdict is what it is, as a sentence that does not name it again.

    >>> reason({"verdict": "no evidence", "because": "no evidence: too few entries"})
    'Too few entries'
    """
    because = str(comparison.get("because") or "").removeprefix(f"{comparison.get('verdict')}: ")
    return because[:1].upper() + because[1:]


def signed(value: float) -> str:
    """Write an amount of cash with its sign, nothing as plain 0.

    >>> signed(1234.5), signed(-0.2)
    ('+1,234', '0')
    """
    return f"{value:+,.0f}" if abs(value) >= 0.5 else "0"


def when(stamp: object) -> str:
    """Write a stamp, midnight as the day alone and full minutes without seconds.

    >>> when("2024-01-01T00:00:00"), when("2024-01-01 09:30:00")
    ('2024-01-01', '2024-01-01 09:30')
    """
    return str(stamp).replace("T", " ").removesuffix(" 00:00:00").removesuffix(":00")
