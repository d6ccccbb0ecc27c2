"""Work side by side: the one place that starts workers, so that a backend is chosen once."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import current_process
from pickle import PicklingError
from types import ModuleType
from typing import Any

import cloudpickle
import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError

from bt_fusion.errors import OptionError, WorkerError
from bt_fusion.interrupts import no_interrupt_lost

__all__ = ["run_unordered", "send_by_value", "worker_count"]


def send_by_value(module: ModuleType) -> None:
    """Let what a module defines travel to processes that cannot import it."""
    cloudpickle.register_pickle_by_value(module)


def worker_count(jobs: int, tasks: int) -> int:
    """Return how many workers `jobs` (-1 for all cores) come to for so many tasks, at least 1."""
    return min(joblib.effective_n_jobs(jobs), max(1, tasks))


def run_unordered(
    function: Callable[..., Any],
    arguments: Iterable[tuple[Any, ...]],
    workers: int,
    *,
    threads: bool = False,
) -> Iterator[Any]:
    """Call a function with each tuple of arguments; yield results as they finish.

    Worker processes end by themselves once the process that started them is gone.

    Parameters
    ----------
    function : callable
        Importable by name where workers are processes.
    arguments : iterable of tuple
        Taken as workers get free.
    workers : int
        1 runs here, without a worker.
    threads : bool
        Threads where the work leaves Python's lock, else processes. Whoever configures another
        joblib backend (`joblib.parallel_config`) gets that one.

    Raises
    ------
    OptionError
        For what cannot be copied to another process.
    WorkerError
        When a worker process is killed.

    Examples
    --------
    >>> sorted(run_unordered(pow, [(2, 1), (2, 2)], workers=1))
    [2, 4]
    """
    prefer = "threads" if threads else "processes"
    parallel = joblib.Parallel(
        n_jobs=workers,
        prefer=prefer,
        return_as="generator_unordered",
        initializer=outlive_nobody,
        initargs=(os.getpid(),),
    )
    try:
        with no_interrupt_lost() as check:
            for result in parallel(joblib.delayed(function)(*each) for each in arguments):
                check()
                yield result
    except PicklingError as error:
        told = str(error.__cause__ or error).strip('"\n ').splitlines()[-1]  # a whole traceback
        raise OptionError(
            f"the work cannot be sent to other processes ({told}): take one job, or keep what "
            "cannot be copied, such as a lock or an open file, out of modules"
        ) from error
    except TerminatedWorkerError as error:
        raise WorkerError(
            f"one of {workers} worker processes was killed, as happens where memory runs out: "
            "take fewer jobs (--jobs 1) or free memory, and run it again; what is finished is "
            "taken from the cache where there is one"
        ) from error


def outlive_nobody(parent: int) -> None:
    """Let this worker end once its parent is gone; loky's workers wait for minutes, or for ever."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    if current_process().name.startswith("LokyProcess"):
        threading.Thread(target=watch, daemon=True).start()
