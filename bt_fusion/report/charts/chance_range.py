"""Figures of both runs relative to the range of random filters."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from bt_fusion.report.figure_table import ROWS
from bt_fusion.report.figures import Writer, cell, interval

__all__ = ["HEAD", "ChanceRange", "chance_ranges", "chance_rows"]

SHOWN = ("net_profit", "sharpe", "profit_factor", "expectancy", "win_rate")
HEAD = ["", "ML off", "ML on", "Random filters, mean", "95 % of them", "ML on lies"]


class ChanceRange(NamedTuple):
    """A figure of both runs and of the random filters.

    Attributes
    ----------
    label : str
    write : callable
        How to write a value.
    off, on, mean, low, high : float
        Of both runs, and of the random filters the mean and the ends of their 95 % range.
    """

    label: str
    write: Writer
    off: float | None
    on: float
    mean: float
    low: float
    high: float

    def place(self, value: float | None) -> float | None:
        """Return a value's position: 0 at the mean, -1 and 1 at the ends of the range.

        >>> found = ChanceRange("", str, None, 5.0, 1.0, 0.0, 3.0)
        >>> found.place(5.0), found.place(0.5), found.place(None)
        (2.0, -0.5, None)
        """
        if value is None:
            return None
        reach = self.high - self.mean if value >= self.mean else self.mean - self.low
        return (value - self.mean) / reach if reach > 0 else 0.0

    @property
    def where(self) -> str:
        """Position of ML on, in words."""
        if self.on > self.high:
            return "above"
        return "below" if self.on < self.low else "inside"


def chance_ranges(summary: dict[str, Any], keys: Sequence[str] = SHOWN) -> list[ChanceRange]:
    """Return the figures that random filters also have; empty without filters."""
    chance = (summary.get("comparison") or {}).get("chance") or {}
    found = []
    for key, label, write in ROWS:
        drawn, on = chance.get(key), (summary.get("ml_on") or {}).get(key)
        if key not in keys or not isinstance(drawn, dict) or on is None:
            continue
        if drawn.get("mean") is not None and drawn.get("ci95"):
            off = (summary.get("ml_off") or {}).get(key)
            found.append(ChanceRange(label, write, off, on, drawn["mean"], *drawn["ci95"]))
    return found


def chance_rows(ranges: Sequence[ChanceRange]) -> list[list[str]]:
    """Return a row for each figure under `HEAD`."""
    return [
        [
            each.label,
            cell(each.off, each.write),
            each.write(each.on),
            each.write(each.mean),
            interval((each.low, each.high), each.write),
            each.where,
        ]
        for each in ranges
    ]
