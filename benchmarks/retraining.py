"""retraining: 24 simulated months of `bt-fusion retrain`, each killed at a random moment.

Odd months are killed at a random moment of the command's time, even months at a random change of a
file's name, which are most of what happens while the new model takes its place. After each kill
the model and all earlier ones are loaded and predict; then the command runs again.
At the end the earlier models are put back, one after the other.
"""

import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

import pandas as pd

from benchmarks.fault_child import watch
from benchmarks.registry import Measured, Ratio
from bt_fusion import BtFusionError, Ensemble, SignalModel
from bt_fusion.bundle import describe
from bt_fusion.cli.main import main
from bt_fusion.data.samples import planted_edge
from bt_fusion.retraining.history import CANDIDATE, History

__all__ = ["measure"]

LEARNT, START, KEEP = 3_000, "2022-01-01", 6  # bars, day
FAILED = 255  # exit code
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
        model, bars = prepare(root, months)
        for month in range(1, months + 1):
            words = retrain(model, month)
            seconds, renames = dry_run(root, month)
            if month % 2:
                killed = kill_later(started(words, root), rng.uniform(0, seconds))
            else:
                killed = was_killed(started(words, root, rng.randint(1, renames)))
            counts["kills"] += killed
            phases[phase_of(model, month) if killed else PHASES[-1]] += 1
            counts["loads failed"] += not loads(model, bars)
            counts["runs that failed after a kill"] += failed(started(words, root))
        counts["loads failed"] += not loads(model, bars)
        decisions = History.of(model).decisions()
        numbers = [each["number"] for each in decisions]
        counts["months without one decision"] = months - len(numbers)
        counts["decisions twice"] = len(numbers) - len(set(numbers))
        counts["replaced"] = sum(each["action"] == "replaced" for each in decisions)
        counts["models kept"] = len(History.of(model).earlier())
        counts["rollbacks that failed"] = roll_back(model, bars)
    parts: dict[str, float | int | None] = {f"kills {name}": phases[name] for name in PHASES}
    parts |= dict(counts)
    names = ("loads failed", "runs that failed after a kill", "rollbacks that failed")
    ratios = [Ratio(name, float(counts[name]), most=0.0) for name in names]
    ratios.append(
        Ratio(
            "decisions lost or twice",
            float(abs(counts["months without one decision"]) + counts["decisions twice"]),
            most=0.0,
        )
    )
    return Measured(f"{months} months, lr and LightGBM on 14 features", parts, tuple(ratios))


def prepare(root: Path, months: int) -> tuple[Path, pd.DataFrame]:
    """Save a model and the file of all bars; return both."""
    from lightgbm import LGBMClassifier

    length = LEARNT + 731 * (months + 2)
    bars = planted_edge(length, 1, auc=0.65)
    bars.index = pd.date_range(START, periods=length, freq="h", name="datetime")
    trees = LGBMClassifier(n_estimators=20, num_leaves=7, n_jobs=1, random_state=0, verbose=-1)
    members = {"lr": "lr", "lgb": trees}
    model = SignalModel(["generator", "wick_balance"], ensemble=Ensemble(members))
    bars.to_parquet(root / "bars.parquet")
    return model.fit(bars[:LEARNT]).save(root / "model"), bars


def retrain(model: Path, month: int) -> list[str]:
    """Return the command of the second day of a month."""
    day = pd.Timestamp(START) + pd.Timedelta(hours=LEARNT) + pd.DateOffset(months=month)
    until = ["--todate", f"{day.replace(day=2):%Y-%m-%d}", "--keep", str(KEEP), "-q"]
    data = model.with_name("bars.parquet")
    return ["retrain", "--model", str(model), "--data", str(data), *until]


def started(words: list[str], root: Path, rename: int = 0) -> int:
    """Start a command in a forked process, killed at its n-th rename; return its number.

    Its exit code is how many names it changed.
    """
    child = os.fork()
    if child:
        return child
    count = watch("kill", rename, str(root))
    try:
        main(words)
    except SystemExit as ended:
        os._exit(FAILED if ended.code else count["kill"])
    os._exit(FAILED)


def dry_run(root: Path, month: int) -> tuple[float, int]:
    """Retrain in a copy; return how long it took, and how many names it changed."""
    copy = Path(shutil.copytree(root, root.with_name(f"{root.name}-copy")))
    began = time.monotonic()
    child = started(retrain(copy / "model", month), copy)
    renames = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    seconds = time.monotonic() - began
    shutil.rmtree(copy)
    return seconds, renames


def kill_later(child: int, seconds: float) -> bool:
    """Kill a process after some seconds; say whether it was still at work."""
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)  # one that has ended is there until it is waited for
    return was_killed(child)


def was_killed(child: int) -> bool:
    """Wait for a process; say whether it was killed."""
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def failed(child: int) -> bool:
    """Wait for a process; say whether it failed."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) in (FAILED, -signal.SIGKILL)


def phase_of(model: Path, month: int) -> str:
    """Tell by what a killed command left how far it had come."""
    history = History.of(model)
    if history.pending.exists():
        return PHASES[2]
    if is_decided(model, month):
        return PHASES[3]
    written = history.root.is_dir() and any(
        path.name.strip(".").startswith(CANDIDATE.strip(".")) for path in history.root.glob(".*")
    )
    return PHASES[1] if written else PHASES[0]


def is_decided(model: Path, month: int) -> bool:
    """Say whether the decision of a month is there."""
    return len(History.of(model).decisions()) >= month


def loads(model: Path, bars: pd.DataFrame) -> bool:
    """Say whether the model and all earlier ones load and predict the last bar."""
    history = History.of(model)
    try:
        for folder in (model, *history.earlier(), *history.rolled_back()):
            predictions = SignalModel.load(folder).predict(bars[-200:], allow_in_sample=True)
            if not predictions.known[-1]:
                return False
    except BtFusionError:
        return False
    return True


def roll_back(model: Path, bars: pd.DataFrame) -> int:
    """Put all earlier models back; return how often another one came than the last."""
    wrong = 0
    for expected in reversed(History.of(model).earlier()):
        digest = describe(expected)["digest"]
        words = ["retrain", "--model", str(model), "--rollback", "-q"]
        wrong += failed(started(words, model.parent))
        wrong += describe(model)["digest"] != digest or not loads(model, bars)
    return wrong
