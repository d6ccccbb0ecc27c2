"""edge: is a planted edge found as far as it can be, and nothing found where there is nothing."""

import numpy as np
import pandas as pd

from benchmarks.registry import Measured, Ratio
from bt_fusion import SignalModel, WalkForward
from bt_fusion.data.samples import planted_edge, random_walk
from bt_fusion.evaluation import classification_figures

__all__ = ["measure"]

BEST = 0.65


def measure(
    seeds: int = 20, bars: int = 10_000, train: int = 4_000, refit: int = 1_000, jobs: int = 2
) -> Measured:
    """Measure the mean AUC of walk-forward predictions over many seeds.

    Planted: `bars` bars of `planted_edge` whose best possible AUC is 0.65, the first `train` of
    them for training alone. Random walks: `train` bars and then `bars` unseen ones. The default
    model with three members; the spread is the standard deviation over seeds.
    """
    given = {"train": train, "refit": refit, "jobs": jobs}
    planted = [auc(planted_edge(bars, seed, auc=BEST), **given) for seed in range(seeds)]
    walks = [auc(random_walk(train + bars, seed), **given) for seed in range(seeds)]
    parts = {
        "best_auc": BEST,
        "planted_auc": float(np.mean(planted)),
        "planted_spread": float(np.std(planted)),
        "random_walk_auc": float(np.mean(walks)),
        "random_walk_spread": float(np.std(walks)),
    }
    return Measured(
        f"mean AUC over {seeds} seeds, refitted every {refit:,} bars",
        parts | {"seeds": seeds},
        (
            Ratio("planted less best", parts["planted_auc"] - BEST, least=-0.02, most=0.01),
            Ratio("random walk less 1/2", parts["random_walk_auc"] - 0.5, least=-0.01, most=0.01),
        ),
    )


def auc(frame: pd.DataFrame, train: int, refit: int, jobs: int) -> float:
    """Return the AUC of a walk-forward over the bars after the first training window."""
    model = SignalModel()
    walk = WalkForward(model, train, refit, cache=None, jobs=jobs)
    return classification_figures(walk.predict(frame), model.label()(frame))["auc"]
