"""A folder of arrays by key, shared safely between processes."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from filelock import FileLock
from platformdirs import user_cache_path

__all__ = ["ArrayCache", "open_cache"]


def open_cache(place: str | Path | None) -> "ArrayCache | None":
    """Return the cache at `place`: a folder, "auto" for the user's own, None or "none" for none.

    "auto" is the folder in the environment variable BT_FUSION_CACHE, else the platform's usual
    cache folder.
    """
    if place is None or str(place) == "none":
        return None
    if str(place) == "auto":
        place = os.environ.get("BT_FUSION_CACHE") or user_cache_path("bt_fusion")
    return ArrayCache(Path(place))


class ArrayCache:
    """Arrays in `.npy` files, one a key; a broken file counts as absent.

    Parameters
    ----------
    folder : path
        Created when first written to.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cache = ArrayCache(Path(folder))
    ...     cache.put("a1", np.arange(2))
    ...     cache.get("a1"), cache.get("b2")
    (array([0, 1]), None)
    """

    def __init__(self, folder: Path):
        self.folder = folder

    def get(self, key: str) -> np.ndarray | None:
        """Return the array stored under `key`, or None."""
        try:
            return np.load(self._path(key), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None

    def put(self, key: str, array: np.ndarray) -> None:
        """Store an array; readers see the old state or the new, nothing between."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                np.save(file, array, allow_pickle=False)
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Hold the lock of `key`: others that want it wait, and then find its work done."""
        path = self._path(key).with_suffix(".lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path):
            yield

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.npy"
