"""Parallel calls on the chosen backend."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from bt_fusion.errors import OptionError
from bt_fusion.interrupts import no_interrupt_lost
from bt_fusion.parallel.calls import Call, Work
from bt_fusion.parallel.local import local_count, run_here
from bt_fusion.parallel.shared import Shared

if TYPE_CHECKING:
    from bt_fusion.parallel.cluster import DaskCluster

__all__ = ["run_unordered", "scheduler", "shares_disk", "worker_count"]

LOCAL = ("threads", "loky")
SCHEMES = ("dask://", "tcp://")  # the second is Dask's output
PATIENCE = 30.0

chosen: "ContextVar[str | DaskCluster | None]" = ContextVar("chosen", default=None)


@contextmanager
def scheduler(
    name: str | None = None, jobs: int = -1, *, patience: float = PATIENCE
) -> Iterator[None]:
    """Choose the backend for parallel work inside this block: refits, runs, trials, files.

    Parameters
    ----------
    name : {"threads", "loky", "dask", "dask://HOST:PORT"}, optional
        Threads of this process, processes, a Dask cluster on this machine for the duration of the
        block, or an existing one. By default threads if the work runs outside Python's lock,
        otherwise processes.
    jobs : int
        Workers of a new cluster; -1 for all cores. A cluster uses all its workers; `jobs` elsewhere
        has no effect on it.
    patience : float
        Seconds before a cluster without answer or without workers is an error.

    Raises
    ------
    OptionError
        For another name, or without the extra `distributed`.
    SchedulerError
        If a cluster cannot be reached, is lost, or has no worker.
    WorkerError
        For a worker with other versions, and for a call that repeatedly kills workers.

    Examples
    --------
    >>> with scheduler("threads"):
    ...     sorted(run_unordered(pow, [(2, 1), (2, 2)], workers=2))
    [2, 4]
    """
    if name is None or name in LOCAL:
        token = chosen.set(name)
        try:
            yield
        finally:
            chosen.reset(token)
        return
    if name != "dask" and not name.startswith(SCHEMES):
        raise OptionError(
            f"scheduler {name!r} is not one of threads, loky, dask and dask://HOST:PORT"
        )
    if jobs == 0:
        raise OptionError("jobs 0 must be 1 or more, or -1 for all cores")
    with opened(name, local_count(jobs, 10**6), patience) as cluster:
        token = chosen.set(cluster)
        try:
            yield
        finally:
            chosen.reset(token)


def opened(name: str, workers: int, patience: float) -> Any:
    """Return the cluster as a context."""
    try:
        from bt_fusion.parallel.cluster import DaskCluster
    except ModuleNotFoundError as error:
        raise OptionError(
            f"--scheduler {name} needs a package that is not installed ({error.name}): "
            'pip install "bt-fusion[distributed]"'
        ) from error
    if name == "dask":
        return DaskCluster.start(workers, patience)
    return DaskCluster.at(name, patience)


def worker_count(jobs: int, tasks: int) -> int:
    """Return the number of workers for these tasks: at least 1, at most `jobs` (-1 for all cores).

    A cluster has as many as its threads, regardless of `jobs`.
    """
    cluster = chosen.get()
    if cluster is None or isinstance(cluster, str):
        return local_count(jobs, tasks)
    return min(max(1, cluster.threads()), max(1, tasks))


def shares_disk() -> bool:
    """Return whether the workers can read the files of this machine."""
    cluster = chosen.get()
    return cluster is None or isinstance(cluster, str) or cluster.local


def run_unordered(
    function: Callable[..., Any],
    arguments: Iterable[tuple[Any, ...]],
    workers: int,
    *,
    shared: Shared | None = None,
    threads: bool = False,
    name: Callable[..., str] | None = None,
) -> Iterator[Any]:
    """Call a function with each tuple of arguments; yield results as they finish.

    Parameters
    ----------
    function : callable
        Importable by name if workers are processes.
    arguments : iterable of tuple
        Read as workers become free.
    workers : int
        1 runs in this process. A cluster has its own number, see `scheduler`.
    shared : Shared, optional
        Its value is the first argument of every call. Each worker receives it once.
    threads : bool
        Threads if the work runs outside Python's lock, otherwise processes. Another joblib backend
        set by `joblib.parallel_config` is used instead.
    name : callable, optional
        From the arguments of a call to its name in errors.

    Raises
    ------
    OptionError
        If something cannot be copied to another process.
    SchedulerError
        If a cluster is lost.
    WorkerError
        If a worker process is killed; on a cluster, if one call kills several.

    Examples
    --------
    >>> sorted(run_unordered(pow, [(2, 1), (2, 2)], workers=1))
    [2, 4]
    """
    by = chosen.get()
    calls = named(function, arguments, name)
    if by is None or isinstance(by, str):
        threads = threads if by is None else by == "threads"
        results = run_here(Work(function, shared), calls, workers, threads)
    else:
        results = by.run(Work(function, shared, safe=threads), calls)
    with no_interrupt_lost() as check:
        for result in results:
            check()
            yield result


def named(
    function: Callable[..., Any],
    arguments: Iterable[tuple[Any, ...]],
    name: Callable[..., str] | None,
) -> Iterator[Call]:
    """Yield the calls with their names."""
    for number, each in enumerate(arguments, 1):
        title = f"call {number} of {function.__name__}" if name is None else name(*each)
        yield Call(each, title)
