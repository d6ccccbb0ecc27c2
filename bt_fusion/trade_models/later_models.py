"""Convert the three later models to and from the form in a saved model."""

import warnings
from dataclasses import dataclass
from typing import Any

from bt_fusion.bundle import LaterModel, SavedModel
from bt_fusion.bundle.expected import check_features
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.errors import BtFusionWarning, BundleError, PartError
from bt_fusion.trade_models.learning import Recipe
from bt_fusion.trade_models.position_model import Advice, PositionModel
from bt_fusion.trade_models.risk_model import RISK_FEATURES, RiskModel
from bt_fusion.trade_models.stop_model import StopModel
from bt_fusion.trade_models.trade_plan import TradeModels
from bt_fusion.trade_models.trade_state import STATE

__all__ = ["RestoredModels", "later_models", "restored_models"]

BOOSTER = ("n_estimators", "learning_rate", "num_leaves", "min_child_samples")
OPTIONS = {
    "position": ("exit_margin", "add_margin", "min_trades"),
    "stops": ("quantile", *BOOSTER, "min_trades"),
    "risk": (*BOOSTER, "costs", "min_trades"),
}
FACTS = {
    "position": ("rows", "trades"),
    "stops": ("rows", "trades"),
    "risk": ("rows", "trades", "average_result"),
}
REGRESSORS = {"position": set(), "stops": {"stop", "target"}, "risk": {"result"}}
LIMITS: dict[str, tuple[type, float, float]] = {  # least and most
    "exit_margin": (float, 0, 1_000),
    "add_margin": (float, 0, 1_000),
    "quantile": (float, 0, 1),
    "n_estimators": (int, 1, 100_000),
    "learning_rate": (float, 0, 100),
    "num_leaves": (int, 2, 131_072),
    "min_child_samples": (int, 0, 10**9),
    "min_trades": (int, 0, 10**9),
    "costs": (float, 0, 1),
    "rows": (int, 0, 10**12),
    "trades": (int, 0, 10**12),
    "average_result": (float, -(10**9), 10**9),
}


@dataclass(frozen=True)
class RestoredModels:
    """The later models of a saved model.

    Attributes
    ----------
    models : TradeModels
        Fitted.
    params : dict
        Of the `ManagedModel`: the unfitted models, min_trades and costs.
    """

    models: TradeModels
    params: dict[str, Any]


def later_models(recipe: Recipe, models: TradeModels, names: tuple[str, ...]) -> list[LaterModel]:
    """Return the three models in bundle form; a neutral one has no parts.

    Parameters
    ----------
    recipe : Recipe
    models : TradeModels
    names : tuple of str
        Features of the signal model.

    Warns
    -----
    BtFusionWarning
        If a neutral position model has voters of its own: only fitted ones are saved.
    """
    if models.position is None and recipe.position.ensemble is not None:
        warnings.warn(
            "the position model is neutral, so its own voters are not saved: the loaded model "
            "would train rf, xgb and lgb; give more bars or fewer min_trades",
            BtFusionWarning,
            stacklevel=4,
        )
    shared = {"min_trades": recipe.min_trades, "costs": recipe.costs}
    unfitted: dict[str, Any] = {name: getattr(recipe, name) for name in OPTIONS}
    trades = {"position": models.trades, "stops": models.trades, "risk": models.sized_trades}
    found = []
    for name, made in unfitted.items():
        fitted = getattr(models, name)
        known = {**made.get_params(deep=False), **shared}
        facts = {
            "rows": 0 if fitted is None else fitted.n_rows_,
            "trades": trades[name],
            "average_result": getattr(fitted, "average_", 0.0),
        }
        found.append(
            LaterModel(
                name,
                columns_of(name, names),
                {option: known[option] for option in OPTIONS[name]},
                {fact: facts[fact] for fact in FACTS[name]},
                **({} if fitted is None else parts_of(fitted)),
            )
        )
    return found


def columns_of(name: str, features: tuple[str, ...]) -> tuple[str, ...]:
    """Return the input columns of a later model."""
    known = {"position": (*features, *STATE), "stops": (*features, STATE[0]), "risk": RISK_FEATURES}
    return known[name]


