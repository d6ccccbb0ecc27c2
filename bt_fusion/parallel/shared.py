"""What all calls of some work take: packed once, sent to each worker once, unpacked there once."""

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

ALIGNED = 64  # bytes, so that arrays lie in memory as those that numpy makes do
KEPT = 2  # objects a worker keeps unpacked


def send_by_value(module: ModuleType) -> None:
    """Let what a module defines travel to processes that cannot import it."""
    cloudpickle.register_pickle_by_value(module)


@dataclass(frozen=True, eq=False)
class Packed:
    """An object as it travels: its arrays lie in one block of bytes, which nobody copies.

    >>> packed = Packed.of({"a": np.arange(3)})
    >>> packed.open()["a"], packed.open() is packed.open()
    (array([0, 1, 2]), True)

    Attributes
    ----------
    key : str
    pickled : bytes
        All but the arrays.
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
        """Pack an object, classes of a user's file included."""
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
        """Bytes that travel."""
        return len(self.pickled) + self.block.nbytes

    def open(self) -> Any:
        """Return the object; its arrays are views of the block, the same at each call.

        What is there then stays: collections of garbage need not look at it.
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
    """An object that every call of some work takes; it reaches each worker once.

    Parameters
    ----------
    value : object
        What it is must not change any more.

    Examples
    --------
    >>> Shared([1, 2]).value
    [1, 2]
    """

    def __init__(self, value: Any):
        self.value = value

    @cached_property
    def packed(self) -> Packed:
        """The object as it travels."""
        return Packed.of(self.value)


def _aligned(size: int) -> int:
    return -(-size // ALIGNED) * ALIGNED
