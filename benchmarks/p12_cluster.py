"""P12: two workers of a Dask cluster against one, in a walk-forward and in a sweep's runs."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

import joblib
import numpy as np
import pandas as pd

from benchmarks.registry import Measured, Ratio
from bt_fusion import Account, WalkForward
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge
from bt_fusion.labels import trade_exits
from bt_fusion.models.refit import fit_numbered
from bt_fusion.parallel import Shared, run_unordered, scheduler
from bt_fusion.parallel.running import chosen
from bt_fusion.parallel.shared import Packed
from bt_fusion.parallel.worker import pickled
from bt_fusion.strategies import FusionStrategy
from bt_fusion.sweep.runs import RunTask, SentInputs, SweepInputs, run_task

__all__ = ["measure"]

RATIOS = ("walk-forward", "sweep")


def measure(bars: int = 20_000, variants: int = 30, repeats: int = 1) -> Measured:
    """Measure a walk-forward and the runs of a sweep through Backtrader on clusters that stand.

    The clusters take turns, the best of `repeats` counts; their start, and the imports of their
    workers, are parts of their own. Processor seconds are those of the workers: where others keep
    the cores busy, they tell whether the work was shared out. The same through joblib's Dask
    backend stands beside them.
    """
    what = f"a walk-forward over {bars:,} bars; {variants} Backtrader runs"
    work = f"two Dask workers against one: {what}"
    if find_spec("distributed") is None:
        missing = tuple(Ratio(name, None, least=1.7) for name in RATIOS)
        return Measured(work, {}, missing, "needs the extra distributed")
    frame = planted_edge(bars)
    walk = WalkForward(refit_bars=bars // 40, jobs=2, cache=None)
    predictions = walk.predict(frame)
    begin = len(frame) // 2
    inputs = SweepInputs(
        FusionStrategy,
        {"": frame[begin:]},
        {"": predictions[begin:]},
        trade_exits(walk.signal_model().label()),
        Account(),
        2_000,
    )
    sent, tasks = SentInputs.of(inputs), variants_of(inputs, variants)
    works: dict[str, Callable[[], Any]] = {
        "walk": lambda: walk.predict(frame),
        "sweep": lambda: list(run_unordered(run_task, tasks, 2, shared=Shared(sent))),
    }
    parts: dict[str, Any] = {"refits": len(walk.refits_), "runs": len(tasks)}
    with ExitStack() as stack:
        clusters = {}
        for count in (1, 2):
            start = time.perf_counter()
            stack.enter_context(scheduler("dask", count))
            parts[f"start_of_{count}_s"] = time.perf_counter() - start
            clusters[count] = chosen.get()
        stack.enter_context(chosen_cluster(None))
        for name, do in works.items():
            for way, (cluster, through) in ways(clusters).items():
                first, *timed = (timed_on(cluster, through, do) for _ in range(repeats + 1))
                best = min(timed)
                parts |= {f"{name}_{way}_{part}": value for part, value in asdict(best).items()}
                parts[f"{name}_{way}_first_s"] = first.s
    parts |= {"load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None}
    sizes = {"walk": walk_bytes(walk, frame), "sweep": sweep_bytes(sent, tasks)}
    for name, (shared, call, result) in sizes.items():
        parts |= {f"{name}_shared_mb": shared / 1e6, f"{name}_call_mb": call / 1e6}
        parts[f"{name}_result_mb"] = result / 1e6
    ratios = [
        Ratio(told, parts[f"{name}_one_s"] / parts[f"{name}_two_s"], least=1.7)
        for told, name in zip(RATIOS, works, strict=True)
    ]
    ratios += [
        Ratio(f"{told}, work of one against the busier of two", one / two)
        for told, name in zip(RATIOS, works, strict=True)
        for one, two in [(parts[f"{name}_one_workers_s"], parts[f"{name}_two_busier_s"])]
    ]
    load, cores = parts["load"], os.cpu_count() or 1
    busy = load is not None and load > cores + 1.5  # scheduler, workers and command are at work
    note = f"load {load} on {cores} cores: other programs slowed the two workers" if busy else ""
    return Measured(work, parts, tuple(ratios), note)


@dataclass(frozen=True, order=True)
class Seconds:
    """How long some work took; processor seconds of the client, all workers, the busier one."""

    s: float
    client_s: float
    workers_s: float
    busier_s: float


def ways(clusters: dict[int, Any]) -> dict[str, tuple[Any, Callable[[], Any]]]:
    """Return the ways to do it: a cluster, and what makes the work go there."""
    joblib_on_two = partial(joblib.parallel_config, "dask", client=clusters[2].client, n_jobs=-1)
    return {
        "one": (clusters[1], partial(chosen_cluster, clusters[1])),
        "two": (clusters[2], partial(chosen_cluster, clusters[2])),
        "two_joblib": (clusters[2], joblib_on_two),
    }


@contextmanager
def chosen_cluster(cluster: Any) -> Iterator[None]:
    """Let a cluster that stands do the work."""
    token = chosen.set(cluster)
    try:
        yield
    finally:
        chosen.reset(token)


def timed_on(cluster: Any, through: Callable[[], Any], do: Callable[[], Any]) -> Seconds:
    """Measure some work on a cluster."""
    before = cluster.client.run(time.process_time)
    start, own = time.perf_counter(), time.process_time()
    with through():
        do()
    took, own = time.perf_counter() - start, time.process_time() - own
    after = cluster.client.run(time.process_time)
    each = [after[worker] - before[worker] for worker in before]
    return Seconds(took, own, sum(each), max(each))


def walk_bytes(walk: WalkForward, frame: pd.DataFrame) -> tuple[int, int, int]:
    """Return the bytes of what all refits share, of the call of one, and of its result."""
    arrays = BarArrays.of(frame)
    task = walk._tasks(arrays, list(walk.schedule(len(frame))))[-1]
    arguments = (0, task.rows, task.relabelled, task.block)
    made = fit_numbered(task.inputs, *arguments)
    return Packed.of(task.inputs).nbytes, len(pickled(arguments)), len(pickled(made))


def sweep_bytes(sent: SentInputs, tasks: list[tuple[RunTask]]) -> tuple[int, int, int]:
    """Return the same of a sweep's runs."""
    made = run_task(sent, *tasks[0])
    return Packed.of(sent).nbytes, len(pickled(tasks[0])), len(pickled(made))


def variants_of(inputs: SweepInputs, count: int) -> list[tuple[RunTask]]:
    """Return the runs with ML of so many thresholds."""
    values = np.linspace(0.5, 0.6, count)
    return [(inputs.task("on", {"ml_threshold": float(value)}),) for value in values]
