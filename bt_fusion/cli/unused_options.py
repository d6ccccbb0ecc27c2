"""Options without effect in combination with others: their rules and notes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

__all__ = ["RULES", "UnusedOptionNotes", "UnusedOptionRule", "unused_option_notes"]

Values = dict[str, Any]


class UnusedOptionNotes(tuple[str, ...]):
    """Notes on options without effect, for a command that stores them with its results."""

    __slots__ = ()


@dataclass(frozen=True)
class UnusedOptionRule:
    """Rule for options without effect.

    Attributes
    ----------
    options : tuple of str
        Names of parameters.
    why : str
        The reason, as it ends "--x not used: ...".
    when : callable
        Takes the values of all options of the command by name.
    commands : tuple of str
        Commands it applies to; empty for every command that has the options.
    """

    options: tuple[str, ...]
    why: str
    when: Callable[[Values], bool]
    commands: tuple[str, ...] = ()


def saved(values: Values) -> bool:
    """Return whether a saved model predicts, not a walk-forward."""
    given = values["model"]
    return bool(given) and (given != ["auto"] or Path("models", values["strategy"]).is_dir())


def no_market(values: Values) -> bool:
    """Return whether all bars come from files and samples."""
    from bt_fusion.data.online.market import is_market

    data = values["data"] or ()
    given = [*(data if isinstance(data, list) else [data]), *(values.get("other") or ())]
    return not any(is_market(text.partition("=")[2] or text) for text in given)


def not_tuned(values: Values) -> bool:
    """Return whether `train` trains without tuning."""
    return not (values["tune"] or values["optimize"])


def made_up(values: Values) -> bool:
    """Return whether `download` generates candles instead of fetching them."""
    return values["source"] not in (None, "yahoo")


def lists_trades(values: Values) -> bool:
    """Return whether `why` only lists the trades of a run."""
    return values["trade"] is None and values["bar"] is None


BACKTESTS = ("backtest", "sweep", "universe")
RULES = (
    UnusedOptionRule(
        (
            *("features", "label", "horizon", "members", "voting", "timeframes"),
            *("train_bars", "refit_bars", "window", "embargo_bars"),
        ),
        "a saved model keeps what it was trained with",
        saved,
        BACKTESTS,
    ),
    UnusedOptionRule(("cache",), "a saved model is not refitted", saved, BACKTESTS),
    UnusedOptionRule(("jobs", "scheduler"), "a saved model is not refitted", saved, ("backtest",)),
    UnusedOptionRule(
        ("allow_in_sample",),
        "a walk-forward predicts no bar it was trained on",
        lambda values: not saved(values),
        BACKTESTS,
    ),
    UnusedOptionRule(
        ("no_causality_check",),
        "no --plugin brings features, labels or members of your own",
        lambda values: not values["plugin"],
    ),
    UnusedOptionRule(
        ("placebo",),
        "chance is compared with both runs, and --ml asks for one",
        lambda values: values["ml"] != "both",
        ("backtest",),
    ),
    UnusedOptionRule(
        ("ml_entry_threshold",),
        "--ml off trades without ML",
        lambda values: values["ml"] == "off",
        ("backtest",),
    ),
    UnusedOptionRule(("max_age",), "no candles are fetched from a market", no_market),
    UnusedOptionRule(
        ("objective", "storage", "folds", "embargo_bars", "jobs", "scheduler"),
        "nothing is tuned; give --tune N",
        not_tuned,
        ("train",),
    ),
    UnusedOptionRule(
        ("overwrite",), "no --out is given", lambda values: not values["out"], ("evaluate",)
    ),
    UnusedOptionRule(
        (
            *("data", "repair", "max_age", "seed", "fromdate", "todate", "timerange", "other"),
            *("train_bars", "judge_bars", "every", "keep", "no_causality_check", "poll"),
        ),
        "--rollback puts an earlier model back and trains none",
        lambda values: values["rollback"],
        ("retrain",),
    ),
    UnusedOptionRule(
        ("poll",), "only --watch looks at the bars again", lambda values: not values["watch"]
    ),
    UnusedOptionRule(
        ("host", "refetch", "repair"), "made-up candles are not fetched", made_up, ("download",)
    ),
    UnusedOptionRule(
        ("seed",),
        "only made-up candles are random",
        lambda values: not made_up(values),
        ("download",),
    ),
    UnusedOptionRule(
        ("cuts",),
        "only a strategy or an indicator is run over bars that are cut",
        lambda values: not (values["strategy"] or values["indicator"]),
        ("audit",),
    ),
    UnusedOptionRule(
        ("cash", "commission", "slippage", "sizer"),
        "only a strategy trades",
        lambda values: not values["strategy"],
        ("audit",),
    ),
    UnusedOptionRule(
        ("other",),
        "only a saved model uses other markets",
        lambda values: not values["model"],
        ("audit",),
    ),
    UnusedOptionRule(
        ("json",),
        "it holds the verdict over several runs, and one is given",
        lambda values: len(values["folders"] or ()) < 2,
        ("report",),
    ),
    UnusedOptionRule(
        ("symbol",),
        "a trade has its own symbol",
        lambda values: values["trade"] is not None and values["bar"] is None,
        ("why",),
    ),
    UnusedOptionRule(
        ("symbol", "data", "strategy", "sizer", "json"),
        "the list of trades needs none of them; give --trade N or --bar TIME",
        lists_trades,
        ("why",),
    ),
    UnusedOptionRule(("verbose",), "--quiet prints nothing", lambda values: values["quiet"]),
)


def unused_option_notes(context: typer.Context, values: Values) -> UnusedOptionNotes:
    """Return a note for each rule that applies to a given option.

    Parameters
    ----------
    context : Context
        Of the command.
    values : dict
        Of all its options by name.
    """
    verb, notes, noted = context.command.name, list[str](), set[str]()
    given = {param.name for param in context.command.params if is_given(context, param, values)}
    for rule in RULES:
        named = [name for name in rule.options if name in given - noted]
        if named and (not rule.commands or verb in rule.commands) and rule.when(values):
            noted |= {*named}
            notes.append(f"{', '.join(map(written, named))} not used: {rule.why}")
    return UnusedOptionNotes(notes)


def is_given(context: typer.Context, param: Any, values: Values) -> bool:
    """Return whether an option was given with a value other than its default."""
    source = context.get_parameter_source(param.name)
    if source is None or source.name not in ("COMMANDLINE", "DEFAULT_MAP"):
        return False
    return bool(values[param.name] != param.default)


def written(name: str) -> str:
    """Return a parameter's option as typed.

    >>> written("train_bars")
    '--train-bars'
    """
    return f"--{name.replace('_', '-')}"
