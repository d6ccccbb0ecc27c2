"""pooling: how often a pooled test of many markets finds what is not there, and what is."""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr

from benchmarks.registry import Measured, Ratio
from bt_fusion.verdict.evidence import ChanceTest
from bt_fusion.verdict.stouffer import DailyGains, PooledTest

__all__ = ["measure"]

LEVEL = 0.025
STRENGTH = 3.0  # standard errors that the edges of all markets are worth together
CELLS = tuple((n, days, rho) for n in (10, 100, 1_000) for days in (50, 300) for rho in (0.0, 0.5))


def measure(sets: int = 400, seed: int = 0) -> Measured:
    """Pool markets whose daily gains share a factor; each market's own test is exact.

    Parameters
    ----------
    sets : int
        Sets of markets in each cell; a tenth of them for 1,000 markets.
    seed : int
    """
    rng, ratios = np.random.default_rng(seed), []
    for markets, days, rho in CELLS:
        count = sets if markets < 1_000 else max(1, sets // 10)
        total = markets if rho == 0 else markets / (1 + (markets - 1) * rho)
        edge = STRENGTH / np.sqrt(days * total)
        none, some = (
            np.array([p_values(rng, markets, days, rho, each) for _ in range(count)])
            for each in (0.0, edge)
        )
        cell = f"{markets} markets, {days} days, correlation {rho}"
        ratios += [
            Ratio(f"{cell}: nothing there", share(none[:, 0])),
            Ratio(f"{cell}: an edge", share(some[:, 0])),
            Ratio(f"{cell}: an edge, pair by pair", share(some[:, 1])),
        ]
    return Measured(
        f"shares of pooled p-values at {LEVEL}, {sets} sets of markets a cell",
        {"sets": sets},
        tuple(ratios),
    )


def share(p_values: np.ndarray) -> float:
    """Return the share of p-values at the level."""
    return float((p_values <= LEVEL).mean())


def p_values(
    rng: np.random.Generator, markets: int, days: int, rho: float, edge: float
) -> Sequence[float]:
    """Return the pooled p-value, and that of correlations counted pair by pair."""
    common, own = rng.standard_normal(days), rng.standard_normal((markets, days))
    gains = np.sqrt(rho) * common + np.sqrt(1 - rho) * own + edge
    unit = gains / np.linalg.norm(gains, axis=1, keepdims=True)
    scores = unit.sum(axis=1)
    pooled = PooledTest()
    for score, values in zip(scores, gains, strict=True):
        pooled.add(ChanceTest(float(ndtr(-score)), float(ndtr(score)), 0), DailyGains(0, values))
    pairs = np.clip(unit @ unit.T, 0, 1).sum()
    assert pooled.result is not None
    return pooled.result.p_value, float(ndtr(-scores.sum() / np.sqrt(pairs)))
