"""Ranking of many files, with control of false discoveries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.universe.row import FIGURES, FileRow
from bt_fusion.verdict.rules import HELPED

__all__ = ["FALSE_DISCOVERIES", "UniverseFile", "columns_of", "controlled", "ranking"]

FALSE_DISCOVERIES = 0.05  # mean share of false ones among rows that stay "helped"


@dataclass(frozen=True)
class UniverseFile:
    """A file and its row.

    Attributes
    ----------
    symbol : str
    path : Path
    row : FileRow
    trials : int
        Variants tried on it, this one included.
    """

    symbol: str
    path: Path
    row: FileRow
    trials: int = 1


def ranking(files: Sequence[UniverseFile]) -> pd.DataFrame:
    """Return one row per file, lowest p-value first, files without a p-value last.

    Columns: symbol, file, verdict, p_value (of "its setting gained", corrected for all variants
    tried), q_value (Benjamini-Hochberg over all p-values), helped_before and helped_after control,
    ranking_p, auc, bars, traded, start, end, off_... and on_... of `FIGURES`, chance_expectancy (of
    the mean random filter), trials, error, because, notes.
    """
    table = pd.DataFrame([columns_of(each) for each in files])
    table["p_value"] = table.p_value.astype(float)
    table.insert(4, "q_value", controlled(table.p_value.to_numpy()))
    table.insert(5, "helped_before", table.verdict == HELPED)
    table.insert(6, "helped_after", table.helped_before & (table.q_value <= FALSE_DISCOVERIES))
    order = ["q_value", "p_value", "symbol"]
    return table.sort_values(order, kind="stable", ignore_index=True, na_position="last")


def columns_of(each: UniverseFile) -> dict[str, Any]:
    """Return the columns of a file that do not depend on others."""
    row, verdict = each.row, each.row.verdict(each.trials)
    evidence = row.evidence
    ranked = None if evidence is None else evidence.ranking
    figures: Mapping[str, Any] = {
        f"{run}_{name}": getattr(row, run).get(name) for run in ("off", "on") for name in FIGURES
    }
    return {
        "symbol": each.symbol,
        "file": str(each.path),
        "verdict": "not judged" if verdict is None else verdict.verdict,
        "p_value": row.p_value(each.trials),
        "ranking_p": None if ranked is None else ranked.p_value,
        "auc": row.auc,
        "bars": row.bars,
        "traded": row.traded,
        "start": row.start,
        "end": row.end,
        **figures,
        "chance_expectancy": None if evidence is None else evidence.chance_mean,
        "trials": each.trials,
        "error": row.error,
        "because": row.error if verdict is None else verdict.because,
        "notes": "; ".join(row.notes),
    }


def controlled(p_values: np.ndarray) -> np.ndarray:
    """Return the q-value of each p-value, NaN for NaN.

    Parameters
    ----------
    p_values : ndarray, shape (n_rows,)

    References
    ----------
    Benjamini and Hochberg, Controlling the False Discovery Rate, Journal of the Royal Statistical
    Society B 57 (1995); by `statsmodels`.

    Examples
    --------
    >>> controlled(np.array([0.01, np.nan, 0.03, 0.5])).round(3)
    array([0.03 ,   nan, 0.045, 0.5  ])
    """
    known = np.isfinite(p_values)
    q_values = np.full(len(p_values), np.nan)
    if known.any():
        from statsmodels.stats.multitest import multipletests

        q_values[known] = multipletests(p_values[known], method="fdr_bh")[1]
    return q_values
