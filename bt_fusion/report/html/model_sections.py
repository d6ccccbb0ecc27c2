"""The parts of report.html on the model: funnel, confusion, card, command."""

from collections.abc import Callable
from typing import Any

from bt_fusion.report.figures import count, percent, when
from bt_fusion.report.model_figures import class_names_of, confusion_of, refit_aucs
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["command_section", "confusion_section", "funnel_section", "model_card"]

MOST_REASONS = 5


def funnel_section(run: SavedRun) -> dict[str, Any]:
    """Return how many bars passed each stage of each run, and why the others did not."""
    funnels = run.summary.get("funnel") or {}
    return {"runs": [{"name": k, "stages": funnel_stages(v)} for k, v in funnels.items()]}


def funnel_stages(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the stages of one run's funnel."""
    passed, lost = found["passed"], found["lost"]
    most = max(passed.values(), default=0) or 1
    stages = []
    for stage, bars in passed.items():
        reasons = sorted(lost.get(stage, {}).items(), key=lambda pair: -pair[1])
        why = "; ".join(f"{count(number)} {reason}" for reason, number in reasons[:MOST_REASONS])
        if len(reasons) > MOST_REASONS:
            why += f"; {len(reasons) - MOST_REASONS} further reasons"
        stages.append(
            {
                "name": stage.capitalize(),
                "lost": why,
                "bars": count(bars),
                "share": percent(bars / most),
                "bar": bars / most,
            }
        )
    return stages


def confusion_section(run: SavedRun) -> dict[str, Any]:
    """Return how many bars of each class were predicted to be each class."""
    counts, names, rows = confusion_of(run), class_names_of(run), []
    for name, line in zip(names, counts, strict=True):
        shares = [bars / (sum(line) or 1) for bars in line]
        cells = [
            {"text": f"{count(bars)} ({percent(share)})", "tint": f"{60 * share:.0f}"}
            for bars, share in zip(line, shares, strict=True)
        ]
        rows.append({"name": f"actual {name}", "cells": cells})
    return {
        "caption": f"Confusion matrix, {count(sum(map(sum, counts)))} bars whose class is known",
        "head": ["", *(f"predicted {name}" for name in names)],
        "rows": rows,
    }


def model_card(run: SavedRun) -> dict[str, Any]:
    """Return what the model is, when and on what it was trained, and what ran it."""
    config, model = run.summary["config"], run.summary["model"]
    facts = {
        "Bars": _bars_fact(run),
        "Data fingerprint": run.summary["data"]["sha256"],
        "Strategy": f"{config['strategy']} {settings(config['params'])}".strip(),
        "Label": f"{config['label']} {settings(config['label_parameters'])}",
        "Members": " + ".join(map(str, model["members"])),
        "Features": f"{model['features']}: {of_each_model(config, 'features', listed)}",
        "Ensemble": of_each_model(config, "ensemble", given_settings),
        "Training": _training_fact(run),
        **({"Notes": "; ".join(run.summary["notes"])} if run.summary.get("notes") else {}),
        "In-sample bars": " of ".join(
            count(bars) for bars in (run.summary["in_sample"], run.summary["window"]["bars"])
        ),
        f"{'In' if run.in_sample else 'Out-of'}-sample figures": ", ".join(
            f"{name.replace('_', ' ')} {model[name]:.4f}"
            for name in ("auc", "brier", "log_loss", "accuracy", "precision", "recall", "f1")
            if model.get(name) is not None
        ),
        "Account": given_settings(config["account"]),
        "Seed, bootstrap draws": f"{config['seed']}, {config['draws']:,}",
        "Versions": settings(config["versions"]),
    }
    return {"facts": facts}


def _bars_fact(run: SavedRun) -> str:
    window, data = run.summary["window"], run.summary["data"]
    start, end = when(window["start"]), when(window["end"])
    return f"{data['name']}: {window['bars']:,} traded, {start} to {end}, of {data['bars']:,}"


def _training_fact(run: SavedRun) -> str:
    config, refits = run.summary["config"], refit_aucs(run)
    if "train_bars" not in config:
        return f"once, until {of_each_model(config, 'trained_until', when)}"
    ends = [refit["trained_until"] for refit in refits]  # of all symbols
    spans = f"; trained until {when(min(ends))} at first, {when(max(ends))} at last" if ends else ""
    return (
        f"{run.summary['model']['refits']} refits, each on {counted(config['train_bars'])} bars "
        f"({config['window']}), every {counted(config['refit_bars'])} bars, embargo "
        f"{config['embargo_bars']}{spans}"
    )


def command_section(run: SavedRun) -> dict[str, Any]:
    """Return the command that repeats the run, None of a run made from Python."""
    return {"command": run.summary.get("command")}


def counted(bars: int | dict[str, int]) -> str:
    """Write a number of bars, or those of each symbol.

    >>> counted(2500), counted({"A": 1000, "B": 500})
    ('2,500', '1,000 (A) or 500 (B)')
    """
    if isinstance(bars, dict):
        return " or ".join(f"{own:,} ({symbol})" for symbol, own in bars.items())
    return f"{bars:,}"


def of_each_model(config: dict[str, Any], name: str, write: Callable[[Any], str]) -> str:
    """Write a part of the model's configuration, by symbol where each has a model of its own.

    >>> of_each_model({"features": "mar", "trained_until": "2024-01-05"}, "features", listed)
    'mar'
    >>> config = {"trained_until": {"A": "2024-01-05T00:00:00", "B": "2024-01-06T00:00:00"}}
    >>> of_each_model(config, "trained_until", when)
    '2024-01-05 (A), 2024-01-06 (B)'
    """
    if not isinstance(config.get("trained_until"), dict):
        return write(config[name])
    return ", ".join(f"{write(own)} ({symbol})" for symbol, own in config[name].items())


def given_settings(values: dict[str, Any]) -> str:
    """Write the settings that have a value."""
    return settings({name: value for name, value in values.items() if value is not None})


def settings(values: dict[str, Any]) -> str:
    """Write settings in one line.

    >>> settings({"horizon": 5, "members": ["rf", "lgb"]})
    'horizon=5, members=rf+lgb'
    """
    return ", ".join(f"{key}={listed(value, '+')}" for key, value in values.items())


def listed(value: Any, between: str = ", ") -> str:
    """Write a value, the items of a list one after the other."""
    return between.join(map(str, value)) if isinstance(value, list) else str(value)
