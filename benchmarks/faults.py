"""``python -m benchmarks.faults``: broken and hostile saved models, and saving under SIGKILL.

Every fault is put into a copy of a saved model and loaded in a child process. Wanted is one of our
errors each time. Bit flips whose digests were set right again are counted apart: nothing but a
changed prediction can betray them, so one that changes none loads.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from queue import SimpleQueue
from time import perf_counter, sleep
from typing import Any

import numpy as np
import skops.io  # noqa: F401  (imported once in the fork server, not in every child)
from lightgbm import LGBMClassifier
from rich.console import Console
from rich.table import Table
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import TimeSeriesSplit
from sklearn.svm import SVC
from xgboost import XGBClassifier

from benchmarks.fault_kinds import canary_of, flip_resealed, inject
from bt_fusion import BtFusionError, BundleError, Ensemble, ModelCompatibilityError, SignalModel
from bt_fusion.bundle.golden import golden_rows
from bt_fusion.data.samples import planted_edge
from bt_fusion.ensemble.members.best_member import BestMember
from bt_fusion.ensemble.members.histogram_forest import HistogramForest
from bt_fusion.ensemble.onnx_export import EXPORTING, export_onnx, load_onnx, missing_libraries

OUTCOMES = ("our error", "other error", "crash", "hang", "wrong prediction", "code run", "same")
PATIENCE = 30  # seconds until a child counts as hanging
CODE_EVENTS = ("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "pickle.find_class")
STEPS = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate")
SAME = 1e-5  # the most that an ONNX form may be off
CONTEXT = get_context("forkserver")


def probe_bars():
    """Return bars that no model here was trained on."""
    return planted_edge(2_000, seed=8, auc=0.8)


def save_models(folder: Path) -> list[tuple[Path, np.ndarray]]:
    """Save two small models with their votes: trees, also in ONNX, and others, one of them chosen.

    Without the extra ``onnx`` the trees have no other form.
    """
    trees = {
        "rf": RandomForestClassifier(12, min_samples_leaf=40, random_state=0),
        "histogram": HistogramForest(12, min_samples_leaf=40),
        "xgb": XGBClassifier(n_estimators=20, max_depth=3, min_child_weight=10, n_jobs=1),
        "lgb": LGBMClassifier(n_estimators=20, num_leaves=8, n_jobs=1, verbose=-1),
    }
    own = {
        "svm": CalibratedClassifierCV(SVC(C=0.1), cv=TimeSeriesSplit(2)),
        "lr": CalibratedClassifierCV(
            LogisticRegression(), method="isotonic", cv=TimeSeriesSplit(2)
        ),
        "best": BestMember(("lr", "rf"), folds=3),
    }
    saved = []
    for name, ensemble in (("trees", Ensemble(trees)), ("own", Ensemble(own))):
        model = SignalModel("fusion", ensemble=ensemble).fit(planted_edge(1_200, seed=7, auc=0.8))
        if name == "trees" and not missing_libraries(*EXPORTING):
            model.ensemble_.onnx_ = load_onnx(export_onnx(model.ensemble_, golden_rows(model)))
        path = model.save(folder / name)
        saved.append((path, votes_of(model)))
    return saved


def votes_of(model: SignalModel) -> np.ndarray:
    """Return what a model says of the probe."""
    return model.predict(probe_bars(), allow_in_sample=True).votes


class Child:
    """A process that loads one folder after the other, replaced when it dies or hangs."""

    def __init__(self):
        self.start()

    def start(self) -> None:
        """Start the process."""
        self.pipe, theirs = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=answer, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()

    def load(self, folder: Path, votes: np.ndarray) -> tuple[str, str]:
        """Return the outcome of loading a folder, and what was said."""
        self.pipe.send((folder, votes))
        try:
            if self.pipe.poll(PATIENCE):
                return self.pipe.recv()
            outcome = "hang", f"no answer in {PATIENCE} s"
        except (EOFError, ConnectionError):
            self.process.join()
            outcome = "crash", f"exit code {self.process.exitcode}"
        self.stop()
        self.start()
        return outcome

    def stop(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


def answer(pipe) -> None:
    """Load what comes through the pipe and tell the outcome, in a child process."""
    ran: list[str] = []
    sys.addaudithook(lambda event, _: ran.append(event) if event in CODE_EVENTS else None)
    load_once = SignalModel.load
    warnings.simplefilter("ignore")  # of libraries, about the numbers a fault left
    while True:
        try:
            folder, votes = pipe.recv()
        except EOFError:
            return
        ran.clear()
        try:
            now = votes_of(load_once(folder))
            outcome = compare(now, votes)
        except (BundleError, ModelCompatibilityError) as error:
            outcome = "our error", f"{type(error).__name__}: {error}"
        except BaseException as error:
            outcome = "other error", f"{type(error).__name__}: {error}"
        pipe.send(("code run", str(ran)) if ran else outcome)


def compare(now: np.ndarray, then: np.ndarray) -> tuple[str, str]:
    """Return whether a model that loaded says what it said."""
    alike = now.shape == then.shape and (np.isnan(now) == np.isnan(then)).all()
    difference = np.nanmax(np.abs(now - then)) if alike else np.inf
    return ("same" if difference <= SAME else "wrong prediction"), f"differs by {difference:.2g}"


def run_faults(
    seeds: range,
    fault: Callable[[Path, int], str] = inject,
    jobs: int = 2,
    on_done: Callable[[], object] = lambda: None,
) -> list[tuple[int, str, str, str]]:
    """Load one faulty model for each seed; return (seed, fault, outcome, what was said)."""
    CONTEXT.set_forkserver_preload([__name__])
    children: SimpleQueue[Child] = SimpleQueue()
    started = [Child() for _ in range(jobs)]
    for child in started:
        children.put(child)
    with tempfile.TemporaryDirectory() as place:
        models = save_models(Path(place))

        def one(seed: int) -> tuple[int, str, str, str]:
            # two of three faults go into the trees
            source, votes = models[seed % 3 == 2]
            folder = Path(place) / f"fault-{seed}"
            shutil.copytree(source, folder)
            name = fault(folder, seed)
            child = children.get()
            outcome, said = child.load(folder, votes)
            if canary_of(folder).exists():
                outcome, said = "code run", "the canary was touched"
            children.put(child)
            shutil.rmtree(folder)
            on_done()
            return seed, name, outcome, said

        with ThreadPoolExecutor(jobs) as pool:
            results = list(pool.map(one, seeds))
    for child in started:
        child.stop()
    return results


def save_until_killed(models: tuple[Path, Path], target: Path, step: int, ready) -> None:
    """Save two models in turn over each other; die at a step if one is given, in a child."""
    loaded = [SignalModel.load(path) for path in models]
    steps = 0

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal steps
        ours = event in STEPS and str(target.name) in str(arguments[0] if arguments else "")
        steps += ours
        if ours and steps == step:
            os.kill(os.getpid(), signal.SIGKILL)

    ready.send(True)
    sys.addaudithook(count)
    while True:
        for model in loaded:
            model.save(target)


def run_kills(
    count: int, seed: int = 0, on_done: Callable[[], object] = lambda: None, fresh: bool = False
) -> Counter[str]:
    """Kill a saver at random moments, or at a chosen step; count what the folder held then.

    With `fresh` the target does not exist at first, and nothing there is a sound outcome too.
    """
    CONTEXT.set_forkserver_preload([__name__])
    rng = np.random.default_rng(seed)
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        models, bars = save_models(Path(place)), probe_bars()
        start = perf_counter()
        SignalModel.load(models[0][0]).save(Path(place) / "timed")
        span = perf_counter() - start
        for number in range(count):
            target = Path(place) / f"target-{number}"
            if not fresh:
                shutil.copytree(models[0][0], target)
            step = int(rng.integers(1, 62)) if number % 2 else 0  # of two saves, about 55
            delay = float(rng.uniform(0, 2.5 * span))
            kill_one(tuple(path for path, _ in models), target, step, delay)
            outcomes[state_of(target, [votes for _, votes in models], bars, fresh)] += 1
            on_done()
    return outcomes


def kill_one(models: tuple[Path, ...], target: Path, step: int, delay: float) -> None:
    """Start a saver and let it die."""
    ours, theirs = CONTEXT.Pipe()
    arguments = (models, target, step, theirs)
    process = CONTEXT.Process(target=save_until_killed, args=arguments, daemon=True)
    process.start()
    ours.recv()
    if not step:
        sleep(delay)
        process.kill()
    process.join(PATIENCE)
    process.kill()
    process.join()


def state_of(target: Path, votes: list[np.ndarray], bars, fresh: bool) -> str:
    """Return what a folder holds after its saver was killed."""
    if fresh and not target.exists():
        return "nothing yet"
    try:
        now = SignalModel.load(target).predict(bars, allow_in_sample=True).votes
    except BtFusionError as error:
        return f"broken: {error}"
    same = [compare(now, then)[0] == "same" for then in votes]
    return "old model" if same[0] else "new model" if same[1] else "wrong prediction"


def main(argv: list[str] | None = None) -> int:
    """Run the faults and kills asked for, and print the counts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--faults", type=int, default=1_140)
    parser.add_argument("--flips", type=int, default=200, help="resealed single-bit flips")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(argv)
    first = options.seed
    runs = {
        "faults": run_faults(range(first, first + options.faults), inject, options.jobs),
        "resealed flips": run_faults(
            range(first, first + options.flips), flip_resealed, options.jobs
        ),
    }
    console = Console()
    table = Table("", *OUTCOMES, title="Faults in saved models", title_justify="left")
    for name, results in runs.items():
        counts = Counter(outcome for _, _, outcome, _ in results)
        table.add_row(name, *(str(counts[outcome]) for outcome in OUTCOMES))
    console.print(table)
    bad = [row for row in runs["faults"] if row[2] != "our error"]
    worse = [row for row in runs["resealed flips"] if row[2] not in ("our error", "same")]
    for seed, name, outcome, said in bad + worse:
        console.print(f"seed {seed}: {name}: {outcome}: {said[:200]}", markup=False)
    kills = run_kills(options.kills, options.seed)
    console.print(f"SIGKILL while replacing, {options.kills} times: {dict(kills)}", markup=False)
    news = run_kills(options.kills // 5, options.seed + 1, fresh=True)
    console.print(f"SIGKILL while saving anew, {options.kills // 5} times: {dict(news)}")
    sound = {"old model", "new model", "nothing yet"}
    return int(bool(bad or {*kills, *news} - sound))


if __name__ == "__main__":
    sys.exit(main())
