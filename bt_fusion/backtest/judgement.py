"""What two runs come to: ML-on held against chance and against all that was tried."""

from collections.abc import Mapping
from typing import Any

import backtrader as bt

from bt_fusion.backtest.label_placebo import label_placebo
from bt_fusion.backtest.out_of_sample import Predictor, Unseen
from bt_fusion.backtest.placebo_inputs import (
    edge_figures,
    placebo_figures,
    placebo_of,
    shift_of,
    verdict_of,
)
from bt_fusion.backtest.summary import only
from bt_fusion.engine.runner import Account, Run

__all__ = ["PLACEBOS", "judge_runs"]

PLACEBOS = ("veto", "labels", "none")


def judge_runs(
    strategy: type[bt.Strategy],
    params: Mapping[str, Any],
    horizon: int,
    runs: Mapping[str, Run],
    unseen: Mapping[str, Unseen],
    account: Account,
    comparison: Mapping[str, Any],
    trials: int = 1,
    draws: int = 1_000,
    seed: int = 0,
    again: Predictor | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return parts of summary.json's `statistics`, and what its `comparison` says of the verdict.

    Parameters
    ----------
    strategy : class
    params : dict
        As given for both runs.
    horizon : int
        Of the label, in bars.
    runs : dict of Run
        "off" and "on".
    unseen : dict of Unseen
        What both traded.
    account : Account
    comparison : dict
        Of `compare_runs`.
    trials : int
        Variants tried on these bars, this one included.
    draws, seed : int
        Of the placebo.
    again : WalkForward, optional
        What is to learn again, from labels moved by chance; see `label_placebo`.

    Returns
    -------
    statistics : dict
        placebo, shift (ML's own probabilities moved along the bars; None where no replay knows
        the strategy) and edge, see `placebo_figures` and `edge_figures`; labels where asked for.
    verdict : dict
        verdict, because, rules (name, passed and failure of each) and entries_needed.
    """
    off, on = runs["off"], runs["on"]
    bars = only({symbol: part.bars for symbol, part in unseen.items()})
    said = only({symbol: part.predictions for symbol, part in unseen.items()})
    known = (bars, said, account)
    placebo = placebo_of(strategy, params, horizon, off, on, *known, draws, seed)
    shift = shift_of(strategy, params, horizon, on, *known, seed=seed)
    edge = edge_figures(placebo, trials)
    in_sample = sum(part.in_sample for part in unseen.values())
    verdict = verdict_of(off, on, comparison, placebo, trials, in_sample)
    statistics: dict[str, Any] = {
        "placebo": placebo_figures(placebo, account.cash),
        "shift": None if shift is None else placebo_figures(shift, account.cash),
        "edge": edge,
    }
    if again is not None:
        job = (again, strategy, params, horizon, runs, unseen, account)
        statistics["labels"] = label_placebo(*job, seed=seed)
    return statistics, {
        "verdict": verdict.verdict,
        "because": verdict.because,
        "rules": [vars(rule) for rule in verdict.rules],
        "entries_needed": verdict.entries_needed,
    }
