"""User modules as they were loaded: their files, digests, and imports from their folder."""

import ast
import inspect
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from importlib.util import resolve_name
from pathlib import Path
from types import ModuleType
from typing import Any

from bt_fusion.errors import OptionError

__all__ = [
    "check_name_is_free",
    "check_own_imports",
    "code_sha256",
    "file_of",
    "file_sha256",
    "folder_of",
    "installed",
    "loaded_sha256",
    "module_of",
    "read_source",
    "sources_of",
    "unwrapped",
    "users_own",
]

# Not user code: hashed by version, if at all
LIBRARIES = {
    *("backtrader", "bt_fusion", "builtins", "imblearn", "lightgbm", "numpy", "pandas", "scipy"),
    *("sklearn", "skorch", "torch", "xgboost"),
}
INSTALLED = [Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib", "stdlib")]
PACKAGES = {"site-packages", "dist-packages"}


@dataclass(frozen=True)
class Source:
    """The content of a module when it was loaded.

    Attributes
    ----------
    file : Path
    sha256 : str
    imports : tuple of str
        Dotted modules and names in its import statements.
    data : bytes
        The file's content at that time.
    """

    file: Path
    sha256: str
    imports: tuple[str, ...]
    data: bytes = field(repr=False)


# for each module its spec and source when loaded; for one not loaded yet, by file
READ: dict[str, tuple[Any, Source]] = {}


def users_own(part: Any) -> bool:
    """Return whether a class or function is a user's own, not a library's."""
    return _own_name(str(getattr(part, "__module__", "builtins")))


def file_of(part: Any) -> Path:
    """Return the file of a class or function, an empty path if there is none."""
    try:
        return Path(inspect.getfile(part))
    except (OSError, TypeError):  # typed into a session, or built in
        return Path()


def module_of(part: Any) -> ModuleType | None:
    """Return the module of a class or function, None if it was never imported."""
    return sys.modules.get(str(getattr(part, "__module__", "")))


def unwrapped(function: Any) -> Any:
    """Return the function inside a partial one."""
    return unwrapped(function.func) if isinstance(function, partial) else function


def check_name_is_free(kind: str, name: str, known: Any, new: Any) -> None:
    """Raise OptionError if a name is registered for different code.

    The same code may replace itself, such as a notebook cell run twice or a file edited and loaded
    again. The new code's file is read now, so that its digest is that of this code.

    Parameters
    ----------
    kind : str
        "feature", "label" or "member".
    name : str
    known : class, function or None
        The registered code.
    new : class or function
    """
    module = module_of(new)
    if module is not None and users_own(new):
        sources_of(module)
    if known is None or _place(known) == _place(new):
        return
    where = f"in {_place(known)[0]}" if users_own(unwrapped(known)) else "in bt_fusion"
    raise OptionError(f"a {kind} called {name!r} exists already, {where}; choose another name")


def read_source(module: ModuleType, data: bytes | None = None) -> Source | None:
    """Return the source of a module, None if it has no file.

    It is read once, when the module is loaded: later edits are not the code that runs.

    Parameters
    ----------
    module : module
    data : bytes, optional
        The executed content, if the caller has read it.
    """
    spec = module.__spec__  # a new one after a reload
    known = READ.get(module.__name__)
    if known is not None and known[0] is spec and data is None:
        return known[1]
    file = Path(getattr(module, "__file__", None) or "")
    if not file.is_file():
        return None
    source = _made_of(file, file.read_bytes() if data is None else data, module.__package__ or "")
    READ[module.__name__] = spec, source
    return source


def loaded_sha256(file: Path) -> str:
    """Return the SHA-256 of a file as it was loaded in this process, "" if it was not."""
    found = (source for _, source in READ.values() if source.file == file.resolve())
    return next((source.sha256 for source in found), "")


def file_sha256(file: Path) -> str:
    """Return the SHA-256 of a file as it is now, "" if it cannot be read."""
    try:
        return sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def sources_of(module: ModuleType) -> dict[str, Source]:
    """Return the sources of a module and of its imports from its own folder, by module name.

    Includes every module of the folder named in an import statement, also in packages there and in
    imports that have not run yet; excludes installed libraries.
    """
    found: dict[str, Source] = {}
    folder, waiting = folder_of(module), [module.__name__]
    while waiting:
        name = waiting.pop()
        loaded = sys.modules.get(name)
        if name in found or not (loaded is None or loaded is module or _beside(loaded, folder)):
            continue
        source = _not_loaded(name, folder) if loaded is None else read_source(loaded)
        if source is not None:
            found[name] = source
            waiting += source.imports
    return found


def folder_of(module: ModuleType) -> Path:
    """Return the folder in which a module's name begins: for a package, its parent."""
    file = Path(getattr(module, "__file__", None) or "").resolve()
    depth = module.__name__.count(".") + hasattr(module, "__path__")
    return file.parents[min(depth, len(file.parents) - 1)]


def check_own_imports(module: ModuleType) -> None:
    """Raise OptionError if a module imported a module of another folder instead of its own.

    Also checks the modules next to it. Python keeps modules by name: the second file that imports
    ``settings`` gets the first file's.
    """
    folder = folder_of(module)
    importers = {name: each.file for each in sources_of(module).values() for name in each.imports}
    for name, importer in importers.items():
        other = sys.modules.get(name)
        if other is None or _file_beside(name, folder) is None or _beside(other, folder):
            continue
        file = Path(getattr(other, "__file__", None) or "").resolve()
        if _own_name(name) and file.is_file() and not installed(file):
            raise OptionError(
                f"{importer} imports {name}, and {file} was loaded by that name before: rename "
                "one, or use one of them in a process"
            )


def code_sha256(module: ModuleType) -> str:
    """Return the SHA-256 of a module's file as it was loaded, "" if it has none.

    With imports from its own folder: of the digests of all of them.
    """
    sources, folder = sources_of(module), folder_of(module)
    if len(sources) <= 1:
        return "".join(source.sha256 for source in sources.values())
    listed = {
        f"{each.file.relative_to(folder).as_posix()} {each.sha256}" for each in sources.values()
    }
    return sha256("\n".join(sorted(listed)).encode()).hexdigest()


def _made_of(file: Path, data: bytes, package: str) -> Source:
    imports = tuple(_imports(data, package)) if file.suffix == ".py" else ()
    return Source(file.resolve(), sha256(data).hexdigest(), imports, data)


def _file_beside(name: str, folder: Path) -> Path | None:
    """Return the file that a module of that name would have in a folder, None if missing."""
    beside = folder.joinpath(*name.split("."))
    files = (beside.with_suffix(".py"), beside / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def _not_loaded(name: str, folder: Path) -> Source | None:
    """Return the source of a module in a folder that has not been imported yet."""
    file = _file_beside(name, folder) if _own_name(name) else None
    if file is None:
        return None
    if str(file) not in READ:
        package = name if file.stem == "__init__" else name.rpartition(".")[0]
        READ[str(file)] = None, _made_of(file, file.read_bytes(), package)
    return READ[str(file)][1]


def _own_name(module: str) -> bool:
    return module.partition(".")[0] not in LIBRARIES


def _place(part: Any) -> tuple[str, object, object]:
    """Return the location of code: its file (in a session its module), name and arguments."""
    inner = unwrapped(part)
    file, module = file_of(inner), str(getattr(inner, "__module__", ""))
    where = str(file.resolve()) if file.is_file() else module
    return where, getattr(inner, "__qualname__", inner), getattr(part, "keywords", None)


def _beside(module: ModuleType, folder: Path) -> bool:
    """Return whether a module is user code and is in a folder."""
    file = Path(getattr(module, "__file__", None) or "").resolve()
    return file.is_relative_to(folder) and not installed(file) and _own_name(module.__name__)


def installed(file: Path) -> bool:
    """Return whether a file belongs to a library."""
    inside = any(file.is_relative_to(place) for place in INSTALLED)
    return inside or not PACKAGES.isdisjoint(file.parts)


def _imports(data: bytes, package: str) -> Iterator[str]:
    """Yield the modules, and possible modules, in import statements; packages first."""
    for node in ast.walk(ast.parse(data)):
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and (package or not node.level):
            base = resolve_name("." * node.level + (node.module or ""), package)
            names = [f"{base}.{each.name}" for each in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            yield from (".".join(parts[: end + 1]) for end in range(len(parts)))
