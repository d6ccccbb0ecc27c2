"""A folder of arrays by key, shared safely between processes."""

import io
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

import numpy as np
from filelock import FileLock
from platformdirs import user_cache_path

from bt_fusion.errors import BtFusionWarning
from bt_fusion.files import RANDOM, remove_stale

__all__ = ["ArrayCache", "open_cache"]

DIGEST = sha256().digest_size
NOT_USABLE = (OSError, NotImplementedError)  # the second for a file system without locks


def open_cache(place: str | Path | None) -> "ArrayCache | None":
    """Return the cache at `place`: a folder, "auto" for the default, None or "none" for none.

    "auto" is the folder in the environment variable BT_FUSION_CACHE, else the platform's usual
    cache folder.
    """
    if place is None or str(place) == "none":
        return None
    if str(place) == "auto":
        place = os.environ.get("BT_FUSION_CACHE") or user_cache_path("bt_fusion")
    return ArrayCache(Path(place))


class ArrayCache:
    """Arrays in `.npy` files, one per key, each followed by its SHA-256.

    A broken or altered file counts as absent. If the folder cannot be written, a warning is issued
    and the work continues without it.

    Parameters
    ----------
    folder : path
        Created on the first write.

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
            stored = self._path(key).read_bytes()
        except OSError:
            return None
        if sha256(stored[:-DIGEST]).digest() != stored[-DIGEST:]:
            return None
        return np.load(io.BytesIO(stored[:-DIGEST]), allow_pickle=False)

    def put(self, key: str, array: np.ndarray) -> None:
        """Store an array; readers see the old content or the new, nothing between."""
        made = io.BytesIO()
        np.save(made, array, allow_pickle=False)
        data = made.getvalue()
        try:
            self._write(self._path(key), data + sha256(data).digest())
        except OSError as error:
            self._warn(error)

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_stale(path.parent, f"tmp{RANDOM}.tmp")
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Hold the lock of `key`: other processes wait, and then find the work done."""
        lock = FileLock(self._path(key).with_suffix(".lock"))
        try:
            Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except NOT_USABLE as error:
            self._warn(error)
        try:
            yield
        finally:
            lock.release()

    def _warn(self, error: Exception) -> None:
        reason = getattr(error, "strerror", None) or str(error)
        warnings.warn(
            f"the cache {self.folder} cannot be written ({reason}): refits are not kept; give "
            "another --cache, or none",
            BtFusionWarning,
            stacklevel=3,
        )

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.npy"
