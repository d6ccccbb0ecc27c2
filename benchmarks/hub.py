"""hub: models pushed to and pulled from a folder, S3 and Hugging Face; tampered with, killed."""

import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from random import Random
from statistics import median

from benchmarks.hub_faults import FAULTS, PINNED_FAULTS
from benchmarks.hub_places import PLACES, Place, open_place
from benchmarks.registry import Measured, Ratio
from bt_fusion import BtFusionError, Ensemble, HubError, SignalModel, pull_model, push_model
from bt_fusion.bundle import describe, load_saved
from bt_fusion.data.samples import planted_edge

__all__ = ["Trials", "measure", "two_models"]

KINDS = ("half-made", "lost", "failed retries", "left over", "accepted tampering")
CONTEXT = get_context("forkserver")
PATIENCE = 60  # seconds
# Imported once in the fork server, not in every child; the first sets a variable for the others
PRELOADED = [
    *("benchmarks.hub_places", "skops.io", "lightgbm", "sklearn.linear_model", "s3fs", "boto3"),
    *("huggingface_hub.hf_file_system", "huggingface_hub.hf_api", "benchmarks.hub"),
]


def measure(kills: int = 100, repeats: int = 5) -> Measured:
    """Time pushes and pulls, tamper in every way, and kill transfers at random moments.

    SIGKILL comes at a moment drawn over the time that a whole transfer takes. Half of the killed
    pushes go to a place that holds another model, half to an empty one. Afterwards the place or
    the folder must hold the old model or the new one, and a second try must succeed.

    Parameters
    ----------
    kills : int
        Of pushes, and as many of pulls, at each kind of place.
    repeats : int
        Timed pushes and pulls.
    """
    wrong: Counter[str] = Counter()
    parts: dict[str, float | int | None] = {}
    CONTEXT.set_forkserver_preload(PRELOADED)
    with tempfile.TemporaryDirectory() as folder:
        models = two_models(Path(folder))
        for name in PLACES:
            with open_place(name, Path(folder)) as place:
                trials = Trials(place, models, Path(folder) / f"work-{name.replace(' ', '-')}")
                parts |= {f"{name} {what}": value for what, value in trials.timed(repeats).items()}
                parts |= {f"{name} {what}": n for what, n in trials.tampered().items()}
                parts |= {f"{name} {what}": n for what, n in trials.killed(kills).items()}
                wrong += trials.wrong
    ratios = tuple(Ratio(kind, float(wrong[kind]), most=0) for kind in KINDS)
    work = f"{kills} pushes and {kills} pulls killed at each of {', '.join(PLACES)}"
    return Measured(work, parts, ratios)


def two_models(folder: Path) -> tuple[Path, Path]:
    """Save two small models."""
    made = []
    for seed, name in enumerate(("old", "new")):
        members = Ensemble(["lgb", "lr"])
        model = SignalModel(["wick_balance", "gap"], ensemble=members)
        made.append(model.fit(planted_edge(600, seed=seed)).save(folder / name))
    return made[0], made[1]


def digest_of(folder: Path) -> str:
    """Return the digest of a saved model."""
    return describe(folder)["digest"]


