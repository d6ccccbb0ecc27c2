"""Parallel work on this machine: in threads or processes, through joblib."""

import os
import threading
import time
from collections.abc import Iterable, Iterator
from multiprocessing import current_process
from pickle import PicklingError
from typing import Any

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError

from bt_fusion.errors import OptionError, WorkerError
from bt_fusion.parallel.calls import Call, Work

__all__ = ["local_count", "run_here"]


def local_count(jobs: int, tasks: int) -> int:
    """Return the number of workers for `jobs` (-1 for all cores) and these tasks, at least 1."""
    return min(joblib.effective_n_jobs(jobs), max(1, tasks))


def run_here(work: Work, calls: Iterable[Call], workers: int, threads: bool) -> Iterator[Any]:
    """Yield the result of each call as it finishes.

    Worker processes stop when the process that started them is gone.

    Raises
    ------
    OptionError
        If something cannot be copied to another process.
    WorkerError
        If a worker process is killed.
    """
    parallel = joblib.Parallel(
        n_jobs=workers,
        prefer="threads" if threads else "processes",
        return_as="generator_unordered",
        initializer=end_with_parent,
        initargs=(os.getpid(),),
    )
    function = work.here() if threads or workers == 1 else work.elsewhere()
    try:
        yield from parallel(joblib.delayed(function)(*call.arguments) for call in calls)
    except PicklingError as error:
        # a cause holds a complete traceback
        message = str(error.__cause__ or error).strip('"\n ').splitlines()[-1]
        raise OptionError(
            f"the work cannot be sent to other processes ({message}): take one job, or keep what "
            "cannot be copied, such as a lock or an open file, out of modules"
        ) from error
    except TerminatedWorkerError as error:
        raise WorkerError(
            f"one of {workers} worker processes was killed, as happens where memory runs out: "
            "take fewer jobs (--jobs 1) or free memory, and run it again; what is finished is "
            "taken from the cache where there is one"
        ) from error


def end_with_parent(parent: int) -> None:
    """Stop this worker once its parent is gone; loky's workers wait for minutes, or for ever."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    if current_process().name.startswith("LokyProcess"):
        threading.Thread(target=watch, daemon=True).start()
