"""coverage: how often the 95 % intervals of a difference between two runs hold the truth."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from benchmarks.registry import Measured, Ratio
from bt_fusion.statistics.bootstrap import Bootstrap
from bt_fusion.statistics.intervals import return_intervals, trade_intervals
from bt_fusion.statistics.performance import drawdowns

__all__ = ["measure"]

LEAST, MOST = 0.925, 0.97
BURN_IN = 300
ENTRIES = (300, 1_000)
CLAIMED = ("mean_return", "sharpe", "win_rate", "profit_factor", "expectancy")


@dataclass(frozen=True)
class Process:
    """What two runs' returns are drawn from, per bar.

    Each is AR(1) with GARCH(1, 1) innovations of Student's t with six degrees of freedom where
    `clusters`, else normal ones; unit variance before `scale`. ML-on follows ML-off with
    `correlation`, or trades the same bars and, in spells of some 20 bars, none at all.
    """

    memory: float = 0.0
    clusters: bool = False
    correlation: float = 0.7
    invested: float = 1.0  # share of bars ML-on is in the market
    off: float = -0.01  # Sharpe ratio per bar
    on: float = 0.02  # per bar in the market
    scale: float = 0.01


PROCESSES = {
    "independent": Process(),
    "autocorrelated": Process(memory=0.2),
    "clustered": Process(memory=-0.05, clusters=True, correlation=0.9),
    "vetoed": Process(memory=0.1, clusters=True, correlation=1.0, invested=0.3),
}


def measure(
    pairs: int = 2_000, bars: int = 3_000, lists: int = 2_000, draws: int = 1_000, seed: int = 0
) -> Measured:
    """Count over simulated pairs of runs, and over simulated lists of trades.

    The truth of mean return and Sharpe ratio follows from the process; that of total return and
    Sortino ratio is taken from all pairs of a process together, that of the drawdown is their
    mean, and that of the trades comes from one list of two million entries. Mean return, Sharpe
    ratio, win rate, profit factor and expectancy are to be held by 92.5 to 97 %. The others are
    shown without a claim. What each process gives is among the parts.
    """
    by_process = {
        name: pairs_covered(process, pairs // len(PROCESSES), bars, draws, seed + number)
        for number, (name, process) in enumerate(PROCESSES.items())
    }
    by_length = {
        f"{entries} entries": lists_covered(entries, lists // len(ENTRIES), draws, seed)
        for entries in ENTRIES
    }
    shares = {**_pooled(by_process), **_pooled(by_length)}
    bounds = {name: (LEAST, MOST) if name in CLAIMED else (None, None) for name in shares}
    parts = {
        f"{kind}, {name}": found[name]
        for kind, found in (by_process | by_length).items()
        for name in found
    }
    return Measured(
        f"{pairs:,} pairs of {bars:,} bars, {lists:,} lists of {ENTRIES} entries, {draws:,} draws",
        parts,
        tuple(Ratio(name, share, *bounds[name]) for name, share in shares.items()),
    )


def pairs_covered(
    process: Process, pairs: int, bars: int, draws: int, seed: int
) -> dict[str, float]:
    """Return the share of pairs whose interval holds the truth, for each figure."""
    rng = np.random.default_rng(seed)
    off, on = simulated_pairs(process, pairs, bars, rng)
    truth = true_differences(process, off, on)
    made = np.exp(np.log1p(off).sum(axis=0))  # by ML-off: the rest of its total return is drawn
    held: Counter[str] = Counter()
    for pair in range(pairs):
        found = return_intervals(off[:, pair], on[:, pair], bootstrap=Bootstrap(draws, pair))
        own = truth | {"total_return": made[pair] * truth["total_return"]}
        held.update(name for name, interval in found.items() if _holds(interval, own[name]))
    return {name: held[name] / pairs for name in truth}


def simulated_pairs(
    process: Process, pairs: int, bars: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the returns of many pairs, each of shape (bars, pairs)."""
    common, own = (series(process, pairs, bars, rng) for _ in range(2))
    off = process.off + common
    share = process.correlation
    on = process.on + share * common + np.sqrt(1 - share**2) * own
    if process.invested < 1:
        on = on * spells(process.invested, pairs, bars, rng)
    return process.scale * off, process.scale * on


