"""universe: many random walks through `bt-fusion universe`: time, memory, kills, and false finds.

    python -m benchmarks.universe --files 1000 --bars 2000 --out FOLDER

What it has found so far stands in FOLDER/figures.json after each step.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from benchmarks.registry import Measured, Ratio
from benchmarks.timing import ROOT
from bt_fusion.data.samples import random_walk
from bt_fusion.universe.store import UniverseStore
from bt_fusion.verdict.stouffer import normal_score

__all__ = ["measure"]

STEPS = (0.05, 0.2, 1.0)  # of the files: memory after each
MB = 1e6


@dataclass(frozen=True)
class Step:
    """One command over the first files, those of earlier steps kept from before.

    Attributes
    ----------
    files : int
    seconds : float
    parent_mb, worker_mb : float
        Peaks of resident memory: of the command's process, and of the largest worker.
    """

    files: int
    seconds: float
    parent_mb: float
    worker_mb: float


def measure(
    files: int = 1_000, bars: int = 2_000, kills: int = 10, jobs: int = 2, out: str = ""
) -> Measured:
    """Judge random walks, grown in three steps, and again with the command killed now and then.

    Parameters
    ----------
    files, bars : int
        Walks of so many hourly bars.
    kills : int
        SIGKILLs at random moments of the second time.
    jobs : int
    out : str
        Folder that is kept; a temporary one when empty.
    """
    place = Path(out or tempfile.mkdtemp())
    try:
        return measured(place, files, bars, kills, jobs)
    finally:
        if not out:
            shutil.rmtree(place)


def measured(place: Path, files: int, bars: int, kills: int, jobs: int) -> Measured:
    """Measure in a folder."""
    counts = [max(1, round(share * files)) for share in STEPS]
    folders = written(place, counts, bars)
    steps = []
    for number, count in enumerate(counts, 1):
        command = words(folders[:number], place / "grown", jobs)
        steps.append(Step(count, *watched(command, place / f"grown_{count}.txt")))
        keep(place, {"steps": [asdict(step) for step in steps]})
    command = words(folders, place / "killed", jobs)
    killed, killed_s = killed_now_and_then(command, place / "killed.txt", kills, steps)
    summary = json.loads((place / "grown" / "summary.json").read_text())
    same = outcome(place / "grown") == outcome(place / "killed")
    figures = {
        "steps": [asdict(step) for step in steps],
        "kills": killed,
        "killed_s": killed_s,
        "same": same,
        "tests": tests_of(place / "grown"),
        **{name: summary[name] for name in ("grades", "helped_before", "helped_after")},
        "pooled": {name: summary["pooled"][name] for name in ("verdict", "setting_p", "ranking_p")},
    }
    keep(place, figures)
    first, last = steps[0], steps[-1]
    parent, worker = (
        over(getattr(last, name), getattr(first, name)) for name in ("parent_mb", "worker_mb")
    )
    seconds = sum(step.seconds for step in steps)
    return Measured(
        f"{files:,} random walks of {bars:,} hourly bars, --members lgb, {jobs} processes; peaks "
        f"after {', '.join(f'{step.files:,}' for step in steps)} files; {killed} kills",
        {
            "all_s": seconds,
            "file_s": seconds / files,
            "killed_s": killed_s,
            **{f"parent_{step.files}_mb": step.parent_mb for step in steps},
            **{f"worker_{step.files}_mb": step.worker_mb for step in steps},
        },
        (
            Ratio("parent's peak, last over first", parent, most=1.1),
            Ratio("workers' peak, last over first", worker, most=1.1),
            Ratio("killed and resumed: the same", float(same), least=1.0),
            Ratio("helped before control", float(summary["helped_before"]), most=files / 100),
            Ratio("helped after control", float(summary["helped_after"]), most=1.0),
        ),
    )


def over(value: float, base: float) -> float | None:
    """Return a ratio; None where one process did it all, without a worker."""
    return value / base if base else None


def written(place: Path, counts: list[int], bars: int) -> list[Path]:
    """Write the walks, those that each step adds into a folder of their own."""
    folders, seed = [], 0
    for number, count in enumerate(counts):
        folder = place / "data" / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        while seed < count:
            walk = random_walk(bars, seed)
            hours = pd.date_range("2024-01-01", periods=bars, freq="h", name="datetime")
            walk.set_axis(hours).to_csv(folder / f"walk{seed:05d}.csv")
            seed += 1
        folders.append(folder)
    return folders


def words(folders: list[Path], out: Path, jobs: int) -> list[str]:
    """Return the command over some folders."""
    given = [word for folder in folders for word in ("--data", str(folder))]
    command = [sys.executable, "-m", "bt_fusion", "universe", *given, "--members", "lgb"]
    return [*command, "--jobs", str(jobs), "--out", str(out)]


def started(command: list[str], log: Path) -> "subprocess.Popen[bytes]":
    """Start a command in a group of its own, what it says going into a file."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with log.open("ab") as file:
        return subprocess.Popen(
            command, stdout=file, stderr=file, env=environment, start_new_session=True
        )


