"""Shared parts of pictures: figures without a screen, headings, price axes, number maps."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, PercentFormatter

from bt_fusion.report.figures import Writer, count, percent
from bt_fusion.report.pictures.style import BLUE, GRAY, HOLD, INK, MUTED, SHARES

__all__ = [
    "RUN_COLOURS",
    "WRITTEN",
    "draw_equity",
    "draw_matrix",
    "head_figure",
    "legend_above",
    "new_figure",
    "scale_prices",
    "shown_figure",
    "write_cells",
]

LETTERS = 15.5  # in an inch of the sentence below a picture
TITLE_LETTERS = 8  # of the bold heading
SMALLEST = 4.5  # points of a number in a cell
RUN_COLOURS = {"off": GRAY, "on": BLUE}
WRITTEN = "{x:,.10g}"  # on the ticks of an axis


def new_figure(width: float, height: float) -> Any:
    """Return a figure that needs no screen; pyplot would choose one."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


@contextmanager
def shown_figure(width: float, height: float) -> Iterator[Any]:
    """Yield a figure of pyplot's, for a user who shows or saves it.

    In a notebook that draws what is open at the end of a cell it is closed after the block: the
    cell's last line shows it, once. So it is where drawing it fails.
    """
    import matplotlib
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=(width, height), layout="constrained")
    try:
        yield figure
    except BaseException:
        pyplot.close(figure)
        raise
    if "inline" in matplotlib.get_backend():
        pyplot.close(figure)


def head_figure(figure: Any, title: str, hint: str = "") -> None:
    """Write a heading above a picture and, below it, the sentence on what to look for."""
    width = figure.get_size_inches()[0]
    figure.suptitle(fill(title, int(TITLE_LETTERS * width)), x=0.01, ha="left")
    if hint:
        figure.supxlabel(fill(hint, int(LETTERS * width)), x=0.01, ha="left", fontsize=9, color=INK)


def legend_above(axis: Any) -> None:
    """Put the legend of an axis in one line above it, so that it covers nothing."""
    entries = len(axis.get_legend_handles_labels()[1])
    place = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.2}
    axis.legend(**place, ncols=entries, frameon=False, columnspacing=1.6)


def write_cells(axis: Any, cells: np.ndarray, write: Writer, strong: np.ndarray) -> None:
    """Write the numbers into the cells of a map, if the cells are large enough.

    Parameters
    ----------
    axis : Axes
        With the map.
    cells : ndarray, shape (n_rows, n_columns)
        NaN where nothing is written.
    write : callable
    strong : ndarray of bool
        Which cells are dark, and need light numbers.
    """
    width, height = _cell_inches(axis, cells.shape)
    points = min(8.0, 19 * width, 50 * height)  # five digits a cell, and room above and below
    if points < SMALLEST:
        return
    for (row, column), value in np.ndenumerate(cells):
        if np.isfinite(value):
            colour = "white" if strong[row, column] else INK
            place = {"ha": "center", "va": "center", "fontsize": points, "color": colour}
            axis.text(column, row, write(value), **place)


def _cell_inches(axis: Any, shape: tuple[int, ...]) -> tuple[float, float]:
    """Return the approximate width and height of a map's cells."""
    grid = axis.get_subplotspec().get_gridspec()
    width, height = axis.figure.get_size_inches()
    return 0.8 * width / grid.ncols / shape[1], 0.7 * height / grid.nrows / shape[0]


def draw_equity(axis: Any, equity: pd.DataFrame, labels: Mapping[str, str]) -> None:
    """Draw the runs' accounts and, behind them, buy and hold if the table has it.

    Parameters
    ----------
    axis : Axes
    equity : DataFrame
        datetime, a column for each run, buy_hold.
    labels : dict of str
        By run.
    """
    curves = {name: (label, RUN_COLOURS[name], 1.2) for name, label in labels.items()}
    if "buy_hold" in equity:
        curves = {"buy_hold": ("Buy and hold", HOLD, 0.8), **curves}
    for name, (label, colour, width) in curves.items():
        axis.plot(equity.datetime, equity[name], color=colour, lw=width, label=label)
    drawn = equity[list(curves)].to_numpy(dtype=float)
    least = np.nanmin(drawn)
    axis.yaxis.set_major_formatter(WRITTEN)
    if least > 0:
        scale_prices(axis, np.nanmax(drawn) / least)
    axis.set_ylabel("equity")
    legend_above(axis)


def scale_prices(axis: Any, span: float) -> None:
    """Use a log axis if prices differ widely, and write prices in full.

    Parameters
    ----------
    axis : Axes
    span : float
        The highest price divided by the lowest.
    """
    if span <= 4:
        return
    axis.set_yscale("log")
    written = (1, 2, 3, 5, 7) if span <= 20 else (1, 2, 5) if span <= 100 else (1,)
    axis.yaxis.set_major_locator(LogLocator(subs=written))
    axis.yaxis.set_major_formatter(WRITTEN)
    axis.yaxis.set_minor_formatter(NullFormatter())


def draw_matrix(axis: Any, counts: Sequence[Sequence[int]], classes: Sequence[Any]) -> None:
    """Draw a confusion matrix: the number in each cell, coloured by its share of the class.

    Parameters
    ----------
    axis : Axes
    counts : sequence of sequence of int
        A row for each actual class, a column for each predicted one.
    classes : sequence
    """
    table = np.asarray(counts)
    shares = table / np.maximum(1, table.sum(axis=1, keepdims=True))
    names = [str(name) for name in classes]
    image = axis.imshow(shares, cmap=SHARES, vmin=0, vmax=1)
    axis.grid(False)
    axis.set_xticks(range(len(names)), names)
    axis.set_yticks(range(len(names)), names)
    for (row, column), number in np.ndenumerate(table):
        share = shares[row, column]
        colour = "white" if share > 0.55 else INK
        text = f"{count(number)}\n{percent(share)}"
        axis.text(column, row, text, ha="center", va="center", color=colour)
    axis.set(xlabel="predicted class", ylabel="actual class")
    bar = axis.figure.colorbar(image, ax=axis, shrink=0.8, label="share of the actual class")
    bar.ax.yaxis.set_major_formatter(PercentFormatter(1))
    bar.outline.set_edgecolor(MUTED)
