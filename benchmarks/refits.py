"""refits: how often AUCs within refits and pooled seem apart in an honest walk-forward."""

import numpy as np

from benchmarks.registry import Measured, Ratio
from bt_fusion import Ensemble, SignalModel, WalkForward
from bt_fusion.data.samples import planted_edge
from bt_fusion.evaluation.refit_auc import RefitAucs
from bt_fusion.labels import Direction

__all__ = ["measure"]

EDGES = (0.5, 0.55, 0.65)  # best possible AUC; the first is a random walk
HORIZON = 5


def measure(seeds: int = 60, refits: int = 60, refit: int = 125, train: int = 1_000) -> Measured:
    """Count walk-forwards whose AUCs differ, of one logistic regression over planted edges.

    Parameters
    ----------
    seeds : int
        Series for each edge.
    refits, refit, train : int
        Refits in a walk-forward, bars of each, bars it learns from.
    """
    parts: dict[str, float] = {}
    ratios = []
    for edge in EDGES:
        aucs = [aucs_of(edge, seed, train, refit, refits) for seed in range(seeds)]
        parts[f"pooled_{edge}"] = float(np.mean([each.pooled for each in aucs]))
        parts[f"within_{edge}"] = float(np.mean([each.within for each in aucs]))
        differs = float(np.mean([each.differs for each in aucs]))
        ratios.append(Ratio(f"best AUC {edge}: differ", differs, most=0.01))
    work = f"{seeds} series for each edge, {refits} refits of {refit} bars, each after {train}"
    return Measured(work, parts, tuple(ratios))


def aucs_of(edge: float, seed: int, train: int, refit: int, refits: int) -> RefitAucs:
    """Return the AUCs of one walk-forward."""
    bars = planted_edge(train + refit * refits, seed=seed, auc=edge)
    model = SignalModel("default", Direction(HORIZON), Ensemble(["lr"]))
    walk = WalkForward(model, train, refit, cache=None)
    predictions = walk.predict(bars)
    known = predictions.known & np.isfinite(walk.labels_.y)
    number = predictions.model[known]
    return RefitAucs.of(
        number - number.min(),
        walk.labels_.y[known] == 1,
        predictions.probability_up[known],
        HORIZON,
    )
