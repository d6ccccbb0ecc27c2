"""nulls: how often setting and ranking find something, without an edge and with one."""

from collections.abc import Iterator
from typing import Any

import joblib
import numpy as np

from benchmarks.opinions import gathered, opinions, seen_edge, share_below
from benchmarks.registry import Measured, Ratio
from benchmarks.size import markets
from bt_fusion.data.bars import BarArrays
from bt_fusion.technical.ema_state import ema_state
from bt_fusion.verdict.placebos.entry_outcomes import Costs
from bt_fusion.verdict.placebos.random_agreement import random_agreement
from bt_fusion.verdict.placebos.replay import renewed
from bt_fusion.verdict.placebos.trades import Trades, trade_paths
from bt_fusion.verdict.ranking import PredictedBars, rank_bars, rank_entries

__all__ = ["measure"]

HOLD = 5
THRESHOLD = 0.55
STOP = 0.01
LEVELS = (0.05, 0.025, 0.005)
STRENGTHS = (0.55, 0.57, 0.60)
EDGE_BARS = 4_000
WORST = "the worst opinion"
Cell = tuple[str, str, str]  # market, opinion, test
Found = list[tuple[Cell, float]]  # with the p-value


def measure(
    walks: int = 40, edges: int = 20, bars: int = 5_000, draws: int = 199, jobs: int = 2
) -> Measured:
    """Count p-values of both questions over markets without and with an edge.

    Markets without: those of `size`. The state is EMA 12/26, the exit renews for 5 bars, ML agrees
    at P(side) >= 0.55. Opinions without skill: coins that last (autocorrelation 0.9, 0.99), the
    return of the last ten bars, volatility, long on nearly every bar, the return of ten bars of 60
    bars ago, the time of the day, the price below its average of 500 bars. `setting` is
    `random_agreement`, `bars` the ranking of bars, `entries` the ranking of ML-off's entries where
    a 1 % stop ends trades and no entry follows until the state changes (what a stop does to the
    setting is in `levels`); `against` is the p-value of harm. With an edge: `planted_edge` whose
    pressure lasts (0.9), seen as it is. The share of each test is over all opinions of a market,
    and that of the one which most often passes for skill.
    """
    calls = [joblib.delayed(without_edge)(seed, bars, draws) for seed in range(walks)]
    calls += [
        joblib.delayed(with_edge)(auc, seed, draws) for auc in STRENGTHS for seed in range(edges)
    ]
    found = gathered(calls, jobs)
    return Measured(
        f"{walks} walks of {bars:,} bars, {edges} edges of {EDGE_BARS:,}, {draws} draws",
        {"walks": walks, "edges": edges, "tests": sum(map(len, found.values()))},
        tuple(ratios(found)),
    )


def ratios(found: dict[Any, list[float]]) -> Iterator[Ratio]:
    """Yield the share of p-values below each level, by market and test."""
    for market, test in sorted({(market, test) for market, _, test in found}):
        cells = [np.array(found[cell]) for cell in found if cell[::2] == (market, test)]
        pooled = np.concatenate(cells)
        for level in LEVELS:
            shares = [share_below(each, level) for each in (pooled, *cells)]
            yield Ratio(f"{market} {test}: p <= {level}", shares[0])
            if len(cells) > 1:
                yield Ratio(f"{market} {test}: p <= {level}, {WORST}", max(shares[1:]))


def without_edge(seed: int, bars: int, draws: int) -> Found:
    """Return p-values of every market and opinion of one seed."""
    found = []
    for market, frame in markets(bars, seed):
        arrays = BarArrays.of(frame)
        state = ema_state(arrays.close, 12, 26)
        for name, probability in opinions(arrays, state, seed):
            for test, p_value in p_values(arrays, state, probability, draws, seed):
                found.append(((market, name, test), p_value))
    return found


def with_edge(auc: float, seed: int, draws: int) -> Found:
    """Return p-values of one planted edge, of the stated AUC."""
    bars, state, sided = seen_edge(EDGE_BARS, seed, auc, HOLD)
    tests = p_values(bars, state, sided, draws, seed)
    return [((f"auc {auc:.2f}", "seen", test), p_value) for test, p_value in tests]


def p_values(
    bars: BarArrays, state: np.ndarray, probability: np.ndarray, draws: int, seed: int
) -> Iterator[tuple[str, float]]:
    """Yield (test, p-value) of the setting and of both rankings, and of harm by them."""
    agrees = probability >= THRESHOLD
    free = Costs(0, 0, 1)
    predicted = PredictedBars(bars.open, bars.close[-1], state, probability)
    signal, entries = stopped(bars, state)
    found = {
        "setting": random_agreement(
            bars, state, renewed(state, agrees, HOLD), HOLD, free, draws, seed
        ),
        "bars": rank_bars(predicted, HOLD, 0.0, draws, seed),
        "entries": rank_entries(entries, probability[signal], draws, seed),
    }
    for test, result in found.items():
        yield test, result.p_value
        yield f"{test} against", result.p_against


def stopped(bars: BarArrays, state: np.ndarray) -> tuple[np.ndarray, Trades]:
    """Hold each state with a stop, and no entry after it until the state changes.

    Returns the bars of the signals and the trades, without costs.
    """
    rows, opens = [], bars.open
    side, entry, barred, price = 0, 0, 0.0, 0.0
    for bar in range(len(bars) - 1):
        if side:
            stop = price * (1 - side * STOP)
            if side * ((bars.low if side > 0 else bars.high)[bar] - stop) <= 0:
                filled = stop if bar == entry or side * (opens[bar] - stop) > 0 else opens[bar]
                rows.append((side, entry, bar, price, filled, bar + 1))
                side, barred = 0, state[bar - 1] if state[bar - 1] == state[bar] else 0.0
                continue
            if state[bar] != side:
                rows.append((side, entry, bar + 1, price, opens[bar + 1], bar + 1))
                side = 0
            continue
        barred = barred if state[bar] == barred else 0.0
        if state[bar] and not barred and not (rows and rows[-1][-1] > bar):
            side, entry, price = int(state[bar]), bar + 1, opens[bar + 1]
    columns = np.array(rows, dtype=float).reshape(-1, 6).T
    side, entry, left = columns[:3].astype(np.int64)
    bought, sold = columns[3:5]
    net, ones = side * (sold / bought - 1), np.ones(len(side))
    path = trade_paths(opens, entry, left, bought, sold, side)
    return entry - 1, Trades(side.tolist(), entry, left, net, ones, path)
