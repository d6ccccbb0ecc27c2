"""size: how often each grade comes up where there is nothing to find."""

from collections import Counter
from collections.abc import Iterator

import joblib
import numpy as np
import pandas as pd

from benchmarks.opinions import opinions, predictions_of
from benchmarks.registry import Measured, Ratio
from benchmarks.replayed import evidence_on
from bt_fusion import Ensemble, Predictions, SignalModel, WalkForward, read_bars
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import load_sample, random_walk
from bt_fusion.engine.account import Account
from bt_fusion.technical.ema_state import ema_state
from bt_fusion.verdict.rules import GRADES, HELPED, NO_EVIDENCE, PROBABLY_HELPED, judge

__all__ = ["markets", "measure", "real_bars"]

THRESHOLDS = {"lgb": 0.52}
OPINION_THRESHOLD = 0.55
TRAIN, REFIT = 2_000, 1_000
DRIFT = 0.0002  # a bar, where the noise of one is 0.005
PRICES = ["open", "high", "low", "close"]
ALLOWED = {HELPED: 0.02, PROBABLY_HELPED: 0.08}  # 4 and 16 of 200
Found = list[tuple[str, str]]  # (cell, grade)


def measure(
    walks: int = 40,
    bars: int = 5_000,
    draws: int = 1_000,
    jobs: int = 2,
    lgb: int = 1,
    data: str = "",
) -> Measured:
    """Count grades over markets in which nothing can be foreseen, 5 basis points a side.

    A random walk, one with a drift of 0.0002 a bar (noise 0.005), and one whose noise comes in
    spells (GARCH), and real bars: stretches, from places drawn at random, of the file `data`, or
    else of the S&P 500 and NASDAQ samples. Opinions without skill: those of `opinions`, asked for
    0.55, and on the made markets `lgb`, a walk-forward of one LightGBM member (2,000 bars, refitted
    every 1,000) asked for 0.52. The verdict is the whole one, as the command line makes it.
    """
    calls = [joblib.delayed(made)(seed, bars, draws, bool(lgb)) for seed in range(walks)]
    calls += [joblib.delayed(on_real_bars)(seed, bars, draws, data) for seed in range(walks)]
    found: Counter[tuple[str, str]] = Counter()
    cells: Counter[str] = Counter()
    for each in joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")(calls):
        for cell, grade in each:
            cells[cell] += 1
            found[cell, grade] += 1
    ratios = (
        Ratio(
            f"{cell}: {grade}",
            float(found[cell, grade]),
            most=int(ALLOWED[grade] * cells[cell]) if grade in ALLOWED else None,
        )
        for grade in GRADES
        if grade != NO_EVIDENCE
        for cell in sorted(cells)
    )
    return Measured(
        f"grades of {walks} markets of {bars:,} bars in each cell, {draws:,} draws",
        {"walks": walks, "verdicts": sum(cells.values())},
        tuple(ratios),
    )


def made(seed: int, bars: int, draws: int, lgb: bool) -> Found:
    """Return (cell, grade) of every made market and opinion of one seed."""
    found = []
    for market, whole in markets(TRAIN + bars, seed):
        frame = whole[TRAIN:]
        for name, known in without_skill(frame, seed):
            grade = graded(frame, known, OPINION_THRESHOLD, draws, seed)
            found.append((f"{market} {name}", grade))
        if lgb:
            known = fitted(whole, seed)[TRAIN:]
            found.append((f"{market} lgb", graded(frame, known, THRESHOLDS["lgb"], draws, seed)))
    return found


def on_real_bars(seed: int, bars: int, draws: int, path: str) -> Found:
    """Return (cell, grade) of every opinion on a stretch of real bars."""
    return [
        (f"real {name}", graded(frame, known, OPINION_THRESHOLD, draws, seed))
        for frame in [real_bars(seed, bars, path)]
        for name, known in without_skill(frame, seed)
        if name != "momentum"  # real bars may have it
    ]


def graded(
    frame: pd.DataFrame, predictions: Predictions, threshold: float, draws: int, seed: int
) -> str:
    """Return the grade of one market and opinion."""
    return judge(evidence_on(frame, predictions, threshold, Account(), draws, seed)).verdict


def without_skill(frame: pd.DataFrame, seed: int) -> Iterator[tuple[str, Predictions]]:
    """Yield the predictions of opinions without skill."""
    arrays = BarArrays.of(frame)
    state = ema_state(arrays.close, 12, 26)
    for name, sided in opinions(arrays, state, seed):
        up = np.clip(np.where(state < 0, 1 - sided, sided), 0.01, 0.99)
        yield name, predictions_of(frame.index, up)


def fitted(frame: pd.DataFrame, seed: int) -> Predictions:
    """Return the predictions of a walk-forward of one LightGBM member."""
    model = SignalModel(ensemble=Ensemble(["lgb"], seed=seed))
    return WalkForward(model, TRAIN, REFIT, cache=None).predict(frame)


def real_bars(seed: int, bars: int, path: str = "") -> pd.DataFrame:
    """Return a stretch of real bars from a place drawn at random."""
    whole = read_bars(path) if path else load_sample(("sp500", "nasdaq")[seed % 2])
    start = np.random.default_rng([seed, 4]).integers(0, max(1, len(whole) - bars))
    return whole.iloc[start : start + bars]


def markets(bars: int, seed: int) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield markets in which nothing can be foreseen."""
    walk = random_walk(bars, seed)
    yield "walk", walk
    drifting = walk.copy()
    drifting[PRICES] = walk[PRICES].mul(np.exp(DRIFT * np.arange(bars)), axis=0)
    yield "drift", drifting
    yield "garch", restless_walk(bars, seed)


def restless_walk(bars: int, seed: int) -> pd.DataFrame:
    """Make a walk without drift whose noise follows a GARCH(1, 1): 0.05 and 0.93."""
    rng = np.random.default_rng([seed, 1])
    shocks, noise = rng.standard_normal(bars), np.empty(bars)
    variance = 1.0
    for bar, shock in enumerate(shocks):
        noise[bar] = np.sqrt(variance)
        variance = 0.02 + 0.93 * variance + 0.05 * variance * shock**2
    close = 42_000 * np.exp(0.005 * np.cumsum(noise * shocks))
    open_ = np.append(42_000.0, close[:-1])
    reach = 0.002 * noise * close * np.abs(rng.standard_normal((2, bars)))
    frame = random_walk(bars, seed)
    return frame.assign(
        open=open_,
        high=np.maximum(open_, close) + reach[0],
        low=np.minimum(open_, close) - reach[1],
        close=close,
    )
