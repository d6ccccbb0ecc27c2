"""How much of a sweep's best variant is the choosing: PBO, deflated Sharpe, SPA."""

from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.backtest.ledger import record_trial, trials_of
from bt_fusion.backtest.sweep_runs import Task
from bt_fusion.significance import (
    TrackRecord,
    expected_best_sharpe,
    overfitting_probability,
    superior_predictive_ability,
)

__all__ = ["judged"]

BLOCKS = 16  # of the window, for the probability of backtest overfitting


def judged(
    table: pd.DataFrame,
    pairs: list[tuple[Task, Task]],
    kept: pd.DataFrame,
    trials: list[dict[str, Any]],
    folder: Path,
    seed: int,
) -> dict[str, Any]:
    """Note every variant in the folder's ledger and say what the best one is worth.

    Parameters
    ----------
    table : DataFrame
        One row a variant, as in `SweepResult`.
    pairs : list of (Task, Task)
        The runs of each variant, off and on.
    kept : DataFrame
        Finished runs by key.
    trials : list of dict
        What each variant's summary.json would say of data, window and config.
    folder : Path
        Of the ledger.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        best: {row, params, off, on, delta} of the highest Sharpe ratio with ML, or None where no
        variant traded; pbo: the probability of backtest overfitting among the variants with ML;
        trials: variants of this sweep and earlier ones on the same bars; expected_best_sharpe:
        annualised, what the best of so many looks like without skill; dsr: the deflated Sharpe
        ratio of the best; spa_p: the p-value of "no variant with ML makes more than the same
        one without". Undefined figures are None.
    """
    ran = table.index[table.error.isna()]
    records = {row: _record(kept.figures[pairs[row][1].key]) for row in ran}
    for row, record in records.items():
        record_trial(folder, trials[row], None if record is None else record.sharpe)
    earlier = trials_of(folder, trials[0])
    sharpes = table.on_sharpe.astype(float)
    best = None if sharpes.isna().all() else int(sharpes.idxmax())
    off, on = (
        np.column_stack([kept.returns[pairs[row][side].key] for row in ran]) for side in (0, 1)
    )
    found = {
        "best": None if best is None else _entry(table, best, list(trials[best]["config"]["params"])),
        "pbo": _pbo(on),
        "trials": earlier.count,
        "expected_best_sharpe": None,
        "dsr": None,
        "spa_p": superior_predictive_ability(np.zeros(len(on)), on - off, seed=seed),
    }
    record = records.get(best)
    if record is not None:
        luck = expected_best_sharpe(earlier.count, np.var(earlier.sharpes, ddof=1))
        scale = sharpes[best] / record.sharpe
        found |= {"expected_best_sharpe": luck * scale, "dsr": record.probability_above(luck)}
    return found
