"""retraining: 24 simulated months of `bt-fusion retrain`, each killed at a random moment.

Odd months are killed at a random moment of the command's time, even months at a random change of a
file's name, which are most of what happens while the new model takes its place. After each kill a
process of its own loads the model and all earlier ones, and predicts; then the command runs again.
At the end the earlier models are put back, one after the other.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

import pandas as pd

from benchmarks.registry import Measured, Ratio
from benchmarks.timing import ROOT
from bt_fusion import Ensemble, SignalModel
from bt_fusion.bundle import describe
from bt_fusion.data.samples import planted_edge
from bt_fusion.retraining.history import CANDIDATE, History

__all__ = ["check", "measure"]

LEARNT, START, KEEP = 3_000, "2022-01-01", 6  # bars, day
RENAMES = 8  # of a retraining that replaces; a number above what there is kills nothing
PHASES = (
    "before anything was written",
    "while the new model was written",
    "while it was put in place",
    "not at all, it had ended",
)


def measure(months: int = 24, seed: int = 0) -> Measured:
    """Retrain month by month, with a kill in each.

    Parameters
    ----------
    months : int
    seed : int
        Of the moments.
    """
    rng, phases = Random(seed), Counter[str]()
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        model, data = prepare(root, months)
        seconds = 8.0  # until one was measured
        for month in range(1, months + 1):
            words = retrain(model, data, month)
            killed = kill_later(words, rng.uniform(0, seconds)) if month % 2 else None
            if killed is None:
                killed = kill_at(words, root, rng.randint(1, RENAMES))
            counts["kills"] += killed
            phases[phase_of(model, month) if killed else PHASES[-1]] += 1
            counts["loads failed"] += not loads(model, data)
            began = time.monotonic()
            counts["runs that failed after a kill"] += subprocess.run(words, env=env()).returncode
            if not killed or phases_end(model, month):
                seconds = max(4.0, time.monotonic() - began)
        decisions = History.of(model).decisions()
        numbers = [each["number"] for each in decisions]
        counts["months without one decision"] = months - len(numbers)
        counts["decisions twice"] = len(numbers) - len(set(numbers))
        counts["replaced"] = sum(each["action"] == "replaced" for each in decisions)
        counts["models kept"] = len(History.of(model).earlier())
        counts["rollbacks that failed"] = roll_back(model, data)
    parts: dict[str, float | int | None] = {f"kills {name}": phases[name] for name in PHASES}
    parts |= dict(counts)
    failed = ("loads failed", "runs that failed after a kill", "rollbacks that failed")
    ratios = [Ratio(name, float(counts[name]), most=0.0) for name in failed]
    ratios.append(
        Ratio(
            "decisions lost or twice",
            float(abs(counts["months without one decision"]) + counts["decisions twice"]),
            most=0.0,
        )
    )
    return Measured(f"{months} months, lr and LightGBM on 14 features", parts, tuple(ratios))


def prepare(root: Path, months: int) -> tuple[Path, Path]:
    """Save a model and the file of all bars."""
    from lightgbm import LGBMClassifier

    length = LEARNT + 731 * (months + 2)
    bars = planted_edge(length, 1, auc=0.65)
    bars.index = pd.date_range(START, periods=length, freq="h", name="datetime")
    trees = LGBMClassifier(n_estimators=20, num_leaves=7, n_jobs=1, random_state=0, verbose=-1)
    members = {"lr": "lr", "lgb": trees}
    model = SignalModel(["generator", "wick_balance"], ensemble=Ensemble(members))
    bars.to_parquet(root / "bars.parquet")
    return model.fit(bars[:LEARNT]).save(root / "model"), root / "bars.parquet"


def retrain(model: Path, data: Path, month: int) -> list[str]:
    """Return the command of the second day of a month."""
    day = pd.Timestamp(START) + pd.Timedelta(hours=LEARNT) + pd.DateOffset(months=month)
    until = ["--todate", f"{day.replace(day=2):%Y-%m-%d}", "--keep", str(KEEP), "-q"]
    own = ["retrain", "--model", str(model), "--data", str(data), *until]
    return [sys.executable, "-m", "bt_fusion", *own]


def env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def kill_later(words: list[str], seconds: float) -> bool:
    """Kill a command after some seconds; say whether it was still at work."""
    process = subprocess.Popen(words, env=env())
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
    return process.wait() == -signal.SIGKILL


def kill_at(words: list[str], root: Path, number: int) -> bool:
    """Kill a command at its n-th rename inside a folder; say whether there were so many."""
    prefix = [sys.executable, "-m", "benchmarks.fault_child", "kill", str(number), str(root)]
    done = subprocess.run([*prefix, *words[3:]], env=env(), cwd=ROOT)
    return done.returncode == -signal.SIGKILL


def phase_of(model: Path, month: int) -> str:
    """Tell by what a killed command left how far it had come."""
    history = History.of(model)
    if history.pending.exists():
        return PHASES[2]
    if phases_end(model, month):
        return PHASES[3]
    written = history.root.is_dir() and any(
        path.name.strip(".").startswith(CANDIDATE.strip(".")) for path in history.root.glob(".*")
    )
    return PHASES[1] if written else PHASES[0]


def phases_end(model: Path, month: int) -> bool:
    """Say whether the decision of a month is there."""
    return len(History.of(model).decisions()) >= month


def loads(model: Path, data: Path) -> bool:
    """Say whether another process can load the model, and all earlier ones, and predict."""
    words = [sys.executable, "-m", "benchmarks.retraining", str(model), str(data)]
    return subprocess.run(words, env=env(), cwd=ROOT).returncode == 0


def check(model: Path, data: Path) -> None:
    """Load a model and all earlier ones, and predict the last bars; raises where one cannot."""
    bars = pd.read_parquet(data)[-200:]
    for folder in (model, *History.of(model).earlier(), *History.of(model).rolled_back()):
        predictions = SignalModel.load(folder).predict(bars, allow_in_sample=True)
        if not predictions.known[-1]:
            raise ValueError(f"{folder} does not predict the last bar")


def roll_back(model: Path, data: Path) -> int:
    """Put all earlier models back; return how often another one came than the last."""
    failed = 0
    for expected in reversed(History.of(model).earlier()):
        digest = describe(expected)["digest"]
        words = [sys.executable, "-m", "bt_fusion", "retrain", "--model", str(model), "--rollback"]
        subprocess.run([*words, "-q"], env=env(), check=True)
        failed += describe(model)["digest"] != digest or not loads(model, data)
    return failed


if __name__ == "__main__":
    check(Path(sys.argv[1]), Path(sys.argv[2]))
