"""What summary.json keeps of a run so that it can be reproduced: model, schedule, versions."""

from dataclasses import asdict
from importlib import metadata
from typing import Any

import pandas as pd

from bt_fusion.backtest.out_of_sample import Predictor, model_of
from bt_fusion.backtest.summary import only
from bt_fusion.models.signal_model import SignalModel

__all__ = ["model_config", "versions"]

LIBRARIES = (
    "bt-fusion",
    "backtrader",
    "numpy",
    "pandas",
    "scikit-learn",
    "xgboost",
    "lightgbm",
    "TA-Lib",
)


def model_config(bars: dict[str, int], predictor: Predictor) -> dict[str, Any]:
    """Return the model's parts, and when and on what it was or is trained.

    Parameters
    ----------
    bars : dict of int
        How many there are of each symbol; sizes that follow from them are by symbol where there
        are several.
    predictor : WalkForward or SignalModel
    """
    model = model_of(predictor)
    return {
        "features": model.features,
        "label": type(model.label()).__name__,
        "label_parameters": asdict(model.label()),  # type: ignore[call-overload]
        "ensemble": model.new_ensemble().get_params(deep=False),
        **_schedule(bars, predictor),
    }


def versions() -> dict[str, str]:
    """Return the versions of the libraries that figures depend on."""
    return {library: metadata.version(library) for library in LIBRARIES}


def _schedule(bars: dict[str, int], predictor: Predictor) -> dict[str, Any]:
    if isinstance(predictor, SignalModel):
        return {
            "trained_until": pd.Timestamp(predictor.trained_until_),
            "tuning_trials": getattr(predictor, "trials_", 0),
        }
    sizes = {symbol: predictor.sizes(count) for symbol, count in bars.items()}
    return {
        "train_bars": only({symbol: train for symbol, (train, _) in sizes.items()}),
        "refit_bars": only({symbol: refit for symbol, (_, refit) in sizes.items()}),
        "window": predictor.window,
        "embargo_bars": predictor.embargo_bars,
    }
