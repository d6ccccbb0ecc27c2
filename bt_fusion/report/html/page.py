"""report.html: one file that holds everything it shows and asks no network for anything."""

import json
from html import escape
from importlib import resources
from pathlib import Path
from string import Template

from bt_fusion.errors import OptionError
from bt_fusion.files import plain, write_whole
from bt_fusion.report.figures import when
from bt_fusion.report.html.curves import curves_svg
from bt_fusion.report.html.elements import Html, join, paragraph, tag
from bt_fusion.report.html.model_sections import (
    command_section,
    confusion_section,
    funnel_section,
    model_card,
)
from bt_fusion.report.html.page_data import page_data
from bt_fusion.report.html.result_sections import (
    attribution_section,
    figures_table,
    key_figures,
    periods_section,
    placebo_table,
    statistics_table,
    verdict_banner,
)
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["draw_page", "page"]

SCRIPTS = ("columns.js", "theme.js", "timeline.js", "candles.js", "charts.js", "page.js")
IN_SAMPLE = (
    "IN-SAMPLE: the model was trained on some of these bars. It knows their answers; nothing here "
    "says how it does on unseen ones."
)


def draw_page(path: Path, run: SavedRun) -> None:
    """Write the report of a run."""
    text = page(run)
    write_whole(path, lambda file: file.write_text(text, encoding="utf-8"))


def page(run: SavedRun) -> str:
    """Return the report as HTML, plotly.js and all data in it.

    Raises
    ------
    OptionError
        When plotly is not installed.
    """
    data = json.dumps(plain(page_data(run)), separators=(",", ":"), allow_nan=False)
    return Template(_part("page.html")).substitute(
        title=escape(f"{run.summary['data']['name']}: ML off and on"),
        mark=mark(run),
        warning=paragraph(IN_SAMPLE if run.in_sample else "", class_="warning", role="alert"),
        heading=heading(run),
        verdict=verdict_banner(run),
        contents=contents(run),
        sections=join(section(run, *parts) for parts in sections(run)),
        style=_part("page.css"),
        data=data.replace("<", "\\u003c"),
        plotly=plotly_script(),
        script="\n".join(_part(name) for name in SCRIPTS),
        boot=_part("boot.js"),
    )


def heading(run: SavedRun) -> Html:
    """Return what was run, in two lines."""
    data, window, config = (run.summary[key] for key in ("data", "window", "config"))
    start, end = when(window["start"]), when(window["end"])
    seen = "IN-SAMPLE" if run.in_sample else "unseen"
    name = config["strategy"].rsplit(":")[-1]
    return join(
        [
            tag("h1", f"{data['name']}: {name}, {' and '.join(f'ML {n}' for n in run.runs)}"),
            paragraph(f"{window['bars']:,} {seen} bars, {start} to {end}", class_="lead"),
        ]
    )


def mark(run: SavedRun) -> Html:
    """Return the mark every section of an in-sample report carries."""
    return tag("span", "IN-SAMPLE", class_="mark") if run.in_sample else Html()


def contents(run: SavedRun) -> Html:
    """Return links to the sections."""
    links = [tag("a", title, href=f"#{name}") for name, title, _, _ in sections(run)]
    return tag("nav", join(links), aria_label="Contents")


def section(run: SavedRun, name: str, title: str, words: object, content: Html) -> Html:
    """Return a section with its heading."""
    head = tag("h2", join([title, mark(run)], " "), id=f"{name}-title")
    parts = [head, paragraph(words, class_="words"), content]
    return tag("section", join(parts), id=name, aria_labelledby=f"{name}-title")


def chart(name: str, words: str, at_first: object = "") -> Html:
    """Return the place of a chart, with words for those who do not see it."""
    return tag("div", at_first, id=f"chart-{name}", class_="chart", role="img", aria_label=words)


def curves(run: SavedRun) -> Html:
    """Return the equity curves as they are seen until plotly has started."""
    drawn = curves_svg(run.equity, ends(run), fill=True)
    return tag("div", drawn, class_="at-first", aria_hidden="true")


