"""The parts of report.html that tell what came of it: verdict, figures, trades, months."""

from collections.abc import Callable
from typing import Any

import numpy as np

from bt_fusion.report.calendar_returns import PeriodReturns, period_returns
from bt_fusion.report.figures import ROWS, cell, difference, money, percent, reason, signed
from bt_fusion.report.html.elements import Html, bar, join, paragraph, table, tag
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = [
    "attribution_section",
    "figures_table",
    "key_figures",
    "periods_section",
    "placebo_table",
    "statistics_table",
    "verdict_banner",
]

KEY_FIGURES = ("net_profit", "sharpe", "max_drawdown", "profit_factor", "win_rate", "trades")
KINDS = {"ML helped": "helped", "ML hurt": "hurt", "no evidence": "unclear"}
SIGNS = {"helped": "▲", "hurt": "▼", "unclear": "≈", "none": "?"}
MEANINGS = {
    "kept": "same bar, side and size in both runs",
    "resized": "same bar and side, another size",
    "retimed": "another bar of the same technical episode",
    "vetoed": "ML-off alone",
    "added": "ML-on alone",
    "open": "not closed at the end",
}
PLACEBOS = {
    "veto": "Random vetoes, as many on each side",
    "subset": "Random subsets of the trades of ML off",
    "shift": "ML's own probabilities, shifted in time",
    "labels": "Models trained on shuffled labels",
}
# key in summary["statistics"], its name, how to write it
STATISTICS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("psr", "Probabilistic Sharpe: P(Sharpe of ML on > 0)", lambda v: percent(v)),
    ("dsr", "Deflated Sharpe: the same against the best of all trials", lambda v: percent(v)),
    ("trials", "Variants tried on these bars", money),
    ("pbo", "Probability of backtest overfitting", lambda v: percent(v)),
    ("min_track_record", "Minimum track record, bars", money),
)


def verdict_banner(run: SavedRun) -> Html:
    """Return the verdict and the sentence that says why."""
    comparison = run.summary["comparison"] or {}
    verdict, because = comparison.get("verdict"), reason(comparison)
    if not verdict:
        because = (
            "These runs were compared without a verdict."
            if comparison
            else f"ML {run.runs[0]} ran alone: there is nothing to compare it with."
        )
    kind = KINDS.get(verdict or "", "none")
    told = [tag("strong", verdict or "no verdict"), paragraph(because)]
    words = [
        tag("span", SIGNS[kind], class_="sign", aria_hidden="true"),
        tag("div", join([*told, rules(comparison.get("rules") or [])])),
    ]
    return tag("div", join(words), class_=f"verdict {kind}", id="verdict", role="status")


def rules(found: list[dict[str, Any]]) -> Html:
    """Return the rules behind the verdict, each met or not."""
    items = []
    for rule in found:
        met = "met" if rule["passed"] else "not met"
        words = [tag("b", "✓" if rule["passed"] else "✗", aria_hidden="true"), rule["name"]]
        out_of_sample = tag("span", met, class_="unseen")
        items.append(
            tag(
                "li",
                join([*words, out_of_sample], " "),
                class_=met[:3],
                title=rule["failure"] or None,
            )
        )
    return tag("ul", join(items), class_="rules", aria_label="Rules") if items else Html()


def key_figures(run: SavedRun) -> Html:
    """Return the six figures one asks for first."""
    writers = {key: (label, write) for key, label, write in ROWS}
    cards = [tag("div", key_card(run, key, *writers[key])) for key in KEY_FIGURES]
    return tag("div", join(cards), class_="cards")


def key_card(run: SavedRun, key: str, label: str, write: Callable[[Any], str]) -> Html:
    """Return one figure of the last run, with the other's and their difference below."""
    values = [cell(run.summary[f"ml_{name}"][key], write) for name in run.runs]
    parts = [tag("h3", f"{label}, ML {run.runs[-1]}"), paragraph(values[-1], class_="now")]
    if len(values) == 2:
        delta, span = difference((run.summary["comparison"] or {}).get(key), write)
        parts.append(paragraph(f"ML off {values[0]}", class_="before"))
        if span:
            parts.append(paragraph(f"{delta}, 95 %: {span}", class_="span"))
    return join(parts)


def figures_table(run: SavedRun) -> Html:
    """Return every figure: off, on, difference, 95 % interval."""
    both = len(run.runs) == 2
    head = ["", *(f"ML {name}" for name in run.runs)]
    head += ["Difference", "95 % interval"] if both else []
    rows = []
    for key, label, write in ROWS:
        line: list[object] = [label]
        line += [cell(run.summary[f"ml_{name}"].get(key), write) for name in run.runs]
        if both:
            line += difference((run.summary["comparison"] or {}).get(key), write)
        rows.append(line)
    if both:
        false = run.summary["comparison"]["false_signals"]
        change = cell(false["change"], lambda v: f"{100 * v:+.1f} % of it")
        shares = [cell(false[name], percent) for name in ("off", "on")]
        rows.append(["False signals (entries that lost)", *shares, change, ""])
    return table("Every figure of both runs, over the same bars and costs", head, rows)


