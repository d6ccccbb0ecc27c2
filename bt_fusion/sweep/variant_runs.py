"""Runs of every variant of a sweep, as a table and as returns."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from bt_fusion.errors import OptionError
from bt_fusion.statistics.sharpe import TrackRecord
from bt_fusion.sweep.runs import RunTask

__all__ = ["COMPARED", "VariantRuns"]

COMPARED = (
    "win_rate",
    "profit_factor",
    "profit_factor_cash",
    "expectancy",
    "net_profit",
    "sharpe",
    "max_drawdown",
)


@dataclass(frozen=True, eq=False)
class VariantRuns:
    """Runs of every variant, ML off and ML on.

    Attributes
    ----------
    variants : list of dict
        Parameters of each variant.
    pairs : list of (RunTask, RunTask)
        The run with ML off and the one with ML on.
    kept : DataFrame
        Of `SweepStore.read`.
    errors : dict of str
        Why a run failed, by its key.
    runs : dict
        Number of runs in total, reused, and made; of replayed ones, see `Replayed`; bytes per run
        on disk.
    """

    variants: list[dict[str, Any]]
    pairs: list[tuple[RunTask, RunTask]]
    kept: pd.DataFrame
    errors: dict[str, str]
    runs: dict[str, Any]

    def summaries(self, entries: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the summary.json entries of each variant: `entries` with its parameters."""
        config = entries["config"]
        return [{**entries, "config": {**config, "params": p}} for p in self.variants]

    def counts(self, table: pd.DataFrame) -> dict[str, Any]:
        """Return the number of variants and of failed ones, and the counts of `runs`."""
        failed = len(table) - int(table.error.isna().sum())
        return {"variants": len(table), "failed": failed, "runs": self.runs}

    def table(self) -> pd.DataFrame:
        """Return one row per variant, see `SavedSweep`.

        Raises
        ------
        OptionError
            If no variant could be run.
        """
        rows = []
        for params, pair in zip(self.variants, self.pairs, strict=True):
            row: dict[str, Any] = dict(params)
            for task in pair:
                figures = self.kept.figures[task.key] if task.key in self.kept.index else {}
                row |= {f"{task.run}_{key}": figures[key] for key in figures if key != "record"}
            failed = (self.errors[task.key] for task in pair if task.key in self.errors)
            row["error"] = next(failed, None)
            rows.append(row)
        if all(row["error"] for row in rows):
            raise OptionError(f"none of {len(rows)} variants can be run: {rows[0]['error']}")
        table = pd.DataFrame(rows)
        for name in COMPARED:
            after, before = (pd.to_numeric(table[f"{run}_{name}"]) for run in ("on", "off"))
            table[f"delta_{name}"] = after - before
        return table

    def returns(self) -> pd.DataFrame:
        """Return one row per variant with both runs, by its number.

        Columns: `off` and `on` (returns per slice), and `record` (`TrackRecord` of ML-on or None).
        """
        rows = {}
        for number, (off, on) in enumerate(self.pairs):
            if off.key in self.kept.index and on.key in self.kept.index:
                record = self.kept.figures[on.key]["record"]
                known = None if record is None else TrackRecord(**record)
                rows[number] = (self.kept.returns[off.key], self.kept.returns[on.key], known)
        return pd.DataFrame.from_dict(rows, orient="index", columns=["off", "on", "record"])
