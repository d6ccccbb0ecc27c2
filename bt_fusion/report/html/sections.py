"""The sections of report.html in their order: each a template and the values that fill it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bt_fusion.report.ablation import ABLATION
from bt_fusion.report.checks.model_health import health_texts
from bt_fusion.report.figures import count, money, percent
from bt_fusion.report.html.ablation_section import ablation_section
from bt_fusion.report.html.curves import equity_curves
from bt_fusion.report.html.data_sections import data_section, guard_section, strategy_section
from bt_fusion.report.html.difference_sections import (
    difference_section,
    difference_words,
    robustness_section,
)
from bt_fusion.report.html.model_sections import (
    command_section,
    confusion_section,
    funnel_section,
    model_card,
)
from bt_fusion.report.html.result_sections import (
    agreement_section,
    attribution_section,
    figures_section,
    key_figures,
    periods_section,
)
from bt_fusion.report.html.verdict_sections import placebo_section, ranking_section
from bt_fusion.report.ranking import ranking_words
from bt_fusion.report.refit_auc import refit_auc_texts
from bt_fusion.report.signals import SignalBars
from bt_fusion.report.surviving import surviving
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["Section", "sections"]

EQUITY = (
    "The account's value at each close, and how far it lies below its peak. Drag to zoom, double "
    "click for all; the chart below follows."
)
CANDLES = (
    "Filled triangles: entries. Below: entries by candle, those taken and those of ML off that ML "
    "on did not take; the probability with its thresholds; the confidence."
)
ZOOM = "Drag to zoom, double click for all."
RELIABILITY = (
    "How often Up, Long or Yes came, by its predicted probability. On the diagonal the "
    "probabilities are calibrated. Bars: 95\u00a0% intervals, overlapping labels counted once; "
    "below, the number of bars."
)
IMPORTANCES = (
    "The members' own importances, a mean over members and refits. They tell what the members "
    "learnt from, not what helps on unseen bars."
)
REFITS = (
    "The AUC of each refit on the bars it predicted. Dashed: chance; dotted: all refits pooled. "
    "Most refits should lie above 0.5. If the dotted line lies far from them, trust the AUC within "
    "refits; if they come near 1, something looks ahead."
)
HEALTH = (
    "Above: evidence of drift, as a share of what raises the alarm (dashed). Below: the share of "
    "the last 100 counted predictions whose likeliest class came, and what earlier unseen bars "
    "promised. A model without drift raises an alarm in at most 5 of 100 cases; each refit begins "
    "anew, and the first expects nothing. Dotted: alarms."
)
AGREEMENT = (
    "Every closed trade of the run, in the group of ML's answer on the bar of its order. Where ML "
    "is worth something, trades it agreed with end better than those it disagreed with."
)
PLACEBO = (
    "ML on compared with random filters that make as many trades on each side. The chart shows "
    "their net profit. The share as good or better compares the choice of entries before costs."
)
ROBUSTNESS = (
    "Net returns of the closed trades: filled a bar later, at twice the costs, and without the "
    "five best trades of each run."
)
DATA = (
    "Bars that may be wrong. Nothing was changed: models, figures and verdict use them as they are."
)
AUDIT = (
    "The strategy runs again on some of its bars, with the later ones cut off or replaced. Up to "
    "that point everything it reads and all its orders must stay the same."
)
GUARD = (
    "What Backtrader's broker does without a word: each with the first bar on which it came. "
    "Nothing was changed: figures and verdict count it as it is."
)
FIGURES = (
    "A figure whose interval lies on one side of zero is not yet a verdict: trading less under "
    "costs moves these figures without any skill."
)


@dataclass(frozen=True)
class Section:
    """A section of the page.

    Attributes
    ----------
    name : str
        Its id; that of its chart is chart-NAME.
    title, words : str
        Its heading, and what stands below it.
    template : str
        Name of the file NAME.html.j2.
    data : dict
        Plain values, as they are written.
    """

    name: str
    title: str
    words: str
    template: str
    data: dict[str, Any]


def sections(run: SavedRun) -> list[Section]:
    """Return the sections a run has something for; without those that fail."""
    found = []
    for name, (title, words, template, fill) in PLAN.items():
        with surviving(f"the section {title!r} of report.html"):
            data = fill(run)
            if data is not None:
                text = words if isinstance(words, str) else words(run)
                found.append(Section(name, title, text, template, data))
    return found


def signal_words(run: SavedRun) -> str:
    """Say what the chart of signals shows."""
    return f"{SignalBars.of_run(run, run.symbols[0]).caption} {ZOOM}"


def ranking_sentence(run: SavedRun) -> str:
    """Say what was ranked, and how that came out."""
    return ranking_words(run.summary)


def refit_words(run: SavedRun) -> str:
    """Say what the AUCs are, and what to look for in their chart."""
    told = [
        f"{symbol}{': ' if symbol else ''}{text}."
        for symbol, text in refit_auc_texts(run.summary).items()
    ]
    return " ".join([*told, REFITS])


def importance_section(run: SavedRun) -> dict[str, Any] | None:
    """Return nothing but that there is a chart of importances; None where there is none."""
    return {} if run.summary["model"].get("importances") else None


def refit_section(run: SavedRun) -> dict[str, Any] | None:
    """Return nothing but that there is a chart of refits; None for a saved model."""
    return {} if run.summary["model"]["refits"] else None


def health_words(run: SavedRun) -> str:
    """Say what became of the models, and what the chart shows."""
    return " ".join([*health_texts(run.summary), HEALTH])


def health_section(run: SavedRun) -> dict[str, Any] | None:
    """Return nothing but that there is a chart of health; None where nobody could tell."""
    return {} if health_texts(run.summary) else None


def equity_section(run: SavedRun) -> dict[str, Any]:
    """Return the equity curves as they are seen until plotly has started, and how they end."""
    ends = "; ".join(
        f"ML {name} ends at {money(run.equity[name].iloc[-1])} with a deepest drawdown of "
        f"{percent(run.summary[f'ml_{name}']['max_drawdown'])}"
        for name in run.runs
    )
    words = f"Equity and drawdown: {ends}."
    return {"words": words, "curves": equity_curves(run.equity, words, fill=True)}


def candle_section(run: SavedRun) -> dict[str, Any]:
    """Return the symbols to choose among, none where there is one, and what is drawn."""
    words = f"Candles with {count(len(run.trades))} trades of ML {' and ML '.join(run.runs)}."
    return {"words": words, "symbols": run.symbols if len(run.symbols) > 1 else []}


def signal_section(run: SavedRun) -> dict[str, Any]:
    """Return the same for the chart of signals."""
    words = "Candles with the signals of each bar, the regimes and the probabilities."
    return {**candle_section(run), "words": words}


def no_data(run: SavedRun) -> dict[str, Any]:
    """Return nothing: the chart has all there is."""
    return {}


# its id, and that of its chart is chart-NAME: heading, what stands below it, template, values (None
# where a run has nothing for it)
Fill = Callable[[SavedRun], dict[str, Any] | None]
PLAN: dict[str, tuple[str, str | Callable[[SavedRun], str], str, Fill]] = {
    "key": ("Key figures", "", "key_figures", key_figures),
    "ranking": ("Does ML rank entries?", ranking_sentence, "ranking", ranking_section),
    "equity": ("Equity and drawdown", EQUITY, "equity", equity_section),
    "difference": (
        "Where the difference comes from",
        difference_words,
        "difference",
        difference_section,
    ),
    "candles": ("Price, entries and predictions", CANDLES, "candles", candle_section),
    "signals": ("Signals", signal_words, "candles", signal_section),
    "attribution": ("What ML changed", "", "attribution", attribution_section),
    "agreement": ("Did ML agree?", AGREEMENT, "table", agreement_section),
    "ablation": ("One model after the other", ABLATION, "ablation", ablation_section),
    "robustness": ("Robustness", ROBUSTNESS, "table", robustness_section),
    "funnel": ("From bars to orders", "", "funnel", funnel_section),
    "reliability": ("Reliability", RELIABILITY, "chart", no_data),
    "confusion": ("Predicted and actual", "", "confusion", confusion_section),
    "importances": ("Features", IMPORTANCES, "chart", importance_section),
    "refits": ("Each refit", refit_words, "chart", refit_section),
    "health": ("Is the model still as good?", health_words, "chart", health_section),
    "periods": ("Returns by calendar", "", "periods", periods_section),
    "placebo": ("Did this setting gain?", PLACEBO, "placebo", placebo_section),
    "figures": ("Every figure", FIGURES, "figures", figures_section),
    "data": ("The bars", DATA, "data_audit", data_section),
    "audit": ("Does the strategy look ahead?", AUDIT, "data_audit", strategy_section),
    "guard": ("What the broker did", GUARD, "data_audit", guard_section),
    "card": ("Model card", "", "model_card", model_card),
    "repeat": ("Repeat it", "", "command", command_section),
}
