"""summary.json's `statistics`: how sure the figures of ML-on are, after all that was tried."""

from typing import Any

import numpy as np

from bt_fusion.backtest.trials import Trials
from bt_fusion.engine.runner import Run
from bt_fusion.statistics.performance import bar_returns
from bt_fusion.statistics.sharpe import (
    deflated_sharpe,
    min_track_record,
    probabilistic_sharpe,
    sharpe_per_bar,
)

__all__ = ["certainty", "evidence", "own_sharpe"]


def evidence(run: Run, trials: Trials, pbo: float | None = None) -> dict[str, Any]:
    """Return what is known of a run's own returns.

    Parameters
    ----------
    run : Run
        ML-on.
    trials : Trials
        Of the ledger, this run included.
    pbo : float, optional
        Of the last sweep over the same data into the same folder.

    Returns
    -------
    dict
        sharpe, psr and dsr (see `certainty`), trials, pbo, bars, min_track_record (bars until
        psr would reach 0.95 with such returns, None for never), and None for placebo and edge,
        which others fill in.
    """
    returns = bar_returns(run.equity.to_numpy(dtype=float))
    return {
        "placebo": None,
        **certainty(returns, trials),
        "trials": trials.count,
        "pbo": pbo,
        "bars": len(returns),
        "min_track_record": min_track_record(returns),
        "edge": None,
    }


def own_sharpe(run: Run) -> float | None:
    """Return the Sharpe ratio of a run's returns per bar, not annualised."""
    return sharpe_per_bar(bar_returns(run.equity.to_numpy(dtype=float)))


def certainty(returns: np.ndarray, trials: Trials) -> dict[str, float | None]:
    """Return the certainty that per-bar returns hold skill.

    Returns
    -------
    dict
        sharpe: per bar, not annualised; psr: probability that the true one is above 0; dsr:
        above the best of so many trials without skill. None where undefined.
    """
    return {
        "sharpe": sharpe_per_bar(returns),
        "psr": probabilistic_sharpe(returns),
        "dsr": deflated_sharpe(returns, trials.count, trials.variance),
    }