def statistics_table(run: SavedRun) -> Html:
    """Return what the statistics say, nothing where there are none."""
    found = run.summary.get("statistics") or {}
    edge = {f"edge.{key}": value for key, value in (found.get("edge") or {}).items()}
    names = (
        *STATISTICS,
        ("edge.sharpe", "Sharpe of what ML added above the placebo, a bar", lambda v: f"{v:.4f}"),
        ("edge.psr", "P(that Sharpe > 0)", percent),
        ("edge.dsr", "The same against the best of all trials", percent),
    )
    values = {**found, **edge}
    rows = [[name, cell(values[key], write)] for key, name, write in names if key in values]
    return table("Statistics", ["", "Value"], rows) if rows else Html()


def attribution_section(run: SavedRun) -> Html:
    """Return what became of each trade, and the difference of the two runs split among them."""
    comparison = run.summary["comparison"]
    if not comparison:
        return paragraph("One run alone: there are no trades to match.")
    split = comparison.get("attribution")
    if not split:
        counts = comparison["trades"]
        rows = [[meant(name), f"{counts[name]:,}"] for name in MEANINGS]
        return table("Trades of the two runs, matched by bar and side", ["", "Trades"], rows)
    most = max((abs(part["pnl"]) for part in split.values()), default=0) or 1
    rows = [
        [
            meant(name),
            f"{part['trades']:,}",
            cell(part.get("won"), money),
            cell(part.get("lost"), money),
            signed(part["pnl"]),
            bar(part["pnl"] / most),
        ]
        for name, part in split.items()
    ]
    total = sum(part["pnl"] for part in split.values())
    trades = sum(part["trades"] for part in split.values())
    rows.append([tag("b", "Sum"), f"{trades:,}", "", "", signed(total), ""])
    head = ["", "Trades", "Won", "Lost", "Difference", ""]
    return table("What ML changed, trade by trade: the difference in profit", head, rows)


def placebo_table(run: SavedRun) -> Html:
    """Return each placebo: how often chance chose as well, and what it earned."""
    found = run.summary["statistics"]
    rows = []
    for name in PLACEBOS:
        placebo = found.get("placebo" if name == "veto" else name)
        if placebo:
            low, high = placebo.get("low"), placebo.get("high")
            span = "-" if low is None or high is None else f"{money(low)} to {money(high)}"
            drawn = f"{placebo['draws']:,}" if placebo.get("draws") else "-"
            real, mean = (cell(placebo.get(key), money) for key in ("real", "mean"))
            share = cell(placebo.get("p_value"), percent)
            words = PLACEBOS.get(placebo.get("kind", name), placebo.get("kind", name))
            rows.append([words, drawn, share, real, mean, span])
    head = ["", "Draws", "Chose as well", "ML on", "Mean draw", "95 % of draws"]
    return table("Net profit of ML on and of what chance chose instead", head, rows)


def periods_section(run: SavedRun) -> Html:
    """Return heat maps of returns by calendar: off, on, difference."""
    found = period_returns(run.equity[["datetime", *run.runs]])
    maps = {f"ML {name}": (found.values[name], found.totals[name]) for name in run.runs}
    if len(run.runs) == 2:
        maps["Difference"] = tuple(
            part["on"] - part["off"] for part in (found.values, found.totals)
        )
    shown = "Difference" if len(maps) == 3 else next(iter(maps))
    buttons = [
        tag("button", name, type="button", data_map=name, aria_pressed=str(name == shown).lower())
        for name in maps
    ]
    grids = [
        tag(
            "div",
            heat_map(name, found, *grid),
            class_="map",
            data_map=name,
            **hidden(name != shown),
        )
        for name, grid in maps.items()
    ]
    chosen = tag("div", join(buttons), class_="buttons", role="group", aria_label="Returns of")
    return join([chosen if len(maps) > 1 else "", *grids])


def heat_map(name: str, found: PeriodReturns, values: np.ndarray, totals: np.ndarray) -> Html:
    """Return a table whose cells are tinted by their values: blue above zero, orange below."""
    finite = np.abs(values[np.isfinite(values)])
    scale = max(0.001, float(np.quantile(finite, 0.95)) if len(finite) else 0)
    rows = [
        [line, *(tinted(value, scale) for value in of_line), tag("b", cell(total, short))]
        for line, of_line, total in zip(found.lines, values, totals, strict=True)
    ]
    head = ["", *found.columns, "Year" if found.kind == "Monthly" else "Week"]
    return table(f"{found.kind} returns, {name}, percent", head, rows, class_="heat")


def tinted(value: float, scale: float) -> Html:
    """Return a number with its tint."""
    if not np.isfinite(value):
        return Html()
    strength = round(60 * min(1.0, abs(value) / scale))
    kind = "minus" if value < 0 else "plus"
    return tag("span", short(value), class_=kind, style=f"--tint:{strength}%")


def short(value: float) -> str:
    """Write a fraction as percent, for a narrow cell.

    >>> short(0.1234), short(-0.0001)
    ('12.3', '0.0')
    """
    return f"{round(100 * value, 1) + 0.0:.1f}"  # + 0.0 takes the sign from a zero


def meant(name: str) -> Html:
    """Return a category and what it means."""
    return join([name.capitalize(), tag("small", MEANINGS.get(name, ""))], " ")


def hidden(so: bool) -> dict[str, object]:
    """Return the attribute that hides an element."""
    return {"hidden": ""} if so else {}
