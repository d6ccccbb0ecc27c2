"""Sections of report.html on the run: the model card, and the command that repeats it."""

from collections.abc import Callable
from typing import Any

from bt_fusion.report.figures import count, when
from bt_fusion.report.model_figures import refit_aucs
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["command_section", "model_card"]

FIGURES = ("auc", "brier", "log_loss", "accuracy", "precision", "recall", "f1")


def model_card(run: SavedRun) -> dict[str, Any]:
    """Return run, strategy and model with every parameter."""
    run_part = {"name": "Run", "facts": run_facts(run), "parameters": []}
    return {
        "parts": [run_part, strategy_part(run), model_part(run)],
        "given": bool(run.summary.get("parameters") and run.summary["config"]["params"]),
    }


def run_facts(run: SavedRun) -> dict[str, str]:
    """Return the bars, the account and the other settings that reproduce the run."""
    config, notes = run.summary["config"], run.summary.get("notes")
    return {
        "Bars": _bars_fact(run),
        "Data fingerprint": run.summary["data"]["sha256"],
        "In-sample bars": " of ".join(
            count(bars) for bars in (run.summary["in_sample"], run.summary["window"]["bars"])
        ),
        "Account": given_settings(config["account"]),
        "Seed, bootstrap draws": f"{config['seed']}, {config['draws']:,}",
        "Versions": settings(config["versions"]),
        **({"Notes": "; ".join(notes)} if notes else {}),
    }


def strategy_part(run: SavedRun) -> dict[str, Any]:
    """Return the strategy and its parameters; for older runs only the given ones."""
    config = run.summary["config"]
    used = (run.summary.get("parameters") or {}).get("strategy")
    given = config["params"]
    name = "Parameters" if used else "Parameters given, the others have their defaults"
    return {
        "name": "Strategy",
        "facts": {"Strategy": config["strategy"]},
        "parameters": [parameter_list(name, used or given, given)] if used or given else [],
    }


def model_part(run: SavedRun) -> dict[str, Any]:
    """Return the model, its training, and the parameters of each part."""
    config, model = run.summary["config"], run.summary["model"]
    members = (run.summary.get("parameters") or {}).get("members") or {}
    facts = {
        "Members": " + ".join(map(str, model["members"])),
        "Features": f"{model['features']}: {of_each_model(config, 'features', listed)}",
        "Ensemble": of_each_model(config, "ensemble", given_settings),
        "Training": _training_fact(run),
        f"{'In' if run.in_sample else 'Out-of'}-sample figures": ", ".join(
            f"{name.replace('_', ' ')} {model[name]:.4f}"
            for name in FIGURES
            if model.get(name) is not None
        ),
    }
    label = parameter_list(f"Label {config['label']}", config["label_parameters"])
    each = [parameter_list(f"Member {name}", values) for name, values in members.items()]
    return {"name": "Model", "facts": facts, "parameters": [label, *each]}


def parameter_list(
    name: str, values: dict[str, Any], given: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return parameters for display, with given ones marked.

    >>> parameter_list("Label Direction", {"horizon": 5})["values"]
    [{'name': 'horizon', 'text': '5', 'given': False}]
    """
    return {
        "name": name,
        "values": [
            {"name": key, "text": listed(value), "given": key in (given or {})}
            for key, value in values.items()
        ],
    }


def _bars_fact(run: SavedRun) -> str:
    window, data = run.summary["window"], run.summary["data"]
    start, end = when(window["start"]), when(window["end"])
    return f"{data['name']}: {window['bars']:,} traded, {start} to {end}, of {data['bars']:,}"


def _training_fact(run: SavedRun) -> str:
    config, refits = run.summary["config"], refit_aucs(run)
    if "train_bars" not in config:
        return f"once, until {of_each_model(config, 'trained_until', when)}"
    ends = [refit["trained_until"] for refit in refits]  # of all symbols
    first, last = (f"trained until {when(end(ends))}" if ends else "" for end in (min, max))
    spans = f"; the first {first}, the last {last}" if ends else ""
    return (
        f"{run.summary['model']['refits']} refits, each on {counted(config['train_bars'])} bars "
        f"({config['window']}), every {counted(config['refit_bars'])} bars, embargo "
        f"{config['embargo_bars']}{spans}"
    )


def command_section(run: SavedRun) -> dict[str, Any]:
    """Return the command that repeats the run, None for a run made from Python."""
    return {"command": run.summary.get("command")}


def counted(bars: int | dict[str, int]) -> str:
    """Format a number of bars, or those of each symbol.

    >>> counted(2500), counted({"A": 1000, "B": 500})
    ('2,500', '1,000 (A) or 500 (B)')
    """
    if isinstance(bars, dict):
        return " or ".join(f"{own:,} ({symbol})" for symbol, own in bars.items())
    return f"{bars:,}"


def of_each_model(config: dict[str, Any], name: str, write: Callable[[Any], str]) -> str:
    """Format a part of the model's configuration, by symbol if each has its own model.

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
