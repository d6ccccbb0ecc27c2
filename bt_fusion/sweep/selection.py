"""How much of a sweep's best variant is the choosing: PBO, deflated Sharpe, SPA."""

from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.backtest.trials import record_trial, trials_of
from bt_fusion.statistics.selection_bias import (
    overfitting_probability,
    superior_predictive_ability,
)
from bt_fusion.statistics.sharpe import expected_best_sharpe

__all__ = ["judged"]

BLOCKS = 16  # of the window, for the probability of backtest overfitting


def judged(
    table: pd.DataFrame,
    runs: pd.DataFrame,
    trials: list[dict[str, Any]],
    *,
    folder: Path,
    periods: float,
    seed: int,
) -> dict[str, Any]:
    """Note every variant in the folder's ledger and say what the best one is worth.

    Parameters
    ----------
    table : DataFrame
        One row a variant, as in `SweepResult`.
    runs : DataFrame
        One row a variant that could be run: off and on, each the returns of its slices, and
        `record`, the `TrackRecord` of ML-on or None; its index is that of the table.
    trials : list of dict
        What each variant's summary.json would say of data, window and config.
    folder : Path
        Of the ledger.
    periods : float
        Bars a year.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        best: {params, off, on, delta} of the highest Sharpe ratio with ML, or None where no
        variant traded; pbo: the probability of backtest overfitting among the variants with ML;
        trials: variants of this sweep and of earlier runs on the same bars; luck: the Sharpe
        ratio expected of the best of so many without skill, annualised; dsr: the deflated Sharpe
        ratio of the best; spa_p: the p-value of "no variant with ML makes more than the same one
        without". Undefined figures are None.
    """
    for row, record in zip(runs.index.tolist(), runs.record, strict=True):
        record_trial(folder, trials[row], None if record is None else record.sharpe)
    tried = trials_of(folder, trials[0])
    found: dict[str, Any] = {
        "pbo": None,
        "trials": tried.count,
        "luck": None,
        "dsr": None,
        "spa_p": None,
    }
    off, on = (np.column_stack(runs[run].to_list()).astype(float) for run in ("off", "on"))
    found["spa_p"] = superior_predictive_ability(np.zeros(len(on)), on - off, seed=seed)
    if on.shape[1] > 1 and len(on) >= BLOCKS:
        found["pbo"] = overfitting_probability(on, BLOCKS)
    sharpes = table.on_sharpe.where(table.error.isna()).astype(float)
    if sharpes.isna().all():
        return {"best": None, **found}
    best = int(sharpes.argmax())
    record = runs.record[best]
    if record is not None:
        chance = 1 / (record.bars - 1)
        luck = expected_best_sharpe(
            tried.count, chance if tried.variance is None else tried.variance
        )
        found |= {"luck": luck * sqrt(periods), "dsr": record.probability_above(luck)}
    return {"best": entry(table, best, trials[best]["config"]["params"]), **found}


def entry(table: pd.DataFrame, row: int, params: dict[str, Any]) -> dict[str, Any]:
    """Return a variant as sweep.json shows it: its parameters, figures, differences."""
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
