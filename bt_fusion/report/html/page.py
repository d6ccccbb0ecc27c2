"""report.html: one self-contained file that works offline."""

import json
from importlib import resources
from pathlib import Path

from bt_fusion.errors import OptionError
from bt_fusion.files import plain, write_whole
from bt_fusion.report.errors_as_warnings import errors_as_warnings
from bt_fusion.report.figures import bars_traded, when
from bt_fusion.report.html.columns.page_data import page_data
from bt_fusion.report.html.sections import Section, sections
from bt_fusion.report.html.templates import asset, render
from bt_fusion.report.html.verdict_sections import verdict_banner
from bt_fusion.report.signal_view import DEFAULT_VIEW, SignalView
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["draw_page", "page"]

SCRIPTS = (
    "columns.js",
    "theme.js",
    "timeline.js",
    "price.js",
    "trades.js",
    "candles.js",
    "signals.js",
    "threshold.js",
    "charts.js",
    "verdict_charts.js",
    "page.js",
)


def draw_page(path: Path, run: SavedRun, view: SignalView = DEFAULT_VIEW) -> None:
    """Write the report of a run."""
    text = page(run, view)
    write_whole(path, lambda file: file.write_text(text, encoding="utf-8"))


def page(run: SavedRun, view: SignalView = DEFAULT_VIEW) -> str:
    """Return the report as HTML with plotly.js and all data; its signals open on `view`.

    Raises
    ------
    OptionError
        When plotly is not installed, or the run has no such symbol or bars.
    """
    window = run.summary["window"]
    data = json.dumps(plain(page_data(run, view)), separators=(",", ":"), allow_nan=False)
    values = {
        "name": run.summary["data"]["name"],
        "strategy": run.summary["config"]["strategy"].rsplit(":")[-1],
        "runs": " and ".join(f"ML {name}" for name in run.runs),
        "bars": f"{bars_traded(run.summary)}, {when(window['start'])} to {when(window['end'])}",
        "in_sample": run.in_sample,
        "verdict": verdict_banner(run),
        "sections": filled(sections(run)),
        "style": asset("page.css"),
        "page_data": data.replace("<", "\\u003c"),
        "plotly": plotly_script(),
        "script": "\n".join(asset(name) for name in SCRIPTS),
        "boot": asset("boot.js"),
    }
    return render("page.html.j2", values)


def filled(found: list[Section]) -> list[tuple[Section, str]]:
    """Return each section with its HTML, skipping those whose template cannot be filled."""
    made = []
    for section in found:
        with errors_as_warnings(f"the section {section.title!r} of report.html"):
            values = {"section": section, "data": section.data}
            made.append((section, render(f"{section.template}.html.j2", values)))
    return made


def plotly_script() -> str:
    """Return plotly.js from the Python package."""
    try:
        found = resources.files("plotly") / "package_data" / "plotly.min.js"
        return found.read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise OptionError("report.html needs plotly: pip install 'plotly>=6.0'") from error
