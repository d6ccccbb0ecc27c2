"""Style of all pictures: colours, fonts and axes of report.html in its light theme."""

from typing import Any

from cycler import cycler
from matplotlib import rc_context
from matplotlib.colors import LinearSegmentedColormap

__all__ = ["BLUE", "GRAY", "GREEN", "HOLD", "INK", "MUTED", "ORANGE", "SHARES", "SIGNED", "styled"]

INK, MUTED, LINE, GRID = "#1b1f24", "#59636e", "#c9ced4", "#eceef0"
BLUE, GRAY, HOLD = "#0a62ab", "#6e7781", "#a8841a"  # ML on, ML off, buy and hold
GREEN, ORANGE = "#00765c", "#b8480b"  # long, short and losses; colour-blind safe
SHARES = LinearSegmentedColormap.from_list("shares", ["white", BLUE])
SIGNED = LinearSegmentedColormap.from_list("signed", [ORANGE, "white", BLUE])
STYLE: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": LINE,
    "axes.grid": True,
    "axes.labelcolor": MUTED,
    "axes.prop_cycle": cycler(color=[BLUE, GREEN, ORANGE, GRAY, "#7a4fa3", "#8c564b"]),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "figure.titlesize": 13,
    "figure.titleweight": "bold",
    "font.family": "sans-serif",
    "font.size": 9.5,
    "grid.color": GRID,
    "legend.fontsize": 8.5,
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    "text.color": INK,
    "xtick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.color": LINE,
    "ytick.labelcolor": MUTED,
}
styled = rc_context(STYLE)  # a decorator of what draws a whole picture
