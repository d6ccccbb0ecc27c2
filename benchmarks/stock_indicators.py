"""Backtrader's own indicators audited, TA-Lib's too: `python -m benchmarks.stock_indicators`."""

import warnings
from collections.abc import Iterator

import backtrader as bt
import pandas as pd
import talib
from rich.console import Console
from rich.table import Table
from talib import abstract

from bt_fusion import load_sample
from bt_fusion.audit import StrategyAudit, audit
from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.samples import random_walk

__all__ = ["audited"]

BARS = 700
DATA = {
    "sp500": lambda: load_sample("sp500").iloc[:BARS],
    "nasdaq": lambda: load_sample("nasdaq").iloc[:BARS],
    "random walk": lambda: random_walk(BARS),
}


def plain() -> Iterator[tuple[str, type[bt.Strategy]]]:
    """Yield a strategy for each indicator of the module `bt.indicators`, aliases left out."""
    kinds = {kind for kind in vars(bt.indicators).values() if isinstance(kind, type)}
    for kind in sorted(kinds, key=lambda each: each.__name__):
        if issubclass(kind, bt.Indicator):
            yield kind.__name__, holding(kind, ())


def by_talib() -> Iterator[tuple[str, type[bt.Strategy]]]:
    """Yield a strategy for each function of TA-Lib, given the columns it asks for."""
    for name in talib.get_functions():
        asked = abstract.Function(name).input_names.values()
        given = [each for group in asked for each in ([group] if isinstance(group, str) else group)]
        columns = tuple(each if each in COLUMNS else "close" for each in given)
        if hasattr(bt.talib, name):
            yield f"talib.{name}", holding(getattr(bt.talib, name), columns)


def holding(kind: type[bt.Indicator], columns: tuple[str, ...]) -> type[bt.Strategy]:
    """Return a strategy that has an indicator of its bars, or of some columns of them."""

    class Holding(bt.Strategy):
        def __init__(self):
            inputs = [getattr(self.data, column) for column in columns]
            self.it = kind(*(inputs or [self.data]))

    return Holding


def audited(bars: pd.DataFrame) -> Iterator[tuple[str, StrategyAudit]]:
    """Yield the audit of each indicator that takes one data feed and needs no parameter."""
    for name, strategy in (*plain(), *by_talib()):
        found = audit(strategy, bars, cuts=6, trades=False)
        if found.cuts:  # the others ask for more than a feed
            yield name, found


def main() -> None:
    """Print what looks ahead and what differs bar by bar, on any of the data sets."""
    names: dict[str, set[str]] = {"look-ahead": set(), "mode": set()}
    tried: set[str] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for make in DATA.values():
            for name, found in audited(make()):
                tried.add(name)
                for each in found.findings:
                    names.setdefault(each.kind, set()).add(f"{name} ({each.where})")
    table = Table("finding", "indicators", title=f"{len(tried)} indicators on {', '.join(DATA)}")
    for kind, guilty in names.items():
        table.add_row(kind, ", ".join(sorted(guilty)) or "none")
    Console().print(table)


if __name__ == "__main__":
    main()