def parts_of(model: PositionModel | StopModel | RiskModel) -> dict[str, Any]:
    """Return the fitted parts of a later model."""
    if isinstance(model, PositionModel):
        return {"ensemble": model.ensemble_, "sample": model.sample_}
    if isinstance(model, StopModel):
        regressors = {"stop": model.stop_, "target": model.target_}
    else:
        regressors = {"result": model.booster_}
    return {"regressors": regressors, "sample": model.sample_}


def restored_models(saved: SavedModel) -> RestoredModels:
    """Return the three models of a bundle after checking them.

    Raises
    ------
    ModelCompatibilityError
        For other columns: `STATE`, `RISK_FEATURES` or the features of another signal model.
    PartError
        For a model or part that is missing, or does not belong to a managed model.
    BundleError
        For invalid options and counts.
    """
    later = {model.name: model for model in saved.later}
    if tuple(later) != tuple(OPTIONS):
        raise PartError(
            f"the model is managed and holds {', '.join(later) or 'nothing'} beside its signal, "
            f"not {', '.join(OPTIONS)}; save the model again"
        )
    for name, model in later.items():
        _check(model, columns_of(name, saved.features.names))
    if len({model.options["min_trades"] for model in saved.later}) > 1:
        raise BundleError("the manifest's later models have different min_trades, and share one")
    position, stops, risk = (_restored(model) for model in saved.later)
    unfitted = {name: _unfitted(model) for name, model in later.items()}
    shared = {name: later["risk"].options[name] for name in ("min_trades", "costs")}
    trades = later["stops"].facts["trades"], later["risk"].facts["trades"]
    return RestoredModels(TradeModels(position, stops, risk, *trades), {**unfitted, **shared})


def _check(model: LaterModel, columns: tuple[str, ...]) -> None:
    check_features(columns, model.columns, f"the saved model's {model.name} model")
    given = {**model.options, **model.facts}
    wanted = (*OPTIONS[model.name], *FACTS[model.name])
    wrong = sorted(given.keys() ^ {*wanted}) or [
        name for name, value in given.items() if not _inside(value, *LIMITS[name])
    ]
    if wrong or given.get("exit_margin", 0) > given.get("add_margin", 0):
        raise BundleError(f"the manifest's {model.name} model: {given}, of which {wrong} cannot be")
    ensemble = model.name == "position" and model.fitted
    if (model.ensemble is not None) != ensemble or (
        model.fitted and model.regressors.keys() != REGRESSORS[model.name]
    ):
        raise PartError(
            f"the saved {model.name} model has the regressors {sorted(model.regressors)}, not "
            f"{sorted(REGRESSORS[model.name])}: a part is missing, or another model's"
        )
    if model.ensemble is not None and model.ensemble.classes_.tolist() != [*Advice]:
        raise PartError(f"the position model predicts {model.ensemble.classes_}, no advice")


def _inside(value: float, kind: type, least: float, most: float) -> bool:
    return (kind is float or type(value) is int) and least <= value <= most


def _unfitted(model: LaterModel) -> PositionModel | StopModel | RiskModel:
    shared = ("min_trades", "costs")
    options = {name: value for name, value in model.options.items() if name not in shared}
    if model.name == "position":
        ensemble = model.ensemble
        voters = None if ensemble is None else Ensemble(**ensemble.get_params(deep=False))
        return PositionModel(voters, **options)
    return StopModel(**options) if model.name == "stops" else RiskModel(**options)


def _restored(model: LaterModel) -> Any:
    """Return the fitted model, None for a neutral one."""
    if not model.fitted:
        return None
    made = _unfitted(model)
    made.n_rows_, made.sample_ = model.facts["rows"], model.sample
    if isinstance(made, PositionModel):
        assert model.ensemble is not None  # it is fitted
        made.ensemble_ = model.ensemble
    elif isinstance(made, StopModel):
        made.stop_, made.target_ = model.regressors["stop"], model.regressors["target"]
    else:
        made.booster_, made.average_ = model.regressors["result"], model.facts["average_result"]
    return made