def series(process: Process, pairs: int, bars: int, rng: np.random.Generator) -> np.ndarray:
    """Draw AR(1) series of mean 0 and variance 1."""
    shape, steps = (pairs,), BURN_IN + bars
    arch, garch = (0.06, 0.92) if process.clusters else (0.0, 0.0)
    shock, variance, value = np.zeros(shape), np.ones(shape), np.zeros(shape)
    values = np.empty((steps, pairs))
    for step in range(steps):
        noise = rng.standard_t(6, shape) / np.sqrt(1.5) if arch else rng.standard_normal(shape)
        variance = 1 - arch - garch + arch * shock**2 + garch * variance
        shock = np.sqrt(variance) * noise
        value = process.memory * value + np.sqrt(1 - process.memory**2) * shock
        values[step] = value
    return values[BURN_IN:]


def spells(share: float, pairs: int, bars: int, rng: np.random.Generator) -> np.ndarray:
    """Draw 0 and 1 in spells, 1 for a share of the bars."""
    switch, inside = 0.05, rng.random(pairs) < share
    values = np.empty((bars, pairs))
    for step in range(bars):
        fresh = rng.random(pairs) < switch
        inside = np.where(fresh, rng.random(pairs) < share, inside)
        values[step] = inside
    return values


def true_differences(process: Process, off: np.ndarray, on: np.ndarray) -> dict[str, float]:
    """Return on - off in each figure: of the process where it is known, else of all pairs.

    Of total_return it is how much more ML-on's account grows, as a fraction of ML-off's.
    """
    share, bars = process.invested, len(off)
    mean = share * process.on
    spread = np.sqrt(share * (1 + process.on**2) - mean**2)
    sortinos = [run.mean() / np.sqrt(np.mean(np.minimum(run, 0) ** 2)) for run in (off, on)]
    growth = [bars * np.log1p(run).mean() for run in (off, on)]
    paths = [np.vstack([np.ones(run.shape[1]), np.cumprod(1 + run, axis=0)]) for run in (off, on)]
    deepest = [np.mean([drawdowns(path).max() for path in run.T]) for run in paths]
    return {
        "mean_return": process.scale * (mean - process.off),
        "sharpe": mean / spread - process.off,
        "sortino": sortinos[1] - sortinos[0],
        "total_return": np.expm1(growth[1] - growth[0]),
        "max_drawdown": deepest[1] - deepest[0],
    }


def lists_covered(entries: int, lists: int, draws: int, seed: int) -> dict[str, float]:
    """Return the share of trade lists whose interval holds the truth, for each figure."""
    rng = np.random.default_rng([seed, entries])
    off, on = simulated_trades(2_000_000, rng).T
    truth = {name: figure(on) - figure(off) for name, figure in TRADE_FIGURES.items()}
    held: Counter[str] = Counter()
    for number in range(lists):
        gains = simulated_trades(entries, rng)
        found = trade_intervals(1e5 * gains, gains, Bootstrap(draws, number))
        held.update(name for name, interval in found.items() if _holds(interval, truth[name]))
    return {name: held[name] / lists for name in truth}


def simulated_trades(entries: int, rng: np.random.Generator) -> np.ndarray:
    """Draw gains of entries in time order, shape (entries, 2), NaN where a run made none.

    What trades earn is fat-tailed and follows a market that lasts. ML-on keeps those a noisy
    score of the outcome likes, and adds a tenth of its own.
    """
    from scipy.signal import lfilter

    market = lfilter([np.sqrt(0.75)], [1, -0.5], rng.standard_normal(entries + 100))[100:]
    luck = rng.standard_t(5, entries) / np.sqrt(5 / 3)
    gains = 0.01 * (0.35 * market + np.sqrt(1 - 0.35**2) * luck) - 0.0005
    liked = 0.4 * luck + rng.standard_normal(entries) > 0.6
    added = rng.random(entries) < 0.1
    return np.where(np.stack([~added, liked | added], axis=1), gains[:, None], np.nan)


TRADE_FIGURES = {
    "win_rate": lambda gains: np.mean(gains[np.isfinite(gains)] > 0),
    "profit_factor": lambda gains: gains[gains > 0].sum() / -gains[gains < 0].sum(),
    "profit_factor_cash": lambda gains: gains[gains > 0].sum() / -gains[gains < 0].sum(),
    "expectancy": np.nanmean,
}


def _holds(interval: list[float] | None, truth: float) -> bool:
    return interval is not None and interval[0] <= truth <= interval[1]


def _pooled(kinds: dict[str, dict[str, float]]) -> dict[str, float]:
    """Return the mean over equally many of each kind."""
    names = next(iter(kinds.values()))
    return {name: float(np.mean([found[name] for found in kinds.values()])) for name in names}
