"""The runs of every variant of a sweep, as a table and as returns."""

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
    """The runs of every variant.

    Attributes
    ----------
    variants : list of dict
        Their parameters.
    pairs : list of (RunTask, RunTask)
        The run with ML off and the one with ML on.
    kept : DataFrame
        Of `SweepStore.read`.
    errors : dict of str
        Why a run could not be made, by its key.
    runs : dict
        How many runs in total, kept from before, and made; those replayed, see `Replayed`; bytes
        of each on disk.
    """

    variants: list[dict[str, Any]]
    pairs: list[tuple[RunTask, RunTask]]
    kept: pd.DataFrame
    errors: dict[str, str]
    runs: dict[str, Any]

    def summaries(self, entries: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what each variant's summary.json would hold: `entries` with its parameters."""
        config = entries["config"]
        return [{**entries, "config": {**config, "params": p}} for p in self.variants]

    def counts(self, table: pd.DataFrame) -> dict[str, Any]:
        """Return how many variants there are and how many failed, and what `runs` holds."""
        failed = len(table) - int(table.error.isna().sum())
        return {"variants": len(table), "failed": failed, "runs": self.runs}

    def table(self) -> pd.DataFrame:
        """Return one row a variant, see `SavedSweep`.

        Raises
        ------
        OptionError
            When no variant could be run.
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
        """Return one row a variant whose both runs were made, by its number.

        Columns: off and on, the returns of each slice, and `record`, the `TrackRecord` of ML-on
        or None.
        """
        rows = {}
        for number, (off, on) in enumerate(self.pairs):
            if off.key in self.kept.index and on.key in self.kept.index:
                record = self.kept.figures[on.key]["record"]
                known = None if record is None else TrackRecord(**record)
                rows[number] = (self.kept.returns[off.key], self.kept.returns[on.key], known)
        return pd.DataFrame.from_dict(rows, orient="index", columns=["off", "on", "record"])
