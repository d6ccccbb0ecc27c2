"""Measure figures, print them as a table, write them as JSON."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from benchmarks.machine import measured_on
from benchmarks.registry import DEFAULT, HOMES, Measured, measure
from bt_fusion.files import write_json

WIDTH = 120  # of a table that goes into a file


def command(
    names: Annotated[
        list[str] | None, typer.Argument(help=f"Of {', '.join(HOMES)}. [default: every P]")
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="File to add the figures to, with machine and date."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Hourly bars for P8, P10, P11, P14, instead of made ones."),
    ] = None,
    size: Annotated[
        list[str] | None, typer.Option(help="bars=20000 and the like, for each figure; repeat.")
    ] = None,
) -> None:
    """Measure the figures this project wants to reach, as ratios inside one run."""
    chosen = names or list(DEFAULT)
    unknown = [name for name in chosen if name not in HOMES]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: no such figure; there are {tuple(HOMES)}")
    sizes: dict[str, Any] = dict(map(parsed, size or []))
    if data is not None:
        sizes["data"] = str(data.resolve())
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    found = {}
    for name in chosen:
        console.print(f"measuring {name} ...", style="dim")
        machine = measured_on()
        found[name] = measure(name, **sizes)
        if json_file is not None:  # after each: an interrupted run keeps what it measured
            keep(json_file, {name: {**found[name].as_json(), "measured_on": machine}})
    console.print(table(found))
    for name, result in found.items():
        said = "; ".join(filter(None, (result.work, result.note)))
        console.print(f"{name}: {said}", markup=False, soft_wrap=True)


def keep(path: Path, entries: dict[str, Any]) -> None:
    """Add figures to a JSON file, in the place of those of the same names."""
    known = json.loads(path.read_text()) if path.exists() else {}
    write_json(path, {**known, **entries})


def parsed(pair: str) -> tuple[str, int]:
    """Read ``bars=2000``."""
    name, _, number = pair.partition("=")
    if not number.replace("_", "").isdigit():
        raise typer.BadParameter(f"size {pair!r} is not NAME=NUMBER, e.g. bars=20000")
    return name, int(number)


def table(found: dict[str, Measured]) -> Table:
    """Lay out one row a ratio, the parts beside the first of them."""
    titles = ("", "parts", "figure", "measured", "to reach", "reached")
    rows = Table(*(Column(title, no_wrap=True) for title in titles))
    for name, result in found.items():
        for number, ratio in enumerate(result.ratios):
            first = number == 0
            value = "-" if ratio.value is None else f"{ratio.value:.4g}"
            rows.add_row(
                name if first else "",
                "\n".join(map(part, result.parts.items())) if first else "",
                ratio.name,
                value,
                ratio.reach,
                {True: "yes", False: "no", None: "-"}[ratio.reached],
            )
        rows.add_section()
    return rows


def part(item: tuple[str, float | int | None]) -> str:
    """Write a part as one line."""
    name, value = item
    if value is None:
        return f"{name} -"
    return f"{name} {value:,}" if isinstance(value, int) else f"{name} {value:.4g}"


if __name__ == "__main__":
    typer.run(command)
