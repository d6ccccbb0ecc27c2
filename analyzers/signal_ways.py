"""How far the bars of our own strategies came, worked out after the run from whole lines."""

from collections import Counter
from types import FunctionType

import numpy as np

from bt_fusion.strategies import OnePosition
from bt_fusion.strategies.entry_reasons import WholeRun

__all__ = ["lines_are_kept", "ways_of"]

BEHAVIOUR = (FunctionType, property, classmethod, staticmethod)


def lines_are_kept(strategy):
    """Tell whether after the run a strategy's lines still say what its stages were on each bar.

    They do where Backtrader fills them before the first bar, no class of a user's own has a say
    in what the strategy does, and no model may be stopped on the way.
    """
    engine = strategy.env
    return (
        isinstance(strategy, OnePosition)
        and engine._dorunonce
        and engine._dopreload
        and strategy.p.on_drift != "stop"
        and is_ours(type(strategy))
    )


def is_ours(kind):
    """Tell whether all methods of a strategy class are ours or Backtrader's"""
    packages = {each.__module__.partition(".")[0] for each in kind.__mro__ if has_methods(each)}
    return packages <= {"bt_fusion", "strategies", "backtrader", "builtins"}


def has_methods(kind):
    return any(isinstance(each, BEHAVIOUR) for each in vars(kind).values())


def ways_of(strategy, symbol, outcomes):
    """Return the stages that bars of a feed reached -> how many bars, by their first bar.

    ``outcomes`` says of each bar what its signal led to, see ``Symbol``.
    """
    way, left = np.full(len(outcomes), -1), np.full(len(outcomes), True)
    passed, ways = (("bars", ""),), []
    for stage, losses in strategy.losses(symbol, WholeRun(len(outcomes))):
        for why, lost in losses:
            way[left & lost] = len(ways)
            ways.append((*passed, (stage, why)))
            left &= ~lost
        passed = (*passed, (stage, ""))
    kinds = {}
    kind = np.array([kinds.setdefault(each, len(kinds)) for each in outcomes], dtype=int)
    way[left] = len(ways) + kind[left]
    ways += [(*passed, ("ordered", why_not(outcome))) for outcome in kinds]
    found, first, bars = np.unique(way, return_index=True, return_counts=True)
    return Counter({ways[found[at]]: int(bars[at]) for at in np.argsort(first)})


def why_not(outcome):
    """Return why a signal did not become an order, empty where it did"""
    return "" if outcome == "ordered" else outcome or "not looked at"
