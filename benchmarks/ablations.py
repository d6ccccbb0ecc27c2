"""``python -m benchmarks.ablations``: what the rows of an ablation say where there is no edge.

Random walks, each with a seed of its own, through the walk-forward of a whole managed model and
the five runs of its ablation. A row that "helped" there is a false alarm.
"""

import argparse
from collections import Counter

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from rich.console import Console
from rich.table import Table

from bt_fusion import WalkForward
from bt_fusion.backtest.ablation.stages import ablation
from bt_fusion.data.samples import planted_edge, random_walk
from bt_fusion.models.presets import signal
from bt_fusion.statistics.bootstrap import Bootstrap
from bt_fusion.trade_models.managed_model import ManagedModel

__all__ = ["one"]

BARS, TRAIN, REFIT = 3_000, 1_000, 250


def one(seed: int, edge: float = 0.0, ticks: int = 1) -> dict[str, tuple[str, float | None]]:
    """Return verdict and p-value of each row but the first, on one set of bars.

    Parameters
    ----------
    seed : int
    edge : float
        AUC of a planted edge; a random walk where it is 0.
    ticks : int
        Bars of the walk that make one of those traded. A single bar of the walk turns back from
        its extremes, so that near levels lose there; a path of many does not.
    """
    bars = planted_edge(BARS, seed=seed, auc=edge) if edge else walk_of(ticks, seed)
    preset = signal(seed)
    model = ManagedModel("default", preset.labels, preset.ensemble)
    walk = WalkForward(model, TRAIN, REFIT, cache=None)
    plan = walk.predict(bars)
    known = np.flatnonzero(plan.known)
    window = slice(known[0], known[-1] + 1)
    found = ablation(bars.iloc[window], plan[window], bootstrap=Bootstrap(999, seed))
    rows = found.rows[1:]
    return {
        row["name"]: (row["verdict"], row["chance"] and row["chance"]["p_value"]) for row in rows
    }


def walk_of(ticks: int, seed: int) -> pd.DataFrame:
    """Return a random walk of so many ticks a bar."""
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    return random_walk(BARS * ticks, seed=seed).resample(f"{ticks}min").agg(how)


def main() -> None:
    """Print how many rows helped, and how their p-values lie."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--walks", type=int, default=50)
    parser.add_argument("--first", type=int, default=0, help="seed of the first walk")
    parser.add_argument("--ticks", type=int, default=1, help="bars of the walk in one traded")
    parser.add_argument("--edge", type=float, default=0.0, help="AUC of a planted edge")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    made = Parallel(given.jobs, return_as="generator")(
        delayed(one)(seed, given.edge, given.ticks)
        for seed in range(given.first, given.first + given.walks)
    )
    helped: Counter[str] = Counter()
    values: dict[str, list[float]] = {}
    for number, rows in enumerate(made):
        print(number, rows, flush=True)
        for name, (verdict, p_value) in rows.items():
            helped[name] += verdict == "helped"
            values.setdefault(name, []).extend([] if p_value is None else [p_value])
    table = Table("row", "tested", "p <= .05", "helped")
    for name, found in values.items():
        table.add_row(name, str(len(found)), str(sum(p <= 0.05 for p in found)), str(helped[name]))
    Console().print(table)
    print(f"{helped.total()} of {given.walks * len(values)} rows helped")


if __name__ == "__main__":
    main()
