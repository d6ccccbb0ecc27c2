"""Sweep: run many variants of a strategy on one set of predictions, and rate the best."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from backtrader import Strategy

from bt_fusion.backtest.holding_time import with_horizon
from bt_fusion.backtest.job import UNNAMED, BacktestJob, clocked
from bt_fusion.backtest.job_checks import bars_by_symbol, checked_strategy, resolved
from bt_fusion.backtest.model_figures import model_figures
from bt_fusion.backtest.out_of_sample import OutOfSample
from bt_fusion.backtest.summary import data_and_window
from bt_fusion.engine.variants import uses_health
from bt_fusion.errors import OptionError
from bt_fusion.labels import trade_exits
from bt_fusion.models.agreement import THRESHOLDS
from bt_fusion.parallel import Shared, run_unordered, scheduler, worker_count
from bt_fusion.progress import step
from bt_fusion.saved_runs.sweep_folder import column_of
from bt_fusion.sweep.by_replay import MissingRuns, Replayed
from bt_fusion.sweep.grid import Constraint, combinations, given_grid
from bt_fusion.sweep.result import SweepResult
from bt_fusion.sweep.runs import (
    SentInputs,
    SweepInputs,
    run_name,
    run_task,
    unfrozen_after,
)
from bt_fusion.sweep.selection import (
    best_row,
    best_variant,
    check_maximize,
    record_variants,
    selection_figures,
)
from bt_fusion.sweep.store import SweepStore
from bt_fusion.sweep.variant_runs import VariantRuns

__all__ = ["Sweep"]

SCHEMA = 1
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Sweep:
    """Run every combination of parameter values, ML off and on, with the same predictions.

    Parameters
    ----------
    job : Backtest
        The model, strategy, account, dates, and the parameters shared by all variants.
    grid : dict
        The values of each parameter: a range, a list, an array or one value.
    jobs : int
        Number of parallel processes; -1 for all cores. A strategy that other processes cannot load,
        such as a class in a notebook cell, runs in this process.
    slices : int
        Number of equal parts of the window to keep returns for; `pbo` and `spa_p` use them.
    replay : bool
        Replay runs without Backtrader where possible, and check eleven variants against it.
    maximize : str
        Figure that picks the best variant: one of ML on, such as "sharpe" or "profit_factor", or a
        difference to ML off, such as "delta_sharpe".
    constraint : callable, optional
        Takes the parameters as attributes and returns whether to try the combination.

    Examples
    --------
    >>> from bt_fusion import Backtest, Ensemble, SignalModel, load_sample
    >>> model = SignalModel(["rsi_14"], ensemble=Ensemble(["lgb"]))
    >>> sweep = Sweep(Backtest(model), {"ema_fast": range(5, 20, 5), "ema_slow": [20, 40]}, jobs=1)
    >>> found = sweep.run(load_sample("sp500")[-1_000:], name="sp500")
    >>> len(found.table), sorted(found.best.params)
    (6, ['ema_fast', 'ema_slow'])
    """

    job: BacktestJob
    grid: Mapping[str, Any]
    jobs: int = -1
    slices: int = 2_000
    replay: bool = True
    maximize: str = "sharpe"
    constraint: Constraint | None = None

    def run(
        self,
        bars: pd.DataFrame | dict[str, pd.DataFrame],
        name: str = UNNAMED,
        *,
        out: str | Path | None = None,
        on_refit: Progress | None = None,
        on_run: Progress | None = None,
    ) -> SweepResult:
        """Predict once, make the runs missing from `out`, and return the result.

        Parameters
        ----------
        bars : DataFrame, or dict of them by symbol
        name : str
            Name of the data if `bars` is a single DataFrame.
        out : path, optional
            Folder for finished runs and the trial ledger; nothing is stored without it.
        on_refit, on_run : callable, optional
            Called with (done, total), instead of a progress display on the terminal.

        Raises
        ------
        OptionError
            For an unknown parameter or figure, a constraint that no combination meets, or if no
            variant can be run.
        """
        if out is None:
            with TemporaryDirectory(prefix="bt_fusion-", ignore_cleanup_errors=True) as made:
                return self.run(bars, name, out=made, on_refit=on_refit, on_run=on_run)
        given = bars_by_symbol(bars, name)
        check_maximize(self.maximize)
        swept = THRESHOLDS.keys() & self.grid.keys()
        job = with_horizon(self.job, given) if swept else resolved(self.job, given)
        if self.job.horizon == "auto":
            bars = job.source["horizon"]["bars"]
            told = (
                f"to backtest one of these variants, give horizon {bars}: auto would measure anew"
            )
            job = replace(job, notes=(*job.notes, told))
        return replace(self, job=job)._run(given, Path(out), on_refit, on_run)

    def _run(
        self,
        given: dict[str, pd.DataFrame],
        folder: Path,
        on_refit: Progress | None,
        on_run: Progress | None,
    ) -> SweepResult:
        grid = given_grid(self.grid)
        chosen = combinations(grid, self.constraint)
        variants = [{**self.job.params, **each} for each in chosen]
        strategy = self._checked(given, variants[0])
        store, seconds = SweepStore(folder), dict[str, float]()
        with store.lock(), clocked(seconds, "total_s"):
            with clocked(seconds, "predict_s"):
                health = any(uses_health(strategy, params) for params in variants)
                out_of_sample = self.job.out_of_sample(given, on_refit, health)
            inputs = self._inputs(strategy, out_of_sample)
            with clocked(seconds, "runs_s"):
                made = self._run_variants(inputs, store, variants, on_run)
            table, returns = made.table(), made.returns()
            entries = {"schema": SCHEMA, **data_and_window(out_of_sample)}
            entries["config"] = self.job.config(given)
            best = best_row(table, column_of(self.maximize))
            with step("Judging"):
                tried = record_variants(returns, made.summaries(entries), folder)
                figures = selection_figures(best, returns, tried, inputs.periods, self.job.seed)
        summary = {
            **entries,
            "notes": [*self.job.all_notes(strategy, out_of_sample), *inputs.here],
            "model": model_figures(self.job.predictor, out_of_sample),
            "grid": grid,
            "maximize": self.maximize,
            **made.counts(table),
            "best": best_variant(table, variants, best),
            **figures,
            "timing": seconds,
        }
        return SweepResult(summary, table, grid)

    def _checked(self, bars: dict[str, pd.DataFrame], params: dict[str, Any]) -> type[Strategy]:
        """Check all arguments before any work, and return the strategy."""
        if self.jobs == 0:
            raise OptionError("jobs 0 must be 1 or more, or -1 for all cores")
        return checked_strategy(replace(self.job, params=params), bars)

    def _inputs(
        self, strategy: type[Strategy], out_of_sample: dict[str, OutOfSample]
    ) -> SweepInputs:
        # without the label, whose class other processes may not have
        predicted = {s: replace(part.predictions, label=None) for s, part in out_of_sample.items()}
        return SweepInputs(
            strategy,
            {symbol: part.bars for symbol, part in out_of_sample.items()},
            predicted,
            trade_exits(self.job.signal_model.label()),
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
        """Make the runs missing from the store, and read all of them."""
        pairs = [(inputs.task("off", p), inputs.task("on", p)) for p in variants]
        tasks = {task.key: task for pair in pairs for task in pair}
        finished = store.keys() & set(tasks)
        missing = [task for key, task in tasks.items() if key not in finished]
        jobs, where = (1, scheduler("loky")) if inputs.here else (self.jobs, nullcontext())
        with where, step("Runs", report=on_run) as report, unfrozen_after():
            report(len(finished), len(tasks))
            shared = Shared(SentInputs.of(inputs))
            work = MissingRuns(inputs, shared, store, pairs, missing, jobs, self.job.seed)
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
        """Make runs, by replay or in Backtrader, and return the errors of failed ones, by key."""
        replayed, errors = work.replayed(report) if self.replay else Replayed(), dict[str, str]()
        left = [(task,) for task in work.tasks if task.key not in replayed.keys]
        workers = worker_count(work.jobs, len(left))
        done = run_unordered(run_task, left, workers, shared=work.shared, name=run_name)
        for number, outcome in enumerate(done, len(work.tasks) - len(left) + 1):
            outcome.keep(work.store)
            report(number)
            if outcome.error:
                errors[outcome.task.key] = outcome.error
        return replayed, errors