@dataclass
class Trials:
    """Transfers to and from one place.

    Attributes
    ----------
    place : Place
    models : (Path, Path)
        An old one and a new one.
    work : Path
        A folder for what is pulled.
    """

    place: Place
    models: tuple[Path, Path]
    work: Path

    def __post_init__(self) -> None:
        self.wrong: Counter[str] = Counter()
        self.digests = tuple(map(digest_of, self.models))
        self.work.mkdir()

    def timed(self, repeats: int) -> dict[str, float]:
        """Return the median seconds of a push to an empty place, a pull, and a load by URL."""
        pushes, pulls = [], []
        for number in range(repeats):
            place = self.place.fresh()
            pushes.append(seconds(lambda place=place: push_model(self.models[0], place.url)))
            target = self.work / f"timed-{number}"
            pulls.append(seconds(lambda place=place, target=target: pull_model(place.url, target)))
        return {"push_s": median(pushes), "pull_s": median(pulls)}

    def tampered(self) -> dict[str, int]:
        """Tamper in every way; returns in how many."""
        for edit, reason in FAULTS.values():
            self.wrong["accepted tampering"] += not self.refused(edit, reason, None)
        for edit in PINNED_FAULTS.values():
            wanted = self.digests[0]
            self.wrong["accepted tampering"] += not self.refused(edit, "asked for", wanted)
        return {"ways of tampering": len(FAULTS) + len(PINNED_FAULTS)}

    def refused(self, edit: Callable[[Place], object], reason: str, digest: str | None) -> bool:
        """Tell whether a pull notices an edit, says why, and leaves the folder as it was."""
        place, target = self.place.fresh(), self.work / "tampered"
        if not target.exists():
            pull_model(push_model(self.models[1], place.fresh().url).url, target)
        push_model(self.models[0], place.url)
        edit(place)
        try:
            pull_model(place.url, target, digest=digest)
        except BtFusionError as error:
            return reason in str(error) and digest_of(target) == self.digests[1]
        return False

    def killed(self, kills: int) -> dict[str, int]:
        """Kill pushes and pulls; returns how many were at work then."""
        found: Counter[str] = Counter()
        for what, trial in (("push", self.killed_push), ("pull", self.killed_pull)):
            span = self.span(what)
            for number in range(kills):
                found[f"killed {what}"] += trial(Random(number).uniform(0, span), number)
        return dict(found)

    def span(self, what: str) -> float:
        """Return the seconds that a whole transfer takes in a process of its own."""
        place = self.place.fresh()
        if what == "pull":
            push_model(self.models[1], place.url)
        calls = {"push": (self.models[1], place.url), "pull": (place.url, self.work / "span")}
        return min(seconds(lambda: run(what, *calls[what])) for _ in range(3))  # once it is warm

    def killed_push(self, moment: float, number: int) -> bool:
        """Kill a push; tells whether it was at work."""
        place = self.place.fresh()
        if number % 2:
            push_model(self.models[0], place.url)
        died = run("push", self.models[1], place.url, moment=moment)
        self.check_place(place, empty=not number % 2)
        try:
            pushed = push_model(self.models[1], place.url)
            target = self.work / f"push-{number}"
            pull_model(place.url, target, digest=pushed.digest)
            load_saved(target, digest=self.digests[1])
        except BtFusionError:
            self.wrong["failed retries"] += 1
        return died

    def check_place(self, place: Place, empty: bool) -> None:
        """Count what a killed push has broken."""
        target = self.work / "seen"
        try:
            found = pull_model(place.url, target).digest
            self.wrong["half-made"] += found not in self.digests
        except HubError:  # nothing there
            self.wrong["lost"] += not empty
        except BtFusionError:
            self.wrong["half-made"] += 1
        if not empty and not place.url.startswith("hf://"):  # whose commits are its own
            try:
                pull_model(f"{place.url}@sha256:{self.digests[0]}", self.work / "before")
            except BtFusionError:
                self.wrong["lost"] += 1

    def killed_pull(self, moment: float, number: int) -> bool:
        """Kill a pull; tells whether it was at work."""
        place, parent = self.place.fresh(), self.work / f"pull-{number}"
        parent.mkdir()
        target = parent / "model"
        if number % 2:
            pull_model(push_model(self.models[0], place.fresh().url).url, target)
        push_model(self.models[1], place.url)
        died = run("pull", place.url, target, moment=moment)
        try:
            if target.exists():
                load_saved(target)
                self.wrong["half-made"] += digest_of(target) not in self.digests
            else:
                self.wrong["lost"] += number % 2
        except BtFusionError:
            self.wrong["half-made"] += 1
        try:
            pull_model(place.url, target)
            load_saved(target, digest=self.digests[1])
        except BtFusionError:
            self.wrong["failed retries"] += 1
        left = [path.name for path in parent.iterdir() if path.suffix != ".lock"]
        self.wrong["left over"] += len(left) - 1
        return died


def run(what: str, *words: object, moment: float | None = None) -> bool:
    """Transfer in a process of its own, and kill it; tells whether it was at work."""
    ours, theirs = CONTEXT.Pipe()
    child = CONTEXT.Process(target=transfer, args=(theirs, what, words, dict(os.environ)))
    child.start()
    theirs.close()
    if not ours.poll(PATIENCE):
        raise TimeoutError("the process did not begin")
    ours.recv()
    if moment is not None:
        time.sleep(moment)
    at_work = moment is not None and not ours.poll()
    if moment is not None:
        child.kill()
    child.join(PATIENCE)
    return at_work


def transfer(pipe, what: str, words: tuple[object, ...], environment: dict[str, str]) -> None:
    """Push or pull, in a child process, once it has said that it begins."""
    os.environ.update(environment)
    pipe.send("begins")
    {"push": push_model, "pull": pull_model}[what](*words)
    pipe.send("done")


def seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
