"""Entries of summary.json on the random filters."""

from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.backtest.chance.matched_chance import MatchedChance
from bt_fusion.backtest.run_pair import RunPair
from bt_fusion.data.bars import bars_per_year

__all__ = ["chance_figures", "placebo_figures"]

BINS = 40  # of a histogram
INTERVAL = (2.5, 97.5)  # percentiles


def chance_figures(chance: MatchedChance, pair: RunPair) -> dict[str, Any]:
    """Return the figures of the random filters, in the terms of both runs.

    Parameters
    ----------
    chance : MatchedChance
    pair : RunPair

    Returns
    -------
    dict
        kind, why and untested of `MatchedChance`, draws, p_value and p_against (None untested), and
        for trades, win_rate, profit_factor (on returns), expectancy, net_profit, total_return (both
        with an open trade at its last value), sharpe and exposure {mean, ci95} of the draws; None
        if undefined or not comparable. profit_factor has a median, too: of few trades some draws
        have hardly a loss, and their ratios draw the mean up.
    """
    drawn, test = chance.together.drawn, chance.test
    yearly = np.sqrt(bars_per_year(pd.DatetimeIndex(pair.on.equity.index)))
    if all(run.figures["sharpe"] is None for run in (pair.off, pair.on)):
        yearly = np.nan  # too short for annual ratios
    figures = {
        "trades": drawn.entries,
        "win_rate": drawn.win_rate,
        "profit_factor": drawn.profit_factor,
        "expectancy": drawn.expectancy,
        "net_profit": drawn.profit * pair.account.cash,
        "total_return": drawn.profit,
        "sharpe": drawn.sharpe * yearly,
        "exposure": drawn.exposure,
    }
    found = {
        name: mean_and_interval(values if chance.comparable else values * np.nan)
        for name, values in figures.items()
    }
    known = found["profit_factor"]["mean"] is not None
    median = float(np.nanmedian(drawn.profit_factor)) if known else np.inf
    found["profit_factor"]["median"] = median if np.isfinite(median) else None
    return {
        "kind": chance.together.kind,
        "why": chance.why,
        "untested": chance.untested,
        "draws": len(chance.together),
        "p_value": None if test is None else test.p_value,
        "p_against": None if test is None else test.p_against,
        **found,
    }


def placebo_figures(chance: MatchedChance, cash: float) -> dict[str, Any]:
    """Return the figures of the draws and of ML-on's replay.

    `real`, `mean`, `low` and `high` are net profit in cash: of ML-on, of the mean draw, and the
    percentiles 2.5 and 97.5 of the draws; `score` and `expectancy` hold the same four.
    """
    placebo, test = chance.together, chance.test
    p_value = None if test is None else test.p_value
    if not chance.comparable:
        return {"kind": placebo.kind, "draws": len(placebo), "p_value": p_value}
    drawn, real = placebo.drawn, placebo.real
    return {
        "kind": placebo.kind,
        "draws": len(placebo),
        "p_value": p_value,
        "misfit": placebo.misfit,
        "entries": {"real": int(real.entries[0]), "mean": float(drawn.entries.mean())},
        **spread(real.profit * cash, drawn.profit * cash),
        "score": spread(real.score, drawn.score),
        "expectancy": spread(real.expectancy, drawn.expectancy),
        "histogram": histogram(drawn.profit * cash),
    }


def histogram(values: np.ndarray) -> dict[str, list[float]]:
    """Return edges and counts of `BINS` bins, one unit wide in total if nothing varies.

    Draws with identical trades differ only by rounding, too little for so many edges.
    """
    known = values[np.isfinite(values)]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
    size = max(abs(low), abs(high))
    if high - low <= 1e-9 * size:
        reach = max(0.5, 1e-6 * size)
        low, high = low - reach, high + reach
    counts, edges = np.histogram(known, BINS, (low, high))
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def mean_and_interval(values: np.ndarray) -> dict[str, Any]:
    """Return mean and 95 % interval of draws, None if undefined."""
    found = spread(values[:1] * np.nan, values)
    low, high = found["low"], found["high"]
    return {"mean": found["mean"], "ci95": None if low is None else [low, high]}


def spread(real: np.ndarray, drawn: np.ndarray) -> dict[str, float | None]:
    """Return the real value, and mean and interval of the draws; None if undefined."""
    known = drawn[np.isfinite(drawn)]
    low, high = np.percentile(known, INTERVAL).tolist() if len(known) else (None, None)
    return {
        "real": float(real[0]) if np.isfinite(real[0]) else None,
        "mean": float(known.mean()) if len(known) else None,
        "low": low,
        "high": high,
    }
