"""The canvas every picture is drawn on: figures without a screen, and their colours."""

from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

__all__ = ["BLUE", "GRAY", "new_figure"]


BLUE, GRAY = "tab:blue", "tab:gray"


def new_figure(width: float, height: float) -> Any:
    """Return a figure that needs no screen."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure
