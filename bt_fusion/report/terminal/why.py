"""Explanation of an entry as lines and tables on the terminal."""

from typing import Any

import pandas as pd
from rich.console import Group
from rich.table import Table
from rich.text import Text

from bt_fusion.report.figures import payoff_text, when
from bt_fusion.report.terminal.titled import titled

__all__ = ["trades_table", "why_tables"]

MOST_FEATURES = 12
LONGEST = 60  # characters of a fact


def why_tables(explanation: dict[str, Any]) -> Group:
    """Return all parts of an explanation, from the trade to the features.

    Parameters
    ----------
    explanation : dict
        `EntryExplanation.to_dict()`.
    """
    technical, model = explanation["technical"], explanation["opinion"]
    parts: list[Any] = [*trade_lines(explanation), *technical_lines(technical)]
    if technical["thresholds"]:
        limits = technical["thresholds"]
        parts += [threshold_table(limits), *bases(limits), *nearest(limits)]
    if model is None:
        parts.append("Model      no prediction for this bar: the features still warm up")
    else:
        parts += [vote_table(model), *vote_lines(model, explanation["run"]), feature_table(model)]
    # unparsed: rich would treat [brackets] as markup
    return Group(*(Text(part) if isinstance(part, str) else part for part in parts))


def trades_table(trades: pd.DataFrame, run: str) -> Table:
    """Return the trades of a run with their numbers.

    Parameters
    ----------
    trades : DataFrame
        With `probability` of the side and `threshold` on the signal's bar; and `shared`, whether
        the other run entered there too, if there was one. The bar shown is that of the signal,
        which `--bar` takes, or of the entry in a folder of an older version.
    run : {"on", "off"}
    """
    at = "signal_time" if "signal_time" in trades else "entry_time"
    bar = {"signal_time": "Signal bar", "entry_time": "Entered"}[at]
    columns = ["Symbol", "Side", bar, "P&L", "P(side)", "To agree"]
    other = {"on": "ML off", "off": "ML on"}[run]
    columns += [other] * ("shared" in trades)
    table = titled(f"Trades with ML {run}", "Trade", *columns)
    for column in table.columns:
        column.no_wrap = True
    for number, row in enumerate(trades.to_dict("records"), start=1):
        cells = [
            str(number),
            str(row["symbol"]),
            row["side"],
            when(row[at]),
            f"{row['pnl']:+,.2f}",
            *("-" if pd.isna(p) else f"{p:.3f}" for p in (row["probability"], row["threshold"])),
        ]
        if "shared" in row:
            cells.append("entered" if row["shared"] else "no")
        table.add_row(*cells)
    return table


def trade_lines(explanation: dict[str, Any]) -> list[str]:
    """Return the trade and the bar of its signal."""
    trade, run = explanation["trade"], explanation["run"]
    lines, role = [], f"ML {run}"
    if trade is not None:
        left = "is still open at" if trade["exit_reason"] == "open" else "left"
        lines = [
            f"Trade {trade['number']:<4} {trade['side']} {trade['symbol']} with ML {run}: "
            f"entered {when(trade['entry_time'])} at {trade['entry_price']:g}, "
            f"{left} {when(trade['exit_time'])} at {trade['exit_price']:g} "
            f"({trade['exit_reason']})",
            f"           {trade['bars']} bars, P&L {trade['pnl']:+,.2f} "
            f"({100 * trade['return']:+.2f} % after costs)",
        ]
        role = "the last bar known when the entry was ordered"
        if "signal_time" not in trade:  # a folder of an older version
            role = "the bar before the entry; the run does not say where it was ordered"
    bar = f"{when(explanation['bar'])} of {explanation['symbol']}, close {explanation['close']:g}"
    return [*lines, f"Signal bar {bar}; {role}"]


def technical_lines(technical: dict[str, Any]) -> list[str]:
    """Return the technical facts, and the stage the bar reached."""
    facts = ", ".join(
        f"{name.replace('_', ' ')} {written(value)}"
        for name, value in technical["facts"].items()
        if name not in ("symbol", "price")
    )
    lines = [f"Technical  {facts}"] if facts else []
    stages, side = technical["stages"], technical["side"]
    passed = ", ".join(name for name, lost in stages if not lost) or "none"
    stopped = [f"stopped at {name}: {lost}" for name, lost in stages if lost]
    lines += [f"Stages     {'; '.join([f'passed {passed}', *stopped])}"] if stages else []
    lost = stages[-1][1] if stages else ""
    ends = {
        "ordered": f"an order to enter {side}",
        "ordered at the next open": f"an order to enter {side}, given at the next bar's open",
        "vetoed": f"the strategy asked for a {side} entry, ML vetoed it",
        "renews the open trade": f"no entry: the signal renews the open {side} trade",
        "": f"no entry: {lost}" if lost else "no entry",
    }
    return [
        *lines,
        f"Outcome    {ends.get(technical['outcome'], 'no entry: ' + technical['outcome'])}",
    ]


def threshold_table(rows: list[dict[str, Any]]) -> Table:
    """Return each value with its limit."""
    table = titled("Thresholds", "", "Value", "Limit", "Margin", "Met")
    for row in rows:
        table.add_row(
            row["name"],
            f"{row['value']:.4f}",
            f"{row['rule']} {row['limit']:.4g}",
            f"{row['margin']:+.4f}",
            "yes" if row["passed"] else "no",
        )
    return table


