"""A universe as a picture: p-values with their range by chance, and the runs of each file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import NullFormatter
from scipy.stats import beta

from bt_fusion.files import write_whole
from bt_fusion.report.figures import count, percent
from bt_fusion.report.pictures.canvas import WRITTEN, head_figure, new_figure
from bt_fusion.report.pictures.style import BLUE, GRAY, INK, ORANGE, styled
from bt_fusion.report.universe import title_of

if TYPE_CHECKING:
    from bt_fusion.saved_runs.universe_folder import UniverseResult

__all__ = ["draw_universe"]

BAND = (0.025, 0.975)
AFTER = ORANGE
HINT = (
    "Look for points below the dashed line on the left (ML helped after control), and above the "
    "dashed diagonal on the right (ML on has the higher Sharpe ratio)."
)
NO_SHARPE = "no Sharpe ratio: too few days or trades"


@styled
def draw_universe(path: Path, found: "UniverseResult") -> None:
    """Draw the p-values and the Sharpe ratios of all files into a PNG file."""
    figure = new_figure(11, 4.8)
    left, right = figure.subplots(1, 2)
    draw_p_values(left, found)
    draw_sharpes(right, found)
    pooled = found.summary["pooled"]["verdict"]
    head_figure(figure, f"{title_of(found.summary)}; together: {pooled}", HINT)
    write_whole(path, lambda file: figure.savefig(file, dpi=110))


def draw_p_values(axis: Any, found: "UniverseResult") -> None:
    """Draw every p-value from the smallest, the band of chance, and the line of control."""
    table = found.table[found.table.p_value.notna()].sort_values("p_value", kind="stable")
    axis.set_title("p-values from the smallest", loc="left", fontsize=10)
    axis.set(xlabel="rank", ylabel="p-value of the setting")
    if not len(table):
        return
    files = len(table)
    rank = np.arange(1, files + 1)
    low, high = (beta.ppf(share, rank, files + 1 - rank) for share in BAND)
    axis.fill_between(rank, low, high, color="0.88", label="where 95 % of chance results lie")
    level = found.summary["false_discoveries"]
    axis.plot(rank, level * rank / files, color=INK, lw=0.8, ls="--", label=control_text(level))
    after, before = (table[name].to_numpy(dtype=bool) for name in ("helped_after", "helped_before"))
    for rows, colour, size, label in (
        (~before, GRAY, 8, "files"),
        (before & ~after, BLUE, 28, "ML helped, before control"),
        (after, AFTER, 28, "ML helped, after control"),
    ):
        values, shown = table.p_value.to_numpy()[rows], label if rows.any() else None
        axis.scatter(rank[rows], values, s=size, color=colour, label=shown, zorder=3)
    axis.set(xscale="log", yscale="log")
    for each in (axis.xaxis, axis.yaxis):
        each.set_major_formatter(WRITTEN)
        each.set_minor_formatter(NullFormatter())
    axis.legend(loc="lower right")


def control_text(level: float) -> str:
    """Return the label of the dashed line."""
    return f"below this line: helped after control ({percent(level, 0)} false)"


def draw_sharpes(axis: Any, found: "UniverseResult") -> None:
    """Draw the Sharpe ratio of every file with ML against the one without."""
    table = found.table[["off_sharpe", "on_sharpe", "helped_before", "helped_after"]].dropna()
    missing = int((found.table.error == "").sum()) - len(table)
    note = f", {count(missing)} files without one" if missing else ""
    axis.set_title(f"Sharpe ratios{note}", loc="left", fontsize=10)
    axis.set(xlabel="ML off", ylabel="ML on")
    if not len(table):
        axis.text(0.5, 0.5, NO_SHARPE, ha="center", va="center", transform=axis.transAxes)
        axis.set_axis_off()
        return
    off, on = (table[f"{run}_sharpe"].to_numpy(dtype=float) for run in ("off", "on"))
    before, after = (table[name].to_numpy(dtype=bool) for name in ("helped_before", "helped_after"))
    ends = [min(off.min(), on.min()), max(off.max(), on.max())]
    axis.plot(ends, ends, color=INK, lw=0.8, ls="--", label="ML changes nothing")
    for rows, colour, size in ((~before, GRAY, 8), (before & ~after, BLUE, 28), (after, AFTER, 28)):
        axis.scatter(off[rows], on[rows], s=size, color=colour, zorder=3)
    axis.axhline(0, color="0.8", lw=0.8)
    axis.axvline(0, color="0.8", lw=0.8)
    axis.legend()
