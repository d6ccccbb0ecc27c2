"""levels: how often chance passes for a choice where stops and targets earn by themselves."""

from collections.abc import Iterator
from typing import Any

import joblib
import numpy as np
from scipy.signal import lfilter

from benchmarks.opinions import gathered, lasting, seen_edge, share_below
from benchmarks.registry import Measured, Ratio
from bt_fusion.data.bars import BarArrays
from bt_fusion.technical.ema_state import ema_state
from bt_fusion.verdict.placebos.agreement_draws import renewed_to_levels
from bt_fusion.verdict.placebos.chain_pair import ChainPair
from bt_fusion.verdict.placebos.entry_outcomes import Costs
from bt_fusion.verdict.placebos.levels import Distance, Levels
from bt_fusion.verdict.placebos.placebo import upper_tail
from bt_fusion.verdict.placebos.random_agreement import Runs, matched, random_agreement
from bt_fusion.verdict.placebos.replay import renewed

__all__ = ["MARKETS", "market", "measure"]

HOLD = 5
AGREES = 0.55
FAR = Distance(0.01)
ORDERS = {"target": Levels(target=FAR), "stop": Levels(FAR), "both": Levels(FAR, FAR)}
MARKETS = ("returning", "walk", "trending")
STEPS = 6  # a bar
DEVIATION = 0.006  # of a bar
SHARES = (0.05, 0.01)
AUC, EDGE_BARS = 0.57, 4_000
Found = list[tuple[str, float]]  # test, and its p-value


def measure(
    walks: int = 200, edges: int = 50, bars: int = 2_000, draws: int = 199, jobs: int = 1
) -> Measured:
    """Count p-values of runs with stops and targets of 1 %.

    Markets: log prices that return to their mean (autocorrelation 0.9 a bar), a random walk, and
    one whose drift lasts (0.9). The state is EMA 12/26, the exit renews for 5 bars; ML is a coin
    that lasts (0.9). `without` are the p-values by draws that trade without the orders, as an
    earlier version had them. With an edge: `planted_edge` of AUC 0.57 and 4,000 bars.
    """
    calls = [
        joblib.delayed(without_edge)(kind, seed, bars, draws)
        for kind in MARKETS
        for seed in range(walks)
    ]
    calls += [joblib.delayed(with_edge)(seed, draws) for seed in range(edges)]
    found = gathered(calls, jobs)
    return Measured(
        f"{walks} walks of {bars:,} bars, {edges} edges of {EDGE_BARS:,}, {draws} draws",
        {"walks": walks, "edges": edges, "tests": sum(map(len, found.values()))},
        tuple(ratios(found)),
    )


def ratios(found: dict[Any, list[float]]) -> Iterator[Ratio]:
    """Yield the share of p-values below each level."""
    for test in sorted(found):
        for share in SHARES:
            yield Ratio(f"{test}: p <= {share}", share_below(found[test], share))


def market(kind: str, count: int, seed: int) -> BarArrays:
    """Return bars of a market without an edge; see `measure`."""
    rng = np.random.default_rng([seed, 11])
    noise = rng.normal(0, DEVIATION / np.sqrt(STEPS), STEPS * count)
    if kind == "returning":
        path = lfilter([1], [1, -(0.9 ** (1 / STEPS))], noise)
    else:
        drift = 0.5 * DEVIATION * lasting(rng.standard_normal(count))
        path = np.cumsum(noise + (kind == "trending") * np.repeat(drift, STEPS) / STEPS)
    prices = 100 * np.exp(path.reshape(count, STEPS))
    opens, close = np.append(100, prices[:-1, -1]), prices[:, -1].copy()
    high, low = np.maximum(opens, prices.max(axis=1)), np.minimum(opens, prices.min(axis=1))
    return BarArrays(np.arange(count), opens, high, low, close, np.ones(count))


def without_edge(kind: str, seed: int, count: int, draws: int) -> Found:
    """Return p-values of a lasting coin in one market."""
    bars = market(kind, count, seed)
    coin = lasting(np.random.default_rng([seed, 9]).standard_normal(count))
    return list(p_values(kind, bars, 0.5 + 0.1 * coin, draws, seed))


def with_edge(seed: int, draws: int) -> Found:
    """Return p-values of a planted edge, seen as it is."""
    bars, _, sided = seen_edge(EDGE_BARS, seed, AUC, HOLD)
    return list(p_values(f"auc {AUC}", bars, sided, draws, seed))


def p_values(
    name: str, bars: BarArrays, probability: np.ndarray, draws: int, seed: int
) -> Iterator[tuple[str, float]]:
    """Yield (test, p-value) with each kind of orders, by draws with and without them."""
    state = np.nan_to_num(ema_state(bars.close, 12, 26)).astype(int)
    agrees, costs = probability >= AGREES, Costs(0, 0, 1)
    like = renewed(state, agrees, HOLD)
    plain = random_agreement(bars, state, like, HOLD, costs, draws, seed).drawn.score
    pair = ChainPair.matching(state, *matched(like, len(bars)), HOLD)
    for orders, levels in ORDERS.items():
        exits = levels.exits(bars, state)
        trips = renewed_to_levels(state, agrees, HOLD, exits)
        found = random_agreement(
            bars, state, trips, HOLD, costs, draws, seed, like=like, exits=exits
        )
        score = Runs(bars, costs, pair, exits).of(trips).score[0]
        yield f"{name}, {orders}", found.p_value
        yield f"{name}, {orders}, against", found.p_against
        yield f"{name}, {orders}, without", upper_tail(score, plain)
        yield f"{name}, {orders}, without, against", upper_tail(-score, -plain)
