"""A call on a worker of a cluster: versions compared, one thread, what is shared opened once."""

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

ONE_AT_A_TIME = threading.RLock()  # what several threads of a process cannot do


def hold(packed: Packed) -> Packed:
    """Return what was sent, so that a worker holds it."""
    return packed


def compute(
    versions: dict[str, str], function: bytes, shared: Packed | None, arguments: bytes, safe: bool
) -> bytes:
    """Make one call on a worker, on one thread, once its versions were compared."""
    check_versions(versions)
    threadpool_limits(1)  # for good: other threads of this worker may be at work, too
    with nullcontext() if safe else ONE_AT_A_TIME, joblib.parallel_config("sequential"):
        given = pickle.loads(arguments)
        first = () if shared is None else (shared.open(),)
        return pickled(pickle.loads(function)(*first, *given))


def check_versions(versions: dict[str, str]) -> None:
    """Raise WorkerError where this process has others: also one that joined after the check."""
    from distributed import get_worker

    wanted = tuple(sorted(versions.items()))
    if wanted not in SAME:
        told = difference(versions)
        if told:
            raise WorkerError(differs(get_worker().address, told))
        SAME.add(wanted)


SAME: set[tuple[tuple[str, str], ...]] = set()  # versions that were found to be those here


def differs(worker: str, told: str) -> str:
    """Say what to do about another version."""
    return (
        f"the worker {worker} would compute other numbers, it has {told}: install the same there, "
        "or end it"
    )


def other_code(worker: str, error: BaseException) -> WorkerError:
    """Return the error for a worker that does not know our functions."""
    return WorkerError(
        f"{worker} has no bt_fusion, or another one ({error}): install the same there, or end it"
    )


def pickled(value: Any) -> bytes:
    """Return a value as it travels; classes of a user's file travel whole."""
    try:
        return cloudpickle.dumps(value, protocol=5)
    except (pickle.PicklingError, TypeError) as error:
        told = str(error).strip().splitlines()[-1]
        raise OptionError(
            f"the work cannot be sent to a cluster ({told}): keep what cannot be copied, such as "
            "a lock or an open file, out of modules"
        ) from error
