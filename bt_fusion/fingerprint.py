"""Fingerprints: digests of data, of our own code and of library versions.

Caches find a result by all of its inputs. Whole packages are hashed, because a manual list of files
would be outdated with the first new module.
"""

from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from importlib import metadata, resources, util
from importlib.resources.abc import Traversable
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import joblib
import numpy as np

__all__ = [
    "ABSENT",
    "array_digest",
    "code_digest",
    "library_versions",
    "object_digest",
    "versions_text",
    "whole_code_digest",
]

ABSENT = "absent"  # version of a distribution that is not installed
TOP = ("indicators", "strategies", "analyzers")  # of a checkout, elsewhere on the disk
NOT_COMPUTING = ("cli", "report", "start", "__main__")


def array_digest(text: str, *arrays: np.ndarray) -> str:
    """Return a digest of a text and of the values, shapes and types of arrays."""
    made = blake2b(text.encode(), digest_size=20)
    for array in arrays:
        made.update(f"{array.shape}{array.dtype}".encode())
        made.update(np.ascontiguousarray(array).data)
    return made.hexdigest()


def object_digest(value: Any) -> str:
    """Return a digest of any object by its content."""
    return joblib.hash(value)


@cache
def code_digest(*parts: str) -> str:
    """Return a digest of our own code.

    Parameters
    ----------
    *parts : str
        Packages or modules below `bt_fusion`, such as "ensemble" or "errors". A package includes
        all its modules and subpackages.

    Examples
    --------
    >>> code_digest("ensemble") == code_digest("ensemble"), code_digest("ensemble", "labels")[:0]
    (True, '')
    """
    made = blake2b(digest_size=8)
    for part in parts:
        for name, code in _modules(part):
            made.update(name.encode())
            made.update(code)
    return made.hexdigest()


@cache
def whole_code_digest() -> str:
    """Return a digest of all our own code that computes."""
    package = util.find_spec("bt_fusion")
    assert package is not None
    found = {module.name for module in iter_modules(package.submodule_search_locations)} | {*TOP}
    return code_digest(*sorted(found.difference(NOT_COMPUTING)))


def library_versions(*names: str) -> dict[str, str]:
    """Return the version of each distribution, "absent" if it is not installed."""
    return {name: _version(name) for name in names}


def versions_text(*names: str) -> str:
    """Return the versions of distributions as one text, for use in a digest."""
    return " ".join(f"{name}={version}" for name, version in library_versions(*names).items())


def _modules(part: str) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of a module, or of every module of a package, sorted."""
    name = f"bt_fusion.{part}"
    found = util.find_spec(name)
    assert found is not None and found.origin is not None
    if found.submodule_search_locations is not None:
        yield from _inside(resources.files(name), name)
    else:
        package, _, module = name.rpartition(".")
        origin = module + Path(found.origin).suffix
        yield name, (resources.files(package) / origin).read_bytes()


def _inside(folder: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        inside = f"{name}.{entry.name}"
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _inside(entry, inside)
        elif entry.name.endswith((".py", ".pyc")):
            yield inside, entry.read_bytes()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ABSENT
