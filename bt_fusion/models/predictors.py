"""Predictors: a walk-forward, a fitted model, or a fitted model for each symbol."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from sklearn.base import clone

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.errors import OptionError, unknown_name
from bt_fusion.models.model_spec import ModelSpec
from bt_fusion.models.payoff import has_payoff, no_payoff
from bt_fusion.models.presets import PRESETS
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.urls import is_url

__all__ = [
    "OnePredictor",
    "Predictor",
    "as_predictor",
    "check_payoffs",
    "check_predictor",
    "copy_for",
    "model_of",
    "predictor_of",
]

OnePredictor = WalkForward | SignalModel
Predictor = OnePredictor | Mapping[str, SignalModel]


def as_predictor(model: Any, system: str | None = None, seed: int = 0) -> Predictor:
    """Return a predictor for any accepted form of model.

    An unfitted model is refitted as time passes, by a `WalkForward` with its default sizes on all
    cores, so every bar it trades is unseen.

    Parameters
    ----------
    model : WalkForward, SignalModel, Ensemble, str, path, dict or None
        A string names a preset, or the folder or URL of a saved model. An ensemble gets the default
        features and label. A dictionary holds a fitted model, or its folder, for each symbol. None
        is the system's preset, otherwise the default model.
    system : str, optional
        The strategy that trades it, see `STRATEGY_PRESETS`.
    seed : int
        Of a model created here.

    Raises
    ------
    OptionError
        For anything else, and for an unfitted model in a dictionary.

    Examples
    --------
    >>> as_predictor(SignalModel("fusion")).signal_model().features
    'fusion'
    >>> as_predictor("generator").signal_model().label()
    Direction(horizon=1)
    """
    if isinstance(model, WalkForward):
        return model
    if isinstance(model, Mapping):
        return {symbol: _fitted(each, symbol) for symbol, each in model.items()}
    if isinstance(model, str | Path) and str(model) not in PRESETS:
        return _saved(model)
    if model is None or isinstance(model, str | Path):
        preset = None if model is None else str(model)
        model = ModelSpec(preset=preset, strategy=system, seed=seed).build()
    if isinstance(model, Ensemble):
        model = SignalModel(ensemble=model)
    if not isinstance(model, SignalModel):
        raise OptionError(
            f"model is a {type(model).__name__}; give a WalkForward, a SignalModel, an Ensemble, "
            "the name of a preset, the folder of a saved model, or a dictionary of fitted models "
            "by symbol"
        )
    return model if is_fitted(model) else WalkForward(model, jobs=-1)


def is_fitted(model: SignalModel) -> bool:
    """Return whether a model has been fitted or loaded."""
    return hasattr(model, "ensemble_")


def _fitted(model: Any, symbol: str) -> SignalModel:
    found = _saved(model) if isinstance(model, str | Path) else model
    if not isinstance(found, SignalModel) or not is_fitted(found):
        raise OptionError(
            f"the model of {symbol} is not a fitted SignalModel; fit it first, or give one "
            "WalkForward for all symbols"
        )
    return found


def _saved(place: str | Path) -> SignalModel:
    if not is_url(str(place)) and not Path(place).is_dir():
        error = unknown_name("preset", str(place), PRESETS)
        raise OptionError(f"{error}; it is not the folder of a saved model either")
    return SignalModel.load(place)


def check_predictor(predictor: Predictor, symbols: Iterable[str]) -> None:
    """Check that models by symbol match the symbols of the data, and share one label.

    Raises
    ------
    OptionError
        For a symbol without a model, a model without a symbol, or two labels.
    """
    if isinstance(predictor, OnePredictor):
        return
    models, known = cast(Mapping[str, SignalModel], predictor), list(symbols)
    missing = [symbol for symbol in known if symbol not in models]
    unused = [symbol for symbol in models if symbol not in known]
    if missing:
        raise OptionError(
            f"no model is given for {', '.join(missing)}, only for {', '.join(models)}; add "
            f"--model {missing[0]}=DIR, or give one model for all"
        )
    if unused:
        raise OptionError(
            f"{', '.join(unused)} has a model and no bars; the symbols of the data are "
            f"{', '.join(known)}"
        )
    labels = {symbol: model.label() for symbol, model in models.items()}
    if len({str(label) for label in labels.values()}) > 1:
        each = ", ".join(f"{symbol} {label}" for symbol, label in labels.items())
        raise OptionError(
            f"the models predict different labels ({each}), but one strategy trades them all: "
            "give models of the same label"
        )


def check_payoffs(predictor: Predictor) -> None:
    """Raise OptionError for a model without an `auto` threshold."""
    if isinstance(predictor, WalkForward):
        label = predictor.signal_model().label()
        if not has_payoff(label):
            raise no_payoff(f"the label {label}")
        return
    models = {"": predictor} if isinstance(predictor, SignalModel) else predictor
    for symbol, model in models.items():
        if model.payoff_ is None:
            raise no_payoff(f"the saved model {symbol}".rstrip())


def predictor_of(predictor: Predictor, symbol: str) -> OnePredictor:
    """Return the predictor for the bars of a symbol."""
    return predictor if isinstance(predictor, OnePredictor) else predictor[symbol]


def model_of(predictor: Predictor) -> SignalModel:
    """Return the model that predicts or is refitted; of several the first."""
    if isinstance(predictor, WalkForward):
        return predictor.signal_model()
    return predictor if isinstance(predictor, SignalModel) else next(iter(predictor.values()))


def copy_for(predictor: Predictor, symbol: str, symbols: int) -> OnePredictor:
    """Return the predictor for a symbol: with several symbols, a copy of a walk-forward."""
    own = predictor_of(predictor, symbol)
    return clone(own) if symbols > 1 and isinstance(own, WalkForward) else own
