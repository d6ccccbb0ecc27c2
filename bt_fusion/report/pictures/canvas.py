"""What pictures share: figures without a screen, colours, axes of prices, the confusion matrix."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from bt_fusion.report.figures import count, percent

__all__ = ["BLUE", "GRAY", "RUN_COLOURS", "draw_hold", "draw_matrix", "new_figure", "scale_prices"]


BLUE, GRAY = "tab:blue", "tab:gray"
RUN_COLOURS = {"off": GRAY, "on": BLUE}


def new_figure(width: float, height: float) -> Any:
    """Return a figure that needs no screen; pyplot would choose one."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def draw_hold(axis: Any, equity: pd.DataFrame) -> None:
    """Draw buy and hold as a thin line behind the runs, where a table has it."""
    if "buy_hold" in equity:
        axis.plot(
            equity.datetime, equity.buy_hold, color="0.75", lw=0.7, label="buy and hold", zorder=1
        )


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
    written = FuncFormatter(lambda price, _: f"{price:,g}")
    axis.set_yscale("log")
    axis.yaxis.set_major_formatter(written)
    axis.yaxis.set_minor_formatter(NullFormatter() if span > 20 else written)


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
