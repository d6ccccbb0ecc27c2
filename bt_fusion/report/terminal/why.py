"""A reason as words and tables on the terminal."""

from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from bt_fusion.report.terminal.evaluation import titled
from bt_fusion.why.model_reasons import ModelReasons
from bt_fusion.why.why import EntryExplanation

__all__ = ["trades_table", "why_tables"]

MOST_FEATURES = 12
LONGEST = 60  # characters of a fact


def why_tables(reason: EntryExplanation) -> Group:
    """Return everything a reason holds, from the trade down to the features."""
    parts: list[Any] = [*trade_lines(reason), *technical_lines(reason)]
    if reason.technical.thresholds:
        parts += [thresholds(reason), *nearest(reason)]
    if reason.model is None:
        parts.append("Model      made no prediction of this bar: features still warm up")
    else:
        opinion = reason.model
        parts += [votes(opinion), *vote_lines(reason, opinion), features(opinion)]
    # as they are: rich would take [brackets] for its own
    return Group(*(Text(part) if isinstance(part, str) else part for part in parts))


def trades_table(trades: Any, run: str) -> Table:
    """Return the trades of a run with their numbers."""
    columns = ("Symbol", "Side", "Entered", "Left", "P&L", "EntryExplanation")
    table = titled(f"Trades with ML {run}", "Trade", *columns)
    for number, row in enumerate(trades.itertuples(), start=1):
        table.add_row(
            str(number),
            str(row.symbol),
            row.side,
            str(row.entry_time),
            str(row.exit_time),
            f"{row.pnl:+,.2f}",
            row.exit_reason,
        )
    return table


def trade_lines(reason: EntryExplanation) -> list[str]:
    """Say what was traded, and which bar decided on it."""
    lines, trade = [], reason.trade
    if trade is not None:
        left = "is still open at" if trade["exit_reason"] == "open" else "left"
        lines = [
            f"Trade {trade['number']:<4} {trade['side']} {trade['symbol']} with ML {reason.run}: "
            f"entered {trade['entry_time']} at {trade['entry_price']:g}, "
            f"{left} {trade['exit_time']} at {trade['exit_price']:g} ({trade['exit_reason']})",
            f"           {trade['bars']} bars, P&L {trade['pnl']:+,.2f} "
            f"({100 * trade['return']:+.2f} % after costs)",
        ]
    what = "the bar before the entry" if trade is not None else f"ML {reason.run}"
    return [*lines, f"Signal bar {reason.bar} of {reason.symbol}, close {reason.close:g}; {what}"]


def technical_lines(reason: EntryExplanation) -> list[str]:
    """Say what the technical side looked at, and how far the bar came."""
    told = reason.technical
    facts = ", ".join(
        f"{name.replace('_', ' ')} {written(value)}"
        for name, value in told.facts.items()
        if name not in ("symbol", "price")
    )
    lines = [f"Technical  {facts}"] if facts else []
    way = " > ".join(name if not lost else f"{name}: {lost}" for name, lost in told.stages)
    if not told.stages:
        way = "this strategy tells nothing of its own reasons"
    lines.append(f"Way        {way}")
    lost = told.stages[-1][1] if told.stages else ""
    ends = {
        "ordered": f"an order to enter {told.side}, filled at the next open",
        "vetoed": f"the strategy asked for a {told.side} entry, ML vetoed it",
        "": f"no entry: {lost}" if lost else "no entry",
    }
    return [*lines, f"Outcome    {ends.get(told.outcome, 'no entry: ' + told.outcome)}"]


def thresholds(reason: EntryExplanation) -> Table:
    """Return what each value was held against."""
    table = titled("Thresholds", "", "Came", "Needed", "Margin", "")
    for row in reason.technical.thresholds:
        table.add_row(
            row.name,
            f"{row.value:.4f}",
            f"{row.rule} {row.limit:g}",
            f"{row.margin:+.4f}",
            "reached" if row.passed else "missed",
        )
    return table