def bases(rows: list[dict[str, Any]]) -> list[str]:
    """Explain each limit that differs by bar, once."""
    return list(dict.fromkeys(f"Limit      {row['basis']}" for row in rows if row.get("basis")))


def nearest(rows: list[dict[str, Any]]) -> list[str]:
    """Return the distance of the probability from the nearest threshold.

    The threshold to agree goes first if it is missed: without it no other one matters.

    >>> agree = {"name": "P(up) to agree", "margin": -0.4, "passed": False}
    >>> nearest([agree, {"name": "P(up) to be strong", "margin": -0.3, "passed": False}])
    ['Nearest    P(up) to agree: missed by 0.4000']
    """
    known = [r for r in rows if r["name"].startswith("P") and r["margin"] == r["margin"]]
    if not known:
        return []
    missed = [r for r in known if r["name"].endswith("to agree") and not r["passed"]]
    row = min(missed or known, key=lambda row: abs(row["margin"]))
    verb = "reached with" if row["passed"] else "missed by"
    more = " above" if row["passed"] else ""
    return [f"Nearest    {row['name']}: {verb} {abs(row['margin']):.4f}{more}"]


def vote_table(model: dict[str, Any]) -> Table:
    """Return each member's probabilities, weight and class."""
    classes = next(iter(model["votes"].values()))
    table = titled(
        "Votes", "Member", *(f"P({name.lower()})" for name in classes), "Weight", "Class"
    )
    for member, vote in model["votes"].items():
        likeliest = max(vote, key=lambda name: vote[name])
        shares = (f"{value:.4f}" for value in vote.values())
        table.add_row(member, *shares, f"{model['weights'][member]:.3f}", likeliest)
    return table


def vote_lines(model: dict[str, Any], run: str) -> list[str]:
    """Return the combined votes, and whether the rebuilt model equals the run's."""
    kind = "weighted mean" if model["voting"] == "soft" else "majority"
    up, down = model["probability_up"], model["probability_down"]
    name = "P(up)" if down == down else "P(yes)"  # a one-sided label does not cover falling prices
    both = f"{name} {up:.4f}" + (f", P(down) {down:.4f}" if down == down else "")
    by = " (BUY or SELL from 0.60, STRONG from 0.70)" if model["voting"] == "soft" else ""
    unused = "" if run == "on" else "; ML was not asked in this run: --bar shows the one with ML"
    changed = ", ".join(model["changed_plugins"])
    payoff = model.get("payoff")
    cause = (
        f"plug-in {changed} has changed since"
        if changed
        else "other library versions or another machine"
    )
    same = (
        f"equals the stored one to {max(model['difference'], 1e-12):.0e}"
        if model["same"]
        else f"DIFFERS from the stored {model['stored']:.9f} by {model['difference']:.1e}: {cause}"
    )
    return [
        f"Vote       {kind}: {both}: signal line {model['signal']}{by}, confidence "
        f"{model['confidence']:.4f} ({model['level']}){unused}",
        f"Model      refit {model['refit']}, {model['rows']:,} rows, trained until "
        f"{when(model['trained_until'])}; fitted again, its {name} {same}",
        *([f"Payoff     {payoff_text(payoff)}"] if payoff else []),
    ]


def feature_table(model: dict[str, Any]) -> Table:
    """Return the largest contributions, in percentage points of the probability."""
    by = model["contributions"]
    ranked, method, base = by["features"], by["method"], by["base"]
    title = f"Features by contribution to P({model['explained'].lower()}), percentage points"
    table = titled(title, "Feature", "Value", method)
    for row in ranked[:MOST_FEATURES]:
        table.add_row(row["feature"], f"{row['value']:.5g}", f"{100 * row['contribution']:+.2f}")
    if method == "SHAP":
        rest = sum(row["contribution"] for row in ranked[MOST_FEATURES:])
        total = base + sum(row["contribution"] for row in ranked)
        table.add_row(f"{max(0, len(ranked) - MOST_FEATURES)} others", "", f"{100 * rest:+.2f}")
        table.add_row("average of the training rows", "", f"{100 * base:.2f}")
        table.add_row("all together", "", f"{100 * total:.2f}")
    table.caption, table.caption_justify = Text(method_caption(by)), "left"
    return table


def method_caption(by: dict[str, Any]) -> str:
    """Return the method of the contributions."""
    if by["method"] != "SHAP":
        return (
            "Occlusion: what is lost when a feature's value becomes the median of the training "
            "rows, one at a time; does not add up. For SHAP values of trees: "
            "pip install 'bt-fusion[explain]'"
        )
    left = f"; not of {', '.join(by['left_out'])}" if by["left_out"] else ""
    return f"SHAP values of {', '.join(by['members'])}, weighted as their votes{left}"


def written(value: Any) -> str:
    """Write a fact: numbers with six digits, nothing for None or an empty text."""
    if value is None or value == "":
        return "none"
    return f"{value:.6g}" if isinstance(value, float) else str(value)[:LONGEST]
