"""Shared arguments of parallel calls: packed once, sent to and unpacked by each worker once."""

import gc
import pickle
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import Any

import cloudpickle
import numpy as np

__all__ = ["Packed", "Shared", "send_by_value"]

ALIGNED = 64  # bytes, the same alignment as numpy's arrays
KEPT = 2  # unpacked objects that a worker keeps


def send_by_value(module: ModuleType) -> None:
    """Send a module's definitions to processes that cannot import it."""
    cloudpickle.register_pickle_by_value(module)


@dataclass(frozen=True, eq=False)
class Packed:
    """An object in the form it is sent: its arrays are in one block of bytes, never copied.

    >>> packed = Packed.of({"a": np.arange(3)})
    >>> packed.open()["a"], packed.open() is packed.open()
    (array([0, 1, 2]), True)

    Attributes
    ----------
    key : str
    pickled : bytes
        Everything except the arrays.
    block : ndarray of uint8
        The arrays, one after the other.
    sizes : list of int
        Bytes of each.
    """

    key: str
    pickled: bytes = field(repr=False)
    block: np.ndarray = field(repr=False)
    sizes: list[int] = field(repr=False)

    @classmethod
    def of(cls, value: Any) -> "Packed":
        """Pack an object, including classes from user files."""
        buffers: list[pickle.PickleBuffer] = []
        pickled = cloudpickle.dumps(value, protocol=5, buffer_callback=buffers.append)
        arrays = [np.frombuffer(buffer.raw(), np.uint8) for buffer in buffers]
        sizes = [len(array) for array in arrays]
        block = np.zeros(sum(map(_aligned, sizes)), np.uint8)
        start = 0
        for array in arrays:
            block[start : start + len(array)] = array
            start += _aligned(len(array))
        return cls(uuid.uuid4().hex, pickled, block, sizes)

    @property
    def nbytes(self) -> int:
        """Bytes to send."""
        return len(self.pickled) + self.block.nbytes

    def open(self) -> Any:
        """Return the object; its arrays are views of the block, the same on each call.

        These objects stay alive: garbage collection skips them.
        """
        if self.key not in OPENED:
            starts = np.cumsum([0, *map(_aligned, self.sizes)]).tolist()
            pieces = zip(starts, self.sizes, strict=False)
            buffers = [self.block[start : start + size] for start, size in pieces]
            OPENED[self.key] = pickle.loads(self.pickled, buffers=buffers)
            for old in list(OPENED)[:-KEPT]:
                del OPENED[old]
            gc.collect()
            gc.freeze()
        return OPENED[self.key]


OPENED: dict[str, Any] = {}  # in this process, by key


class Shared:
    """An object that every call of some work needs; each worker receives it once.

    Parameters
    ----------
    value : object
        It must not change afterwards.

    Examples
    --------
    >>> Shared([1, 2]).value
    [1, 2]
    """

    def __init__(self, value: Any):
        self.value = value

    @cached_property
    def packed(self) -> Packed:
        """The object in the form it is sent."""
        return Packed.of(self.value)


def _aligned(size: int) -> int:
    return -(-size // ALIGNED) * ALIGNED
