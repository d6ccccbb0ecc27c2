"""Clocks, and work in processes of its own."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["ROOT", "best_of", "in_child", "process_seconds", "slope", "take_turns"]

ROOT = Path(__file__).resolve().parent.parent


def best_of(work: Callable[[], Any], repeats: int = 3) -> float:
    """Return the least wall-clock seconds of several goes: what other load disturbs least."""
    return take_turns({"work": work}, repeats)["work"]


def take_turns(works: Mapping[str, Callable[[], Any]], repeats: int = 3) -> dict[str, float]:
    """Return the least seconds of each piece of work, taking turns so that load hits all."""
    seconds = {name: float("inf") for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            seconds[name] = min(seconds[name], time.perf_counter() - start)
    return seconds


def process_seconds(command: list[str], repeats: int = 1) -> float:
    """Return the median seconds of a whole process, from start to exit.

    Raises
    ------
    CalledProcessError
        When it fails; its own messages have been shown.
    """
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def in_child(function: Callable[..., Any], **arguments: Any) -> Any:
    """Call a module's function in a fresh process and return what it returns, by JSON."""
    target = f"{function.__module__}:{function.__qualname__}"
    command = [sys.executable, "-m", "benchmarks.child", target, json.dumps(arguments)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def slope(sizes: list[int], seconds: list[float]) -> float:
    """Return the growth exponent: the slope of log seconds over log size.

    >>> slope([10, 100, 1000], [1.0, 10.0, 100.0])
    1.0
    """
    return round(float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0]), 6)
