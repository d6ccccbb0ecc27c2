"""A sweep: many variants of a strategy over one set of predictions, and what the best is worth."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from backtrader import Strategy

from bt_fusion.backtest.job import Backtest, clocked
from bt_fusion.backtest.job_checks import checked_strategy, with_threshold
from bt_fusion.backtest.model_figures import model_figures
from bt_fusion.backtest.out_of_sample import OutOfSample
from bt_fusion.backtest.summary import data_and_window
from bt_fusion.engine.loading import ClassSource
from bt_fusion.engine.variants import asks_health
from bt_fusion.errors import OptionError
from bt_fusion.labels import trade_exits
from bt_fusion.models.agreement import THRESHOLDS
from bt_fusion.parallel import Shared, run_unordered, worker_count
from bt_fusion.progress import step
from bt_fusion.saved_runs.sweep_folder import SweepResult
from bt_fusion.sweep.by_replay import MissingRuns, Replayed
from bt_fusion.sweep.grid import combinations
from bt_fusion.sweep.runs import (
    SentInputs,
    SweepInputs,
    run_name,
    run_task,
    unfrozen_after,
)
from bt_fusion.sweep.selection import best_variant, record_variants, selection_figures
from bt_fusion.sweep.store import SweepStore
from bt_fusion.sweep.variant_runs import VariantRuns

__all__ = ["Sweep"]

SCHEMA = 1
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Sweep:
    """Every combination of some parameters, ML off and on, over the same predictions.

    Parameters
    ----------
    job : Backtest
        What predicts, the strategy, its account and dates, and parameters all variants share.
    grid : dict
        The values of each parameter that is gone through.
    jobs : int
        Processes side by side; -1 for all cores.
    slices : int
        Stretches of the window, equal in length, that returns are kept of for the figures of the
        choice among the variants.
    replay : bool
        Replay what can be without the engine, and compare eleven variants with it.
    """

    job: Backtest
    grid: dict[str, list[Any]]
    jobs: int = -1
    slices: int = 2_000
    replay: bool = True

    def run(
        self,
        bars: pd.DataFrame | dict[str, pd.DataFrame],
        folder: Path,
        name: str = "",
        on_refit: Progress | None = None,
        on_run: Progress | None = None,
    ) -> SweepResult:
        """Predict once, make each run that the folder does not hold yet, and sum up.

        Parameters
        ----------
        bars : DataFrame, or dict of them by symbol
        folder : Path
            Keeps finished runs, and the trial ledger.
        name : str
            What to call the data, where the bars do not say.
        on_refit, on_run : callable, optional
            Called with (done, in all), instead of showing them on the terminal.

        Raises
        ------
        OptionError
            For an unknown parameter, or when no variant can be run.
        """
        given = bars if isinstance(bars, dict) else {name: bars}
        job = self.job if THRESHOLDS.keys() & self.grid else with_threshold(self.job, given)
        if job is not self.job:
            return replace(self, job=job).run(bars, folder, name, on_refit, on_run)
        variants = [{**self.job.params, **chosen} for chosen in combinations(self.grid)]
        strategy = self._checked(given, variants[0])
        store, seconds = SweepStore(folder), dict[str, float]()
        with store.lock(), clocked(seconds, "total_s"):
            with clocked(seconds, "predict_s"):
                asked = any(asks_health(strategy, params) for params in variants)
                out_of_sample = self.job.out_of_sample(given, on_refit, asked)
            inputs = self._inputs(strategy, out_of_sample)
            with clocked(seconds, "runs_s"):
                made = self._run_variants(inputs, store, variants, on_run)
            table, returns = made.table(), made.returns()
            entries = {"schema": SCHEMA, **data_and_window(out_of_sample)}
            entries["config"] = self.job.config(given)
            with step("Judging"):
                tried = record_variants(returns, made.summaries(entries), folder)
                figures = selection_figures(table, returns, tried, inputs.periods, self.job.seed)
        summary = {
            **entries,
            "notes": self.job.all_notes(strategy, out_of_sample),
            "model": model_figures(self.job.predictor, out_of_sample),
            "grid": self.grid,
            **made.counts(table),
            "best": best_variant(table, variants),
            **figures,
            "timing": seconds,
        }
        return SweepResult(summary, table, self.grid)

    def _checked(self, bars: dict[str, pd.DataFrame], params: dict[str, Any]) -> type[Strategy]:
        """Return the strategy, once all that can be wrong before any work has been looked at."""
        if self.jobs == 0:
            raise OptionError("jobs 0 must be 1 or more, or -1 for all cores")
        strategy = checked_strategy(replace(self.job, params=params), bars)
        ClassSource.of(strategy)  # refuses what other processes cannot load
        return strategy

    def _inputs(
        self, strategy: type[Strategy], out_of_sample: dict[str, OutOfSample]
    ) -> SweepInputs:
        # without the label, whose class other processes may not have
        predicted = {s: replace(part.predictions, label=None) for s, part in out_of_sample.items()}
        return SweepInputs(
            strategy,
            {symbol: part.bars for symbol, part in out_of_sample.items()},
            predicted,
            trade_exits(self.job.model.label()),
            self.job.account,
            self.slices,
        )

    def _run_variants(
        self,
        inputs: SweepInputs,
        store: SweepStore,
        variants: list[dict[str, Any]],
        on_run: Progress | None,
    ) -> VariantRuns:
        """Make the runs that the store lacks, and read them all."""
        pairs = [(inputs.task("off", p), inputs.task("on", p)) for p in variants]
        tasks = {task.key: task for pair in pairs for task in pair}
        finished = store.keys() & set(tasks)
        missing = [task for key, task in tasks.items() if key not in finished]
        with step("Runs", report=on_run) as report, unfrozen_after():
            report(len(finished), len(tasks))
            shared = Shared(SentInputs.of(inputs))
            work = MissingRuns(inputs, shared, store, pairs, missing, self.jobs, self.job.seed)
            replayed, errors = self._make(work, lambda n: report(len(finished) + n, len(tasks)))
        store.gather()
        runs = {
            "total": len(tasks),
            "kept": len(finished),
            "made": len(missing) - len(errors),
            "engine": len(missing) - len(errors) - replayed.replayed,
            **replayed.counts(),
            "bytes_each": store.bytes_each(),
        }
        return VariantRuns(variants, pairs, store.read(tasks), errors, runs)

    def _make(
        self, work: MissingRuns, report: Callable[[int], None]
    ) -> tuple[Replayed, dict[str, str]]:
        """Make runs, by replay or in Backtrader, and return why some could not be made, by key."""
        replayed, errors = work.replayed(report) if self.replay else Replayed(), dict[str, str]()
        left = [(task,) for task in work.tasks if task.key not in replayed.keys]
        workers = worker_count(self.jobs, len(left))
        done = run_unordered(run_task, left, workers, shared=work.shared, name=run_name)
        for number, outcome in enumerate(done, len(work.tasks) - len(left) + 1):
            outcome.keep(work.store)
            report(number)
            if outcome.error:
                errors[outcome.task.key] = outcome.error
        return replayed, errors
