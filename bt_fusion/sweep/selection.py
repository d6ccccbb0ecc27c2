"""The best variant of a sweep, and how much of it is luck: PBO, deflated Sharpe, SPA."""

from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.backtest.trials import Trials, record_trials, trials_of
from bt_fusion.errors import unknown_name
from bt_fusion.statistics.selection_bias import (
    overfitting_probability,
    superior_predictive_ability,
)
from bt_fusion.statistics.sharpe import expected_best_sharpe
from bt_fusion.sweep.variant_runs import COMPARED

__all__ = [
    "MAXIMIZED",
    "best_row",
    "best_variant",
    "check_maximize",
    "record_variants",
    "selection_figures",
]

# Figures of ML on, and differences to ML off, where higher is better
MAXIMIZED = (
    *("sharpe", "sortino", "sqn", "total_return", "cagr", "net_profit", "final_value"),
    *("profit_factor", "profit_factor_cash", "expectancy", "win_rate", "avg_win", "trades", "won"),
    *(f"delta_{name}" for name in COMPARED if name != "max_drawdown"),
)

BLOCKS = 16  # parts of the window, for the probability of backtest overfitting


def record_variants(runs: pd.DataFrame, summaries: list[dict[str, Any]], folder: Path) -> Trials:
    """Add every variant that ran to a folder's trial ledger, and return the trials it counts.

    Parameters
    ----------
    runs : DataFrame
        Of `VariantRuns.returns`.
    summaries : list of dict
        Data, window and config of each variant, as in summary.json.
    folder : Path
    """
    pairs = zip(runs.index.tolist(), runs.record, strict=True)
    record_trials(
        folder, ((summaries[n], None if each is None else each.sharpe) for n, each in pairs)
    )
    return trials_of(folder, summaries[0])


def check_maximize(figure: str) -> None:
    """Raise OptionError for a figure that cannot be maximized."""
    if figure not in MAXIMIZED:
        raise unknown_name("figure to maximize", figure, MAXIMIZED)


def best_row(table: pd.DataFrame, column: str) -> int | None:
    """Return the row of a column's highest value, None if no variant traded with ML."""
    traded = table.error.isna() & table.on_sharpe.notna()
    values = table[column].where(traded).astype(float)
    return None if values.isna().all() else int(values.argmax())


def best_variant(
    table: pd.DataFrame, variants: list[dict[str, Any]], best: int | None
) -> dict[str, Any] | None:
    """Return {params, off, on, delta} of the best variant; None if none traded.

    Parameters
    ----------
    table : DataFrame
        One row per variant, as in `SavedSweep`.
    variants : list of dict
        Parameters of each.
    best : int or None
        Of `best_row`.
    """
    return None if best is None else entry(table, best, variants[best])


def selection_figures(
    best: int | None, runs: pd.DataFrame, tried: Trials, periods: float, seed: int
) -> dict[str, Any]:
    """Return how much of the best variant's result may be luck.

    Parameters
    ----------
    best : int or None
        Row of the best variant, of `best_row`.
    runs : DataFrame
        Of `VariantRuns.returns`.
    tried : Trials
        Variants of this sweep and of earlier runs on the same bars.
    periods : float
        Bars per year.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        pbo: the probability of backtest overfitting if the Sharpe ratio with ML decides, variants
        with the same returns counted once; trials: the number of variants tried; luck: the
        annualised Sharpe ratio expected of the best of them without skill; dsr: the deflated Sharpe
        ratio of the best; spa_p: the p-value of "no variant earns more with ML than without".
        Undefined figures are None.
    """
    off, on = (np.column_stack(runs[run].to_list()).astype(float) for run in ("off", "on"))
    spa_p = superior_predictive_ability(np.zeros(len(on)), on - off, seed=seed)
    pbo, luck, dsr = None, None, None
    distinct = np.unique(on, axis=1)  # equal variants share a rank, which is never below the median
    if distinct.shape[1] > 1 and len(on) >= BLOCKS:
        pbo = overfitting_probability(distinct, BLOCKS)
    record = None if best is None else runs.record[best]
    if record is not None:
        chance = 1 / (record.bars - 1)
        variance = chance if tried.variance is None else tried.variance
        per_bar = expected_best_sharpe(tried.count, variance)
        luck, dsr = per_bar * sqrt(periods), record.probability_above(per_bar)
    return {"pbo": pbo, "trials": tried.count, "luck": luck, "dsr": dsr, "spa_p": spa_p}


def entry(table: pd.DataFrame, row: int, params: dict[str, Any]) -> dict[str, Any]:
    """Return a variant's entry in sweep.json: its parameters, figures and differences."""
    values = table.loc[row]
    parts = {
        part: {
            name.removeprefix(f"{part}_"): values[name]
            for name in table.columns
            if name.startswith(f"{part}_") and name not in params
        }
        for part in ("off", "on", "delta")
    }
    return {"params": params, **parts}
