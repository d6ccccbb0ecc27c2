"""A result as a figure of matplotlib's: both accounts, and how far they lie below their peaks."""

from typing import Any

from bt_fusion.report.pictures.canvas import shown_figure
from bt_fusion.report.pictures.comparison import title_of
from bt_fusion.report.pictures.run import draw_drawdown
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["result_figure"]


def result_figure(run: SavedRun) -> Any:
    """Return a figure with the equity of ML off and on and their drawdowns."""
    with shown_figure(10, 6) as figure:
        draw_drawdown(figure, run)
        figure.suptitle(title_of(run), x=0.01, ha="left", fontsize=11)
    return figure
