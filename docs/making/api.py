"""The Python reference: public names by their homes, for mkdocstrings."""

import inspect
from collections.abc import Iterator
from importlib import import_module

import bt_fusion

__all__ = ["NAMED_FOLDERS", "documented", "names_of", "summary_table"]

NAMED_FOLDERS = ("indicators", "strategies", "analyzers")


def names_of(*packages: str) -> list[str]:
    """Return the public names whose home lies in one of the packages, with their homes.

    Examples
    --------
    >>> names_of("bt_fusion.plugins")
    ['bt_fusion.plugins.load_plugin']
    """
    return sorted(
        (f"{home}.{name}" for name, home in homes() if inside(home, packages)),
        key=lambda path: path.rpartition(".")[2].lower(),
    )


def homes() -> Iterator[tuple[str, str]]:
    """Return every public name of bt_fusion and of its three folders, with the module it is in.

    mkdocstrings reads files, so that a module of one of the folders goes by its path in a checkout.
    """
    for home, names in bt_fusion.NAMES_OF.items():
        yield from ((name, home) for name in names)
    for folder in NAMED_FOLDERS:
        module = import_module(f"bt_fusion.{folder}")
        for name in module.__all__:
            yield name, getattr(module, name).__module__.removeprefix("bt_fusion.")


def inside(home: str, packages: tuple[str, ...]) -> bool:
    """Return whether a module is one of the packages, or in one."""
    return any(f"{home}.".startswith(f"{package}.") for package in packages)


def documented(*packages: str) -> str:
    """Return the directives by which mkdocstrings shows the public names of some packages."""
    return "\n\n".join(f"::: {path}" for path in names_of(*packages))


def summary_table(*packages: str) -> str:
    """Return a table of public names and the first sentence of what each is."""
    rows = [f"| [{name}][{path}] | {first_line(path)} |" for path, name in links(packages)]
    return "\n".join(["| name | what it is |", "|---|---|", *rows])


def links(packages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Return the path and the name in code of each public name."""
    return ((path, f"`{path.rpartition('.')[2]}`") for path in names_of(*packages))


def first_line(path: str) -> str:
    """Return the first line of a name's docstring."""
    module, _, name = path.rpartition(".")
    text = inspect.getdoc(getattr(import_module(module), name)) or ""
    return text.split("\n\n")[0].replace("\n", " ").replace("|", "\\|").replace("``", "`")
