"""Stages reached by the bars of our own strategies, computed from whole lines after the run."""

from collections import Counter
from types import FunctionType

import numpy as np

from bt_fusion.strategies import OnePosition
from bt_fusion.strategies.entry_reasons import WholeRun

__all__ = ["lines_are_kept", "stage_counts"]

BEHAVIOUR = (FunctionType, property, classmethod, staticmethod)


def lines_are_kept(strategy):
    """Return whether the stages of each bar can be computed from the lines after the run.

    True if Backtrader fills the lines before the first bar, no user class changes the strategy, and
    no model may be stopped during the run.
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
    """Return whether all methods of a strategy class are ours or Backtrader's"""
    packages = {each.__module__.partition(".")[0] for each in kind.__mro__ if has_methods(each)}
    return packages <= {"bt_fusion", "strategies", "backtrader", "builtins"}


def has_methods(kind):
    return any(isinstance(each, BEHAVIOUR) for each in vars(kind).values())


def stage_counts(strategy, symbol, outcomes):
    """Return the number of bars per sequence of stages, by first bar.

    ``outcomes`` has the outcome of each bar's signal, see ``Symbol``.
    """
    number, left = np.full(len(outcomes), -1), np.full(len(outcomes), True)
    passed, sequences = (("bars", ""),), []
    for stage, losses in strategy.losses(symbol, WholeRun(len(outcomes))):
        for why, lost in losses:
            number[left & lost] = len(sequences)
            sequences.append((*passed, (stage, why)))
            left &= ~lost
        passed = (*passed, (stage, ""))
    kinds = {}
    kind = np.array([kinds.setdefault(each, len(kinds)) for each in outcomes], dtype=int)
    number[left] = len(sequences) + kind[left]
    sequences += [(*passed, ("ordered", why_not(outcome))) for outcome in kinds]
    found, first, bars = np.unique(number, return_index=True, return_counts=True)
    return Counter({sequences[found[at]]: int(bars[at]) for at in np.argsort(first)})


def why_not(outcome):
    """Return why a signal did not become an order, or ''"""
    return "" if outcome == "ordered" else outcome or "not looked at"
