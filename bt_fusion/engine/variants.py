"""The ML-off and the ML-on variant of a strategy."""

from typing import Any

import backtrader as bt

from bt_fusion.errors import OptionError, unknown_name
from bt_fusion.models.predictions import Predictions
from bt_fusion.strategies import with_ml
from bt_fusion.strategies.ml_filter import ML_PARAMS

__all__ = ["check_params", "check_variants", "takes_ml", "technical_params", "variant"]


def takes_ml(strategy: type[bt.Strategy]) -> bool:
    """Say whether a strategy has the params `ml` and `model`: it asks the model by itself."""
    return {"ml", "model"} <= set(strategy.params._getkeys())


def variant(
    strategy: type[bt.Strategy],
    params: dict[str, Any],
    horizon: int,
    predictions: Predictions | dict[str, Predictions] | None = None,
) -> tuple[type[bt.Strategy], dict[str, Any]]:
    """Return the class and the params of a run with ML, or without where there are no predictions.

    Predictions of several symbols come by symbol, the name of their data feed.
    A strategy that knows nothing of ML has its entries filtered by `with_ml`; params called
    ``ml_...`` are then the filter's.
    """
    if takes_ml(strategy):
        given = {"ml": predictions is not None, "model": predictions}
        if "hold_bars" in strategy.params._getkeys():
            params = {"hold_bars": horizon, **params}
        return strategy, {**params, **given}
    if predictions is None:
        return strategy, technical_params(strategy, params)
    return with_ml(strategy), {**params, "ml_model": predictions}


def technical_params(strategy: type[bt.Strategy], params: dict[str, Any]) -> dict[str, Any]:
    """Return the params that a run without ML depends on.

    >>> from bt_fusion.strategies import FusionStrategy
    >>> technical_params(FusionStrategy, {"ml_threshold": 0.7, "ema_fast": 8})
    {'ema_fast': 8}
    """
    unread = getattr(strategy, "ml_only", ()) if takes_ml(strategy) else dict(ML_PARAMS)
    return {key: value for key, value in params.items() if key not in unread}


def check_variants(strategy: type[bt.Strategy], params: dict[str, Any]) -> None:
    """Raise OptionError for a parameter neither variant has, or which tells them apart."""
    for param in ("ml", "model") if takes_ml(strategy) else ("ml_model",):
        if param in params:
            raise OptionError(
                f"parameter {param} of {strategy.__name__} is what ML-off and ML-on differ in, and "
                "set for each; leave it out, and choose by --ml and --model"
            )
    check_params(strategy if takes_ml(strategy) else with_ml(strategy), params)


def check_params(strategy: type[bt.Strategy], params: dict[str, Any]) -> None:
    """Raise OptionError for a parameter the strategy does not have."""
    known = strategy.params._getkeys()
    for param in params:
        if param not in known:
            raise unknown_name(f"parameter of {strategy.__name__}", param, known)
