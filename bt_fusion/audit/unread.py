"""Check whether orders depend on some lines, by replacing these with NaN."""

from collections.abc import Collection, Mapping
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

from bt_fusion.audit.comparing import rounded
from bt_fusion.audit.recording import named_lines, record
from bt_fusion.engine.account import Account

__all__ = ["no_order_follows"]


def no_order_follows(
    lines: Collection[str],
    strategy: type[bt.Strategy],
    bars: Mapping[str, pd.DataFrame],
    params: Mapping[str, Any],
    account: Account,
) -> bool:
    """Return whether a strategy places orders, and the same ones if some of its lines are NaN.

    Parameters
    ----------
    lines : collection of str
        Names as in `Recording`.
    strategy, bars, params, account
        As in `record`.
    """
    plain = record(bars, strategy, params, account)
    if not plain.orders or not set(lines) <= set(plain.lines):
        return False
    changed = without_lines(strategy, lines)
    without = record(bars, changed, params, account)
    hidden = changed.lines_hidden and without.error is None
    return hidden and rounded(plain.requests) == rounded(without.requests)


def without_lines(strategy: Any, hidden: Collection[str]) -> Any:
    """Return a strategy with some lines set to NaN after batch computation."""

    class Changed(strategy):
        lines_hidden = False

        def _once(self):
            super()._once()
            for name, line in named_lines(self):
                if name in hidden:
                    line.array[:] = type(line.array)("d", [np.nan]) * len(line.array)
            Changed.lines_hidden = True

    Changed.__name__ = strategy.__name__
    return Changed
