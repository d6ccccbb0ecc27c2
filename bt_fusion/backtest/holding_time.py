"""The label's horizon: a number of bars, or the median length of trades without ML."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from backtrader import Strategy
from sklearn.base import clone

from bt_fusion.engine.account import Account
from bt_fusion.engine.loading import load_strategy
from bt_fusion.engine.runner import run_strategy
from bt_fusion.engine.variants import variant
from bt_fusion.errors import OptionError
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.module_sources import file_of
from bt_fusion.strategies import OnePosition
from bt_fusion.user_code import locate_errors

__all__ = ["HoldingTime", "check_own_exits", "holding_time", "with_horizon"]

FEWEST_TRADES = 10


@dataclass(frozen=True)
class HoldingTime:
    """Length of a strategy's trades without ML.

    Attributes
    ----------
    bars : int
        Median over its closed trades, at least 1.
    trades : int
        Number of closed trades, over all symbols.
    window : int
        Number of bars they were made in, for the symbol with the most.
    """

    bars: int
    trades: int
    window: int

    @property
    def note(self) -> str:
        """Describe it in one line."""
        return (
            f"horizon auto: {self.bars:,} bars, the median holding time of {self.trades:,} trades "
            f"without ML in the first {self.window:,} bars"
        )


def holding_time(
    strategy: type[Strategy],
    params: Mapping[str, Any],
    bars: Mapping[str, pd.DataFrame],
    account: Account,
) -> HoldingTime:
    """Run a strategy without ML and measure the length of its closed trades.

    Parameters
    ----------
    strategy : class
    params : mapping
    bars : mapping of DataFrame
        The first training window of each symbol.
    account : Account

    Raises
    ------
    OptionError
        For fewer than ten closed trades.
    """
    traded, known = variant(strategy, params)
    with locate_errors(file_of(strategy)):
        trades = run_strategy(dict(bars), traded, account, details=False, **known).trades
    held = trades.bars[trades.exit_reason != "open"].to_numpy(dtype=float)
    window = max(len(own) for own in bars.values())
    if len(held) < FEWEST_TRADES:
        raise OptionError(
            f"horizon auto: {strategy.__name__} without ML closed {len(held)} trades in the first "
            f"{window:,} bars, and {FEWEST_TRADES} are needed; give a number of bars as horizon, "
            "or a longer first training window (--train-bars)"
        )
    return HoldingTime(max(1, round(float(np.median(held)))), len(held), window)


def with_horizon(job: Any, bars: Mapping[str, pd.DataFrame]) -> Any:
    """Return a job whose label has the job's `horizon`; the job itself if that is None.

    With "auto" the trades come from the first training window of each symbol, up to the earliest
    end of these windows, so they precede every prediction; one account trades all. The new job's
    `source` and `notes` hold the result.

    Parameters
    ----------
    job : BacktestJob
        With a walk-forward; for "auto" also a strategy with its own exits.
    bars : mapping of DataFrame
        All bars of each symbol.

    Raises
    ------
    OptionError
        For a fitted model, another value, and for "auto" as `check_own_exits` and `holding_time`.
    """
    if job.horizon is None:
        return job
    walk = job.predictor
    if not isinstance(walk, WalkForward):
        raise OptionError(
            f"horizon {job.horizon}: a saved model has the horizon it was trained with"
        )
    length, source, notes = job.horizon, job.source, job.notes
    if length == "auto":
        found = trades_before(job, walk, bars)
        length, notes = found.bars, (*notes, found.note)
        source = source | {"horizon": {"asked": "auto", "bars": length}}
    if not isinstance(length, int) or length < 1:
        raise OptionError(f"horizon {length!r} must be a number of bars from 1, or 'auto'")
    model = clone(walk.signal_model())
    model.set_params(labels=replace(model.label(), horizon=length))
    walk = clone(walk).set_params(model=model)
    return replace(job, model=walk, horizon=None, source=source, notes=notes)


def trades_before(job: Any, walk: WalkForward, bars: Mapping[str, pd.DataFrame]) -> HoldingTime:
    """Return the holding time before the first prediction of any symbol; raises as its parts."""
    strategy = load_strategy(job.strategy)
    check_own_exits(strategy)
    windows = {symbol: own.iloc[: walk.sizes(len(own))[0]] for symbol, own in bars.items()}
    until = min(own.index[-1] for own in windows.values())
    first = {symbol: own.loc[:until] for symbol, own in windows.items() if own.index[0] <= until}
    return holding_time(strategy, job.params, first, job.account)


def check_own_exits(strategy: type[Strategy]) -> None:
    """Raise OptionError for a strategy of ours: its trade length follows the label."""
    if issubclass(strategy, OnePosition):
        raise OptionError(
            f"horizon auto: the exits of {strategy.__name__} follow the label's horizon, so its "
            "trades cannot set it; give a number of bars. auto is for your own strategies"
        )
