"""size: how often the verdict says that ML helped where there is nothing to find."""

from collections import Counter
from collections.abc import Callable, Iterator

import joblib
import numpy as np
import pandas as pd

from benchmarks.registry import Measured, Ratio
from benchmarks.replayed import judged
from bt_fusion import Ensemble, Predictions, SignalModel, WalkForward
from bt_fusion.data.samples import random_walk
from bt_fusion.engine.account import Account
from bt_fusion.verdict.evidence import PLACEBO_LEVEL
from bt_fusion.verdict.rules import HELPED, HURT

__all__ = ["markets", "measure", "opinions"]

COMMISSIONS = (0.0, 0.0005, 0.001)
THRESHOLDS = {"coin": 0.60, "lgb": 0.52}
TRAIN, REFIT = 2_000, 1_000
DRIFT = 0.0002  # a bar, where the noise of one is 0.005
PRICES = ["open", "high", "low", "close"]
BETTER, WORSE = f"p <= {PLACEBO_LEVEL}", f"p >= {1 - PLACEBO_LEVEL}"
ALLOWED = 0.02  # 4 of 200


def measure(walks: int = 40, bars: int = 5_000, draws: int = 1_000, jobs: int = 2) -> Measured:
    """Count wrong verdicts over random walks, at 0, 5 and 10 basis points a side.

    Three markets in which nothing can be foreseen: a random walk, one with a drift of 0.0002 a bar
    (noise 0.005), and one whose noise comes in spells (GARCH). Two models without skill: `lgb`, a
    walk-forward of one LightGBM member (2,000 bars, refitted every 1,000) asked for 0.52, and
    `coin`, whose P(up) is drawn, autocorrelated (0.9 a bar, spread 0.1), and asked for 0.60. The
    verdict is the whole one, with 1,000 random vetoes and 1,000 bootstrap samples, as the command
    line makes it; predictions are made once for all costs.
    """
    calls = (joblib.delayed(verdicts)(seed, bars, draws) for seed in range(walks))
    found: Counter[tuple[str, str]] = Counter()
    tails = Counter({BETTER: 0, WORSE: 0})
    for walk in joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")(calls):
        for cell, verdict, p_value in walk:
            found.update({(cell, HELPED): verdict == HELPED, (cell, HURT): verdict == HURT})
            tails[BETTER] += p_value <= PLACEBO_LEVEL
            tails[WORSE] += p_value >= 1 - PLACEBO_LEVEL
    ratios = (
        Ratio(
            f"{cell}: {verdict}",
            float(found[cell, verdict]),
            most=int(ALLOWED * walks) if verdict == HELPED else None,
        )
        for verdict in (HELPED, HURT)
        for cell in sorted({cell for cell, _ in found})
    )
    return Measured(
        f"verdicts of {walks} walks of {bars:,} traded bars in each cell, {draws:,} draws",
        {"walks": walks, "verdicts": len(found) // 2 * walks, **tails},
        tuple(ratios),
    )


def verdicts(seed: int, bars: int, draws: int) -> list[tuple[str, str, float]]:
    """Return (cell, verdict, p-value) of every market, model and commission of one seed."""
    found = []
    for market, frame in markets(TRAIN + bars, seed):
        for model, predictions in opinions(frame, seed).items():
            for rate in COMMISSIONS:
                verdict, p_value, _ = judged(
                    frame[TRAIN:],
                    predictions[TRAIN:],
                    THRESHOLDS[model],
                    Account(commission=rate),
                    draws,
                    seed,
                )
                cell = f"{market} {model} {rate * 1e4:.0f}bp"
                found.append((cell, verdict.verdict, p_value))
    return found


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


def opinions(frame: pd.DataFrame, seed: int) -> dict[str, Predictions]:
    """Return the predictions of both models without skill."""
    model = SignalModel(ensemble=Ensemble(["lgb"], seed=seed))
    fitted = WalkForward(model, TRAIN, REFIT, cache=None).predict(frame)
    rng = np.random.default_rng([seed, 2])
    up = np.clip(0.5 + 0.1 * lasting(rng.standard_normal(len(frame))), 0.01, 0.99)
    votes = np.stack([1 - up, up], axis=1)[:, None, :]
    coin = Predictions(**{**vars(fitted), "members": ("coin",), "votes": votes})
    return {"coin": coin, "lgb": fitted}


def lasting(noise: np.ndarray, persistence: float = 0.9) -> np.ndarray:
    """Return noise of unit variance in which each value keeps much of the last one."""
    from scipy.signal import lfilter

    made: Callable[..., np.ndarray] = lfilter
    return made([np.sqrt(1 - persistence**2)], [1, -persistence], noise)
