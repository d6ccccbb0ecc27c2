"""The verdict on two runs, and how sure ML-on's own returns are after all that was tried."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.backtest.label_placebo import label_placebo
from bt_fusion.backtest.run_pair import RunPair
from bt_fusion.backtest.trials import Trials
from bt_fusion.engine.runner import Run
from bt_fusion.models.predictors import Predictor
from bt_fusion.statistics.performance import bar_returns
from bt_fusion.statistics.sharpe import (
    deflated_sharpe,
    min_track_record,
    probabilistic_sharpe,
    sharpe_per_bar,
)
from bt_fusion.verdict.placebos.placebo import Placebo
from bt_fusion.verdict.rules import Evidence, judge

__all__ = [
    "PLACEBOS",
    "certainty",
    "edge_figures",
    "evidence_of",
    "own_sharpe",
    "placebo_figures",
    "selection_statistics",
    "verdict_of_pair",
]

PLACEBOS = ("veto", "labels", "none")
BINS = 40  # of a placebo's histogram
INTERVAL = (2.5, 97.5)  # percentiles
YEAR = pd.Timedelta(days=365.25)


def verdict_of_pair(
    pair: RunPair,
    comparison: Mapping[str, Any],
    trials: int = 1,
    draws: int = 1_000,
    seed: int = 0,
    predictor: Predictor | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return parts of summary.json's `statistics`, and what its `comparison` holds of the verdict.

    Parameters
    ----------
    pair : RunPair
    comparison : dict
        Of `compare_runs`.
    trials : int
        Variants tried on these bars, this one included.
    draws, seed : int
        Of the placebo.
    predictor : WalkForward, optional
        What is to learn again, from labels moved by chance; see `label_placebo`.

    Returns
    -------
    statistics : dict
        placebo, shift (ML's own probabilities moved along the bars; None where no replay knows
        the strategy) and edge, see `placebo_figures` and `edge_figures`; labels where asked for.
    verdict : dict
        verdict, because, rules (name, passed and failure of each) and entries_needed.
    """
    placebo, shift, cash = pair.placebo(draws, seed), pair.shift(seed=seed), pair.account.cash
    verdict = judge(evidence_of(pair, comparison, placebo, trials))
    statistics: dict[str, Any] = {
        "placebo": placebo_figures(placebo, cash),
        "shift": None if shift is None else placebo_figures(shift, cash),
        "edge": edge_figures(placebo, trials),
    }
    if predictor is not None:
        statistics["labels"] = label_placebo(predictor, pair, seed=seed)
    return statistics, {
        "verdict": verdict.verdict,
        "because": verdict.because,
        "rules": [vars(rule) for rule in verdict.rules],
        "entries_needed": verdict.entries_needed,
    }


def placebo_figures(placebo: Placebo, cash: float) -> dict[str, Any]:
    """Return what summary.json keeps of a placebo.

    `real`, `mean`, `low` and `high` are net profit in cash: of ML-on, of the mean draw, and the
    percentiles 2.5 and 97.5 of the draws; `score` and `expectancy` hold the same four.
    """
    drawn, real = placebo.drawn, placebo.real
    return {
        "kind": placebo.kind,
        "draws": len(placebo),
        "p_value": placebo.p_value,
        "entries": {"real": int(real.entries[0]), "mean": float(drawn.entries.mean())},
        **spread(real.profit * cash, drawn.profit * cash),
        "score": spread(real.score, drawn.score),
        "expectancy": spread(real.expectancy, drawn.expectancy),
        "histogram": histogram(drawn.profit * cash),
    }


def histogram(values: np.ndarray) -> dict[str, list[float]]:
    """Return edges and counts of `BINS` bins, one unit wide in all where nothing varies.

    Draws that all took the same trades differ by rounding alone, too little for so many edges.
    """
    known = values[np.isfinite(values)]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
    size = max(abs(low), abs(high))
    if high - low <= 1e-9 * size:
        reach = max(0.5, 1e-6 * size)
        low, high = low - reach, high + reach
    counts, edges = np.histogram(known, BINS, (low, high))
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def spread(real: np.ndarray, drawn: np.ndarray) -> dict[str, float | None]:
    """Return the real value, and mean and interval of the drawn ones; None where undefined."""
    known = drawn[np.isfinite(drawn)]
    low, high = np.percentile(known, INTERVAL).tolist() if len(known) else (None, None)
    return {
        "real": float(real[0]) if np.isfinite(real[0]) else None,
        "mean": float(known.mean()) if len(known) else None,
        "low": low,
        "high": high,
    }


def edge_figures(placebo: Placebo, trials: int = 1) -> dict[str, float | None]:
    """Return how sure it is that ML-on added to chance, by what it made a bar above the mean draw.

    Parameters
    ----------
    placebo : Placebo
    trials : int
        Variants tried, this one included.

    Returns
    -------
    dict
        sharpe (per bar, not annualised), psr, dsr, and dsr_against, the dsr of the negative: how
        sure it is that ML took away. Trials are taken to vary as chance makes them.
    """
    edge = placebo.per_bar
    return {
        "sharpe": sharpe_per_bar(edge),
        "psr": probabilistic_sharpe(edge),
        "dsr": deflated_sharpe(edge, trials),
        "dsr_against": deflated_sharpe(-edge, trials),
    }


def evidence_of(
    pair: RunPair, comparison: Mapping[str, Any], placebo: Placebo, trials: int = 1
) -> Evidence:
    """Collect what the verdict on two runs rests on.

    Parameters
    ----------
    pair : RunPair
    comparison : dict
        Of `compare_runs`.
    placebo : Placebo
    trials : int
        Variants tried on these bars, this one included.
    """
    off, on = pair.off, pair.on
    edge = edge_figures(placebo, trials)
    interval = comparison["expectancy"]["ci95"]
    sharpes = [run.figures["sharpe"] for run in (off, on)]
    if None in sharpes:  # too short for annual ratios
        sharpes = [own_sharpe(run) for run in (off, on)]
    return Evidence(
        trades_off=off.figures["trades"],
        trades_on=on.figures["trades"],
        p_value=placebo.p_value if len(placebo) else None,
        draws=len(placebo),
        expectancy_ci95=None if interval is None else tuple(interval),
        edge_dsr=edge["dsr"],
        edge_dsr_against=edge["dsr_against"],
        trials=trials,
        sharpe_off=sharpes[0],
        sharpe_on=sharpes[1],
        profit_off=off.figures["total_return"],
        profit_on=on.figures["total_return"],
        win_rate_off=off.figures["win_rate"],
        win_rate_on=on.figures["win_rate"],
        psr=probabilistic_sharpe(bar_returns(on.equity.to_numpy(dtype=float))),
        years=(on.equity.index[-1] - on.equity.index[0]) / YEAR,
        in_sample=pair.in_sample,
        ties=int((placebo.drawn.score == placebo.real.score).sum()),
    )


def selection_statistics(run: Run, trials: Trials, pbo: float | None = None) -> dict[str, Any]:
    """Return how sure a run's own returns are, after so many trials.

    Parameters
    ----------
    run : Run
        ML-on.
    trials : Trials
        Of the trial ledger, this run included.
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
