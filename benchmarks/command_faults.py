"""``python -m benchmarks.command_faults``: commands that are interrupted, killed or refused.

Each fault meets each command so many times, at a random moment or step. Afterwards nothing that
was finished may be lost, nothing torn, no process alive; what is said is one line, the exit code
the right one; and the same command, run again, ends well and leaves no temporary file.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

from benchmarks.timing import ROOT
from bt_fusion import BtFusionError, SignalModel
from bt_fusion.data.samples import planted_edge
from bt_fusion.saved_runs.saved_run import SavedRun

PATIENCE = 120  # seconds until a command counts as hanging
AGAIN = 4  # after every so many faults the command is run again
GONE = 10  # seconds its processes may outlive it
PYTHON_STARTS = "init_import_site"  # what Python says where it is interrupted while it starts
QUICK = ["--features", "wick_balance,gap", "--members", "lr"]
TEMPORARY = (".new-*", ".*-????????.*", "tmp????????.tmp", ".*.saving", "*.tmp")
Cell = tuple[str, str]  # a fault and a command
START = [sys.executable, "-m", "bt_fusion"]


@dataclass
class Place:
    """A folder in which commands run.

    Attributes
    ----------
    root : Path
        Holds `edge.csv`, `run` (a finished backtest), `model` and `study.db`; what is finished.
    """

    root: Path

    def words(self, command: str, seed: int = 0, jobs: int = 2) -> list[str]:
        """Return a command line that writes into this place."""
        data, cache = ["--data", self.root / "edge.csv"], ["--cache", self.root / "cache"]
        walk = ["--train-bars", 200, "--jobs", jobs, "--seed", seed, *cache]
        quiet = ["--placebo", "none", "-q"]
        out = {
            "backtest": [*data, *QUICK, *walk, *quiet, "--out", self.root / "run", "--overwrite"],
            "train": [*data, *QUICK, "--seed", seed, "--out", self.root / "model", "-q"],
            "sweep": [*data, *QUICK, *walk, "-q", "--out", self.root / "sweep", *SWEPT],
            "tune": [*data, *QUICK, "--trials", 4, "--storage", self.root / "study.db", "-q"],
            "why": [self.root / "run", "--trade", 1],
            "report": [self.root / "run", "--png"],
        }[command]
        return [command, *map(str, out)]

    def state(self) -> tuple[str, ...]:
        """Return which run and which model are here; raise an error of ours where one is broken."""
        run = SavedRun.read(self.root / "run")
        model = SignalModel.load(self.root / "model")
        trades = run.trades.drop(columns="run").to_csv(index=False)
        return str(run.summary["config"]["seed"]), trades, str(model.new_ensemble().seed)

    def leftovers(self) -> list[str]:
        """Return the temporary files and folders there are."""
        return sorted(
            str(path.relative_to(self.root))
            for pattern in TEMPORARY
            for path in self.root.rglob(pattern)
            if path.suffix not in (".lock", ".jsonl")
        )

    def age(self) -> None:
        """Let everything temporary be two days old."""
        then = time.time() - 2 * 86_400
        for name in self.leftovers():
            os.utime(self.root / name, (then, then))


SWEPT = ["--param", "ema_fast=5,8", "--param", "ema_slow=21,34"]


@dataclass
class Ended:
    """How a command ended.

    Attributes
    ----------
    code : int or None
        None where it hung.
    said : list of str
        Lines on stderr, warnings of ours left out.
    survivors : int
        Processes of its session alive after `GONE` seconds.
    """

    code: int | None
    said: list[str]
    survivors: int


def start(words: list[str], root: Path, prefix: list[str] | None = None) -> subprocess.Popen[str]:
    """Start a command in a session of its own."""
    return subprocess.Popen(
        [*(prefix or START), *words],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=hear_ctrl_c,
    )


def hear_ctrl_c() -> None:
    """Let a process hear Ctrl-C, which a shell's background ignores."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def end(process: subprocess.Popen[str]) -> Ended:
    """Wait for a command, and for the processes it started."""
    try:
        _, said = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return Ended(None, process.communicate()[1].splitlines(), 0)
    deadline = time.monotonic() + GONE
    while (alive := members_of(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for number in alive:
        os.kill(number, signal.SIGKILL)
    lines = [line for line in said.splitlines() if line and not line.startswith("Warning ")]
    return Ended(process.returncode, lines, len(alive))


def members_of(session: int) -> list[int]:
    """Return the processes of a session that are alive."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = path.read_text().rpartition(")")
        except OSError:
            continue
        state, _, _, own = rest.split()[:4]
        if int(own) == session and state not in "ZX":
            found.append(int(name.split()[0]))
    return found


def children_of(session: int) -> list[int]:
    """Return the workers among a session's processes."""
    found = []
    for number in members_of(session):
        with open(f"/proc/{number}/cmdline", "rb") as file:
            if b"popen_loky" in file.read():
                found.append(number)
    return found


@dataclass
class Trial:
    """One command under one fault: what there was before, and what is wrong after it."""

    place: Place
    command: str
    rng: Random
    steps: dict[str, float]
    wrong: list[str] = field(default_factory=list)

    def judge(self, ended: Ended, codes: tuple[int, ...], begins: str) -> str:
        """Check how a command ended; return the outcome in a word."""
        if ended.survivors:
            self.wrong.append(f"{ended.survivors} processes alive after {GONE} s")
        if ended.code is None:
            self.wrong.append(f"hung: {ended.said[-1:]}")
            return "hung"
        if any(PYTHON_STARTS in line for line in ended.said):
            return "interrupted"  # before the first line of ours ran
        if ended.code not in codes:
            self.wrong.append(f"exit code {ended.code}: {ended.said[-1:]}")
        silent = ended.code in (0, -signal.SIGKILL, -signal.SIGINT)
        if not silent and not (len(ended.said) == 1 and ended.said[0].startswith(begins)):
            self.wrong.append(f"said {ended.said[-3:]}")
        if ended.code == 0 and any("Traceback" in line for line in ended.said):
            self.wrong.append(f"said {ended.said[-1:]}")
        return {0: "done", 2: "refused", 130: "interrupted"}.get(ended.code, "killed")

    def check_kept(self, known: set[tuple[str, ...]]) -> None:
        """Check that the finished run and model are those before, or the new ones, whole."""
        try:
            run_seed, trades, model_seed = self.place.state()
        except (BtFusionError, OSError) as error:
            self.wrong.append(f"lost: {error}")
            return
        if (run_seed, trades) not in known or model_seed not in ("0", "1"):
            self.wrong.append(f"torn: a run of seed {run_seed}")

    def check_again(self) -> None:
        """Run the command once more: it ends well and leaves nothing temporary."""
        self.place.age()
        ended = end(start(self.place.words(self.command), self.place.root))
        if ended.code != 0:
            self.wrong.append(f"run again: {ended.code} {ended.said[-1:]}")
        if self.place.leftovers():
            self.wrong.append(f"left behind: {self.place.leftovers()[:3]}")


def press_ctrl_c(trial: Trial) -> str:
    """Press Ctrl-C at a random moment from the start to the end of a command."""
    process = start(trial.place.words(trial.command, seed=1), trial.place.root)
    time.sleep(trial.rng.uniform(0, 1.05 * trial.steps["seconds"]))
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
    outcome = trial.judge(end(process), (0, 130, -signal.SIGINT), "interrupted")
    if trial.place.leftovers():
        trial.wrong.append(f"left behind: {trial.place.leftovers()[:3]}")
    return outcome


def in_child(trial: Trial, kind: str, number: int, jobs: int = 1) -> Ended:
    """Run the command with a fault at its n-th step."""
    prefix = [sys.executable, "-m", "benchmarks.fault_child", kind, str(number)]
    words = [str(trial.place.root), *trial.place.words(trial.command, seed=1, jobs=jobs)]
    return end(start(words, trial.place.root, prefix))


def kill_at_rename(trial: Trial) -> str:
    """Kill the command at a random rename."""
    number = trial.rng.randint(1, max(1, int(trial.steps["kill"])))
    return trial.judge(in_child(trial, "kill", number), (0, -signal.SIGKILL), "")


def refuse_a_write(trial: Trial) -> str:
    """Let one of the command's writes, new folders or renames fail."""
    number = trial.rng.randint(1, max(1, int(trial.steps["error"])))
    return trial.judge(in_child(trial, "error", number), (0, 2), "error: ")


def fill_the_disk(trial: Trial) -> str:
    """Let the disk be full after a random number of bytes; without rights, each file short."""
    if mounted(trial.place.root):
        filler = trial.place.root / "filler"
        room = os.statvfs(trial.place.root)
        left = trial.rng.randint(0, int(trial.steps["bytes"]))
        filler.write_bytes(bytes(max(0, room.f_bavail * room.f_bsize - left)))
        ended = end(start(trial.place.words(trial.command, seed=1), trial.place.root))
        filler.unlink()
    else:
        ended = in_child(trial, "limit", trial.rng.randint(500, 60_000))
    return trial.judge(ended, (0, 2), "error: ")


def read_only(trial: Trial) -> str:
    """Let the file system be read-only; where that is not allowed, the folders."""
    root = trial.place.root
    if mounted(root):
        subprocess.run(["mount", "-o", "remount,ro", root], check=True)
    else:
        modes = {path: path.stat().st_mode for path in [root, *root.rglob("*")] if path.is_dir()}
        for path in modes:
            path.chmod(0o555)
    ended = end(start(trial.place.words(trial.command, seed=1), root))
    if mounted(root):
        subprocess.run(["mount", "-o", "remount,rw", root], check=True)
    else:
        for path, mode in modes.items():
            path.chmod(mode)
    return trial.judge(ended, (0, 2), "error: ")


def several_at_once(count: int) -> Callable[[Trial], str]:
    """Return the fault of so many commands on one folder and one cache."""

    def fault(trial: Trial) -> str:
        words = [trial.place.words(trial.command, seed=seed % 2, jobs=1) for seed in range(count)]
        running = [start(each, trial.place.root) for each in words]
        outcomes = {trial.judge(end(each), (0, 2), "error: ") for each in running}
        if "done" not in outcomes:
            trial.wrong.append("none of them was done")
        return " ".join(sorted(outcomes))

    return fault


def kill_a_worker(trial: Trial) -> str:
    """Kill one of the processes that fit, at a random moment after they are there."""
    shutil.rmtree(trial.place.root / "cache", ignore_errors=True)
    process = start(trial.place.words(trial.command, seed=1), trial.place.root)
    workers: list[int] = []
    while process.poll() is None and not workers:
        workers = children_of(process.pid)
        time.sleep(0.01)
    time.sleep(trial.rng.uniform(0, 1.5))
    if workers and process.poll() is None:
        with_luck = trial.rng.choice(workers)
        if with_luck in members_of(process.pid):
            os.kill(with_luck, signal.SIGKILL)
    return trial.judge(end(process), (0, 2), "error: ")


def kill_the_parent(trial: Trial) -> str:
    """Kill the command itself while its workers fit: they have to end by themselves."""
    shutil.rmtree(trial.place.root / "cache", ignore_errors=True)
    process = start(trial.place.words(trial.command, seed=1), trial.place.root)
    while process.poll() is None and not children_of(process.pid):
        time.sleep(0.01)
    time.sleep(trial.rng.uniform(0, 1))
    process.kill()
    return trial.judge(end(process), (0, -signal.SIGKILL), "")


WRITERS = ("backtest", "train", "sweep", "tune", "report")
FAULTS: dict[str, tuple[Callable[[Trial], str], tuple[str, ...]]] = {
    "Ctrl-C": (press_ctrl_c, (*WRITERS, "why")),
    "kill at a rename": (kill_at_rename, ("backtest", "train", "sweep", "report")),
    "OSError at a write": (refuse_a_write, ("backtest", "train", "sweep", "report")),
    "full disk": (fill_the_disk, WRITERS),
    "read-only": (read_only, WRITERS),
    "two at once": (several_at_once(2), ("backtest", "train", "sweep")),
    "four at once": (several_at_once(4), ("backtest",)),
    "worker killed": (kill_a_worker, ("backtest",)),
    "parent killed": (kill_the_parent, ("backtest",)),
}


def mounted(root: Path) -> bool:
    """Tell whether a folder is a file system of its own."""
    return os.path.ismount(root)


@contextmanager
def small_disk(root: Path, wanted: bool) -> Iterator[None]:
    """Make a folder a file system of 24 MB in memory where that is allowed."""
    root.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(root)]
    made = wanted and subprocess.run(words, capture_output=True).returncode == 0
    try:
        yield
    finally:
        if made:
            subprocess.run(["umount", "-l", str(root)], check=True)
        shutil.rmtree(root, ignore_errors=True)


def prepare(root: Path) -> tuple[dict[str, dict[str, float]], set[tuple[str, ...]]]:
    """Finish a run, a model, a study and a sweep; return steps by command, and the sound runs."""
    place, steps, known = Place(root), {}, set()
    planted_edge(700, seed=1, auc=0.8).to_csv(root / "edge.csv")
    for seed in (1, 0):
        for command in ("backtest", "train"):
            check_done(end(start(place.words(command, seed), root)))
        known.add(place.state()[:2])
    for command in ("backtest", "train", "sweep", "tune", "report", "why"):
        copy = Path(shutil.copytree(root, root.with_name("counted")))
        steps[command] = count_steps(Place(copy), command)
        shutil.rmtree(copy)
    return steps, known


def count_steps(place: Place, command: str) -> dict[str, float]:
    """Return how long a command takes, how many steps it has and how much it writes."""
    before = size_of(place.root)
    began = time.perf_counter()
    ended = in_child(Trial(place, command, Random(0), {}), "kill", 0, jobs=2)
    seconds = time.perf_counter() - began
    check_done(ended)
    kills, errors = map(int, ended.said[-1].split()[1:])
    written = max(50_000, size_of(place.root) - before)
    return {"seconds": seconds, "kill": kills, "error": errors, "bytes": written}


def size_of(root: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


def check_done(ended: Ended) -> None:
    """Raise RuntimeError where a command without a fault does not end well."""
    if ended.code != 0:
        raise RuntimeError(f"without a fault: {ended}")


def run(times: int, seed: int = 0, only: str = "") -> tuple[dict[Cell, Counter[str]], list[str]]:
    """Return the outcomes of each fault and command, and a line for everything that is wrong.

    Every fault comes once before any comes twice; Ctrl-C ends it, and keeps what was done.
    """
    cells = [(fault, command) for fault, (_, commands) in FAULTS.items() for command in commands]
    found: dict[Cell, Counter[str]] = {cell: Counter() for cell in cells if only in " ".join(cell)}
    findings: list[str] = []
    with tempfile.TemporaryDirectory() as name, suppress(KeyboardInterrupt):
        original = Path(name) / "original"
        original.mkdir()
        steps, known = prepare(original)
        for number in range(times):
            for fault, command in found:
                trial = Trial(
                    Place(Path(name) / "place"),
                    command,
                    Random(f"{fault} {command} {seed} {number}"),
                    steps[command],
                )
                with small_disk(trial.place.root, fault in ("full disk", "read-only")):
                    shutil.copytree(original, trial.place.root, dirs_exist_ok=True)
                    outcome = FAULTS[fault][0](trial)
                    trial.check_kept(known)
                    if number % AGAIN == 0:
                        trial.check_again()
                found[fault, command][outcome] += 1
                found[fault, command]["wrong"] += bool(trial.wrong)
                findings += [f"{fault}, {command} {number}: {what}" for what in trial.wrong]
                print(f"{fault}, {command} {number}: {outcome}", *trial.wrong, flush=True)
    return found, findings


def main(argv: list[str] | None = None) -> int:
    """Run every fault, print a table and what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--times", type=int, default=20, help="of each fault and command")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="text in the name of fault and command")
    given = parser.parse_args(argv)
    found, findings = run(given.times, given.seed, given.only)
    table, total = Table("fault", "command", "times", "outcomes", "wrong"), 0
    for (fault, command), outcomes in found.items():
        wrong = outcomes.pop("wrong", 0)
        told = ", ".join(f"{count} {what}" for what, count in sorted(outcomes.items()))
        table.add_row(fault, command, str(outcomes.total()), told, str(wrong))
        total += outcomes.total()
    Console().print(table)
    for line in findings:
        print(line)
    print(f"{total} faults, {len(findings)} findings")
    return int(bool(findings))


if __name__ == "__main__":
    sys.exit(main())
