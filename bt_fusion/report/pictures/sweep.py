"""A sweep as a picture: lines for one parameter, heat maps for two, several maps for more."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from bt_fusion.files import write_whole
from bt_fusion.report.figures import count, number
from bt_fusion.report.pictures.canvas import RUN_COLOURS, head_figure, new_figure, write_cells
from bt_fusion.report.pictures.style import INK, SIGNED, styled

if TYPE_CHECKING:
    from bt_fusion.saved_runs.sweep_folder import SavedSweep

__all__ = ["draw_sweep", "name_axes"]

MOST_MAPS = 6  # values of a third parameter that get maps of their own
HINT = (
    "Look for a wide area of high values around the best variant: a single high value among low "
    "ones is luck."
)
PANELS = {"on_sharpe": "Sharpe ratio, ML on", "delta_sharpe": "ML on minus ML off"}


@styled
def draw_sweep(path: Path, found: "SavedSweep") -> None:
    """Draw the Sharpe ratio of every variant, and its difference to ML off, into a PNG file.

    One parameter gives lines, two give heat maps, and a third with few values gives one map per
    value. Otherwise a cell is the median over the other parameters, as stated in the title. The
    best variant is framed.
    """
    figure = new_figure(9, 5)
    if len(found.varied) == 1:
        _draw_lines(figure.subplots(), found)
    else:
        _draw_maps(figure, found)
    head_figure(figure, _title(found), HINT)
    write_whole(path, lambda file: figure.savefig(file, dpi=110))


def _title(found: "SavedSweep") -> str:
    summary = found.summary
    strategy = summary["config"]["strategy"].rsplit(":")[-1]
    text = f"{summary['data']['name']}: {strategy}, {count(summary['variants'])} variants"
    if summary["best"] is None:
        return text
    text += f", best Sharpe {number(summary['best']['on']['sharpe'])}"
    text += f", without skill {number(summary['luck'])}"
    known = {"PBO": summary["pbo"], "DSR": summary["dsr"]}
    text += "".join(f", {name} {number(v)}" for name, v in known.items() if v is not None)
    return text + ("; grey: no trade" if found.table.on_sharpe.isna().any() else "")


def _draw_lines(axis: Any, found: "SavedSweep") -> None:
    name = found.varied[0]
    places = np.arange(len(found.table))
    for run in ("off", "on"):
        values = found.table[f"{run}_sharpe"].astype(float)
        axis.plot(places, values, color=RUN_COLOURS[run], marker="o", label=f"ML {run}")
    if found.summary["best"] is not None:
        axis.axhline(found.summary["luck"], color=INK, lw=0.8, ls="--", label="without skill")
    axis.set_xticks(places, [f"{value}" for value in found.table[name]])
    axis.set_xlabel(name)
    axis.set_ylabel("Sharpe ratio")
    axis.legend()


def _draw_maps(figure: Any, found: "SavedSweep") -> None:
    grid = found.grid
    across, down, *rest = sorted(found.varied, key=lambda name: -len(grid[name]))
    apart = len(rest) == 1 and len(grid[rest[0]]) <= MOST_MAPS
    places = _places(found)
    groups = {"": places}
    if apart:
        groups = {
            f", {rest[0]} {value}": places[places[rest[0]] == at]
            for at, value in enumerate(grid[rest[0]])
        }
    elif rest:
        groups = {f", median over {', '.join(rest)}": places}
    width, height = 2.2 + 0.5 * len(grid[across]), 1.4 + 0.4 * len(grid[down])
    figure.set_size_inches(2 * min(max(width, 4), 9), 0.4 + len(groups) * min(max(height, 3), 8))
    axes = figure.subplots(len(groups), 2, squeeze=False)
    framed = found.summary["best"] is not None and (apart or not rest)
    best = int(places.on_sharpe.argmax()) if framed else None
    for row, (which, part) in zip(axes, groups.items(), strict=True):
        for axis, (column, label) in zip(row, PANELS.items(), strict=True):
            axis.set_title(label + which, loc="left", fontsize=10)
            reach = float(places[column].abs().max())
            reach = reach if reach > 0 else 1.0  # nothing, or nothing that traded
            cells = part.pivot_table(column, down, across, aggfunc="median", dropna=False)
            figure.colorbar(_draw_map(axis, cells.to_numpy(dtype=float), reach), ax=axis)
            name_axes(axis, {across: grid[across]}, {down: grid[down]})
            if best is not None and best in part.index:
                _frame(axis, float(places[across][best]), float(places[down][best]))


def name_axes(axis: Any, across: dict[str, list[Any]], down: dict[str, list[Any]]) -> None:
    """Name both axes of a map and its ticks: a parameter each, with its values."""
    (x, columns), (y, rows) = *across.items(), *down.items()
    axis.set_xlabel(x)
    axis.set_ylabel(y)
    axis.set_xticks(range(len(columns)), [f"{value}" for value in columns], rotation=90)
    axis.set_yticks(range(len(rows)), [f"{value}" for value in rows])


def _places(found: "SavedSweep") -> pd.DataFrame:
    """Return the figures to draw, with each parameter's value as its place in the grid."""
    figures = {name: found.table[name].astype(float) for name in PANELS}
    return pd.DataFrame({**found.places(), **figures})


def _draw_map(axis: Any, cells: np.ndarray, reach: float) -> Any:
    axis.set_facecolor("0.85")  # of cells without a value
    axis.grid(False)
    image = axis.imshow(cells, cmap=SIGNED, vmin=-reach, vmax=reach, origin="lower", aspect="auto")
    write_cells(axis, cells, number, np.abs(cells) > 0.6 * reach)
    return image


def _frame(axis: Any, x: float, y: float) -> None:
    axis.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, fill=False, edgecolor=INK, lw=2))
