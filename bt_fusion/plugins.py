"""Plug-ins: user files that register features, labels and members by name."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from bt_fusion.ensemble.given_members import classes_of
from bt_fusion.ensemble.members.registry import MEMBERS
from bt_fusion.errors import OptionError, PluginError
from bt_fusion.features import REGISTRY, entry_of
from bt_fusion.labels import LABELS
from bt_fusion.module_sources import code_sha256, file_of, module_of, unwrapped, users_own
from bt_fusion.sent_code import SentFile
from bt_fusion.user_code import load_file, locate_errors, module_name

__all__ = [
    "changed_files",
    "files_behind",
    "load_plugin",
    "load_sent",
    "loaded_plugins",
    "located_errors",
    "registered_files",
    "sent_plugins",
    "user_modules",
]

LOADED: dict[Path, ModuleType] = {}  # in the order they were given


def load_plugin(path: str | Path) -> list[str]:
    """Run a file that registers features, labels and members; return their names.

    Its registrations are available by name everywhere, on the command line and in Python. A file
    that is already loaded does not run again.

    Parameters
    ----------
    path : path
        Of a Python file. It is executed: load only code you trust.

    Returns
    -------
    list of str
        The file's registrations, such as "feature gap_size".

    Raises
    ------
    OptionError
        If there is no such file, another plug-in with the same file name is loaded, or a name is
        taken.
    PluginError
        For an error in the file, with its line, and for a file that registers nothing.
    """
    path = Path(path).expanduser().resolve()
    if path not in LOADED:
        _check_file_name(path)
        with _all_or_nothing(path):
            LOADED[path] = _run(path)
    return _registered_by(path)


def loaded_plugins() -> list[str]:
    """Return the loaded files, in the form that `load_plugin` accepts."""
    return [str(path) for path in LOADED]


def sent_plugins() -> tuple[SentFile, ...]:
    """Return the loaded files in the form sent to processes that may not have them."""
    return tuple(SentFile.of(module) for module in LOADED.values())


def load_sent(sent: SentFile) -> None:
    """Load a plug-in sent by another process; it replaces an earlier version."""
    path = sent.here()
    for other, module in [*LOADED.items()]:
        if other.name == path.name and SentFile.of(module).sources != sent.sources:
            del LOADED[other]
            _take_back(other, {})
    if not any(other.name == path.name for other in LOADED):
        load_plugin(path)


@contextmanager
def located_errors() -> Iterator[None]:
    """Turn an error from a loaded plug-in into a PluginError that names its line."""
    with ExitStack() as stack:
        for path in LOADED:
            stack.enter_context(locate_errors(path, PluginError))
        yield


def user_modules() -> dict[str, ModuleType]:
    """Return the user modules that have registered something, by file name."""
    return _modules_of(part for _, part in registered())


def registered() -> Iterator[tuple[str, Any]]:
    """Yield the registered names, such as "feature rsi_14", with their code."""
    for name, entry in REGISTRY.items():
        yield f"feature {name}", unwrapped(entry.compute)
    for name, kind in LABELS.items():
        yield f"label {name}", kind
    for name, member in MEMBERS.items():
        yield f"member {name}", unwrapped(member.make)


def registered_files() -> dict[str, str]:
    """Return the user files that have registered something: name and SHA-256."""
    return digests(part for _, part in registered())


def changed_files(then: Mapping[str, str]) -> list[str]:
    """Return which of these files have changed, given their earlier names and digests."""
    now = registered_files()
    return [name for name, digest in then.items() if now.get(name, digest) != digest]


def files_behind(model: Any) -> dict[str, str]:
    """Return the user files that a model needs: name and SHA-256.

    Those of its features, its label, its named members including the later models', and their
    classes.

    Parameters
    ----------
    model : SignalModel
    """
    ensembles = [model.new_ensemble(), *(made[0] for made in model.later_ensembles().values())]
    parts = [part for ensemble in ensembles for part in parts_behind(ensemble)]
    computes = [unwrapped(entry_of(name).compute) for name in model.feature_set().names]
    return digests([*computes, type(model.label()), *parts])


def parts_behind(ensemble: Any) -> list[Any]:
    """Return the functions that make an ensemble's members, and the members' classes."""
    members = ensemble.make_members()
    names = list(members) if ensemble.named else []
    for made in members.values():
        names += getattr(made, "candidates", ())
    return [*(MEMBERS[name].make for name in names), *classes_of(members.values())]


def digests(parts: Iterable[Any]) -> dict[str, str]:
    """Return the files of user-defined classes and functions: name and `code_sha256`."""
    modules = sorted(_modules_of(parts).items())
    return {name: code_sha256(module) for name, module in modules}


def _modules_of(parts: Iterable[Any]) -> dict[str, ModuleType]:
    """Return the modules of user code by file name, without those that have no file."""
    found = ((file_of(part), module_of(part)) for part in parts if users_own(part))
    return {file.name: module for file, module in found if file.is_file() and module is not None}


def _registered_by(path: Path) -> list[str]:
    return [what for what, part in registered() if users_own(part) and file_of(part) == path]


def _check_file_name(path: Path) -> None:
    """Raise OptionError if another plug-in's file has the same name."""
    for other in LOADED:
        if other.name == path.name:
            raise OptionError(
                f"plug-in {path}: {other} is loaded already, and saved models tell plug-ins apart "
                "by file name; rename one"
            )


def _run(path: Path) -> ModuleType:
    """Run a plug-in, which must register something."""
    before = set(registered())
    module = load_file(path, "a Python file that registers something", PluginError)
    if not set(registered()) - before and not _registered_by(path):
        raise PluginError(
            f"{path} registers nothing; put @feature, @label or @member on what it offers"
        )
    return module


@contextmanager
def _all_or_nothing(path: Path) -> Iterator[None]:
    """Undo a plug-in's registrations if it fails."""
    before = {kind: dict(register) for kind, register in registers().items()}
    try:
        yield
    except BaseException:
        _take_back(path, before)
        raise


def registers() -> dict[str, dict[str, Any]]:
    """Return the registers of features, labels and members, by kind."""
    return {"feature": REGISTRY, "label": LABELS, "member": MEMBERS}


def _take_back(path: Path, before: Mapping[str, Mapping[str, Any]]) -> None:
    """Remove a file's registrations, and restore the earlier ones of the same names."""
    for what, part in [*registered()]:
        kind, _, name = what.partition(" ")
        if getattr(part, "__module__", "") == module_name(path):
            del registers()[kind][name]
            known = before.get(kind, {})
            registers()[kind].update({k: v for k, v in known.items() if k == name})
