"""The comparison as a table on the terminal."""

from collections.abc import Sequence
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from bt_fusion.report.checks.strategy_audit import QUICK, strategy_audit_line
from bt_fusion.report.difference import (
    difference_table,
    robustness_line,
)
from bt_fusion.report.figure_table import false_by_chance, figure_rows, interval_rows
from bt_fusion.report.figures import (
    account_text,
    bars_traded,
    by_signal,
    cell,
    count,
    decimals,
    percent,
    when,
)
from bt_fusion.report.ranking import ranking_line
from bt_fusion.report.refit_auc import refit_auc_texts
from bt_fusion.report.terminal.checks import data_lines, guard_lines
from bt_fusion.report.terminal.titled import titled

__all__ = ["comparison_table", "note_lines", "verdict_lines"]

SOURCES = "Where the difference in profit comes from"


def comparison_table(
    summary: dict[str, Any], *, details: bool = False, groups: Sequence[Table] = ()
) -> Group:
    """Return the figures of both runs side by side and the verdict, then all that explains them.

    Parameters
    ----------
    summary : dict
        The content of summary.json.
    details : bool
        Say also how the model did as a classifier, and how long everything took.
    groups : sequence of Table
        Tables of the trades in groups, shown after the verdict.
    """
    runs = [name for name in ("off", "on") if summary.get(f"ml_{name}")]
    table = filled(_title(summary), *figure_rows(summary, runs, intervals=False))
    more = _details(summary) if details else []
    lines = [*_lines(summary), *more, *_label_placebo(summary)]
    verdict = verdict_lines(summary.get("comparison") or {})
    return Group(table, *verdict, *_differences(summary), *groups, *lines)


def _differences(summary: dict[str, Any]) -> list[Table]:
    """Return the tables of the differences of two runs, and of the parts of that in profit."""
    if not summary["comparison"]:
        return []
    found = {
        "Differences and their 95 % intervals": interval_rows(summary),
        SOURCES: difference_table(summary),
    }
    tables = {title: filled(title, head, rows) for title, (head, rows) in found.items() if rows}
    if SOURCES in tables and (summary["comparison"].get("trades") or {}).get("open"):
        note = "The sum counts open trades at their last value, Net profit does not"
        tables[SOURCES].caption, tables[SOURCES].caption_justify = note, "left"
    return list(tables.values())


def filled(title: str, head: list[str], rows: list[list[str]]) -> Table:
    """Return a table with its rows."""
    table = titled(title, *head)
    for row in rows:
        table.add_row(*row)
    return table


def _label_placebo(summary: dict[str, Any]) -> list[str]:
    """Return how many models with nothing to learn did as well, if tested."""
    found = (summary.get("statistics") or {}).get("labels")
    if not found:
        return []
    return [
        f"Placebo    {found['as_good']} of {found['repeats']} models trained on shuffled labels "
        "chose their entries as well as ML-on or better"
    ]


def verdict_lines(comparison: dict[str, Any]) -> list[Text]:
    """Return the verdict with its reason; printed right after the main table."""
    if not comparison.get("verdict"):
        return []
    verdict = comparison["verdict"]
    colour = "green" if "helped" in verdict else "red" if "hurt" in verdict else "yellow"
    name, _, reason = comparison["because"].partition(": ")
    lines = [Text.assemble("Verdict    ", (name, f"bold {colour}"), f": {reason}")]
    change = comparison.get("change")
    return [*lines, Text(f"           {change}")] if change else lines


def _title(summary: dict[str, Any]) -> str:
    start, end = (when(summary["window"][key]) for key in ("start", "end"))
    return f"{summary['data']['name']}: {bars_traded(summary)}, {start} to {end}"


def _lines(summary: dict[str, Any]) -> list[str]:
    lines = []
    model, unseen = summary["model"], "" if summary["in_sample"] else "unseen "
    refits = f"{model['refits']} refits ({model['cached']} from the cache)"
    lines.append(f"Account    {account_text(summary['config']['account'])}")
    lines.append(
        f"Model      {'+'.join(model['members'])} on {model['features']} features, "
        f"{refits if model['refits'] else 'a saved model'}; on {count(model['rows'])} {unseen}rows "
        f"AUC {cell(model['auc'], decimals(3))}, Brier {cell(model['brier'], decimals(4))}"
    )
    for symbol, text in refit_auc_texts(summary).items():
        lines.append(f"Refits     {symbol}{': ' if symbol else ''}{text}")
    lines += [*note_lines(summary), *data_lines(summary)]
    audited = (summary.get("audit") or {}).get("strategy")
    lines += [f"Audit      {strategy_audit_line(audited)} ({QUICK})"] if audited else []
    lines += guard_lines(summary)
    for name, counts in summary["signals"].items():
        lines.append(f"{name.capitalize():<10} signals: {by_signal(counts)}")
    if summary.get("vetoes"):
        lines.append(_veto_line(summary["vetoes"]))
    if summary.get("comparison"):
        lines += _comparison_lines(summary)
    return lines


def note_lines(summary: dict[str, Any]) -> list[str]:
    """Return the notes for the reader of the figures, one line each."""
    return [f"Note       {note}" for note in summary.get("notes", ())]


def _veto_line(vetoes: dict[str, int]) -> str:
    sides = f"{vetoes['long']:,} long, {vetoes['short']:,} short"
    return (
        f"Vetoes     {vetoes['entries']:,} orders to enter ({sides}), {vetoes['unknown']:,} "
        "without a probability; one that is given again after a veto counts again"
    )


def chance_line(comparison: dict[str, Any]) -> str:
    """Return why the random filters are not a replay of the whole rule, or nothing."""
    why = (comparison.get("chance") or {}).get("why")
    if not why:
        return ""
    kind = {"coin": "by fills", "subset": "random subsets of the trades of ML off"}
    return f"{kind.get(comparison['chance']['kind'], 'a simpler kind')}, because {why}"


def _details(summary: dict[str, Any]) -> list[str]:
    model, timing = summary["model"], summary["timing"]
    names = ("log_loss", "accuracy", "precision", "recall", "f1")
    scores = ", ".join(f"{name} {cell(model[name], decimals(4))}" for name in names)
    spent = ", ".join(f"{name[:-2]} {seconds:.1f} s" for name, seconds in timing.items() if seconds)
    return [f"Classifier {scores}", f"Time       {spent}"]


def _comparison_lines(summary: dict[str, Any]) -> list[str]:
    comparison = summary["comparison"]
    if "trades" not in comparison:  # comparing them failed
        return []
    trades = comparison["trades"]
    shown = ", ".join(
        f"{trades[name]:,} {name}" for name in trades if not name.startswith("vetoed_")
    )
    lines = [f"Trades     {shown}"]
    false = comparison["false_signals"]
    if false["change"] is not None:
        chance = false_by_chance(comparison)
        lines.append(
            f"Losing     {percent(false['off'])} of entries with ML off, {percent(false['on'])} "
            f"with ML on" + (f"; matched chance {chance}" if chance else "")
        )
    texts = {
        "Ranking": ranking_line(summary),
        "Chance": chance_line(comparison),
        "Robust": robustness_line(summary),
    }
    lines += [f"{name:<10} {text}" for name, text in texts.items() if text]
    if comparison["verdict"] is None:
        lines.append(
            "Note       trading less under costs moves these figures without any skill: "
            "an interval that excludes zero is not yet a verdict"
        )
    return lines
