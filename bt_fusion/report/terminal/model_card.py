"""The card of a saved model as a table."""

from typing import Any

from rich.table import Table

from bt_fusion.labels import LABELS, class_names
from bt_fusion.report.checks.parity import parity_lines
from bt_fusion.report.figures import payoff_text

__all__ = ["card_table"]

LOOK_AHEAD = {
    True: "checked for features, labels and members of plug-ins",
    False: "look-ahead was not checked",
    None: "not recorded in the model",
}


def card_table(card: dict[str, Any]) -> Table:
    """Return a card as a table for the terminal."""
    table = Table(show_header=False, title="Model card", title_justify="left")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    model, trained, features = card["model"], card["trained"], card["features"]
    label = ", ".join(f"{key} {value}" for key, value in model["label"]["parameters"].items())
    rows = {
        "predicts": f"{model['label']['name']} ({label}): {', '.join(_class_names(model))}",
        "trained on": f"{model['symbol'] or 'unnamed bars'}, {model['interval'] or 'any interval'}",
        "window": f"{trained['start']} to {trained['trained_until']}, {trained['rows']:,} rows",
        "created": trained["created"],
        "members": ", ".join(model["ensemble"]["members"])
        + f", {model['ensemble']['voting']} vote",
        "features": f"{features['count']}, set {features['set'] or 'of its own'}",
        "payoff": "; ".join(map(payoff_text, card["payoff"])) or "not told by the model",
        "look-ahead": LOOK_AHEAD[card["look_ahead_checked"]],
        **parity_lines(card["parity"]),
        "tested on": f"{trained['test_rows']:,} rows" if trained["test_rows"] else "nothing yet",
        **{key.replace("_", " "): _figure(value) for key, value in card["metrics"].items()},
        "variants tried": str(card["trials"]),
        "needs": ", ".join([*_plugins(card), *map(" ".join, card["needs"].items())]),
        "size": f"{card['bytes'] / 1e6:.1f} MB in {len(card['parts'])} parts",
        "digest": card["digest"],
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _class_names(model: dict[str, Any]) -> tuple[str, ...]:
    label = LABELS.get(model["label"]["name"])
    if label is None:  # of a plug-in that is not loaded
        return tuple(map(str, model["classes"]))
    return class_names(model["classes"], getattr(label, "two_sided", True))


def _plugins(card: dict[str, Any]) -> list[str]:
    return [f"plug-in {plugin['file']}" for plugin in card["plugins"]]


def _figure(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
