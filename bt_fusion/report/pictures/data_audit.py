"""The bars with what an audit found in them: the closes, a mark at each bar concerned."""

from pathlib import Path
from typing import Any

import pandas as pd

from bt_fusion.data.bar_audit import DataAudit, Finding
from bt_fusion.data.bars import check_bars
from bt_fusion.files import write_whole
from bt_fusion.report.checks.data_audit import KINDS
from bt_fusion.report.figures import count
from bt_fusion.report.pictures.canvas import new_figure, scale_prices
from bt_fusion.report.pictures.style import GRAY, styled

__all__ = ["draw_audit"]

SIZE = (13, 6)
MARKS = {
    "gaps": ("|", "tab:red"),
    "filled": ("o", "tab:orange"),
    "frozen": ("s", "tab:blue"),
    "lengths": ("_", "tab:purple"),
    "outliers": ("X", "tab:red"),
    "wicks": ("v", "tab:pink"),
    "splits": ("D", "tab:green"),
    "zero_volume": (".", "tab:brown"),
    "unfinished": (">", "black"),
}


@styled
def draw_audit(path: str | Path, bars: pd.DataFrame, audit: DataAudit, title: str = "") -> Path:
    """Draw the closes of audited bars with every finding into a PNG file.

    Parameters
    ----------
    path : path
        The file to write.
    bars : DataFrame
        Those that `audit_bars` was given.
    audit : DataAudit
    title : str
        Title of the picture, such as the name of the data.

    Returns
    -------
    Path
        The file.
    """
    bars = check_bars(bars)
    figure = new_figure(*SIZE)
    figure.suptitle(title or "Audit of the bars", x=0.01, ha="left")
    axis = figure.add_subplot()
    axis.plot(bars.index, bars.close, color=GRAY, lw=0.7, zorder=1)
    scale_prices(axis, bars.close.max() / bars.close.min())
    for finding in audit.findings:
        draw_finding(axis, bars, finding)
    if audit.findings:
        axis.legend(loc="upper left")
    axis.set(ylabel="close", xlim=(bars.index[0], bars.index[-1]))
    path = Path(path)
    write_whole(path, lambda file: figure.savefig(file, dpi=110))
    return path


def draw_finding(axis: Any, bars: pd.DataFrame, finding: Finding) -> None:
    """Draw a mark at each bar that a finding concerns."""
    marker, colour = MARKS[finding.kind]
    cases = f"{KINDS[finding.kind]}: {count(finding.count)}"
    bars = bars.iloc[finding.rows]
    axis.scatter(bars.index, bars.close, s=40, marker=marker, color=colour, label=cases, zorder=2)
