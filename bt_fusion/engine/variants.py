"""The ML-off and the ML-on variant of a strategy."""

from collections.abc import Iterable, Iterator, Mapping
from numbers import Real
from types import CodeType, FunctionType
from typing import Any

import backtrader as bt

from bt_fusion.errors import OptionError, unknown_name
from bt_fusion.indicators import MLEnsemble
from bt_fusion.models.agreement import THRESHOLDS, Agreement
from bt_fusion.models.predictions import Predictions
from bt_fusion.models.presets import PRESET_PARAMS
from bt_fusion.strategies import OnePosition, with_ml
from bt_fusion.strategies.ml_filter import ML_PARAMS, own_ensemble_advice
from bt_fusion.strategies.one_position import LEVELS
from bt_fusion.strategies.parameters import canonical

__all__ = [
    "agreement_of",
    "always_uses_ml",
    "check_params",
    "check_technical",
    "check_variants",
    "default_params",
    "has_own_rule",
    "ml_class",
    "preset_params",
    "takes_ml",
    "technical_params",
    "uses_health",
    "variant",
]

SWITCHES = ("ml", "use_ml_ensemble")  # parameters that let a strategy trade without ML
MODELS = ("model", "ml_model", "ml_model_path")  # and those that hold its model


def takes_ml(strategy: type[bt.Strategy]) -> bool:
    """Return whether a strategy has its own ML support: a parameter `ml` or `use_ml_ensemble`."""
    return bool(own_names(strategy, SWITCHES))


def always_uses_ml(strategy: type[bt.Strategy]) -> bool:
    """Return whether a strategy has its own ensemble that cannot be switched off."""
    return not takes_ml(strategy) and mentions_ensemble(strategy)


def has_own_rule(strategy: type[bt.Strategy]) -> bool:
    """Return whether a strategy has its own ML support and no parameter that is its threshold."""
    return takes_ml(strategy) and not own_names(strategy, tuple(THRESHOLDS))


def variant(
    strategy: type[bt.Strategy],
    params: Mapping[str, Any],
    exits: Mapping[str, Any] | None = None,
    predictions: Predictions | dict[str, Predictions] | None = None,
) -> tuple[type[bt.Strategy], dict[str, Any]]:
    """Return class and params of a run with ML, or without ML if there are no predictions.

    Parameters
    ----------
    strategy : class
        A strategy with its own ML support gets `ml` True or False, and its model if it has a
        parameter for it. Any other is filtered by `with_ml`; params called ``ml_...`` then belong
        to the filter.
    params : mapping
    exits : mapping, optional
        Exit settings of the model's label, see `trade_exits`; our strategies use them unless
        `params` override them.
    predictions : Predictions, or dict of them by symbol, optional
    """
    if takes_ml(strategy):
        given = exit_params(strategy, exits or {}, params) | canonical(strategy, params)
        if "log_entries" in strategy.params._getkeys():
            given = {"log_entries": False} | given  # a run stores them in a table
        given |= dict.fromkeys(own_names(strategy, SWITCHES)[:1], predictions is not None)
        given |= dict.fromkeys(own_names(strategy, MODELS)[:1], predictions)
        return strategy, given
    if predictions is None:
        return strategy, technical_params(strategy, params)
    filtered = with_ml(strategy)
    return filtered, {**canonical(filtered, params), "ml_model": predictions}


