"""The part of a sweep's runs that needs no engine: replayed, checked against it, and kept."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bt_fusion.parallel import Shared, run_unordered, worker_count
from bt_fusion.sweep.checks import CHECKED, check_task, checked_variants, difference
from bt_fusion.sweep.replay import SweepReplay, why_engine
from bt_fusion.sweep.runs import RunTask, SweepInputs, run_name
from bt_fusion.sweep.store import SweepStore

__all__ = ["Pair", "Replayed", "replay_runs"]

Pair = tuple[RunTask, RunTask]


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


def replay_runs(
    inputs: SweepInputs,
    shared: Shared,
    store: SweepStore,
    pairs: Sequence[Pair],
    missing: Sequence[RunTask],
    jobs: int,
    report: Callable[[int], None],
    seed: int = 0,
) -> Replayed:
    """Replay those of the missing runs that can be, compare eleven variants, and keep them.

    Nothing that was replayed is kept before the comparison: where one run differs, all are left
    to the engine.

    Parameters
    ----------
    inputs : SweepInputs
    shared : Shared
        The same as `SentInputs`.
    store : SweepStore
    pairs : sequence of (RunTask, RunTask)
        ML off and ML on of each variant.
    missing : sequence of RunTask
    jobs : int
        Processes for the runs in Backtrader.
    report : callable
        Called with how many runs are done.
    seed : int
        Of the choice of those compared.
    """
    why = why_engine(inputs)
    if why:
        return Replayed(why=why)
    replay = SweepReplay.of(inputs, missing)
    if sum(on.key in replay.rules for _, on in pairs) <= CHECKED:
        return Replayed(why="too few variants: to check them is to make them")
    rows = {
        row["key"]: row
        for row in replay.rows(missing, lambda done: report(max(0, done - 2 * CHECKED)))
    }
    sharpes = {
        number: json.loads(rows[on.key]["figures"])["sharpe"]
        for number, (_, on) in enumerate(pairs)
        if on.key in rows
    }
    if len(sharpes) <= CHECKED:
        return Replayed(why="too few variants whose orders all are certain to be filled")
    chosen = checked_variants(sharpes, seed)
    tasks = {task.key: task for n in chosen for task in pairs[n] if task.key in rows}
    found = compared(replay, shared, store, list(tasks.values()), jobs, len(rows), report)
    wrong = {key: text for key, text in found.items() if text}
    differing = [n for n in chosen if any(task.key in wrong for task in pairs[n])]
    if wrong:
        return Replayed(
            frozenset(store.keys() & tasks.keys()),
            checked=len(chosen),
            differing=len(differing),
            why=next(iter(wrong.values())),
        )
    store.put_rows(row for key, row in rows.items() if key not in tasks)
    return Replayed(frozenset(rows), len(rows) - len(tasks), len(chosen))


def compared(
    replay: SweepReplay,
    shared: Shared,
    store: SweepStore,
    tasks: Sequence[RunTask],
    jobs: int,
    total: int,
    report: Callable[[int], None],
) -> dict[str, str]:
    """Make runs in Backtrader, and return in what their replays differ, by key."""
    calls, workers = ((task,) for task in tasks), worker_count(jobs, len(tasks))
    found = {}
    for made in run_unordered(check_task, calls, workers, shared=shared, name=run_name):
        task = made.outcome.task
        made.outcome.keep(store)
        run = replay.run(task)
        found[task.key] = difference(None if run is None else run.run(symbol_of(replay)), made)
        report(total - len(tasks) + len(found))
    return found


def symbol_of(replay: SweepReplay) -> str:
    """Return the name of the one symbol."""
    (symbol,) = replay.inputs.bars
    return symbol
