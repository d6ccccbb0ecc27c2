"""The two axes of the signal picture, their legend and their caption."""

from textwrap import fill
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation

from bt_fusion.report.figures import count, when
from bt_fusion.report.pictures.candles import date_axis, draw_candles
from bt_fusion.report.pictures.canvas import scale_prices
from bt_fusion.report.pictures.style import GREEN, INK, ORANGE
from bt_fusion.report.signals import SignalBars
from bt_fusion.technical.regimes import Regime

__all__ = ["draw_signal_bars"]


class Side(NamedTuple):
    """Drawing style of a side."""

    name: str
    signal: int
    probability: str  # column
    price: str  # column of the price that triangles stand at
    away: float  # from it, points
    marker: str
    colour: str


LONG = Side("long", 1, "up", "low", -6, "^", GREEN)
SHORT = Side("short", -1, "down", "high", 6, "v", ORANGE)
SHADES = {
    Regime.UP: ("#dcf0ea", "uptrend"),
    Regime.DOWN: ("#fae5d9", "downtrend"),
    Regime.RANGING: ("#f3f3f3", "ranging"),
}
AREAS = 16, 60  # of a triangle, square points: where there are many, and few
CAPTION_WIDTH = 225  # characters in a line


def draw_signal_bars(figure: Any, drawn: SignalBars, name: str = "") -> None:
    """Draw prices above and probabilities below into an empty figure."""
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=[2.6, 1])
    index = pd.DatetimeIndex(drawn.table.index)
    shades = [shade_regimes(axis, drawn.table.regime.to_numpy()) for axis in (top, below)]
    marks = draw_prices(top, drawn)
    lines = draw_probabilities(below, drawn)
    date_axis(below, index)
    bars = f"{count(len(index))} bar{'s' if len(index) > 1 else ''}"
    shown = f"{bars}, {when(index[0])} to {when(index[-1])}"
    top.set_title(f"{name}: {shown}" if name else shown, loc="left", pad=24)
    place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.2}
    handles = [*marks, *shades[0], *lines]
    top.legend(handles=handles, **place, ncols=len(handles), columnspacing=1.6, frameon=False)
    figure.supxlabel(fill(drawn.caption, CAPTION_WIDTH), x=0.01, ha="left", fontsize=8)


def shade_regimes(axis: Any, regime: np.ndarray) -> list[Patch]:
    """Shade each stretch of bars of one regime; return the legend handles."""
    starts = np.flatnonzero(np.r_[True, np.diff(regime) != 0])
    for start, end in zip(starts, np.r_[starts[1:], len(regime)], strict=True):
        axis.axvspan(start - 0.5, end - 0.5, color=SHADES[regime[start]][0], lw=0, zorder=0)
    return [Patch(color=shade, label=name) for shade, name in SHADES.values()]


def draw_prices(axis: Any, drawn: SignalBars) -> list[Any]:
    """Draw candles and triangles; return the triangles by side, without unused sides."""
    table = drawn.table
    draw_candles(axis, table)
    axis.margins(y=0.06)  # room for the triangles
    scale_prices(axis, float(table.high.max()) / float(table.low.min()))
    axis.set_ylabel("price")
    signals = int((table.signal != 0).sum())
    area = float(np.clip(5_000 / max(1, signals), *AREAS))
    sides = [LONG] if drawn.one_sided else [LONG, SHORT]
    return [draw_triangles(axis, table, side, area) for side in sides]


def draw_triangles(axis: Any, table: pd.DataFrame, side: Side, area: float) -> Any:
    """Draw a triangle at the bar of each signal of a side."""
    at = np.flatnonzero(table.signal == side.signal)
    away = ScaledTranslation(0, side.away / 72, axis.figure.dpi_scale_trans)
    return axis.scatter(
        at,
        table[side.price].iloc[at],
        marker=side.marker,
        s=area,
        color=side.colour,
        edgecolors="white",
        linewidths=0.4,
        transform=axis.transData + away,
        label=f"{side.name} signal ({count(len(at))})",
        zorder=3,
    )


def draw_probabilities(axis: Any, drawn: SignalBars) -> list[Line2D]:
    """Draw the probability of each side and the thresholds; return the legend handles."""
    axis.set_ylabel("probability")
    lines = []
    for side, name in zip((LONG, SHORT), drawn.names, strict=False):
        alpha = 0.4 if drawn.mirrored and side is SHORT else 1.0
        values = drawn.table[side.probability].to_numpy()
        style = {"color": side.colour, "alpha": alpha, "marker": "." if len(values) < 50 else ""}
        lines += axis.plot(values, lw=0.9, label=name, **style)
    return [*lines, *draw_thresholds(axis, drawn)[:1]]


def draw_thresholds(axis: Any, drawn: SignalBars) -> list[Line2D]:
    """Draw the thresholds, constant or by bar; the first line carries the label."""
    style = {"color": INK, "lw": 0.8, "ls": "--"}
    if drawn.changing:
        least = drawn.table.least.to_numpy()
        sides = [least, 1 - least][: len(drawn.levels)]
        return [line for each in sides for line in axis.plot(each, label="threshold", **style)]
    levels = ", ".join(f"{level:.3g}" for level in drawn.levels)
    lines = [axis.axhline(level, **style) for level in drawn.levels]
    for line in lines[:1]:
        line.set_label(f"threshold{'s' if len(lines) > 1 else ''} {levels}")
    return lines