def exit_params(
    strategy: type[bt.Strategy], exits: Mapping[str, Any], params: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a label's exit params that our strategy has and `params` do not set.

    Values set by a user's subclass count as given. A stop or target given in one unit replaces the
    label's in the other.

    >>> from bt_fusion.strategies import SignalDiscovery
    >>> exits = {"hold_bars": 12, "stop": None, "atr_stop": 1.5}
    >>> exit_params(SignalDiscovery, exits, {"stop": 0.02})
    {'hold_bars': 12}
    """
    if not issubclass(strategy, OnePosition):
        return {}
    pairs = [*LEVELS.items(), *((b, a) for a, b in LEVELS.items())]
    mro: tuple[Any, ...] = strategy.__mro__
    ours = next(each for each in mro if each.__module__.startswith("bt_fusion."))
    changed = {n for n in exits if getattr(strategy.params, n, 0) != getattr(ours.params, n, 0)}
    given = {*params, *changed}
    taken = {*given, *(other for name, other in pairs if name in given)}
    known = strategy.params._getkeys()
    return {name: exits[name] for name in exits if name in known and name not in taken}


def technical_params(strategy: type[bt.Strategy], params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the params that affect a run without ML.

    >>> from bt_fusion.strategies import FusionStrategy
    >>> technical_params(FusionStrategy, {"ml_threshold": 0.7, "ema_fast": 8})
    {'ema_fast': 8}
    """
    kind = ml_class(strategy)
    unread = getattr(kind, "ml_only", ()) if kind is strategy else dict(ML_PARAMS)
    return {name: value for name, value in canonical(kind, params).items() if name not in unread}


def ml_class(strategy: type[bt.Strategy]) -> type[bt.Strategy]:
    """Return the class that uses ML: the strategy, or `with_ml` of it if possible."""
    taken = own_names(strategy, tuple(dict(ML_PARAMS)))
    return strategy if takes_ml(strategy) or taken else with_ml(strategy)


def agreement_of(
    strategy: type[bt.Strategy],
    params: Mapping[str, Any],
    voting: str = "soft",
    costs: float = 0.0,
) -> Agreement:
    """Return the agreement a strategy's ML-on variant requires; `costs`: `Account.round_trip`."""
    given = default_params(strategy) | canonical(ml_class(strategy), params)
    return Agreement.of(given, voting, costs=costs)


def default_params(strategy: type[bt.Strategy]) -> dict[str, Any]:
    """Return the parameters of the ML-on variant of a strategy with their defaults."""
    return dict(ml_class(strategy).params._getitems())


def preset_params(
    preset: str | None, strategy: type[bt.Strategy], given: Iterable[str]
) -> dict[str, Any]:
    """Return the parameters that belong to a preset.

    Only those that the strategy has with ML on, and that are not given.

    Parameters
    ----------
    preset : str, optional
    strategy : class
    given : iterable of str
        Names of the parameters already given.
    """
    own = PRESET_PARAMS.get(preset or "", {})
    if not own:
        return {}
    named, known = canonical(ml_class(strategy), dict.fromkeys(given)), default_params(strategy)
    return {name: value for name, value in own.items() if name in known and name not in named}


def uses_health(strategy: type[bt.Strategy], params: Mapping[str, Any]) -> bool:
    """Return whether a strategy's ML-on variant reacts to drift of its model."""
    given = default_params(strategy) | canonical(ml_class(strategy), params)
    return any(given.get(name, "ignore") != "ignore" for name in ("on_drift", "ml_on_drift"))


def check_variants(strategy: type[bt.Strategy], params: Mapping[str, Any]) -> None:
    """Raise OptionError for a strategy without an ML-on variant, and for wrong parameters.

    A parameter is wrong if neither variant has it, or if it distinguishes the two.
    """
    if always_uses_ml(strategy):
        raise OptionError(own_ensemble_advice(strategy.__name__))
    kind = strategy if takes_ml(strategy) else with_ml(strategy)
    check_apart(kind, params)
    check_params(kind, params)


def check_technical(strategy: type[bt.Strategy], params: Mapping[str, Any]) -> None:
    """Raise OptionError for parameters that a run without ML cannot have."""
    if takes_ml(strategy):
        check_apart(strategy, params)
    check_params(*variant(strategy, params))


def check_apart(strategy: type[bt.Strategy], params: Mapping[str, Any]) -> None:
    """Raise OptionError for a given parameter that distinguishes ML-off and ML-on."""
    alone = not takes_ml(strategy)
    run_options = (
        ["ml_model"] if alone else [*own_names(strategy, SWITCHES), *own_names(strategy, MODELS)]
    )
    for given, name in zip(params, canonical(strategy, params), strict=True):
        if name in run_options:
            own = "" if given == name else f" (another name of {name})"
            raise OptionError(
                f"parameter {given}{own} of {strategy.__name__} is set for each run by the "
                "comparison; leave it out, and choose by --ml and --model"
            )


def check_params(strategy: type[bt.Strategy], params: Mapping[str, Any]) -> None:
    """Raise OptionError for a parameter the strategy does not have, and for text as a number."""
    defaults = dict(strategy.params._getitems())
    for param, value in canonical(strategy, params).items():
        if param not in defaults:
            name = getattr(strategy, "unfiltered", strategy).__name__
            raise unknown_name(f"parameter of {name}", param, defaults)
        default = defaults[param]
        numeric = isinstance(default, Real) and not isinstance(default, bool)
        if isinstance(value, str) and numeric and param not in THRESHOLDS:
            raise OptionError(
                f"parameter {param} is {value!r}, and its default is a number, {default}: "
                "give one number; several values are for a sweep"
            )


def own_names(strategy: type[bt.Strategy], names: tuple[str, ...]) -> list[str]:
    """Return the names that are parameters of a strategy."""
    return [name for name in names if name in strategy.params._getkeys()]


def mentions_ensemble(strategy: type[bt.Strategy]) -> bool:
    """Return whether the methods of a user's class mention `MLEnsemble`."""
    owners = [
        owner
        for owner in strategy.__mro__
        if owner.__module__.partition(".")[0] not in ("backtrader", "bt_fusion", "builtins")
    ]
    functions = [v for owner in owners for v in vars(owner).values() if isinstance(v, FunctionType)]
    return any(
        _is_ensemble(function.__globals__.get(name, name))
        for function in functions
        for name in names_in(function.__code__)
    )


def names_in(code: CodeType) -> Iterator[str]:
    """Yield the global names and attributes that a code object uses."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from names_in(inner)


def _is_ensemble(value: Any) -> bool:
    if isinstance(value, type):
        return issubclass(value, MLEnsemble)
    return isinstance(value, str) and value == "MLEnsemble"  # named through a module
