"""Digests of the user code named in a run's summary, so that no other code is run."""

import sys
from collections.abc import Iterable, Mapping
from importlib.machinery import PathFinder
from pathlib import Path

from bt_fusion.errors import OptionError
from bt_fusion.module_sources import file_sha256, installed, loaded_sha256

__all__ = ["check_same_code", "digests_of_code"]


def digests_of_code(names: Iterable[object]) -> dict[str, str]:
    """Return the SHA-256 of the file that each name runs, as it was loaded.

    Parameters
    ----------
    names : iterable of str
        ``file.py``, ``file.py:Class`` or ``module:Class``. Names that are not user files are left
        out: our own strategies, account shares, installed packages.
    """
    found = {str(name): file_of_name(str(name)) for name in names if name is not None}
    return {
        name: loaded_sha256(file) or file_sha256(file)
        for name, file in found.items()
        if file is not None
    }


def check_same_code(
    name: str, then: Mapping[str, str], option: str, place: str | None = None
) -> None:
    """Raise OptionError if the file behind a name differs from its digest.

    Parameters
    ----------
    name : str
    then : mapping of str
        The digests in a summary; empty for an older version.
    option : str
        Option by which a user names such code; a summary may come from anywhere.
    place : str, optional
        The name with its current location, if it has moved.
    """
    file = file_of_name(place or name)
    if file is None or (file.is_file() and then.get(name) == file_sha256(file)):
        return
    if not file.is_file():
        raise OptionError(
            f"{name} of the run is not there any more: it was moved or removed; give {option} with "
            "its new place"
        )
    reason = "has changed since" if name in then else "is named without its digest"
    raise OptionError(
        f"{name} of the run {reason} and is not run; if you trust it, give {option} {place or name}"
    )


def file_of_name(name: str) -> Path | None:
    """Return the user file behind a name, without running anything, or None.

    >>> file_of_name("mine.py:Mine"), file_of_name("fusion"), file_of_name("backtrader.sizers:Fix")
    (PosixPath('mine.py'), None, None)
    """
    source = name if name.endswith(".py") else name.rpartition(":")[0]
    if source.endswith(".py"):
        return Path(source)
    file = file_of_module(source)
    return None if file is None or installed(file) else file


def file_of_module(module: str) -> Path | None:
    """Return the file of a module, searched from the current folder."""
    places: list[str] | None = [str(Path.cwd()), *sys.path]
    parts, spec = module.split("."), None
    for end in range(1, len(parts) + 1):
        spec = PathFinder.find_spec(".".join(parts[:end]), places) if places and module else None
        places = None if spec is None else [*(spec.submodule_search_locations or ())]
    return None if spec is None or spec.origin is None else Path(spec.origin).resolve()
