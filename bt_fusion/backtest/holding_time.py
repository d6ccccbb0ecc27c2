"""`--horizon auto`: set the label's horizon to the median length of trades without ML."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from bt_fusion.backtest.job import BacktestJob

__all__ = ["HoldingTime", "check_own_exits", "holding_time", "with_holding_time"]

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
            f"{window:,} bars, and {FEWEST_TRADES} are needed; give --horizon a number, or a "
            "longer --train-bars"
        )
    return HoldingTime(max(1, round(float(np.median(held)))), len(held), window)


def with_holding_time(job: "BacktestJob", bars: Mapping[str, pd.DataFrame]) -> "BacktestJob":
    """Return a job whose label's horizon is the trade length without ML.

    The trades come from the first training window of each symbol, up to the earliest end of these
    windows, so they precede every prediction; one account trades all. The job's `source` and
    `notes` hold the result.

    Parameters
    ----------
    job : BacktestJob
        With a walk-forward, and a strategy with its own exits.
    bars : mapping of DataFrame
        All bars of each symbol.

    Raises
    ------
    OptionError
        As `check_own_exits` and `holding_time`, and for a fitted model.
    """
    strategy, walk = load_strategy(job.strategy), job.predictor
    if not isinstance(walk, WalkForward):
        raise OptionError("horizon auto: a saved model has the horizon it was trained with")
    check_own_exits(strategy)
    windows = {symbol: own.iloc[: walk.sizes(len(own))[0]] for symbol, own in bars.items()}
    # of all symbols the bars before the first prediction of any
    until = min(own.index[-1] for own in windows.values())
    first = {symbol: own.loc[:until] for symbol, own in windows.items() if own.index[0] <= until}
    found = holding_time(strategy, job.params, first, job.account)
    model = clone(walk.signal_model())
    model.set_params(labels=replace(model.label(), horizon=found.bars))
    return replace(
        job,
        model=clone(walk).set_params(model=model),
        source=job.source | {"horizon": {"asked": "auto", "bars": found.bars}},
        notes=(*job.notes, found.note),
    )


def check_own_exits(strategy: type[Strategy]) -> None:
    """Raise OptionError for a strategy of ours: its trade length follows the label."""
    if issubclass(strategy, OnePosition):
        raise OptionError(
            f"horizon auto: the exits of {strategy.__name__} follow the label's horizon, so its "
            "trades cannot set it; give --horizon a number. auto is for your own strategies"
        )
