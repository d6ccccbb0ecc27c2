"""The comparison as a picture: price and entries, probabilities, both equity curves."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.files import write_whole
from bt_fusion.report.figures import bars_traded, count, signed_percent
from bt_fusion.report.model_figures import agreement_of_run, thresholds
from bt_fusion.report.pictures.canvas import draw_equity, legend_above, new_figure, scale_prices
from bt_fusion.report.pictures.style import BLUE, GREEN, INK, ORANGE, styled
from bt_fusion.report.signals import probability_names
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["draw_comparison"]

SIDE_COLOURS = {"long": GREEN, "short": ORANGE}
MOST_SYMBOLS = 6
MOST_BARS = 4_000  # points per curve; more than the pixel columns of a picture


@styled
def draw_comparison(path: Path, run: SavedRun) -> None:
    """Draw a run over the window's bars into a PNG file.

    Of several symbols the prices and entries of the first `MOST_SYMBOLS` are drawn, without
    probabilities.
    """
    alone, drawn = len(run.symbols) == 1, run.symbols[:MOST_SYMBOLS]
    heights = [3, 1.2, 1.6] if alone else [2.2 for _ in drawn] + [1.6]
    figure = new_figure(12, sum(heights) * 1.38)
    axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    shown = run.trades[run.trades.run == run.runs[-1]]
    for symbol, axis in zip(drawn, axes, strict=False):
        bars = run.of_symbol(run.bars, symbol).set_index("datetime")
        name = "price" if alone else symbol
        _draw_price(axis, bars, run.of_symbol(shown, symbol), f"ML {run.runs[-1]}", name)
    if alone:
        _draw_probability(axes[1], run)
    _draw_equity(axes[-1], run)
    figure.suptitle(title_of(run), x=0.01, ha="left")
    write_whole(path, lambda file: figure.savefig(file, dpi=110))


def title_of(run: SavedRun) -> str:
    """Return the title: run, number of bars, in-sample mark, and verdict."""
    strategy = run.summary["config"]["strategy"].rsplit(":")[-1]
    verdict = (run.summary["comparison"] or {}).get("verdict")
    return (
        f"{run.summary['data']['name']}: {strategy}, ML {' and '.join(run.runs)}, "
        f"{bars_traded(run.summary)}{f': {verdict}' if verdict else ''}"
    )


def _draw_price(
    axis: Any, bars: pd.DataFrame, trades: pd.DataFrame, name: str, ylabel: str
) -> None:
    step = max(1, len(bars) // MOST_BARS)
    axis.plot(bars.index[::step], bars.close.iloc[::step], color=INK, lw=0.7, label="close price")
    for side, marker in (("long", "^"), ("short", "v")):
        taken = trades[trades.side == side]
        size = 36 if len(trades) < 400 else 9
        axis.scatter(
            taken.entry_time,
            taken.entry_price,
            marker=marker,
            s=size,
            color=SIDE_COLOURS[side],
            label=f"{side} entries, {name} ({count(len(taken))})",
            zorder=3,
        )
    scale_prices(axis, bars.close.max() / bars.close.min())
    axis.set_ylabel(ylabel)
    legend_above(axis)


def _draw_probability(axis: Any, run: SavedRun) -> None:
    step = max(1, len(run.predictions) // MOST_BARS)
    up, name = run.predictions.probability_up, probability_names(run)[0]
    axis.plot(run.predictions.datetime[::step], up[::step], color=BLUE, lw=0.6, label=name)
    levels = thresholds(run)
    drawn: list[Any] = [up, *levels]
    if levels and agreement_of_run(run).auto:
        own = run.predictions.threshold[::step]
        drawn = [up, own]
        for curve, label in ((own, "break-even threshold"), (1 - own, None))[: len(levels)]:
            stamps = run.predictions.datetime[::step]
            axis.plot(stamps, curve, color=INK, lw=0.5, label=label)
    else:
        for level, label in zip(levels, ("threshold", None), strict=False):
            axis.axhline(level, color=INK, lw=0.8, ls="--", label=label)
    legend_above(axis)
    axis.set_ylabel(name)
    away = np.nanmax([np.nanmax(np.abs(each - 0.5), initial=0.0) for each in drawn])
    reach = min(0.5, max(0.15, 1.05 * float(away)))
    axis.set_ylim(0.5 - reach, 0.5 + reach)


def _draw_equity(axis: Any, run: SavedRun) -> None:
    totals = {name: run.summary[f"ml_{name}"]["total_return"] for name in run.runs}
    labels = {name: f"ML {name}: {signed_percent(total)}" for name, total in totals.items()}
    draw_equity(axis, run.equity[:: max(1, len(run.equity) // MOST_BARS)], labels)
