"""Summary of a universe's rows: counts, notes, and the verdict over all."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from bt_fusion.backtest.job import BacktestJob
from bt_fusion.backtest.pooled_runs import figures_of
from bt_fusion.statistics.bootstrap import Bootstrap
from bt_fusion.universe.row import FileRow
from bt_fusion.universe.table import FALSE_DISCOVERIES
from bt_fusion.verdict.evidence import STRICT
from bt_fusion.verdict.pooled import Market, pooled_evidence, pooled_verdict
from bt_fusion.verdict.rules import GRADES, LEAST_TRADES

__all__ = ["counts_of", "notes_of", "pooled_figures", "shared_notes"]


def pooled_figures(
    markets: Iterable[Market], rows: Mapping[str, FileRow], job: BacktestJob
) -> dict[str, Any]:
    """Return the verdict over all rows together, and its evidence."""
    together = pooled_evidence(markets, Bootstrap(job.draws, job.seed))
    verdict = pooled_verdict(together, [row.evidence for row in rows.values() if row.evidence])
    return {
        **verdict.to_dict(),
        **figures_of(together),
        "gain_above_chance": together.expectancy,
        "gain_by_chance": together.chance_expectancy,
    }


def counts_of(table: pd.DataFrame) -> dict[str, Any]:
    """Return the numbers of files, compared files, files by grade, and files where ML helped."""
    compared = int((table.error == "").sum())
    tested = int(table.p_value.notna().sum())
    return {
        "files": len(table),
        "judged": compared,
        "failed": len(table) - compared,
        "tested": tested,
        "grades": {grade: int((table.verdict == grade).sum()) for grade in GRADES},
        "helped_before": int(table.helped_before.sum()),
        "helped_after": int(table.helped_after.sum()),
        "by_chance": STRICT * tested,
        "false_discoveries": FALSE_DISCOVERIES,
    }


def notes_of(table: pd.DataFrame, control: bool) -> list[str]:
    """Return notes for the reader of the table."""
    notes = []
    if control:
        notes.append(
            "a control: models learnt from labels that belong to other rows, so nothing was learnt"
        )
    few = table[["off_trades", "on_trades"]].min(axis=1) < LEAST_TRADES
    if few.any():
        notes.append(
            f"{int(few.sum()):,} of {int(table.off_trades.notna().sum()):,} files have under "
            f"{LEAST_TRADES} trades in a run, too few for a verdict of their own"
        )
    most = int(table.trials.max())
    if most > 1:
        notes.append(f"{most} variants were tried on the same bars into this folder, and all count")
    return notes


def shared_notes(rows: Iterable[FileRow]) -> list[str]:
    """Return the notes that all rows have.

    >>> shared_notes([FileRow(notes=("a", "b")), FileRow(notes=("b",))])
    ['b']
    """
    notes = [row.notes for row in rows]
    return [note for note in notes[0] if all(note in each for each in notes)]
