"""Sections of report.html in order: each a template and its values."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bt_fusion.report.ablation import ABLATION
from bt_fusion.report.charts.headings import HEADINGS
from bt_fusion.report.checks.model_health import health_texts
from bt_fusion.report.errors_as_warnings import errors_as_warnings
from bt_fusion.report.figures import count, money, percent
from bt_fusion.report.html import section_words as words
from bt_fusion.report.html.ablation_section import ablation_section
from bt_fusion.report.html.curves import equity_curves
from bt_fusion.report.html.data_sections import data_section, guard_section, strategy_section
from bt_fusion.report.html.difference_sections import (
    difference_section,
    difference_words,
    robustness_section,
)
from bt_fusion.report.html.model_card import command_section, model_card
from bt_fusion.report.html.model_sections import confusion_section, funnel_section
from bt_fusion.report.html.result_sections import (
    agreement_section,
    attribution_section,
    figures_section,
    key_figures,
    periods_section,
    reasons_section,
    symbols_section,
)
from bt_fusion.report.html.trade_sections import quarters_section, trades_section
from bt_fusion.report.html.verdict_sections import (
    chance_section,
    placebo_section,
    ranking_section,
)
from bt_fusion.report.model_figures import changes_threshold, class_names_of
from bt_fusion.report.ranking import ranking_words
from bt_fusion.report.refit_auc import refit_auc_texts
from bt_fusion.report.signals import SignalBars
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["Section", "sections"]


@dataclass(frozen=True)
class Section:
    """A section of the page.

    Attributes
    ----------
    name : str
        Its id; that of its chart is chart-NAME.
    title : str
        Its heading.
    hint : str
        The one sentence that says what to look for; empty where there is no chart.
    words : str
        What is shown, and how: above a table, below a chart.
    template : str
        Name of the file NAME.html.j2.
    data : dict
        Plain values, as they are written. `charted` False: there is no chart this time.
    """

    name: str
    title: str
    hint: str
    words: str
    template: str
    data: dict[str, Any]


def sections(run: SavedRun) -> list[Section]:
    """Return the sections a run has content for; a failing section is skipped."""
    found = []
    for name, (caption, template, fill) in PLAN.items():
        title, hint = HEADINGS[name].title, HEADINGS[name].hint_for(len(run.runs))
        with errors_as_warnings(f"the section {title!r} of report.html"):
            data = fill(run)
            if data is not None:
                text = caption if isinstance(caption, str) else caption(run)
                hint = hint if data.get("charted", True) else ""
                found.append(Section(name, title, hint, text, template, data))
    return found


def signal_words(run: SavedRun) -> str:
    """Return the caption of the signal chart."""
    return f"{SignalBars.of_run(run, run.symbols[0]).caption} {words.ZOOM}"


def threshold_section(run: SavedRun) -> dict[str, Any] | None:
    """Return empty values for the chart; None without ML, or if thresholds are constant."""
    return {} if "on" in run.runs and changes_threshold(run) else None


def ranking_sentence(run: SavedRun) -> str:
    """Return what was ranked, and the result."""
    return ranking_words(run.summary)


def reliability_words(run: SavedRun) -> str:
    """Return the caption of the reliability diagram, with the name of the predicted class."""
    return words.RELIABILITY.format(name=class_names_of(run)[-1])


def refit_words(run: SavedRun) -> str:
    """Return the AUCs in words, and what to look for in their chart."""
    texts = [
        f"{symbol}{': ' if symbol else ''}{text}."
        for symbol, text in refit_auc_texts(run.summary).items()
    ]
    return " ".join([*texts, words.REFITS])


def importance_section(run: SavedRun) -> dict[str, Any] | None:
    """Return empty values for the chart of importances; None if there is none."""
    return {} if run.summary["model"].get("importances") else None


def refit_section(run: SavedRun) -> dict[str, Any] | None:
    """Return empty values for the chart of refits; None for a saved model."""
    return {} if run.summary["model"]["refits"] else None


def health_words(run: SavedRun) -> str:
    """Return the models' health in words, and what the chart shows."""
    return " ".join([*health_texts(run.summary), words.HEALTH])


def health_section(run: SavedRun) -> dict[str, Any] | None:
    """Return empty values for the chart of health; None if health is unknown."""
    return {} if health_texts(run.summary) else None


def equity_section(run: SavedRun) -> dict[str, Any]:
    """Return the static equity curves, shown until plotly has started, and their final values."""
    ends = "; ".join(
        f"ML {name} ends at {money(run.equity[name].iloc[-1])} with a deepest drawdown of "
        f"{percent(run.summary[f'ml_{name}']['max_drawdown'])}"
        for name in run.runs
    )
    shown = f"Equity and drawdown: {ends}."
    return {"words": shown, "curves": equity_curves(run.equity, shown, fill=True)}


def candle_section(run: SavedRun) -> dict[str, Any]:
    """Return the symbols to choose from, none for a single one, and what is drawn."""
    shown = f"Candles with {count(len(run.trades))} trades of ML {' and ML '.join(run.runs)}."
    return {"words": shown, "symbols": run.symbols if len(run.symbols) > 1 else []}


def signal_section(run: SavedRun) -> dict[str, Any]:
    """Return the same for the chart of signals."""
    shown = "Candles with the signals of each bar, the regimes and the probabilities."
    return {**candle_section(run), "words": shown}


def no_data(run: SavedRun) -> dict[str, Any]:
    """Return empty values: the chart has everything."""
    return {}


# its id (its chart has the id chart-NAME): caption, template, values (None if a
# run has nothing for it)
Fill = Callable[[SavedRun], dict[str, Any] | None]
PLAN: dict[str, tuple[str | Callable[[SavedRun], str], str, Fill]] = {
    "key": ("", "key_figures", key_figures),
    "equity": (words.EQUITY, "equity", equity_section),
    "placebo": (words.PLACEBO, "chart_table", placebo_section),
    "chance": (words.CHANCE, "chart_table", chance_section),
    "ranking": (ranking_sentence, "ranking", ranking_section),
    "difference": (difference_words, "chart_table", difference_section),
    "attribution": ("", "attribution", attribution_section),
    "robustness": (words.ROBUSTNESS, "chart_table", robustness_section),
    "symbols": ("", "table", symbols_section),
    "reasons": (words.REASONS, "table", reasons_section),
    "candles": (words.CANDLES, "candles", candle_section),
    "trades": (words.TRADES, "trades", trades_section),
    "quarters": (words.QUARTERS, "chart_table", quarters_section),
    "threshold": (words.THRESHOLD, "chart", threshold_section),
    "signals": (signal_words, "candles", signal_section),
    "agreement": (words.AGREEMENT, "table", agreement_section),
    "funnel": (words.FUNNEL, "funnel", funnel_section),
    "ablation": (ABLATION, "ablation", ablation_section),
    "reliability": (reliability_words, "chart", no_data),
    "confusion": (words.CONFUSION, "confusion", confusion_section),
    "importances": (words.IMPORTANCES, "chart", importance_section),
    "refits": (refit_words, "chart", refit_section),
    "health": (health_words, "chart", health_section),
    "periods": (words.PERIODS, "periods", periods_section),
    "figures": (words.FIGURES, "figures", figures_section),
    "data": (words.DATA, "data_audit", data_section),
    "audit": (words.AUDIT, "data_audit", strategy_section),
    "guard": (words.GUARD, "data_audit", guard_section),
    "card": ("", "model_card", model_card),
    "repeat": ("", "command", command_section),
}
