"""A call on a cluster's worker: check versions, use one thread, unpack shared data once."""

import pickle
import threading
from contextlib import nullcontext
from typing import Any

import cloudpickle
import joblib
from threadpoolctl import threadpool_limits

from bt_fusion.errors import OptionError, WorkerError
from bt_fusion.parallel.environment import difference
from bt_fusion.parallel.shared import Packed

__all__ = ["compute", "differs", "hold", "other_code", "pickled"]

ONE_AT_A_TIME = threading.RLock()  # not safe in several threads of a process


def hold(packed: Packed) -> Packed:
    """Return the sent object, so that a worker keeps it."""
    return packed


def compute(
    versions: dict[str, str], function: bytes, shared: Packed | None, arguments: bytes, safe: bool
) -> bytes:
    """Run one call on a worker, on one thread, after comparing versions."""
    check_versions(versions)
    threadpool_limits(1)  # permanently: other threads of this worker may be running too
    with nullcontext() if safe else ONE_AT_A_TIME, joblib.parallel_config("sequential"):
        given = pickle.loads(arguments)
        first = () if shared is None else (shared.open(),)
        return pickled(pickle.loads(function)(*first, *given))


def check_versions(versions: dict[str, str]) -> None:
    """Raise WorkerError if this process has other versions; it may have joined after the check."""
    from distributed import get_worker

    wanted = tuple(sorted(versions.items()))
    if wanted not in SAME:
        differing = difference(versions)
        if differing:
            raise WorkerError(differs(get_worker().address, differing))
        SAME.add(wanted)


SAME: set[tuple[tuple[str, str], ...]] = set()  # versions found to match those here


def differs(worker: str, versions: str) -> str:
    """Return the remedy for another version."""
    return (
        f"the worker {worker} would compute other numbers, it has {versions}: install the same "
        "there, or end it"
    )


def other_code(worker: str, error: BaseException) -> WorkerError:
    """Return the error for a worker that lacks our functions."""
    return WorkerError(
        f"{worker} has no bt_fusion, or another one ({error}): install the same there, or end it"
    )


def pickled(value: Any) -> bytes:
    """Return a value in the form it is sent; classes of user files are sent whole."""
    try:
        return cloudpickle.dumps(value, protocol=5)
    except (pickle.PicklingError, TypeError) as error:
        message = str(error).strip().splitlines()[-1]
        raise OptionError(
            f"the work cannot be sent to a cluster ({message}): keep what cannot be copied, such "
            "as a lock or an open file, out of modules"
        ) from error
