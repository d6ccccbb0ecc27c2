"""Replay a sweep's runs without Backtrader, check a sample against it, and store them."""

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
    """Outcome of a sweep's replayed runs.

    Attributes
    ----------
    keys : frozenset of str
        Runs now in the store, replayed or made for comparison.
    replayed : int
        Number of replayed runs.
    checked, differing : int
        Number of variants also run in Backtrader, and of those with a different result.
    why : str
        Why runs were left to Backtrader: the difference found, or why none was tried; else "".
    """

    keys: frozenset[str] = frozenset()
    replayed: int = 0
    checked: int = 0
    differing: int = 0
    why: str = ""

    def counts(self) -> dict[str, Any]:
        """Return its entries in sweep.json."""
        return {
            "replayed": self.replayed,
            "checked": self.checked,
            "differing": self.differing,
            "engine_why": self.why or None,
        }


@dataclass(frozen=True, eq=False)
class MissingRuns:
    """Runs missing from a sweep's store, and the inputs to make them.

    Attributes
    ----------
    inputs : SweepInputs
    shared : Shared
        The same as `SentInputs`.
    store : SweepStore
    pairs : sequence of (RunTask, RunTask)
        ML-off and ML-on runs of every variant.
    tasks : sequence of RunTask
        The missing ones of these.
    jobs : int
        Number of processes for the runs in Backtrader.
    seed : int
        Random seed for choosing the variants to compare.
    """

    inputs: SweepInputs
    shared: Shared
    store: SweepStore
    pairs: Sequence[Pair]
    tasks: Sequence[RunTask]
    jobs: int
    seed: int = 0

    def replayed(self, report: Report) -> Replayed:
        """Replay runs where possible, compare eleven variants with Backtrader, and store them.

        Replays are stored only after the comparison. If one run differs, all runs go to Backtrader.

        Parameters
        ----------
        report : callable
            Called with the number of runs done.
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
        """Compare the runs of the chosen variants, and store all rows if they are equal."""
        tasks = {task.key: task for n in chosen for task in self.pairs[n] if task.key in rows}
        differences = self._compared(
            replay, list(tasks.values()), lambda done: report(len(rows) - len(tasks) + done)
        )
        wrong = {key: text for key, text in differences.items() if text}
        if not wrong:
            self.store.put_rows(row for key, row in rows.items() if key not in tasks)
            return Replayed(frozenset(rows), len(rows) - len(tasks), len(chosen))
        differing = sum(any(task.key in wrong for task in self.pairs[n]) for n in chosen)
        made = frozenset(self.store.keys() & tasks.keys())
        return Replayed(made, 0, len(chosen), differing, next(iter(wrong.values())))

    def _compared(
        self, replay: SweepReplay, tasks: Sequence[RunTask], report: Report
    ) -> dict[str, str]:
        """Make runs in Backtrader and return the differences of their replays, by key."""
        (symbol,), differences = self.inputs.bars, dict[str, str]()
        calls, workers = ((task,) for task in tasks), worker_count(self.jobs, len(tasks))
        for made in run_unordered(check_task, calls, workers, shared=self.shared, name=run_name):
            task = made.outcome.task
            made.outcome.keep(self.store)
            run = replay.run(task)
            differences[task.key] = difference(None if run is None else run.run(symbol), made)
            report(len(differences))
        return differences
