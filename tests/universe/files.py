"""A small folder of files as users have them: sound, too short, broken, and one twice."""

import shutil

import pandas as pd

from bt_fusion import Backtest, Ensemble, SignalModel, WalkForward
from bt_fusion.data.samples import planted_edge, random_walk

BARS = 1_600
SEEDS = (2, 3)  # of edges that are found over so few bars


def hourly(bars):
    """Give bars stamps an hour apart."""
    index = pd.date_range("2024-01-01", periods=len(bars), freq="h", name="datetime")
    return bars.set_axis(index)


def write_files(folder):
    """Write two planted edges and a random walk; returns the file of each symbol."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {f"edge{n}": planted_edge(BARS, seed, auc=0.8) for n, seed in enumerate(SEEDS)}
    made["walk0"] = random_walk(BARS)
    for name, bars in made.items():
        hourly(bars).to_csv(folder / f"{name}.csv")
    return {name: folder / f"{name}.csv" for name in made}


def write_faulty(folder):
    """Write files that cannot be judged; returns the file of each symbol."""
    (folder / "broken.csv").write_text("a,b\n1,2\n")
    hourly(random_walk(100)).to_csv(folder / "short.csv")
    shutil.copy(folder / "edge0.csv", folder / "zcopy.csv")
    return {name: folder / f"{name}.csv" for name in ("broken", "short", "zcopy", "gone")}


def job(params=None, **options):
    """A backtest that takes a fraction of a second and trades walks, too."""
    model = SignalModel(["wick_balance", "gap"], ensemble=Ensemble(["lgb"]))
    params = {"ml_threshold": 0.5} | (params or {})
    return Backtest(WalkForward(model, 400, 400, cache=None), params=params, **options)
