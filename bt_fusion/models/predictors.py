"""What predicts: a walk-forward, a fitted model, or a fitted model for each symbol."""

from collections.abc import Iterable, Mapping
from typing import cast

from sklearn.base import clone

from bt_fusion.errors import OptionError
from bt_fusion.models.payoff import has_payoff, no_payoff
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.walk_forward import WalkForward

__all__ = [
    "OnePredictor",
    "Predictor",
    "check_payoffs",
    "check_predictor",
    "copy_for",
    "model_of",
    "predictor_of",
]

OnePredictor = WalkForward | SignalModel
Predictor = OnePredictor | Mapping[str, SignalModel]


def check_predictor(predictor: Predictor, symbols: Iterable[str]) -> None:
    """Check that models given by symbol are those of the data, and ask for the same.

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
            f"a model is given for {', '.join(unused)}, and no bars; the data are "
            f"{', '.join(known)}"
        )
    labels = {symbol: model.label() for symbol, model in models.items()}
    if len({str(label) for label in labels.values()}) > 1:
        each = ", ".join(f"{symbol} {label}" for symbol, label in labels.items())
        raise OptionError(
            f"the models predict different labels ({each}), and one strategy trades them all: "
            "give models of the same label"
        )


def check_payoffs(predictor: Predictor) -> None:
    """Raise OptionError for a model that cannot give the `auto` threshold."""
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
    """Return what predicts the bars of a symbol."""
    return predictor if isinstance(predictor, OnePredictor) else predictor[symbol]


def model_of(predictor: Predictor) -> SignalModel:
    """Return the model that predicts, or that is refitted; of several the first."""
    if isinstance(predictor, WalkForward):
        return predictor.signal_model()
    return predictor if isinstance(predictor, SignalModel) else next(iter(predictor.values()))


def copy_for(predictor: Predictor, symbol: str, symbols: int) -> OnePredictor:
    """Return what predicts a symbol: of a walk-forward and several symbols a copy of its own."""
    own = predictor_of(predictor, symbol)
    return clone(own) if symbols > 1 and isinstance(own, WalkForward) else own
