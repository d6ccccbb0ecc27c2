"""Clusters of Dask's own processes on the loopback, and functions for their workers."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]


def environment(*first):
    """Return the variables of a process that imports this checkout."""
    places = [*map(str, first), str(ROOT)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(places)}


def process(kind, *options, cwd, env=None):
    """Start a scheduler or a worker away from the checkout; its log is a file there."""
    with tempfile.NamedTemporaryFile("w", dir=cwd, suffix=".log", delete=False) as log:
        made = subprocess.Popen(
            [sys.executable, "-m", "dask", kind, *options, "--no-dashboard"],
            cwd=cwd,
            env=env or environment(),
            stderr=log,
            start_new_session=True,
        )
    return made, Path(log.name)


def logged(made, log, pattern):
    """Return what a process logs that fits."""
    for _ in range(1_200):
        found = re.search(pattern, log.read_text())
        if found:
            return found
        assert made.poll() is None, log.read_text()
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def end(made):
    """Kill a process with all it started."""
    with suppress(ProcessLookupError):
        os.killpg(made.pid, signal.SIGKILL)
    made.wait()


@contextmanager
def running_scheduler(cwd, port=0):
    """Yield (process, HOST:PORT) of a scheduler."""
    made, log = process("scheduler", "--host", "127.0.0.1", "--port", str(port), cwd=cwd)
    try:
        yield made, logged(made, log, r"Scheduler at:\s+tcp://(\S+)")[1]
    finally:
        end(made)


@contextmanager
def running_worker(address, cwd, *options, env=None):
    """Yield the process of a worker that has joined."""
    given = [f"tcp://{address}", "--nthreads", "1", *options]
    made, log = process("worker", *given, cwd=cwd, env=env)
    try:
        logged(made, log, "Registered to")
        yield made
    finally:
        end(made)


@contextmanager
def running_cluster(cwd, workers=2):
    """Yield the address of a scheduler with workers that have joined."""
    with (
        running_scheduler(cwd) as (_, address),
        running_worker(address, cwd, "--nworkers", str(workers)),
    ):
        yield address


def total(shared, number):
    return number, float(shared.sum()) + number


def dies_once(place, number):
    """Kill this worker at the first call with number 3."""
    mark = Path(place) / "died"
    if number == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def dies(number):
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def sleeps(place, number):
    (Path(place) / f"{number}").touch()
    time.sleep(0.3)
    return number


DATA = np.arange(1_000_000.0)
