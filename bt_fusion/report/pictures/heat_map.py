"""A heat map of a sweep's variants over two of their parameters."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bt_fusion.errors import OptionError, unknown_name
from bt_fusion.report.figure_table import ROWS
from bt_fusion.report.figures import Writer, count, number
from bt_fusion.report.pictures.canvas import shown_figure, write_cells
from bt_fusion.report.pictures.style import SHARES, SIGNED, styled
from bt_fusion.report.pictures.sweep import name_axes
from bt_fusion.report.terminal.sweep import figure_name

if TYPE_CHECKING:
    from bt_fusion.saved_runs.sweep_folder import SavedSweep

__all__ = ["heat_map"]

AGGREGATES = ("median", "mean", "min", "max")


@styled
def heat_map(
    found: "SavedSweep", axes: tuple[str | None, str | None], column: str, aggregate: str
) -> Any:
    """Return a figure: a cell for each pair of values, with its number.

    Parameters
    ----------
    found : SavedSweep
    axes : (str, str)
        The parameters across and down, None for the one of the most values.
    column : str
        Of the table.
    aggregate : str
        Of `AGGREGATES`: over variants that differ in other parameters.

    Raises
    ------
    OptionError
        For unknown names, and where fewer than two parameters vary.
    """
    if aggregate not in AGGREGATES:
        raise unknown_name("aggregate", aggregate, AGGREGATES)
    x, y = chosen_axes(found, *axes)
    cells = cells_of(found, x, y, column, aggregate)
    width, height = (max(4.0, 1.6 + 0.7 * cells.shape[1]), max(3.0, 1.4 + 0.45 * cells.shape[0]))
    with shown_figure(min(width, 16), min(height, 12)) as figure:
        axis = figure.subplots()
        image = _draw_cells(axis, cells, writer_of(column))
        figure.colorbar(image, ax=axis)
        name_axes(axis, {x: found.grid[x]}, {y: found.grid[y]})
        axis.set_title(_title(found, (x, y), column, aggregate), loc="left", fontsize=10)
    return figure


def chosen_axes(found: "SavedSweep", x: str | None, y: str | None) -> tuple[str, str]:
    """Return the parameters across and down, checked."""
    for name in (x, y):
        if name is not None and name not in found.grid:
            raise unknown_name("parameter of the grid", name, found.grid)
    others = (name for name in found.varied if name not in (x, y))
    free = iter(sorted(others, key=lambda name: -len(found.grid[name])))
    across = x if x is not None else next(free, None)
    down = y if y is not None else next(free, None)
    if across is None or down is None or across == down:
        raise OptionError(
            f"a heat map needs two parameters, and the grid varies {len(found.varied)}; give "
            "several values of another one"
        )
    return across, down


def cells_of(
    found: "SavedSweep", x: str, y: str, column: str, aggregate: str
) -> np.ndarray[Any, Any]:
    """Return the values, a row for each value of y, NaN if no variant ran or traded."""
    places = found.places()
    part = pd.DataFrame({name: places[name] for name in (x, y)})
    part["value"] = found.table[column].astype(float)
    cells = part.pivot_table("value", y, x, aggfunc=aggregate)  # type: ignore[arg-type]
    rows, columns = range(len(found.grid[y])), range(len(found.grid[x]))
    return cells.reindex(index=rows, columns=columns).to_numpy(dtype=float)


def writer_of(column: str) -> Writer:
    """Return the format of a figure."""
    key = column.partition("_")[2]
    return next((write for name, _, write in ROWS if name == key), number)


def _draw_cells(axis: Any, cells: np.ndarray[Any, Any], write: Writer) -> Any:
    known = cells[np.isfinite(cells)]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 1.0)
    if low < 0:  # gains and losses in colours of their own
        high = max(-low, high)
        low = -high
    axis.set_facecolor("0.85")  # of cells without a value
    axis.grid(False)
    colours = SIGNED if low < 0 else SHARES
    image = axis.imshow(cells, cmap=colours, vmin=low, vmax=high, origin="lower", aspect="auto")
    write_cells(axis, cells, write, _dark(image, cells))
    return image


def _dark(image: Any, cells: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return which cells are dark and need light numbers."""
    red, green, blue, _ = np.moveaxis(image.cmap(image.norm(cells)), -1, 0)
    dark: np.ndarray[Any, Any] = 0.3 * red + 0.6 * green + 0.1 * blue < 0.5
    return dark


def _title(found: "SavedSweep", axes: tuple[str, str], column: str, aggregate: str) -> str:
    others = [name for name in found.varied if name not in axes]
    over = f", {aggregate} over {', '.join(others)}" if others else ""
    name = figure_name(column)
    return f"{name[:1].upper()}{name[1:]}{over}\n{_selection_text(found.summary)}"


def _selection_text(summary: dict[str, Any]) -> str:
    known = {"DSR": summary["dsr"], "PBO": summary["pbo"]}
    text = "".join(f", {name} {number(v)}" for name, v in known.items() if v is not None)
    return f"{count(summary['variants'])} variants{text}"
