"""Backtrader's own chart of a run, as a PNG file."""

from pathlib import Path
from typing import Any

import matplotlib

from bt_fusion.files import write_whole

__all__ = ["draw_backtrader"]


def draw_backtrader(path: Path, cerebro: Any) -> None:
    """Draw Backtrader's own chart of a finished run into a PNG file, without a screen."""
    import backtrader.plot  # noqa: F401  (asks for a screen as it is imported)

    matplotlib.use("Agg")
    figure = cerebro.plot(iplot=False, style="line", volume=False)[0][0]
    figure.set_size_inches(14, 9)
    write_whole(path, lambda file: figure.savefig(file, dpi=110))
