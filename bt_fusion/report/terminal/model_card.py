"""Card of a saved model as tables: the model, its later models, candidates of its members."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from bt_fusion.labels import LABELS, class_names
from bt_fusion.report.checks.parity import parity_lines
from bt_fusion.report.figures import NONE, cell, count, decimals, payoff_text, when
from bt_fusion.report.terminal.titled import titled

__all__ = ["candidate_tables", "card_table", "later_tables"]

FIGURES = {"accuracy": "Accuracy", "precision": "Precision", "recall": "Recall", "f1": "F1"}
score = decimals(3)

LOOK_AHEAD = {
    True: "checked for features, labels and members of plug-ins",
    False: "look-ahead was not checked",
    None: "not recorded in the model",
}

LATER = {  # title of a later model, and the text if it is not fitted
    "position": ("Position model", "every position is held"),
    "stops": ("Stop model", "stop and target are the label's"),
    "risk": ("Risk model", "every size is 1"),
}


def later_tables(card: dict[str, Any]) -> list[Table]:
    """Return a card for each later model."""
    return [_later_table(model) for model in card["later"]]


def _later_table(model: dict[str, Any]) -> Table:
    facts = dict(model["facts"])
    title, neutral = LATER.get(model["name"], (f"Model {model['name']}", "it is not used"))
    table = Table(show_header=False, title=title, title_justify="left")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    rows, trades = facts.pop("rows", 0), facts.pop("trades", 0)
    learnt = f"{rows:,} rows, {trades:,} out-of-sample trades"
    if not model["parts"]:
        learnt = f"nothing, {trades:,} out-of-sample trades are too few: {neutral}"
    regressors = [part["name"] for part in model["parts"] if part["role"] == "regressor"]
    voters = [
        f"{', '.join(each['ensemble']['members'])}, {each['ensemble']['voting']} vote"
        for each in model["ensemble"]
    ]
    lines = {
        "learnt from": learnt,
        "columns": f"{len(model['columns']):,}",
        "predicts by": ", ".join([*voters, *regressors]) or "nothing, it is neutral",
        **{key.replace("_", " "): _figure(value) for key, value in model["options"].items()},
        **{key.replace("_", " "): _figure(value) for key, value in facts.items()},
        "libraries": ", ".join(model["libraries"]) or "none",
    }
    for key, value in lines.items():
        table.add_row(key, value)
    return table


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
        "window": f"{when(trained['start'])} to {when(trained['trained_until'])}, "
        f"{trained['rows']:,} rows",
        "created": when(trained["created"]).removesuffix("+00:00") + " UTC",
        "members": ", ".join(model["ensemble"]["members"])
        + f", {model['ensemble']['voting']} vote",
        "features": f"{features['count']}, set {features['set'] or 'of its own'}",
        **{
            name: ", ".join(features[name])
            for name in ("timeframes", "markets")
            if features[name]  # beside those of the bars
        },
        "payoff": "; ".join(map(payoff_text, card["payoff"])) or "not told by the model",
        "look-ahead": LOOK_AHEAD[card["look_ahead_checked"]],
        **parity_lines(card["parity"]),
        "tested on": f"{trained['test_rows']:,} rows" if trained["test_rows"] else "nothing yet",
        **{key.replace("_", " "): _figure(value) for key, value in card["metrics"].items()},
        "variants tried": str(card["trials"]),
        "needs": ", ".join([*_plugins(card), *map(" ".join, card["needs"].items())]),
        "size": f"{card['bytes'] / 1e6:.1f} MB in {_count(card)} parts",
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


def _count(card: dict[str, Any]) -> int:
    return sum(len(each["parts"]) for each in (card, *card["later"]))


def _plugins(card: dict[str, Any]) -> list[str]:
    return [f"plug-in {plugin['file']}" for plugin in card["plugins"]]


def _figure(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def candidate_tables(choices: Sequence[dict[str, Any]]) -> list[Table]:
    """Return a table for each choice of a saved model, from its manifest."""
    return [_candidate_table(choice) for choice in choices]


def _candidate_table(choice: dict[str, Any]) -> Table:
    table = titled(_candidate_title(choice), "", "Rows", *FIGURES.values())
    for candidate in choice["candidates"]:
        folds = candidate["cross_validation"]
        table.add_row(candidate["name"], "folds", *(_mean(folds, name) for name in FIGURES))
    for candidate in choice["candidates"]:
        if choice["test_rows"]:
            figures = (cell(candidate["test"][name], score) for name in FIGURES)
            table.add_row(candidate["name"], "test", *figures)
    return table


def _candidate_title(choice: dict[str, Any]) -> str:
    folds = len(choice["candidates"][0]["cross_validation"]["folds"])
    tested = f" and {count(choice['test_rows'])} test rows" if choice["test_rows"] else ""
    return (
        f"Candidates of {choice['member']}, {folds} folds in time order{tested}: "
        f"{choice['chosen']} has the best mean F1"
    )


def _mean(folds: dict[str, Any], name: str) -> str:
    """Format the mean over the folds, and the spread if there are several."""
    spread = cell(folds["spread"][name], score)
    return score(folds["mean"][name]) + (f" ± {spread}" if spread != NONE else "")
