"""What pictures share: figures without a screen, colours, axes of prices, the confusion matrix."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from bt_fusion.report.figures import count, percent

__all__ = [
    "BLUE",
    "GRAY",
    "RUN_COLOURS",
    "WRITTEN",
    "draw_equity",
    "draw_matrix",
    "new_figure",
    "scale_prices",
    "shown_figure",
]


BLUE, GRAY = "tab:blue", "tab:gray"
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


def draw_equity(axis: Any, equity: pd.DataFrame, labels: Mapping[str, str]) -> None:
    """Draw the runs' accounts and, behind them, buy and hold where the table has it.

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
        curves = {"buy_hold": ("buy and hold", "0.75", 0.7), **curves}
    for name, (label, colour, width) in curves.items():
        axis.plot(equity.datetime, equity[name], color=colour, lw=width, label=label)
    drawn = equity[list(curves)].to_numpy(dtype=float)
    least = np.nanmin(drawn)
    axis.yaxis.set_major_formatter(WRITTEN)
    if least > 0:
        scale_prices(axis, np.nanmax(drawn) / least)
    axis.set_ylabel("equity")
    axis.legend(loc="upper left", fontsize=8)


def scale_prices(axis: Any, span: float) -> None:
    """Let equal distances be equal returns where prices differ much, and write prices out.

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
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axis.set_xticks(range(len(names)), names)
    axis.set_yticks(range(len(names)), names)
    for (row, column), number in np.ndenumerate(table):
        share = shares[row, column]
        colour = "white" if share > 0.6 else "black"
        text = f"{count(number)}\n{percent(share)}"
        axis.text(column, row, text, ha="center", va="center", color=colour)
    axis.set(xlabel="predicted", ylabel="actual")
