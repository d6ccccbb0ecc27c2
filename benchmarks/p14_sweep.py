"""P14: a sweep by replay, after its predictions, against one run in the engine."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from benchmarks.opinions import lasting, predictions_of
from benchmarks.p8_cache import hourly
from benchmarks.registry import Measured, Ratio
from benchmarks.timing import take_turns
from bt_fusion import read_bars
from bt_fusion.engine.account import Account
from bt_fusion.parallel import Shared
from bt_fusion.strategies import FusionStrategy
from bt_fusion.sweep.by_replay import MissingRuns, Pair, Replayed
from bt_fusion.sweep.grid import combinations
from bt_fusion.sweep.replay import SweepReplay
from bt_fusion.sweep.runs import RunTask, SentInputs, SweepInputs, engine_run
from bt_fusion.sweep.store import SweepStore

__all__ = ["measure"]

FAST, SLOW = list(range(6, 16)), list(range(20, 45, 5))


def measure(
    bars: int = 35_597,
    data: str | None = None,
    variants: int = 1_000,
    repeats: int = 2,
    jobs: int = -1,
) -> Measured:
    """Measure the replay of all variants, ML off and on, up to the file of the finished sweep.

    P(up) is drawn, not learned: a replay takes no longer for one that is. The engine makes one run
    with ML, without the analyzers that a sweep does not need. Then the best variant and ten others
    go through the engine, too.

    Parameters
    ----------
    bars : int
        Length of the synthetic hourly series; the default is what a walk-forward leaves of six
        years of one market.
    data : str, optional
        A file of bars to use instead, its last ones.
    variants : int
        A multiple of 50, the pairs of EMA lengths.
    repeats : int
    jobs : int
        Processes of the comparison.
    """
    inputs = inputs_over((read_bars(data) if data else hourly(bars))[-bars:])
    thresholds = [0.5 + 0.005 * number for number in range(variants // 50)]
    grid = {"ml_threshold": thresholds, "ema_fast": FAST, "ema_slow": SLOW}
    pairs = [(inputs.task("off", each), inputs.task("on", each)) for each in combinations(grid)]
    tasks = list({task.key: task for pair in pairs for task in pair}.values())
    works = {
        "replay": lambda: kept_replays(inputs, tasks),
        "engine": lambda: engine_run(inputs, pairs[len(pairs) // 2][1]),
    }
    kept_replays(inputs, tasks[:2])  # imports what a replay needs
    seconds = take_turns(works, repeats)
    found = compared(inputs, pairs, tasks, jobs)
    name = Path(data).name if data else f"{len(inputs.bars[''].index):,} hourly bars"
    return Measured(
        f"a sweep of {len(pairs):,} fusion variants over {name} by replay against one engine run",
        {
            "replay_s": seconds["replay"],
            "engine_s": seconds["engine"],
            "runs": len(tasks),
            "checked": found.checked,
            "differing": found.differing,
        },
        (
            Ratio("time", seconds["replay"] / seconds["engine"], most=3.0),
            Ratio("variants checked", float(found.checked), least=11.0),
            Ratio("variants that differ from the engine", float(found.differing), most=0.0),
        ),
        f"the best variant and {found.checked - 1} random ones ran through Backtrader, ML off and "
        "on; every trade and figure was compared: "
        + (f"{found.differing} differ ({found.why})" if found.differing else "all are equal"),
    )


def inputs_over(frame: pd.DataFrame) -> SweepInputs:
    """Return the inputs of a sweep over bars, with a P(up) that lasts and knows nothing."""
    noise = lasting(np.random.default_rng(14).standard_normal(len(frame)))
    predictions = predictions_of(frame.index, np.clip(0.5 + 0.04 * noise, 0.01, 0.99))
    exits = {"hold_bars": 5}
    return SweepInputs(FusionStrategy, {"": frame}, {"": predictions}, exits, Account(), 2_000)


def kept_replays(inputs: SweepInputs, tasks: Sequence[RunTask]) -> None:
    """Replay runs and write them into the one file of a sweep."""
    with TemporaryDirectory() as folder:
        store = SweepStore(Path(folder))
        store.put_rows(SweepReplay.of(inputs, tasks).rows(tasks, lambda done: None))
        store.gather()


def compared(
    inputs: SweepInputs, pairs: Sequence[Pair], tasks: Sequence[RunTask], jobs: int
) -> Replayed:
    """Replay runs as a sweep does: eleven variants are compared with the engine."""
    with TemporaryDirectory() as folder:
        store = SweepStore(Path(folder))
        shared = Shared(SentInputs.of(inputs))
        missing = MissingRuns(inputs, shared, store, pairs, tasks, jobs)
        return missing.replayed(lambda done: None)
