"""Verdict on two runs, and certainty of ML-on's returns, corrected for all trials."""

from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.backtest.chance.chance_figures import chance_figures, placebo_figures
from bt_fusion.backtest.chance.entry_ranking import (
    ranking_figures,
    ranking_gains,
    ranking_of,
    ranking_test,
)
from bt_fusion.backtest.chance.label_placebo import label_placebo
from bt_fusion.backtest.chance.matched_chance import MatchedChance, delayed_test, matched_chance
from bt_fusion.backtest.run_pair import RunPair
from bt_fusion.backtest.trials import Trials
from bt_fusion.engine.runner import Run
from bt_fusion.models.predictors import Predictor
from bt_fusion.statistics.performance import bar_returns, years_of
from bt_fusion.statistics.sharpe import (
    comparable_sharpes,
    deflated_sharpe,
    min_track_record,
    probabilistic_sharpe,
    sharpe_per_bar,
)
from bt_fusion.verdict.evidence import ChanceTest, Evidence
from bt_fusion.verdict.rules import judge

__all__ = [
    "PLACEBOS",
    "certainty",
    "edge_figures",
    "evidence_of",
    "own_sharpe",
    "selection_statistics",
    "verdict_of_pair",
]

PLACEBOS = ("veto", "labels", "none")


def verdict_of_pair(
    pair: RunPair,
    trials: int = 1,
    draws: int = 1_000,
    seed: int = 0,
    predictor: Predictor | None = None,
) -> tuple[dict[str, Any], dict[str, Any], pd.DataFrame]:
    """Return the verdict on a pair, as entries of `statistics` and `comparison` of summary.json.

    Parameters
    ----------
    pair : RunPair
    trials : int
        Variants tried on these bars, this one included.
    draws, seed : int
        Of the random filters and the ranking's shifts.
    predictor : WalkForward, optional
        Model to retrain on randomly shifted labels; see `label_placebo`.

    Returns
    -------
    statistics : dict
        placebo and edge, see `placebo_figures` and `edge_figures`; labels if requested.
    verdict : dict
        chance (see `chance_figures`), ranking (see `ranking_figures`), delay_1 (p_value and
        p_against of the setting with every order one bar later, None without a replay), verdict,
        because, change and rules (name, passed, grades).
    by_bar : DataFrame
        By the account's timestamps: above_chance, the return of ML-on's account above that of the
        mean random filter, and ranked, the gain of the ranks of P(side).
    """
    chance, ranking = matched_chance(pair, draws, seed), ranking_of(pair, draws, seed)
    delayed = None if chance.untested else delayed_test(pair, draws, seed)
    verdict = judge(evidence_of(pair, chance, ranking_test(ranking), trials, delayed))
    statistics: dict[str, Any] = {
        "placebo": placebo_figures(chance, pair.account.cash),
        "edge": edge_figures(chance, trials),
    }
    if predictor is not None:
        statistics["labels"] = label_placebo(predictor, pair, seed=seed)
    comparison = {
        "chance": chance_figures(chance, pair),
        "ranking": ranking_figures(ranking),
        "delay_1": None if delayed is None else vars(delayed),
        **verdict.to_dict(),
    }
    stamps = pd.DatetimeIndex(pair.on.equity.index)
    lines = {"above_chance": chance.above_chance, "ranked": ranking_gains(ranking, stamps)}
    return statistics, comparison, pd.DataFrame(lines, index=stamps)


def edge_figures(chance: MatchedChance, trials: int = 1) -> dict[str, float | None]:
    """Return the certainty that ML-on beats chance, from its returns above the mean draw.

    Parameters
    ----------
    chance : MatchedChance
    trials : int
        Variants tried, this one included.

    Returns
    -------
    dict
        sharpe (per bar, not annualised), psr, dsr, and dsr_against, the dsr of the negative: the
        certainty that ML hurt. Trials are assumed to vary as by chance.
    """
    edge = chance.above_chance.to_numpy()
    return {
        "sharpe": sharpe_per_bar(edge),
        "psr": probabilistic_sharpe(edge),
        "dsr": deflated_sharpe(edge, trials),
        "dsr_against": deflated_sharpe(-edge, trials),
    }


def evidence_of(
    pair: RunPair,
    chance: MatchedChance,
    ranking: ChanceTest | None = None,
    trials: int = 1,
    delayed: ChanceTest | None = None,
) -> Evidence:
    """Collect the evidence for the verdict on two runs.

    Parameters
    ----------
    pair : RunPair
    chance : MatchedChance
    ranking : ChanceTest, optional
        Does ML rank entries?
    trials : int
        Variants tried on these bars, this one included.
    delayed : ChanceTest, optional
        Of `delayed_test`.
    """
    off, on = pair.off, pair.on
    edge, drawn = edge_figures(chance, trials), chance.together.drawn.expectancy
    drawn = drawn[np.isfinite(drawn) & chance.comparable]
    low, high = np.percentile(drawn, (2.5, 97.5)).tolist() if len(drawn) else (None, None)
    sharpes, per_bar = comparable_sharpes(
        [run.figures["sharpe"] for run in (off, on)],
        [run.equity.to_numpy(dtype=float) for run in (off, on)],
    )
    return Evidence(
        trades_off=off.figures["trades"],
        trades_on=on.figures["trades"],
        setting=chance.test,
        ranking=ranking,
        expectancy=on.figures["expectancy"],
        chance_expectancy=None if low is None or high is None else (low, high),
        chance_mean=float(drawn.mean()) if len(drawn) else None,
        edge_dsr=edge["dsr"],
        edge_dsr_against=edge["dsr_against"],
        trials=trials,
        sharpe_off=sharpes[0],
        sharpe_on=sharpes[1],
        psr=probabilistic_sharpe(bar_returns(on.equity.to_numpy(dtype=float))),
        years=years_of(on.equity.index),
        in_sample=pair.in_sample,
        untested=chance.untested,
        remedy=chance.remedy,
        delayed=delayed,
        sharpe_per_bar=per_bar,
    )


def selection_statistics(run: Run, trials: Trials, pbo: float | None = None) -> dict[str, Any]:
    """Return the certainty of a run's own returns, corrected for the trials.

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
        sharpe, psr and dsr (see `certainty`), trials, pbo, bars, min_track_record (bars until psr
        reaches 0.95 with such returns, None for never), and None for placebo and edge, which are
        filled in later.
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
    """Return the certainty that per-bar returns show skill.

    Returns
    -------
    dict
        sharpe: per bar, not annualised; psr: probability that the true ratio is above 0; dsr: above
        the best of the trials without skill. None if undefined.
    """
    return {
        "sharpe": sharpe_per_bar(returns),
        "psr": probabilistic_sharpe(returns),
        "dsr": deflated_sharpe(returns, trials.count, trials.variance),
    }
