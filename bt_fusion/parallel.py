"""Work side by side: the one place that starts workers, so that a backend is chosen once."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pickle import PicklingError
from types import ModuleType
from typing import Any

import cloudpickle
import joblib

from bt_fusion.errors import OptionError

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

    Examples
    --------
    >>> sorted(run_unordered(pow, [(2, 1), (2, 2)], workers=1))
    [2, 4]
    """
    prefer = "threads" if threads else "processes"
    parallel = joblib.Parallel(n_jobs=workers, prefer=prefer, return_as="generator_unordered")
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


@contextmanager
def no_interrupt_lost() -> Iterator[Callable[[], None]]:
    """Yield a function that raises the KeyboardInterrupt of a Ctrl-C that was swallowed.

    Where it comes while a library frees its memory (`__del__`), Python prints the exception and
    goes on.
    """
    usual: Any = signal.getsignal(signal.SIGINT)
    seen: list[int] = []

    def note(number: int, frame: Any) -> None:
        seen.append(number)
        usual(number, frame)

    def check() -> None:
        if seen:
            raise KeyboardInterrupt

    main = threading.current_thread() is threading.main_thread() and callable(usual)
    if main:
        signal.signal(signal.SIGINT, note)
    try:
        yield check
    finally:
        if main:
            signal.signal(signal.SIGINT, usual)
