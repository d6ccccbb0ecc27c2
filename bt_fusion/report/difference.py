"""Sources and robustness of the difference, for the page and the terminal."""

from collections.abc import Iterator
from typing import Any

from bt_fusion.report.figures import basis, cell, number, signed, signed_percent

__all__ = [
    "difference_parts",
    "difference_sentence",
    "difference_table",
    "robustness_factors",
    "robustness_line",
    "robustness_table",
]

PARTS = {
    "side_mix": "side mix",
    "choice": "choice of entries",
    "exits": "exits",
    "sizes": "sizes",
}
WAYS = {
    "delay_1": "a bar later",
    "costs_x2": "costs doubled",
    "without_best_5": "without the best 5",
}


def difference_parts(comparison: dict[str, Any]) -> dict[str, float]:
    """Return the parts of the difference in profit by name, in cash; empty if there are none.

    >>> trades = {"vetoed": 40, "added": 3}
    >>> parts = {"costs": 70.0, "side_mix": 3.0, "choice": 9.0, "exits": 0.0, "sizes": 0.0}
    >>> list(difference_parts({"trades": trades, "decomposition": parts}).items())[:2]
    [('fewer trades and their costs', 70.0), ('side mix', 3.0)]
    """
    found = comparison.get("decomposition")
    if not found:
        return {}
    trades = comparison.get("trades") or {}
    fewer = trades.get("vetoed", 0) - trades.get("added", 0)
    costs = f"{'fewer' if fewer > 0 else 'more'} trades and their costs" if fewer else "costs"
    return {costs: found["costs"], **{name: found[key] for key, name in PARTS.items()}}


def difference_sentence(comparison: dict[str, Any]) -> str:
    """Return the sources of the difference in profit as text; empty if unknown.

    >>> trades = {"vetoed": 40, "added": 3}
    >>> parts = {"costs": 71e3, "side_mix": 3e3, "choice": 8e3, "exits": 0.0, "sizes": 0.0}
    >>> text = difference_sentence({"trades": trades, "decomposition": parts})
    >>> text.split(": ")[0], text.split(": ")[1][:37]
    ('Of the +82,000 difference', '+71,000 fewer trades and their costs,')
    """
    parts = difference_parts(comparison)
    if not parts:
        return ""
    written = ", ".join(f"{signed(cash)} {name}" for name, cash in parts.items())
    return f"Of the {signed(sum(parts.values()))} difference: {written}."


def difference_table(summary: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return head and rows of the parts, in cash and in percent of the cash at the start."""
    comparison = summary.get("comparison") or {}
    parts, start = difference_parts(comparison), summary["config"]["account"]["cash"]
    split = comparison.get("decomposition_costs") or {}
    rows = []
    for at, (name, cash) in enumerate(parts.items()):
        rows.append(_row(name.capitalize(), cash, start))
        if at == 0 and split:
            rows.append(_row("- commission and slippage", split["paid"], start))
            rows.append(_row("- number of trades, at ML off's mean", split["fewer_trades"], start))
    if parts:
        rows.append(_row("Sum", sum(parts.values()), start))
    return ["", "Cash", "Of the cash at the start"], rows


def robustness_table(summary: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return head and rows: profit factor and expectancy of both runs under each condition."""
    head = ["", "Profit factor off", "on", "Expectancy off", "on"]
    rows = []
    for name, factor, mean in _ways(summary):
        cells = [cell(factor[run], number) for run in ("off", "on")]
        cells += [cell(mean[run], basis) for run in ("off", "on")]
        rows.append([name[:1].upper() + name[1:], *cells])
    return head, rows


def robustness_factors(summary: dict[str, Any]) -> dict[str, Any]:
    """Return the profit factors of both runs under each condition; empty if unknown.

    Returns
    -------
    dict
        names, and off and on: a profit factor for each.
    """
    ways = list(_ways(summary))
    if not ways:
        return {}
    factors = {run: [factor[run] for _, factor, _ in ways] for run in ("off", "on")}
    return {"names": [name for name, _, _ in ways], **factors}


def robustness_line(summary: dict[str, Any]) -> str:
    """Return the profit factors under each condition in one line; empty if unknown."""
    ways = [
        f"{name} {cell(factor['off'], number)} -> {cell(factor['on'], number)}"
        for name, factor, _ in _ways(summary)
    ]
    return f"profit factor off -> on: {', '.join(ways)}" if ways else ""


def _ways(summary: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield the name of each condition, with both runs' profit factor and expectancy."""
    found = (summary.get("comparison") or {}).get("robustness")
    if not found:
        return
    traded = {run: summary[f"ml_{run}"] for run in ("off", "on")}
    factor, mean = (
        {run: own.get(key) for run, own in traded.items()}
        for key in ("profit_factor", "expectancy")
    )
    yield "as traded", factor, mean
    for key, name in WAYS.items():
        yield name, found[key]["profit_factor"], found[key]["expectancy"]


def _row(name: str, cash: float, start: float) -> list[str]:
    return [name, signed(cash), signed_percent(cash / start)]