def watched(command: list[str], log: Path) -> tuple[float, float, float]:
    """Run a command; return its seconds, its own peak of memory and that of its largest child."""
    begin, largest = time.perf_counter(), [0.0]
    process = started(command, log)

    def watch() -> None:
        while not finished.wait(0.2):
            peaks = [peak_mb(child) for child in children(process.pid)]
            largest[0] = max([largest[0], *peaks])

    finished = threading.Event()
    watching = threading.Thread(target=watch)
    watching.start()
    try:
        _, status, usage = os.wait4(process.pid, 0)
    finally:
        finished.set()
        watching.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the command failed: {log.read_text()[-2_000:]}")
    return time.perf_counter() - begin, usage.ru_maxrss * 1024 / MB, largest[0]


def killed_now_and_then(
    command: list[str], log: Path, kills: int, steps: list[Step]
) -> tuple[int, float]:
    """Run a command, killed so often, until it ends; return how often it was, and the seconds."""
    begin, rng, killed = time.perf_counter(), random.Random(0), 0
    usual = sum(step.seconds for step in steps) / (1 + kills)
    while True:
        process = started(command, log)
        try:
            code = process.wait(rng.uniform(0.2, 1.8) * usual if killed < kills else None)
        except subprocess.TimeoutExpired:
            if rng.random() < 0.5:  # with its workers, or alone: they end by themselves
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait()
            killed += 1
            continue
        if code:
            raise RuntimeError(f"the command failed: {log.read_text()[-2_000:]}")
        return killed, time.perf_counter() - begin


def children(pid: int) -> list[int]:
    """Return the processes that a process has started and that still run."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def peak_mb(pid: int) -> float:
    """Return the most memory a process has had resident, 0 for one that is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    found = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(found[0]) * 1024 / MB if found else 0.0


def outcome(folder: Path) -> tuple[bytes, dict[str, object]]:
    """Return what a run found, however long it took and however often it was begun."""
    summary = json.loads((folder / "summary.json").read_text())
    for name in ("runs", "timing"):
        del summary[name]
    return (folder / "universe.csv").read_bytes(), summary


def tests_of(folder: Path) -> dict[str, dict[str, float]]:
    """Return of both questions the mean normal score of a file, and shares of small p-values.

    The score is the mean of that for ML and that against it with its sign turned, because each
    p-value is the larger of two. Where nothing is there it should be 0, and the shares .05.
    """
    store, found = UniverseStore(folder), {}
    rows = store.read(sorted(store.keys())).values()
    for name in ("setting", "ranking"):
        made = [getattr(row.evidence, name) for row in rows if row.evidence is not None]
        tests = [test for test in made if test is not None]
        scores = [normal_score(each, True) - normal_score(each, False) for each in tests]
        found[name] = {
            "files": len(tests),
            "mean_score": sum(scores) / 2 / len(tests),
            "for_ml": sum(each.p_value <= 0.05 for each in tests) / len(tests),
            "against_ml": sum(each.p_against <= 0.05 for each in tests) / len(tests),
        }
    return found


def keep(place: Path, figures: dict[str, object]) -> None:
    """Write what is known so far."""
    (place / "figures.json").write_text(json.dumps(figures, indent=2) + "\n")


def command(
    files: Annotated[int, typer.Option(help="Random walks.")] = 1_000,
    bars: Annotated[int, typer.Option(help="Bars of each.")] = 2_000,
    kills: Annotated[int, typer.Option(help="SIGKILLs of the second time.")] = 10,
    jobs: Annotated[int, typer.Option(help="Processes.")] = 2,
    out: Annotated[str, typer.Option(help="Folder to keep; none by default.")] = "",
) -> None:
    """Measure, and print it as JSON."""
    print(json.dumps(measure(files, bars, kills, jobs, out).as_json(), indent=2))


if __name__ == "__main__":
    typer.run(command)