def nearest(reason: EntryExplanation) -> list[str]:
    """Say how far the probability was from what would have changed something."""
    rows = [row for row in reason.technical.thresholds if row.name.startswith("P")]
    known = [row for row in rows if row.margin == row.margin]
    if not known:
        return []
    row = min(known, key=lambda row: abs(row.margin))
    verb = "reached with" if row.passed else "missed by"
    more = " to spare" if row.passed else ""
    return [f"Nearest    {row.name}: {verb} {abs(row.margin):.4f}{more}"]


def votes(opinion: ModelReasons) -> Table:
    """Return what each member said."""
    classes = next(iter(opinion.votes.values()))
    table = titled("Votes", "Member", *(f"P({name})" for name in classes), "Weight", "Says")
    for member, vote in opinion.votes.items():
        says = max(vote, key=lambda name: vote[name])
        shares = (f"{value:.4f}" for value in vote.values())
        table.add_row(member, *shares, f"{opinion.weights[member]:.3f}", says)
    return table


def vote_lines(reason: EntryExplanation, opinion: ModelReasons) -> list[str]:
    """Say what the votes come to, and that the model is the one of the run."""
    kind = "weighted mean" if opinion.voting == "soft" else "majority"
    down = opinion.probability_down
    name = "P(up)" if down == down else "P(yes)"  # a label of one side knows no falling prices
    both = f"{name} {opinion.probability_up:.4f}"
    both += f", P(down) {down:.4f}" if down == down else ""
    asked = "" if reason.run == "on" else "; ML was not asked in this run"
    same = (
        f"equals the stored one to {max(opinion.difference, 1e-12):.0e}"
        if opinion.same
        else f"DIFFERS from the stored {opinion.stored:.9f} by {opinion.difference:.1e}: other "
        "library versions or another machine"
    )
    return [
        f"Vote       {kind}: {both}: {opinion.signal}, confidence {opinion.confidence:.4f} "
        f"({opinion.level}){asked}",
        f"Model      refit {opinion.refit}, {opinion.rows:,} rows, trained until "
        f"{opinion.trained_until}; fitted again, its {name} {same}",
    ]


def features(opinion: ModelReasons) -> Table:
    """Return the features that gave most, in percentage points of the probability."""
    by = opinion.contributions
    title = f"Features by contribution to P({opinion.explained}), points of percent"
    table = titled(title, "Feature", "Value", by.method)
    ranked = opinion.ranked()
    for row in ranked[:MOST_FEATURES]:
        table.add_row(row["feature"], f"{row['value']:.5g}", f"{100 * row['contribution']:+.2f}")
    rest = sum(row["contribution"] for row in ranked[MOST_FEATURES:])
    if by.method == "SHAP":
        table.add_row(f"{max(0, len(ranked) - MOST_FEATURES)} others", "", f"{100 * rest:+.2f}")
        total = by.base + by.values.sum()
        table.add_row("average of the training rows", "", f"{100 * by.base:.2f}")
        table.add_row("all together", "", f"{100 * total:.2f}")
    table.caption, table.caption_justify = Text(_caption(opinion)), "left"
    return table


def written(value: Any) -> str:
    """Write a fact: numbers with six digits, nothing for None or an empty text."""
    if value is None or value == "":
        return "none"
    return f"{value:.6g}" if isinstance(value, float) else str(value)[:LONGEST]


def _caption(opinion: ModelReasons) -> str:
    by = opinion.contributions
    if by.method != "SHAP":
        return (
            "Occlusion: what is lost when a feature's value becomes the median of the training "
            "rows, one at a time; does not add up. For SHAP values of trees: "
            "pip install 'bt-fusion[explain]'"
        )
    left = f"; not of {', '.join(by.left_out)}" if by.left_out else ""
    return f"SHAP values of {', '.join(by.members)}, weighed as their votes{left}"
