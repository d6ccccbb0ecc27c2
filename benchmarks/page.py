"""docs/benchmarks.md, made from what was measured: ``python -m benchmarks.page``.

The figures are those of `measured.json` beside this file, which
``python -m benchmarks --data BTCUSDT_1h.csv --json benchmarks/measured.json`` writes; the words
around them stand in `page.md.jinja`.
"""

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from benchmarks.timing import ROOT
from bt_fusion.files import write_whole

__all__ = ["page"]

HERE = Path(__file__).parent
PAGE = ROOT / "docs" / "benchmarks.md"
REACHED = {True: "yes", False: "**no**", None: "-"}


def page() -> str:
    """Return docs/benchmarks.md."""
    figures = json.loads((HERE / "measured.json").read_text())
    words = Environment(
        loader=FileSystemLoader(HERE), undefined=StrictUndefined, keep_trailing_newline=True
    ).get_template("page.md.jinja")
    figures = dict(sorted(figures.items(), key=lambda item: int(item[0].lstrip("P"))))
    return words.render(
        rows=[row for name, figure in figures.items() for row in rows_of(name, figure)],
        parts={
            name: ", ".join(map(part, figure["parts"].items())) for name, figure in figures.items()
        },
        notes={name: figure["note"] for name, figure in figures.items() if figure["note"]},
        machines=machines(figures),
    )


def rows_of(name: str, figure: dict[str, Any]) -> list[str]:
    """Return the rows of a figure in Markdown, one a ratio."""
    rows = []
    for number, (what, ratio) in enumerate(figure["ratios"].items()):
        first = (name, figure["work"]) if not number else ("", "")
        cells = (*first, what, told(ratio["value"]), ratio["reach"], REACHED[ratio["reached"]])
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def told(value: float | None) -> str:
    """Write a ratio; a tiny one as a fraction.

    >>> told(0.8512), told(0.000125), told(None)
    ('0.851', '1/8,000', '-')
    """
    if value is None:
        return "-"
    return f"1/{1 / value:,.0f}" if 0 < value < 0.005 else f"{value:.3g}"


def part(item: tuple[str, float | int | None]) -> str:
    """Write a part with its unit: seconds, microseconds, megabytes, or a number."""
    name, value = item
    for ending, unit in (("_s", "s"), ("_us", "us"), ("_ms", "ms"), ("_mb", "MB")):
        if name.endswith(ending) and value is not None:
            return f"{name.removesuffix(ending).replace('_', ' ')} {three_digits(value)} {unit}"
    told = "-" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
    return f"{name.replace('_', ' ')} {told}"


def three_digits(value: float) -> str:
    """Write three significant digits, never as a power of ten.

    >>> three_digits(2_046.3), three_digits(0.24871)
    ('2,050', '0.249')
    """
    rounded = f"{value:.3g}"
    return f"{float(rounded):,.0f}" if abs(value) >= 1_000 else rounded


def machines(figures: dict[str, Any]) -> list[str]:
    """Say which figures were measured when and on what, a line each."""
    found: dict[str, list[str]] = {}
    for name, figure in figures.items():
        on = figure["measured_on"]
        told = (
            f"{on['processor']}, {on['cores']} cores, {on['memory_gb']} GB, {on['system']}, "
            f"Python {on['python']}, {on['date']}"
        )
        found.setdefault(told, []).append(name)
    return [f"{', '.join(names)}: {told}" for told, names in found.items()]


if __name__ == "__main__":
    write_whole(PAGE, lambda file: file.write_text(page()))
    print(PAGE)
