"""drift: how often a model without drift raises an alarm, and how soon one with drift does."""

from collections import defaultdict
from collections.abc import Iterator

import joblib
import numpy as np

from benchmarks.drift_markets import BREAKS, EDGE, STATIONARY, made
from benchmarks.registry import Measured, Ratio
from bt_fusion import Ensemble, SignalModel
from bt_fusion.evaluation.drift import model_health

__all__ = ["measure"]

# Bars after the break by which 95 of 100 models have raised the alarm
DELAYS = {
    "edge vanishes": 8_000,
    "edge turns round": 1_000,
    "volatility triples": 2_000,
    "a trend sets in": 4_000,
}
Found = tuple[str, int | None, str]  # market, bars until the alarm, the part that raised it


def measure(
    runs: int = 200,
    breaks: int = 100,
    train: int = 12_000,
    bars: int = 12_000,
    jobs: int = 2,
    first: int = 0,
) -> Measured:
    """Count alarms over stationary markets, and measure how long breaks stay unseen.

    A model of LightGBM on the default features learns from `train` bars and is watched over `bars`
    more. Stationary: a planted edge (best AUC 0.65) with normal returns, with volatility in spells
    that the edge knows nothing of, with heavy tails; a random walk; nasdaq's days resampled in
    blocks. Breaks come at a drawn bar of the first quarter that is watched: the edge vanishes or
    turns round, volatility triples, or a trend sets in, so that probabilities are off.

    An alarm before the break counts as not found. Run n draws with the seed `first` + n: the delays
    were stated from the seeds 0 to 299, so give another `first` to test them.
    """
    kinds, changes = list(STATIONARY), list(BREAKS)
    calls = [(kinds[n % len(kinds)], first + n, None) for n in range(runs)]
    broken = [changes[n % len(changes)] for n in range(breaks)]
    calls += [(change, first + runs + n, change) for n, change in enumerate(broken)]
    done = joblib.Parallel(n_jobs=jobs)(
        joblib.delayed(watched)(*call, train, bars) for call in calls
    )
    found: dict[str, list[Found]] = defaultdict(list)
    for each in done:
        found[each[0]].append(each)
    parts = {f"alarms, {kind}": alarms(found[kind]) for kind in kinds}
    raised = sum(parts.values())
    late = {f"bars, 95 % of {kind}": late_quantile(found[kind]) for kind in changes}
    in_time = sum(within(each) for kind in changes for each in found[kind])
    return Measured(
        f"{runs} stationary runs and {breaks} breaks, {bars:,} bars watched after {train:,}",
        parts | late,
        (
            Ratio("false alarms", raised / runs, most=0.05),
            Ratio("breaks found in time", in_time / breaks, least=0.95),
            *ratios(found, changes),
        ),
        "; ".join(told(found)),
    )


def watched(kind: str, seed: int, change: str | None, train: int, bars: int) -> Found:
    """Return when a model's alarm was raised, in bars after its break or its training."""
    count, at, after = train + bars, train, None
    if change is not None:
        after = BREAKS[change]
        at = train + int(np.random.default_rng([seed, 9]).integers(0, bars // 4))
    frame = made(EDGE if change else STATIONARY[kind], count, seed, after, at)
    model = SignalModel("default", "direction", Ensemble(["lgb"]), causality_check=False)
    model.fit(frame[:train])
    first = next(iter(model_health(model, frame).alarms()), None)
    if first is None or first["bar"] < at:
        return kind, None, "" if first is None else f"early {first['part']}"
    return kind, first["bar"] - at, first["part"]


def alarms(found: list[Found]) -> int:
    """Count the runs with an alarm."""
    return sum(bars is not None for _, bars, _ in found)


def late_quantile(found: list[Found]) -> float | None:
    """Return the bars by which 95 % were found, None where more were missed."""
    bars = np.array([np.inf if each is None else each for _, each, _ in found])
    late = float(np.quantile(bars, 0.95, method="inverted_cdf")) if len(bars) else np.inf
    return late if np.isfinite(late) else None


def ratios(found: dict[str, list[Found]], changes: list[str]) -> Iterator[Ratio]:
    """Yield the share of each break that is found within its delay."""
    for kind in changes:
        share = float(np.mean([within(each) for each in found[kind]]))
        yield Ratio(f"{kind}: within {DELAYS[kind]:,} bars", share)


def within(found: Found) -> bool:
    """Tell whether a break was found within its delay."""
    kind, bars, _ = found
    return bars is not None and bars <= DELAYS[kind]


def told(found: dict[str, list[Found]]) -> Iterator[str]:
    """Yield which parts of the test raised the alarms."""
    for kind, each in found.items():
        parts = [part for _, _, part in each if part]
        counts = ", ".join(f"{part} {parts.count(part)}" for part in sorted(set(parts)))
        yield f"{kind}: {counts or 'no alarm'} of {len(each)}"
