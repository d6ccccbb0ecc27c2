"""User code: run a file as a module, compute its digest, and locate errors in it."""

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import blake2b, sha256
from importlib.machinery import PathFinder
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from bt_fusion.errors import BtFusionError, OptionError, StrategyError
from bt_fusion.module_sources import (
    check_own_imports,
    code_sha256,
    file_sha256,
    module_of,
    read_source,
    sources_of,
    users_own,
)
from bt_fusion.parallel import send_by_value

__all__ = [
    "class_digest",
    "importable",
    "line_in",
    "load_file",
    "load_module",
    "locate_errors",
    "module_name",
    "own_code_digest",
    "part_digest",
    "run_once",
]


def load_file(
    path: Path, wanted: str = "file.py:Class", failure: type[BtFusionError] = StrategyError
) -> ModuleType:
    """Run a Python file as a module of its own; other processes can use its definitions.

    The same holds for the modules it imports from its own folder.

    Parameters
    ----------
    path : Path
    wanted : str
        What to pass, for the error of a missing file.
    failure : class
        Error class for errors inside the file, see `locate_errors`.
    """
    path = path.resolve()
    if not path.is_file():
        raise OptionError(f"no file {path}; give {wanted}")
    if path.suffix != ".py":
        raise OptionError(
            f"{path} is not a Python file: its name does not end in .py; give {wanted}"
        )
    main = sys.modules["__main__"]
    if getattr(main, "__file__", None) and Path(str(main.__file__)).resolve() == path:
        return main  # the running script, which would start again
    name = module_name(path)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None  # it ends in .py
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        with importable(path.parent), locate_errors(path, failure):
            data = path.read_bytes()  # the hashed content is the one that runs
            if b"\0" in data:
                raise failure(f"{path} holds a null byte; it is not a Python file")
            code = compile(data, path, "exec", dont_inherit=True)
            read_source(module, data)
            exec(code, vars(module))
        check_own_imports(module)
    except BaseException:
        del sys.modules[name]
        raise
    for each, source in sources_of(module).items():
        if each in sys.modules and (each == name or not found_again(each, source.file)):
            send_by_value(sys.modules[each])
    return module


def run_once(path: Path) -> ModuleType:
    """Return the module of a file already run in its current state; otherwise run it."""
    known = sys.modules.get(module_name(path.resolve()))
    source = None if known is None else read_source(known)
    if known is not None and source is not None and source.sha256 == file_sha256(path):
        return known
    return load_file(path)


def found_again(module: str, file: Path) -> bool:
    """Return whether another process can import a module by name: not from a plug-in's folder."""
    spec = PathFinder.find_spec(module.partition(".")[0])
    places = [spec.origin, *(spec.submodule_search_locations or ())] if spec else []
    return any(file.is_relative_to(Path(place).resolve()) for place in places if place)


def module_name(path: Path) -> str:
    """Return a unique name for a file's module: its own name may be that of another module."""
    return f"{path.stem}_{sha256(str(path).encode()).hexdigest()[:8]}"


def load_module(name: str) -> ModuleType:
    """Import a module, also from the current folder."""
    if name == "__main__":  # of this session
        return sys.modules[name]
    with importable(Path.cwd()):
        try:
            spec = importlib.util.find_spec(name)
        except (ModuleNotFoundError, ValueError):  # of its package, and of no name at all
            spec = None
        if spec is None:
            raise OptionError(f"no module {name!r}; give module:Class or file.py:Class")
        with locate_errors(Path(spec.origin or "")):
            return importlib.import_module(name)


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Make the modules of a folder importable by name, as if one of its files was run."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


@contextmanager
def locate_errors(file: Path, failure: type[BtFusionError] = StrategyError) -> Iterator[None]:
    """Turn an error from a file into one line that names file, line and cause.

    Our own errors, and those from elsewhere, are unchanged.
    """
    try:
        yield
    except BtFusionError:
        raise
    except (Exception, SystemExit) as error:
        place = line_in(error, file)
        if place is None:
            raise
        raise failure(f"{file}, {place}: {type(error).__name__}: {error}") from error


def line_in(error: BaseException, file: Path) -> str | None:
    """Return the last line of a file in an error's traceback, None if it has none."""
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return f"line {error.lineno}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(file)]
    if not frames:
        return None
    name = "" if frames[-1].name == "<module>" else f", in {frames[-1].name}"
    return f"line {frames[-1].lineno}{name}"


def own_code_digest(parts: Iterable[type]) -> str:
    """Return a digest of the code of the user-defined ones among classes; "" for none."""
    own = sorted({part for part in parts if users_own(part)}, key=lambda part: part.__qualname__)
    return " ".join(f"{part.__qualname__} {class_digest(part)}" for part in own)


def class_digest(part: type) -> str:
    """Return a digest of a user's class: of its methods, and of its file as it was loaded.

    The file includes its imports from its own folder, see `code_sha256`. A class typed into a
    session has no file, and one made by a function depends on that function's arguments: the
    methods cover both.
    """
    made = blake2b(digest_size=8)
    module = module_of(part)
    if module is not None:
        made.update(code_sha256(module).encode())
    for owner in part.__mro__:
        if not users_own(owner):
            continue
        for name, value in sorted(vars(owner).items()):
            function = getattr(value, "__func__", value)
            if isinstance(function, FunctionType):
                made.update(f"{name} {_running(function)}".encode())
    params: Any = getattr(part, "params", None)
    if hasattr(params, "_getitems"):
        made.update(str([pair for pair in params._getitems() if _plain(pair[1])]).encode())
    return made.hexdigest()


def part_digest(part: Any) -> str | None:
    """Return a digest of all code of a user's function or class; None if unknown.

    It is unknown without a file, or if it holds objects whose content is not plain.
    """
    function, given = part, []
    while isinstance(function, partial):
        given += [function.args, tuple(sorted(function.keywords.items()))]
        function = function.func
    module = module_of(function)
    file = Path(getattr(module, "__file__", None) or "")
    if module is None or not file.is_file() or not _plain(tuple(given)):
        return None
    if isinstance(function, type):
        return f"{function.__qualname__} {class_digest(function)}"
    if not isinstance(function, FunctionType):
        return None
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    if not _plain((*cells, *(function.__defaults__ or ()))):
        return None
    text = f"{code_sha256(module)} {_running(function)} {function.__kwdefaults__} {given}"
    return f"{function.__qualname__} {blake2b(text.encode(), digest_size=8).hexdigest()}"


def _running(function: FunctionType) -> str:
    """Return the code of a function with the values it closes over."""
    cells = function.__closure__ or ()
    taken = [cell.cell_contents for cell in cells if _plain(cell.cell_contents)]
    defaults = [value for value in function.__defaults__ or () if _plain(value)]
    return f"{_instructions(function.__code__)} {taken} {defaults}"


def _instructions(code: CodeType) -> str:
    """Return the content of a code object without its location in a file."""
    inner = [each for each in code.co_consts if isinstance(each, CodeType)]
    plain = [each for each in code.co_consts if _plain(each)]
    return f"{code.co_code.hex()} {code.co_names} {plain} {[_instructions(each) for each in inner]}"


def _plain(value: object) -> bool:
    """Return whether a value has the same text form in every process."""
    if isinstance(value, tuple):
        return all(map(_plain, value))
    return isinstance(value, bool | int | float | str | bytes | None)
