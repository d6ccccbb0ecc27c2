"""Work on a Dask cluster, through its client; the work of a lost worker is repeated."""

import logging
import pickle
import socket
import time
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import dask
from distributed import Client, Future, LocalCluster
from distributed.scheduler import KilledWorker

from bt_fusion.errors import OptionError, SchedulerError, WorkerError
from bt_fusion.parallel.calls import Call, Work
from bt_fusion.parallel.environment import difference, environment
from bt_fusion.parallel.shared import Packed, Shared
from bt_fusion.parallel.worker import compute, differs, hold, other_code, pickled

__all__ = ["DaskCluster"]

POLL = 0.5  # seconds between two checks that the cluster is still there
CALLS_AHEAD = 2  # calls per thread handed out in advance, so that no thread waits
LOST = (CancelledError, OSError)  # errors once the scheduler is gone
NO_LIMIT = {"distributed.admin.large-graph-warning-threshold": "1 PiB"}  # for shared data


class DaskCluster:
    """A cluster's workers, from one client's view.

    Parameters
    ----------
    client : Client
    address : str
        Of the scheduler.
    patience : float
        Seconds before a cluster without answer or without workers is an error.
    local : bool
        Whether workers can read the files of this machine.
    """

    def __init__(self, client: Client, address: str, patience: float, local: bool):
        self.client, self.address = client, address
        self.patience, self.local = patience, local
        self.versions = environment()
        self._checked: set[str] = set()
        self._sent: WeakKeyDictionary[Shared, Future] = WeakKeyDictionary()
        self._last_worker = time.monotonic()  # last time there was a worker

    @classmethod
    @contextmanager
    def start(cls, workers: int, patience: float) -> Iterator["DaskCluster"]:
        """Start single-threaded workers on this machine, and stop them after the block."""
        with (
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                memory_limit=None,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            ) as started,
            Client(started, set_as_default=False) as client,
        ):
            yield cls(client, started.scheduler_address, patience, local=True)

    @classmethod
    @contextmanager
    def at(cls, url: str, patience: float) -> Iterator["DaskCluster"]:
        """Connect to a scheduler; leave it unchanged after the block."""
        address = f"tcp://{url.partition('://')[2]}"
        wait_for(url, patience)
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # errors are what matters
        try:
            client = Client(address, timeout=patience, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise missing_scheduler(url, patience) from error
        try:
            yield cls(client, address, patience, local=False)
        finally:
            with suppress(*LOST, TimeoutError):
                client.close(timeout=2)

    def run(self, work: Work, calls: Iterable[Call]) -> Iterator[Any]:
        """Yield the result of each call as it finishes.

        Raises
        ------
        OptionError
            If something cannot be sent.
        SchedulerError
            If the scheduler is lost, or has no worker for too long.
        WorkerError
            If a worker has other versions, or a call killed several workers.
        """
        waiting: dict[Any, tuple[Future, Call]] = {}
        finished: SimpleQueue[Future] = SimpleQueue()
        remaining = iter(calls)
        self._last_worker = time.monotonic()
        try:
            function = pickled(work.function)
            threads = self.threads()
            while True:
                for call in islice(remaining, max(0, max(1, threads) * CALLS_AHEAD - len(waiting))):
                    future = self._submit(work, function, call)
                    waiting[future.key] = future, call
                    future.add_done_callback(finished.put)
                if not waiting:
                    return
                try:
                    future = finished.get(timeout=POLL)
                except Empty:
                    threads = self.threads()
                    continue
                _, call = waiting[future.key]
                yield self._result(future, call)
                del waiting[future.key]
        finally:
            if waiting:
                with suppress(*LOST, TimeoutError):
                    self.client.cancel([future for future, _ in waiting.values()], force=True)

    def _submit(self, work: Work, function: bytes, call: Call) -> Future:
        arguments = pickled(call.arguments)
        shared = None if work.shared is None else self._data(work.shared)
        try:
            return self.client.submit(
                compute,
                self.versions,
                function,
                shared,
                arguments,
                work.safe,
                key=f"{getattr(work.function, '__name__', 'call')}-{uuid.uuid4().hex}",
                pure=False,
            )
        except LOST as error:
            raise self._lost() from error

    def _data(self, shared: Shared) -> Future:
        """Return the shared data on the cluster; the first call sends them.

        Sent as a task that returns them: the scheduler keeps its input, so the data survive the
        loss of every worker that held them. Workers copy them from each other.
        """
        if shared not in self._sent:
            with dask.config.set(NO_LIMIT):
                packed = Packed.of(shared.value)
                key = f"shared-{packed.key}"
                self._sent[shared] = self.client.submit(hold, packed, key=key, pure=False)
        return self._sent[shared]

    def _result(self, future: Future, call: Call) -> Any:
        while True:
            try:
                return pickle.loads(future.result(timeout=max(POLL, self.patience)))
            except KilledWorker as error:
                raise WorkerError(
                    f"{call.name} killed {error.allowed_failures + 1} workers, one after the "
                    "other, as happens where memory runs out: give workers more memory, or leave "
                    "it out, and run it again; what is finished is kept"
                ) from error
            except TimeoutError:
                self.threads()
            except CancelledError as error:
                raise self._lost() from error
            except RuntimeError as error:
                if "deserialization of the task graph" not in str(error):
                    raise
                cause = error.__cause__ or error
                raise other_code(f"the scheduler at {self.address}", cause) from error

    def threads(self) -> int:
        """Return the number of threads, after checking new workers.

        Raises
        ------
        SchedulerError
            If the scheduler does not answer, or there has been no worker for too long.
        WorkerError
            If a worker has other versions.
        """
        try:
            known = self.client.nthreads(callback_timeout=self.patience)
        except (*LOST, TimeoutError) as error:
            raise self._lost() from error
        except AttributeError as error:  # the client has closed itself
            raise self._lost() from error
        if known:
            self._last_worker = time.monotonic()
        elif time.monotonic() - self._last_worker > self.patience:
            raise SchedulerError(
                f"the scheduler at {self.address} has had no worker for {self.patience:g} s: start "
                f"some with `dask worker {self.address} --nthreads 1 --nworkers 4`, and run it "
                "again; what is finished is kept"
            )
        new = sorted(known.keys() - self._checked)
        if new:
            self._check(new)
        return sum(known.values())

    def _check(self, workers: list[str]) -> None:
        """Compare the workers' versions with ours."""
        try:
            found = self.client.run(difference, self.versions, workers=workers, on_error="return")
        except OSError:  # a worker has left; each also checks itself before it works
            return
        for worker, answer in found.items():
            if isinstance(answer, OSError):  # it has left
                continue
            if isinstance(answer, BaseException):
                raise other_code(f"the worker {worker}", answer)
            if answer:
                raise WorkerError(differs(worker, answer))
            self._checked.add(worker)

    def _lost(self) -> SchedulerError:
        return SchedulerError(
            f"the scheduler at {self.address} was lost: start it and its workers again, and run "
            "the same command; what is finished is kept"
        )


def wait_for(url: str, patience: float) -> None:
    """Wait until something listens there; a failing Dask Client leaves threads behind.

    Raises
    ------
    OptionError
        If it is not an address.
    SchedulerError
        If nothing listens in time.
    """
    place = urlsplit(url)
    try:
        host, port = place.hostname, place.port
    except ValueError:
        host = port = None
    if not host or not port:
        raise OptionError(f"scheduler {url!r} is no dask://HOST:PORT")
    end = time.monotonic() + patience
    while True:
        try:
            socket.create_connection((host, port), max(POLL, end - time.monotonic())).close()
            return
        except OSError as error:
            if time.monotonic() + POLL > end or isinstance(error, socket.gaierror):
                raise missing_scheduler(url, patience) from error
            time.sleep(POLL)


def missing_scheduler(url: str, patience: float) -> SchedulerError:
    """Return the error for a missing scheduler."""
    return SchedulerError(
        f"no scheduler answers at {url} within {patience:g} s: start one there with "
        "`dask scheduler`, or check host, port and firewall"
    )
