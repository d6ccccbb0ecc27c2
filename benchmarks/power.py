"""power: how often the verdict finds an edge that is there, by its strength and the entries."""

from collections import defaultdict

import joblib
import numpy as np

from benchmarks.registry import Measured, Ratio
from benchmarks.replayed import evidence_on
from bt_fusion import Ensemble, SignalModel, WalkForward
from bt_fusion.data.samples import planted_edge
from bt_fusion.engine.account import Account
from bt_fusion.verdict.evidence import Evidence
from bt_fusion.verdict.rules import HELPED, PROBABLY_HELPED, judge

__all__ = ["measure"]

STRENGTHS = (0.55, 0.57, 0.60, 0.65)  # best possible AUC
LENGTHS = (2_000, 4_000, 8_000)  # traded bars
STATED = (0.65, 4_000)
TRAIN, REFIT = 4_000, 2_000
THRESHOLD = 0.55
COUNTED = (
    *("helped", "helped or probably helped", "setting p <= .05", "setting p <= .005"),
    *("ranking p <= .05", "ranking p <= .005", "trades"),
)


def measure(walks: int = 100, bars: int = 8_000, draws: int = 1_000, jobs: int = 2) -> Measured:
    """Count verdicts that ML helped over planted edges, 5 basis points a side.

    `planted_edge` by its best possible AUC; a walk-forward of one LightGBM member (4,000 bars,
    refitted every 2,000) that asks for 0.55; the verdict over the first quarter, half and whole of
    the traded bars. Parts: mean closed trades of ML-on in each cell.
    """
    lengths = sorted({max(1, length * bars // LENGTHS[-1]) for length in LENGTHS})
    calls = (
        joblib.delayed(verdicts)(strength, seed, lengths, draws)
        for strength in STRENGTHS
        for seed in range(walks)
    )
    cells: dict[tuple[float, int], list[tuple[bool, ...]]] = defaultdict(list)
    for walk in joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")(calls):
        for cell, evidence in walk:
            cells[cell].append(found_by(evidence))
    stated = STATED[0], lengths[LENGTHS.index(STATED[1])]
    ratios, parts = [], {"walks": walks}
    for cell in sorted(cells, key=lambda cell: (cell != stated, cell)):
        shares = dict(zip(COUNTED, np.mean(cells[cell], axis=0).tolist(), strict=True))
        name = f"auc {cell[0]:.2f}, {cell[1]:,} bars"
        parts[f"{name}: trades"] = shares.pop("trades")
        for what, share in shares.items():
            least = 0.97 if cell == stated and what == "helped" else None
            ratios.append(Ratio(f"{name}: {what}", share, least=least))
    return Measured(
        f"share of {walks} planted edges in which ML helped, {draws:,} draws", parts, tuple(ratios)
    )


def found_by(evidence: Evidence) -> tuple[float, ...]:
    """Return what `COUNTED` names of one market."""
    grade = judge(evidence).verdict
    p_values = [1.0 if t is None else t.p_value for t in (evidence.setting, evidence.ranking)]
    return (
        grade == HELPED,
        grade in (HELPED, PROBABLY_HELPED),
        *(p <= level for p in p_values for level in (0.05, 0.005)),
        evidence.trades_on,
    )


def verdicts(
    strength: float, seed: int, lengths: list[int], draws: int
) -> list[tuple[tuple[float, int], Evidence]]:
    """Return ((strength, bars), evidence) of one market for each length."""
    frame = planted_edge(TRAIN + max(lengths), seed, auc=strength)
    model = SignalModel(ensemble=Ensemble(["lgb"], seed=seed))
    predictions = WalkForward(model, TRAIN, REFIT, cache=None).predict(frame)
    found = []
    for length in lengths:
        rows = slice(TRAIN, TRAIN + length)
        evidence = evidence_on(frame[rows], predictions[rows], THRESHOLD, Account(), draws, seed)
        found.append(((strength, length), evidence))
    return found
