"""Pictures of a comparison: the changes by ML, and the results of random filters."""

from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.ticker import PercentFormatter

from bt_fusion.report.charts.chance_range import ChanceRange, chance_ranges
from bt_fusion.report.charts.entry_quarters import entry_quarters
from bt_fusion.report.charts.funnel_stages import stage_name
from bt_fusion.report.difference import difference_parts, robustness_factors
from bt_fusion.report.figures import count
from bt_fusion.report.pictures.canvas import RUN_COLOURS, WRITTEN, legend_above
from bt_fusion.report.pictures.style import BLUE, GRAY, INK, ORANGE
from bt_fusion.report.ranking import QUARTILES, ranking_of
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = [
    "draw_attribution",
    "draw_chance",
    "draw_difference",
    "draw_funnel",
    "draw_placebo",
    "draw_quarters",
    "draw_ranking",
    "draw_robustness",
]

WIDTH = 0.38  # of a bar, two side by side


def draw_attribution(figure: Any, run: SavedRun) -> bool:
    """Draw the contribution of each category of trades to the difference of the runs."""
    split = (run.summary["comparison"] or {}).get("attribution")
    if not split:
        return False
    parts = list(split.items())[::-1]
    values = [part["pnl"] for _, part in parts]
    axis = figure.subplots()
    names = [f"{name} ({count(part['trades'])})" for name, part in parts]
    axis.grid(axis="y", visible=False)
    axis.barh(names, values, color=[BLUE if value >= 0 else ORANGE for value in values], height=0.6)
    axis.axvline(0, color=INK, lw=0.8)
    axis.xaxis.set_major_formatter(WRITTEN)
    axis.set_xlabel("difference in profit, cash")
    return True


def draw_difference(figure: Any, run: SavedRun) -> bool:
    """Draw the parts of the difference in profit stacked, and their sum."""
    parts = difference_parts(run.summary["comparison"] or {})
    if not parts:
        return False
    axis, cash = figure.subplots(), np.array([*parts.values(), sum(parts.values())])
    starts = np.append(np.cumsum(cash[:-1]) - cash[:-1], 0.0)
    colours = [BLUE if value >= 0 else ORANGE for value in cash[:-1]]
    axis.bar(
        [fill(name, 16) for name in (*parts, "sum")],
        cash,
        bottom=starts,
        color=[*colours, GRAY],
        width=0.6,
    )
    axis.axhline(0, color=INK, lw=0.8)
    axis.grid(axis="x", visible=False)
    axis.yaxis.set_major_formatter(WRITTEN)
    axis.set_ylabel("cash")
    return True


def draw_funnel(figure: Any, run: SavedRun) -> bool:
    """Draw the number of bars that passed each stage, by run."""
    funnels = run.summary.get("funnel") or {}
    if not funnels:
        return False
    stages = list(dict.fromkeys(stage for one in funnels.values() for stage in one["passed"]))
    order = [s for s in (funnels.get("on") or {}).get("passed", stages)] or stages
    place, axis = np.arange(len(order)), figure.subplots()
    for at, (name, found) in enumerate(funnels.items()):
        counts = [found["passed"].get(stage, 0) for stage in order]
        drawn = axis.barh(
            place + 0.4 * at, counts, 0.38, color=RUN_COLOURS[name], label=f"ML {name}"
        )
        axis.bar_label(drawn, [count(bars) if bars else "" for bars in counts], fontsize=8)
    axis.set_yticks(place + 0.2 * (len(funnels) - 1), [stage_name(stage) for stage in order])
    axis.invert_yaxis()
    axis.margins(x=0.1)
    axis.grid(axis="y", visible=False)
    axis.xaxis.set_major_formatter(WRITTEN)
    axis.set_xlabel("bars")
    legend_above(axis)
    return True


def draw_ranking(figure: Any, run: SavedRun) -> bool:
    """Draw the mean net return of a trade by quartile of the rank of its probability."""
    found = ranking_of(run.summary)
    if not found or found["reason"]:
        return False
    axis = figure.subplots()
    means = [np.nan if mean is None else 100 * mean for mean in found["quartiles"]]
    names = [f"{n}\n{count(c)} entries" for n, c in zip(QUARTILES, found["counts"], strict=True)]
    axis.bar(names, means, color=[ORANGE if mean < 0 else BLUE for mean in means], width=0.6)
    axis.axhline(0, color=INK, lw=0.8)
    axis.grid(axis="x", visible=False)
    axis.set(
        xlabel="rank of the probability among the earlier entries of its side",
        ylabel="mean net return, %",
    )
    return True


