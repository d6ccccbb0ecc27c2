"""Figures of both runs relative to the range of random filters."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from bt_fusion.report.figure_table import ROWS, centre
from bt_fusion.report.figures import Writer, basis, cell, interval, money, percent

__all__ = ["HEAD", "ChanceRange", "chance_ranges", "chance_rows"]

SHOWN = ("net_profit", "sharpe", "profit_factor", "expectancy", "win_rate")
UNITS: dict[Writer, str] = {percent: "%", basis: "%", money: "cash"}
HEAD = ["", "ML off", "ML on", "Random filters, middle", "95 % of them", "ML on lies"]


class ChanceRange(NamedTuple):
    """A figure of both runs and of the random filters.

    Attributes
    ----------
    label : str
    write : callable
        How to write a value.
    off, on, middle, low, high : float
        Of both runs, and of the random filters the middle (see `centre`) and the ends of their 95 %
        range.
    """

    label: str
    write: Writer
    off: float | None
    on: float
    middle: float
    low: float
    high: float

    @property
    def unit(self) -> str:
        """Unit of the figure: "%" of a fraction, "cash" of an amount, "" of a ratio.

        >>> [ChanceRange("", write, 0, 0, 0, 0, 0).unit for write in (percent, money, str)]
        ['%', 'cash', '']
        """
        return UNITS.get(self.write, "")

    @property
    def label_with_unit(self) -> str:
        """Name of the figure; of an amount of cash with its unit, which its ticks do not tell."""
        return f"{self.label}, cash" if self.unit == "cash" else self.label

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
        middle = centre(drawn)
        if middle is not None and drawn.get("ci95"):
            off = (summary.get("ml_off") or {}).get(key)
            found.append(ChanceRange(label, write, off, on, middle, *drawn["ci95"]))
    return found


def chance_rows(ranges: Sequence[ChanceRange]) -> list[list[str]]:
    """Return a row for each figure under `HEAD`."""
    return [
        [
            each.label,
            cell(each.off, each.write),
            each.write(each.on),
            each.write(each.middle),
            interval((each.low, each.high), each.write),
            each.where,
        ]
        for each in ranges
    ]
