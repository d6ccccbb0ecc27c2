"""Universe: compare ML off and on over many files, with one verdict over all."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.base import clone

from bt_fusion.backtest.job import BacktestJob, clocked
from bt_fusion.backtest.job_checks import checked_strategy, resolved
from bt_fusion.data.timestamps import length_seconds
from bt_fusion.errors import OptionError
from bt_fusion.models.predictors import Predictor
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.parallel import Shared, run_unordered, shares_disk, worker_count
from bt_fusion.plugins import sent_plugins
from bt_fusion.saved_runs.universe_folder import SCHEMA, UniverseResult
from bt_fusion.trade_models.managed_model import ManagedModel
from bt_fusion.universe.keys import JobKey
from bt_fusion.universe.one_file import MORE_DRAWS, FileJob, compare_file
from bt_fusion.universe.plan import Plan
from bt_fusion.universe.row import FileRow
from bt_fusion.universe.shuffled import ShuffledWalkForward
from bt_fusion.universe.store import UniverseStore
from bt_fusion.universe.summary import counts_of, notes_of, pooled_figures, shared_notes
from bt_fusion.universe.table import UniverseFile, columns_of, ranking

__all__ = ["Universe"]

OnRow = Callable[[dict[str, Any], int, int], Any]
NO_BARS = {"": pd.DataFrame()}  # option checks need only symbols


@dataclass(frozen=True)
class Universe:
    """Run the same backtest over many files.

    Parameters
    ----------
    job : BacktestJob
        The model, strategy, account and dates.
    jobs : int
        Number of parallel processes, one file and one thread each; -1 for all cores.
    repair : bool
        Sort bars and drop broken rows.
    resample : str, optional
        Length of the bars to make of those of the files, see `resample_bars`.
    min_bars : int
        Files with fewer bars are not judged.
    shuffle_labels : bool
        A control: models learn from the labels of other rows, so there is nothing to learn.
    keep_runs : bool
        Also write each file's full run, as `bt-fusion backtest` does; this takes longer.
    """

    job: BacktestJob
    jobs: int = -1
    repair: bool = False
    resample: str | None = None
    min_bars: int = 0
    shuffle_labels: bool = False
    keep_runs: bool = False

    def run(
        self, files: Mapping[str, Path], folder: Path, on_row: OnRow | None = None
    ) -> UniverseResult:
        """Backtest each file missing from the folder, rank all files, and pool them.

        Parameters
        ----------
        files : mapping of Path
            By symbol.
        folder : Path
            Stores finished files.
        on_row : callable, optional
            Called with (columns, rows done, total rows) for each new file; columns are those of the
            ranking that depend only on this file.

        Raises
        ------
        OptionError
            For an invalid option, or if no file can be judged.
        """
        job, seconds = self._checked(), dict[str, float]()
        store = UniverseStore(folder)
        with store.lock(), clocked(seconds, "total_s"):
            key = self._key(job)
            plan = Plan.of(files, key)
            kept, failed = self._compare_files(job, plan, store, on_row)
            rows = store.read([task.key for task in plan.tasks])
            trials = store.trials(rows)
            table = ranking([*stored_files(plan, rows, trials), *plan.refused, *failed])
            counted = {
                key: replace(row, evidence=row.after(trials[key]))
                for key, row in rows.items()
                if row.evidence is not None
            }
            if not counted:
                raise OptionError(f"none of {len(files):,} files can be judged: {table.error[0]}")
            pooled = pooled_figures(store.markets(counted), counted, job)
        summary = {
            "schema": SCHEMA,
            "config": key.config,
            **counts_of(table),
            "pooled": pooled,
            "notes": [
                *notes_of(table, self.shuffle_labels),
                *shared_notes(counted.values()),
            ],
            "runs": {"kept": kept, "made": len(plan.tasks) - kept},
            "timing": seconds,
        }
        return UniverseResult(summary, table)

    def _checked(self) -> BacktestJob:
        """Check all options, and return the job for each file."""
        if self.jobs == 0:
            raise OptionError("jobs 0 must be 1 or more, or -1 for all cores")
        if self.min_bars < 0:
            raise OptionError(f"min_bars {self.min_bars} must be 0 or more")
        if self.resample is not None:
            length_seconds(self.resample)
        if self.job.horizon == "auto":
            raise OptionError(
                "horizon auto measures the trades of one market; give a number of bars"
            )
        job = resolved(self.job, NO_BARS)
        if job.ml != "both" or job.placebo != "veto":
            raise OptionError(
                "a universe compares ML off and on with random filters: leave ml and placebo away"
            )
        predictor = job.predictor
        if not isinstance(predictor, (WalkForward, SignalModel)):
            raise OptionError(
                "a universe has one model for all files; give --model once, one folder"
            )
        if self.shuffle_labels:
            predictor = shuffled(predictor)
        if isinstance(predictor, WalkForward):
            predictor = clone(predictor).set_params(jobs=1)
        job = replace(job, model=predictor, ledger=None, brief=not self.keep_runs)
        checked_strategy(job, NO_BARS)
        return job

    def _key(self, job: BacktestJob) -> JobKey:
        bars = {"repair": self.repair, "resample": self.resample}
        kept = {"min_bars": self.min_bars, "runs": self.keep_runs, "more_draws": MORE_DRAWS}
        return JobKey.of(job, self.shuffle_labels, bars, kept)

    def _compare_files(
        self, job: BacktestJob, plan: Plan, store: UniverseStore, on_row: OnRow | None
    ) -> tuple[int, list[UniverseFile]]:
        """Compare ML off and on over the files missing from the store.

        Returns the number already stored, and the files whose rows are not stored: they failed for
        a possibly temporary reason.
        """
        finished, report = store.keys(), on_row or (lambda *_: None)
        missing = [task for task in plan.tasks if task.key not in finished]
        kept, total = len(plan.tasks) - len(missing), len(plan.tasks) + len(plan.refused)
        shared = FileJob.of(
            job,
            plugins=sent_plugins(),
            repair=self.repair,
            resample=self.resample,
            min_bars=self.min_bars,
            runs=self.keep_runs,
        )
        here = shares_disk()
        done = run_unordered(
            compare_file,
            ((task, None if here else task.path.read_bytes()) for task in missing),
            worker_count(self.jobs, len(missing)),
            shared=Shared(shared),
            name=lambda task, _: f"the file {task.path}",
        )
        failed = []
        for number, result in enumerate(done, kept + 1):
            result.keep(store)
            each = UniverseFile(result.task.symbol, result.task.path, result.row)
            report(columns_of(each), number, total)
            failed += [] if result.stored else [each]
        for number, each in enumerate(plan.refused, len(plan.tasks) + 1):
            report(columns_of(each), number, total)
        store.gather()
        return kept, failed


def shuffled(predictor: Predictor) -> ShuffledWalkForward:
    """Return the walk-forward with nothing to learn."""
    if not isinstance(predictor, WalkForward):
        raise OptionError(
            "--shuffle-labels trains on labels of other rows, and a saved model is not trained: "
            "leave --model away, or give --recipe"
        )
    if isinstance(predictor.signal_model(), ManagedModel):
        raise OptionError(
            "--shuffle-labels moves the labels of the signal alone, and a managed model learns "
            "three others: take another preset"
        )
    return ShuffledWalkForward(**predictor.get_params(deep=False))


def stored_files(
    plan: Plan, rows: Mapping[str, FileRow], trials: Mapping[str, int]
) -> Iterator[UniverseFile]:
    """Yield every file with a stored row."""
    for task in plan.tasks:
        if task.key in rows:
            yield UniverseFile(task.symbol, task.path, rows[task.key], trials[task.key])