def sections(run: SavedRun) -> list[tuple[str, str, str, Html]]:
    """Return name, title, words and content of every section, in order."""
    found = [
        ("key", "Key figures", "", key_figures(run)),
        ("equity", "Equity and drawdown", EQUITY, chart("equity", ends(run), curves(run))),
        ("candles", "Price, entries and predictions", CANDLES, candles(run)),
        ("attribution", "What became of the trades", attributed(run), attribution_section(run)),
        ("funnel", "From bars to orders", "", funnel_section(run)),
        ("reliability", "Reliability", RELIABILITY, chart("reliability", RELIABILITY)),
        ("confusion", "Said and came", "", confusion_section(run)),
    ]
    if run.summary["model"].get("importances"):
        found.append(("importances", "Features", IMPORTANCES, chart("importances", IMPORTANCES)))
    if run.summary["model"]["refits"]:
        found.append(("refits", "Each refit", REFITS, chart("refits", REFITS)))
    found.append(("periods", "Returns by calendar", "", periods_section(run)))
    if (run.summary.get("statistics") or {}).get("placebo"):
        parts = join([chart("placebo", PLACEBO), placebo_table(run)])
        found.append(("placebo", "Placebo", PLACEBO, parts))
    return [
        *found,
        ("figures", "Every figure", FIGURES, join([figures_table(run), statistics_table(run)])),
        ("card", "Model card", "", model_card(run)),
        ("repeat", "Repeat it", "", command_section(run)),
    ]


EQUITY = (
    "The account's value at each close, and how far it lies below its peak. Drag to zoom, double "
    "click for all; the chart below follows."
)
CANDLES = (
    "Filled triangles: entries. Below: entries by candle, those taken and those of ML off that ML "
    "on did not take; the probability with its thresholds; the confidence."
)
RELIABILITY = (
    "What came against what was said. On the diagonal the probabilities mean what they say. Bars: "
    "95\u00a0% intervals, overlapping labels counted once; below, how many bars were said so."
)
IMPORTANCES = (
    "What the members lean on by their own account, a mean over members and refits. It is what "
    "they learnt from, not what helps on unseen bars."
)
REFITS = "AUC of each refit on the bars it predicted; 0.5 is a coin."
PLACEBO = (
    "What ML on made against runs whose vetoes were drawn at random, at the same rate. The chart "
    "shows what they earned; the share that chose as well goes by the entries alone, before costs."
)
FIGURES = (
    "A figure whose interval lies on one side of zero is not yet a verdict: trading less under "
    "costs moves these figures without any skill."
)


def ends(run: SavedRun) -> str:
    """Say in words how the equity curves end."""
    told = [
        f"ML {name} ends at {run.equity[name].iloc[-1]:,.0f} with a deepest drawdown of "
        f"{100 * run.summary[f'ml_{name}']['max_drawdown']:.1f} %"
        for name in run.runs
    ]
    return f"Equity and drawdown: {'; '.join(told)}."


def attributed(run: SavedRun) -> str:
    """Say in a sentence what ML changed."""
    return (run.summary["comparison"] or {}).get("attribution_sentence") or ""


def candles(run: SavedRun) -> Html:
    """Return the candles' controls and their place."""
    choice: Html | str = ""
    if len(run.symbols) > 1:
        options = join(tag("option", name, value=number) for number, name in enumerate(run.symbols))
        choice = tag("label", join(["Symbol ", tag("select", options, id="symbol")]))
    ranges = tag("div", "", class_="buttons", id="ranges", role="group", aria_label="Range shown")
    controls = tag("div", join([choice, ranges]), class_="controls")
    words = f"Candles with {len(run.trades):,} trades of ML {' and ML '.join(run.runs)}."
    drawn = paragraph(" ", id="drawn", class_="drawn", aria_live="polite")
    return join([controls, chart("candles", words), drawn])


def plotly_script() -> str:
    """Return plotly.js as the Python package carries it."""
    try:
        found = resources.files("plotly") / "package_data" / "plotly.min.js"
        return found.read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise OptionError("report.html needs plotly: pip install 'plotly>=6.0'") from error


def _part(name: str) -> str:
    return (resources.files(__package__ or "") / "assets" / name).read_text(encoding="utf-8")
