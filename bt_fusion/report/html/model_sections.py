"""The parts of report.html that tell of the model: funnel, confusion, card, command."""

from typing import Any

from bt_fusion.report.figures import when
from bt_fusion.report.html.elements import Html, bar, join, paragraph, table, tag
from bt_fusion.report.model_figures import confusion_of, refit_aucs
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["command_section", "confusion_section", "funnel_section", "model_card"]

CLASSES = {(0, 1): ("down", "up"), (-1, 0, 1): ("short", "none", "long")}
YES_NO = ("no", "yes")


def funnel_section(run: SavedRun) -> Html:
    """Return how many bars passed each stage of each run, and why the others did not."""
    funnels = run.summary.get("funnel") or {}
    if not funnels:
        return paragraph("This strategy does not tell its stages from a bar to an order.")
    return tag("div", join(funnel_table(*pair) for pair in funnels.items()), class_="side")


def funnel_table(name: str, found: dict[str, Any]) -> Html:
    """Return one run's funnel."""
    passed, lost = found["passed"], found["lost"]
    most = max(passed.values(), default=0) or 1
    rows = []
    for stage, count in passed.items():
        reasons = sorted(lost.get(stage, {}).items(), key=lambda pair: -pair[1])
        why = "; ".join(f"{number:,} {reason}" for reason, number in reasons[:5])
        why += f"; {len(reasons) - 5} further reasons" if len(reasons) > 5 else ""
        label = join([stage.capitalize(), tag("small", why)], " ")
        rows.append([label, f"{count:,}", f"{100 * count / most:.1f} %", bar(count / most)])
    return table(
        f"From bars to filled orders, ML {name}", ["", "Bars", "Of all", ""], rows, class_="funnel"
    )


def confusion_section(run: SavedRun) -> Html:
    """Return which classes were said and which came."""
    counts, classes = confusion_of(run), tuple(run.summary["model"]["classes"])
    two_sided = run.predictions.probability_down.notna().any()
    names = CLASSES[classes] if two_sided else YES_NO
    rows = []
    for name, line in zip(names, counts, strict=True):
        total = sum(line) or 1
        cells = [
            tag(
                "span",
                f"{count:,} ({100 * count / total:.1f} %)",
                style=f"--tint:{60 * count / total:.0f}%",
                class_="plus",
            )
            for count in line
        ]
        rows.append([f"came {name}", *cells])
    rows_in_all = sum(map(sum, counts))
    return table(
        f"Confusion matrix, {rows_in_all:,} bars whose class is known",
        ["", *(f"said {name}" for name in names)],
        rows,
        class_="heat",
    )


def model_card(run: SavedRun) -> Html:
    """Return what the model is, when and on what it was trained, and what ran it."""
    config, model = run.summary["config"], run.summary["model"]
    facts = {
        "Bars": _bars_fact(run),
        "Data fingerprint": run.summary["data"]["sha256"],
        "Strategy": f"{config['strategy']} {settings(config['params'])}".strip(),
        "Label": f"{config['label']} {settings(config['label_parameters'])}",
        "Members": " + ".join(map(str, model["members"])),
        "Features": f"{model['features']}: {listed(config['features'])}",
        "Ensemble": settings({k: v for k, v in config["ensemble"].items() if v is not None}),
        "Training": _training_fact(run),
        "In-sample bars": f"{run.summary['in_sample']:,} of {run.summary['window']['bars']:,}",
        "Out-of-sample figures": ", ".join(
            f"{name.replace('_', ' ')} {model[name]:.4f}"
            for name in ("auc", "brier", "log_loss", "accuracy", "precision", "recall", "f1")
            if model.get(name) is not None
        ),
        "Account": settings({k: v for k, v in config["account"].items() if v is not None}),
        "Seed, bootstrap draws": f"{config['seed']}, {config['draws']:,}",
        "Versions": settings(config["versions"]),
    }
    rows = [tag("tr", join([tag("th", k, scope="row"), tag("td", v)])) for k, v in facts.items()]
    body = join([tag("caption", "Model card", class_="unseen"), tag("tbody", join(rows))])
    return tag("div", tag("table", body, class_="card"), class_="scroll")


def _bars_fact(run: SavedRun) -> str:
    window, data = run.summary["window"], run.summary["data"]
    start, end = when(window["start"]), when(window["end"])
    return f"{data['name']}: {window['bars']:,} traded, {start} to {end}, of {data['bars']:,}"


def _training_fact(run: SavedRun) -> str:
    config, refits = run.summary["config"], refit_aucs(run)
    if "train_bars" not in config:
        return f"once, until {when(config['trained_until'])}"
    ends = [refit["trained_until"] for refit in refits]  # of all symbols
    spans = f"; trained until {when(min(ends))} at first, {when(max(ends))} at last" if ends else ""
    return (
        f"{run.summary['model']['refits']} refits, each on {counted(config['train_bars'])} bars "
        f"({config['window']}), every {counted(config['refit_bars'])} bars, embargo "
        f"{config['embargo_bars']}{spans}"
    )


def command_section(run: SavedRun) -> Html:
    """Return the command that repeats the run."""
    command = run.summary.get("command")
    if not command:
        return paragraph("This run was made from Python; the card above holds what repeats it.")
    copy = tag("button", "Copy", type="button", id="copy")
    return join([tag("pre", tag("code", command, id="command"), tabindex="0"), copy])


def counted(bars: int | dict[str, int]) -> str:
    """Write a number of bars, or those of each symbol.

    >>> counted(2500), counted({"A": 1000, "B": 500})
    ('2,500', '1,000 (A) or 500 (B)')
    """
    if isinstance(bars, dict):
        return " or ".join(f"{own:,} ({symbol})" for symbol, own in bars.items())
    return f"{bars:,}"


def settings(values: dict[str, Any]) -> str:
    """Write settings in one line.

    >>> settings({"horizon": 5, "members": ["rf", "lgb"]})
    'horizon=5, members=rf+lgb'
    """
    return ", ".join(f"{key}={listed(value, '+')}" for key, value in values.items())


def listed(value: Any, between: str = ", ") -> str:
    """Write a value, the items of a list one after the other."""
    return between.join(map(str, value)) if isinstance(value, list) else str(value)
