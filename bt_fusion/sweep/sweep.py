"""A sweep: many variants of a strategy over one set of predictions, and what the best is worth."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from backtrader import Strategy

from bt_fusion.backtest.job import Backtest, clocked
from bt_fusion.backtest.out_of_sample import OutOfSample, model_figures
from bt_fusion.backtest.summary import data_and_window
from bt_fusion.errors import OptionError
from bt_fusion.parallel import run_unordered, worker_count
from bt_fusion.saved_runs.sweep_folder import SweepResult
from bt_fusion.statistics.sharpe import TrackRecord
from bt_fusion.sweep.grid import combinations
from bt_fusion.sweep.runs import RunTask, SweepInputs, run_task, shared
from bt_fusion.sweep.selection import judged
from bt_fusion.sweep.store import SweepStore

__all__ = ["Sweep"]

SCHEMA = 1
COMPARED = ("win_rate", "profit_factor", "expectancy", "net_profit", "sharpe", "max_drawdown")
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
        Stretches of the window, equal in length, that returns are kept of for what is said
        about the choice among the variants.
    """

    job: Backtest
    grid: dict[str, list[Any]]
    jobs: int = -1
    slices: int = 2_000

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
            Checked.
        folder : Path
            Keeps finished runs, and the ledger of everything tried.
        name : str
            What to call the data, where the bars do not say.
        on_refit, on_run : callable, optional
            Called with (done, in all).

        Raises
        ------
        OptionError
            For a parameter the strategy does not have, or when no variant can be run.
        """
        if self.jobs == 0:
            raise OptionError("jobs 0 must be 1 or more, or -1 for all cores")
        given = bars if isinstance(bars, dict) else {name: bars}
        variants = [{**self.job.params, **chosen} for chosen in combinations(self.grid)]
        strategy = replace(self.job, params=variants[0]).checked(given)
        store, seconds = SweepStore(folder), dict[str, float]()
        with store.lock(), clocked(seconds, "total_s"):
            with clocked(seconds, "predict_s"):
                out_of_sample = self.job.out_of_sample(given, on_refit)
            grounds = self._grounds(strategy, out_of_sample)
            pairs = [(grounds.task("off", p), grounds.task("on", p)) for p in variants]
            with clocked(seconds, "runs_s"):
                errors, counts = self._perform(grounds, store, pairs, on_run)
            store.gather()
            kept = store.read(task.key for pair in pairs for task in pair)
            table = variant_table(variants, pairs, kept, errors)
            seen = {**data_and_window(out_of_sample), "config": self.job.config(given)}
            skill = judged(
                table,
                finished_pairs(pairs, kept),
                [{**seen, "config": {**seen["config"], "params": p}} for p in variants],
                folder=folder,
                periods=grounds.periods,
                seed=self.job.seed,
            )
        summary = {
            "schema": SCHEMA,
            **seen,
            "model": model_figures(self.job.predictor, list(out_of_sample.values())),
            "grid": self.grid,
            "variants": len(variants),
            "failed": len(variants) - int(table.error.isna().sum()),
            "runs": counts | {"bytes_each": store.bytes_each()},
            **skill,
            "timing": seconds,
        }
        return SweepResult(summary, table, self.grid)

    def _grounds(
        self, strategy: type[Strategy], out_of_sample: dict[str, OutOfSample]
    ) -> SweepInputs:
        return SweepInputs(
            strategy,
            {symbol: part.bars for symbol, part in out_of_sample.items()},
            {symbol: part.predictions for symbol, part in out_of_sample.items()},
            self.job.model.label().horizon,
            self.job.account,
            self.slices,
        )

    def _perform(
        self,
        grounds: SweepInputs,
        store: SweepStore,
        pairs: list[tuple[RunTask, RunTask]],
        on_run: Progress | None,
    ) -> tuple[dict[str, str], dict[str, int]]:
        """Make what the store lacks; return errors by key, and how many runs were made."""
        tasks = {task.key: task for pair in pairs for task in pair}
        finished = store.keys() & set(tasks)
        missing = [task for key, task in tasks.items() if key not in finished]
        report, errors = on_run or (lambda done, total: None), dict[str, str]()
        report(len(finished), len(tasks))
        with shared(grounds, store.parts) as shared_inputs:
            calls = ((shared_inputs, store, task) for task in missing)
            done = run_unordered(run_task, calls, worker_count(self.jobs, len(missing)))
            for number, outcome in enumerate(done, len(finished) + 1):
                report(number, len(tasks))
                if outcome.error:
                    errors[outcome.task.key] = outcome.error
        made = len(missing) - len(errors)
        return errors, {"total": len(tasks), "kept": len(finished), "made": made}


def variant_table(
    variants: list[dict[str, Any]],
    pairs: list[tuple[RunTask, RunTask]],
    kept: pd.DataFrame,
    errors: dict[str, str],
) -> pd.DataFrame:
    """Return one row a variant, see `SweepResult`.

    Raises
    ------
    OptionError
        When no variant could be run.
    """
    rows = []
    for params, pair in zip(variants, pairs, strict=True):
        row: dict[str, Any] = dict(params)
        for task in pair:
            figures = kept.figures[task.key] if task.key in kept.index else {}
            row |= {f"{task.run}_{key}": figures[key] for key in figures if key != "record"}
        row["error"] = next((errors[task.key] for task in pair if task.key in errors), None)
        rows.append(row)
    if all(row["error"] for row in rows):
        raise OptionError(f"none of {len(rows)} variants can be run: {rows[0]['error']}")
    table = pd.DataFrame(rows)
    for name in COMPARED:
        after, before = (pd.to_numeric(table[f"{run}_{name}"]) for run in ("on", "off"))
        table[f"delta_{name}"] = after - before
    return table


def finished_pairs(pairs: list[tuple[RunTask, RunTask]], kept: pd.DataFrame) -> pd.DataFrame:
    """Return what `judged` asks for of the variants whose both runs are there, by number."""
    rows = {}
    for number, (off, on) in enumerate(pairs):
        if off.key in kept.index and on.key in kept.index:
            record = kept.figures[on.key]["record"]
            made = None if record is None else TrackRecord(**record)
            rows[number] = (kept.returns[off.key], kept.returns[on.key], made)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["off", "on", "record"])
