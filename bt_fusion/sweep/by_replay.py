"""The part of a sweep's runs that needs no engine: replayed, compared with it, and kept."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bt_fusion.parallel import Shared, run_unordered, worker_count
from bt_fusion.sweep.checks import CHECKED, check_task, checked_variants, difference
from bt_fusion.sweep.replay import SweepReplay, why_engine
from bt_fusion.sweep.runs import RunTask, SweepInputs, run_name
from bt_fusion.sweep.store import SweepStore

__all__ = ["MissingRuns", "Pair", "Replayed"]

Pair = tuple[RunTask, RunTask]
Report = Callable[[int], None]


@dataclass(frozen=True)
class Replayed:
    """What became of a sweep's runs by replay.

    Attributes
    ----------
    keys : frozenset of str
        Of the runs that are in the store now, replayed or made for comparison.
    replayed : int
        How many were replayed.
    checked, differing : int
        Variants that Backtrader made, too, and those among them that it made otherwise.
    why : str
        Why runs were left to Backtrader that might have been replayed: what differed, or why
        none was tried; empty where nothing is to be said.
    """

    keys: frozenset[str] = frozenset()
    replayed: int = 0
    checked: int = 0
    differing: int = 0
    why: str = ""

    def counts(self) -> dict[str, Any]:
        """Return what sweep.json holds of it."""
        return {
            "replayed": self.replayed,
            "checked": self.checked,
            "differing": self.differing,
            "engine_why": self.why or None,
        }


@dataclass(frozen=True, eq=False)
class MissingRuns:
    """The runs that a sweep's store lacks, and what it takes to make them.

    Attributes
    ----------
    inputs : SweepInputs
    shared : Shared
        The same as `SentInputs`.
    store : SweepStore
    pairs : sequence of (RunTask, RunTask)
        ML off and ML on of every variant.
    tasks : sequence of RunTask
        Of these, the missing ones.
    jobs : int
        Processes for the runs in Backtrader.
    seed : int
        Of the choice of the variants that are compared.
    """

    inputs: SweepInputs
    shared: Shared
    store: SweepStore
    pairs: Sequence[Pair]
    tasks: Sequence[RunTask]
    jobs: int
    seed: int = 0

    def replayed(self, report: Report) -> Replayed:
        """Replay those that can be, compare eleven variants with Backtrader, and keep them.

        Nothing that was replayed is kept before the comparison: where one run differs, all are
        left to the engine.

        Parameters
        ----------
        report : callable
            Called with how many runs are done.
        """
        why = why_engine(self.inputs)
        if why or not self.tasks:
            return Replayed(why=why)
        replay = SweepReplay.of(self.inputs, self.tasks)
        if sum(on.key in replay.rules for _, on in self.pairs) <= CHECKED:
            return Replayed(why="too few variants to replay; Backtrader makes them all")
        found = replay.rows(self.tasks, lambda done: report(max(0, done - 2 * CHECKED)))
        rows = {row["key"]: row for row in found}
        sharpes = {
            number: json.loads(rows[on.key]["figures"])["sharpe"]
            for number, (_, on) in enumerate(self.pairs)
            if on.key in rows
        }
        if len(sharpes) <= CHECKED:
            return Replayed(why="too few variants whose every order is certain to be filled")
        return self._kept(replay, rows, checked_variants(sharpes, self.seed), report)

    def _kept(
        self, replay: SweepReplay, rows: dict[str, Any], chosen: list[int], report: Report
    ) -> Replayed:
        """Compare the runs of the chosen variants, and keep all rows where they are equal."""
        tasks = {task.key: task for n in chosen for task in self.pairs[n] if task.key in rows}
        told = self._compared(
            replay, list(tasks.values()), lambda done: report(len(rows) - len(tasks) + done)
        )
        wrong = {key: text for key, text in told.items() if text}
        if not wrong:
            self.store.put_rows(row for key, row in rows.items() if key not in tasks)
            return Replayed(frozenset(rows), len(rows) - len(tasks), len(chosen))
        differing = sum(any(task.key in wrong for task in self.pairs[n]) for n in chosen)
        made = frozenset(self.store.keys() & tasks.keys())
        return Replayed(made, 0, len(chosen), differing, next(iter(wrong.values())))

    def _compared(
        self, replay: SweepReplay, tasks: Sequence[RunTask], report: Report
    ) -> dict[str, str]:
        """Make runs in Backtrader, and return in what their replays differ, by key."""
        (symbol,), told = self.inputs.bars, dict[str, str]()
        calls, workers = ((task,) for task in tasks), worker_count(self.jobs, len(tasks))
        for made in run_unordered(check_task, calls, workers, shared=self.shared, name=run_name):
            task = made.outcome.task
            made.outcome.keep(self.store)
            run = replay.run(task)
            told[task.key] = difference(None if run is None else run.run(symbol), made)
            report(len(told))
        return told