def draw_placebo(figure: Any, run: SavedRun) -> bool:
    """Draw the real result among those of random filters."""
    placebo = (run.summary.get("statistics") or {}).get("placebo")
    if not placebo or placebo.get("real") is None:
        return False
    axis, bins = figure.subplots(), placebo.get("histogram")
    if bins:
        axis.stairs(
            bins["counts"], bins["edges"], fill=True, color=GRAY, alpha=0.6, label="random filters"
        )
        axis.set_ylabel("draws")
    else:
        axis.axvspan(
            placebo["low"],
            placebo["high"],
            color=GRAY,
            alpha=0.3,
            label="random filters, 95 % of them",
        )
        axis.axvline(placebo["mean"], color=GRAY, label="their mean")
    axis.axvline(placebo["real"], color=BLUE, lw=2, label="ML on")
    p_value = placebo["p_value"]
    as_good = "" if p_value is None else f"; p-value against random filters {p_value:.3g}"
    axis.xaxis.set_major_formatter(WRITTEN)
    axis.set_xlabel(f"net profit, cash{as_good}")
    legend_above(axis)
    return True


def draw_chance(figure: Any, run: SavedRun) -> bool:
    """Draw the figures of both runs within the ranges of the random filters."""
    found = chance_ranges(run.summary)
    if not found:
        return False
    axes = np.ravel(figure.subplots(len(found), 1))
    for axis, each in zip(axes, found, strict=True):
        draw_chance_range(axis, each, run.runs)
    legend_above(axes[0])
    return True


def draw_chance_range(axis: Any, found: ChanceRange, runs: list[str]) -> None:
    """Draw one figure of both runs and its range among the random filters, in its own unit."""
    width = found.high - found.low
    label = "95 % of the random filters, and their middle"
    axis.barh(0, width, 0.5, left=found.low, color=GRAY, alpha=0.3, label=label)
    axis.plot([found.middle, found.middle], [-0.25, 0.25], color=GRAY, lw=1.5)
    for name in runs:
        value = getattr(found, name)
        inside = RUN_COLOURS[name] if name == "on" else "white"
        style = {"s": 80, "color": inside, "edgecolor": RUN_COLOURS[name], "zorder": 3}
        axis.scatter(np.nan if value is None else value, 0, label=f"ML {name}", **style)
    axis.use_sticky_edges = False  # room on both sides of the bar
    axis.set(ylim=(-0.5, 0.5))
    axis.set_yticks([0], [found.label_with_unit])
    axis.grid(axis="y", visible=False)
    axis.xaxis.set_major_formatter(PercentFormatter(1) if found.unit == "%" else WRITTEN)


def draw_quarters(figure: Any, run: SavedRun) -> bool:
    """Draw mean return, win rate and number of the trades by group of the probability."""
    found = entry_quarters(run)
    if found is None:
        return False
    panels = {"mean return, %": found.means, "win rate, %": found.win_rates, "trades": found.counts}
    axes = figure.subplots(3, 1, sharex=True, height_ratios=[1.5, 1, 1])
    for axis, (label, values) in zip(axes, panels.items(), strict=True):
        scale = 1 if label == "trades" else 100
        for at, name in enumerate(run.runs):
            place = np.arange(4) + WIDTH * (at - 0.5 * (len(run.runs) - 1))
            bars = scale * values[name]
            axis.bar(place, bars, WIDTH, color=RUN_COLOURS[name], label=f"ML {name}")
        axis.axhline(0, color=INK, lw=0.8)
        axis.grid(axis="x", visible=False)
        axis.set_ylabel(label)
    legend_above(axes[0])
    axes[-1].set_xlabel("probability of the side at entry")
    axes[-1].set_xticks(range(4), found.names)
    return True


def draw_robustness(figure: Any, run: SavedRun) -> bool:
    """Draw the profit factors of both runs, as traded and under harsher conditions."""
    found = robustness_factors(run.summary)
    if not found:
        return False
    axis, place = figure.subplots(), np.arange(len(found["names"]))
    for at, name in enumerate(("off", "on")):
        values = [np.nan if value is None else value for value in found[name]]
        axis.bar(
            place + WIDTH * (at - 0.5), values, WIDTH, color=RUN_COLOURS[name], label=f"ML {name}"
        )
    axis.axhline(1, color=INK, lw=0.8, ls="--", label="wins equal losses")
    axis.set_xticks(place, found["names"])
    axis.grid(axis="x", visible=False)
    axis.set_ylabel("profit factor")
    legend_above(axis)
    return True
