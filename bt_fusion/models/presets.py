"""Presets: the five systems' models, ready to fit, and the strategies they belong to."""

from collections.abc import Callable, Mapping, Sequence
from warnings import warn

from bt_fusion.bundle.later.kinds import model_class
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.registry import make_member, missing_libraries
from bt_fusion.errors import BtFusionWarning, OptionError, unknown_name
from bt_fusion.labels import Direction, Gain, ProfitBeforeStop, TripleBarrier
from bt_fusion.models.signal_model import SignalModel

__all__ = [
    "PRESETS",
    "PRESET_PARAMS",
    "STRATEGY_PRESETS",
    "make_preset",
    "strategy_for",
    "with_members",
]

HYBRID_WEIGHTS = {"xgb": 0.25, "rf": 0.20, "lstm": 0.20, "svm": 0.20, "lr": 0.15}


def fusion(seed: int = 0) -> SignalModel:
    """Return system A: a random forest of 100 trees on four standardised features."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    forest = RandomForestClassifier(n_estimators=100, n_jobs=1, random_state=seed)
    ensemble = Ensemble({"rf": make_pipeline(StandardScaler(), forest)}, seed=seed)
    return SignalModel("fusion", Direction(5), ensemble)


def discovery(seed: int = 0) -> SignalModel:
    """Return system B: one XGBoost on moving averages, three classes.

    Its features are not standardised: trees only use their order, which scaling keeps.
    """
    from xgboost import XGBClassifier

    booster = XGBClassifier(
        n_estimators=200,
        max_depth=6,
        learning_rate=0.1,
        subsample=0.8,
        colsample_bytree=0.8,
        tree_method="hist",
        n_jobs=1,
        random_state=seed,
    )
    return SignalModel("mar", "profit_before_stop", Ensemble({"xgb": booster}, seed=seed))


def hybrid(seed: int = 0, *, lstm: bool = True) -> SignalModel:
    """Return system C: five members by weight, a gain of 0.5 % within 5 bars, SMOTE.

    Parameters
    ----------
    seed : int
    lstm : bool
        False leaves the LSTM out; the other four keep their proportions.
    """
    weights = {name: w for name, w in HYBRID_WEIGHTS.items() if lstm or name != "lstm"}
    ensemble = Ensemble(
        tuple(weights), weights=tuple(weights.values()), resample="smote", seed=seed
    )
    return SignalModel("default", Gain(horizon=5, threshold=0.005), ensemble)


def generator(seed: int = 0) -> SignalModel:
    """Return system D: logistic regression or random forest, the one with the better F1."""
    from bt_fusion.ensemble.members.best_member import BestMember

    best = BestMember(("lr", "rf"), folds=10, seed=seed)
    ensemble = Ensemble({"best": best}, class_weight="balanced", outliers="iqr", seed=seed)
    return SignalModel("generator", Direction(1), ensemble)


def signal(seed: int = 0) -> SignalModel:
    """Return system E's first model: three members, majority vote, calibrated."""
    ensemble = Ensemble(
        ("rf", "xgb", "lgb"),
        voting="majority",
        vote_threshold=0.633,
        calibration="sigmoid",
        seed=seed,
    )
    return SignalModel("default", TripleBarrier(target=1.5, stop=1.5, horizon=12), ensemble)


def managed(seed: int = 0) -> SignalModel:
    """Return the complete system E: its signal model, and the three that manage its trades."""
    own = signal(seed)
    return model_class("managed")(own.features, own.labels, own.ensemble)


PRESETS: dict[str, Callable[..., SignalModel]] = {
    "fusion": fusion,
    "discovery": discovery,
    "hybrid": hybrid,
    "generator": generator,
    "signal": signal,
    "managed": managed,
}


# Strategy parameters that belong to a system like its model
PRESET_PARAMS: dict[str, dict[str, float]] = {"fusion": {"ml_threshold": 0.60}}
# Strategies with their own model; any other one trades the default model
STRATEGY_PRESETS = {"hybrid": "hybrid", "discovery": "discovery", "managed": "managed"}
LABEL_STRATEGIES: dict[type, str] = {Gain: "hybrid", ProfitBeforeStop: "discovery"}


def strategy_for(model: SignalModel) -> str:
    """Return the name of the strategy that trades a model's label, or manages its trades.

    >>> strategy_for(hybrid()), strategy_for(fusion()), strategy_for(managed())
    ('hybrid', 'fusion', 'managed')
    """
    if model.kind == "managed":
        return "managed"
    label = model.label()
    found = (name for kind, name in LABEL_STRATEGIES.items() if isinstance(label, kind))
    return next(found, "fusion")


def make_preset(name: str, seed: int = 0, members: Sequence[str] | None = None) -> SignalModel:
    """Return an unfitted model by the name of its preset.

    Members of the preset without an installed library are left out with a warning; the others keep
    their proportions.

    Parameters
    ----------
    name : str
        Of `PRESETS`.
    seed : int
    members : sequence of str, optional
        To use instead of the preset's, see `with_members`.

    Raises
    ------
    OptionError
        For a name that is not in `PRESETS`, or invalid members.

    Examples
    --------
    >>> make_preset("signal").ensemble.members
    ('rf', 'xgb', 'lgb')
    """
    if name not in PRESETS:
        raise unknown_name("preset", name, PRESETS)
    model = PRESETS[name](seed)
    if members is None:
        return model.set_params(ensemble=installed(model.new_ensemble(), name))
    return model.set_params(ensemble=with_members(model.new_ensemble(), members))


def with_members(ensemble: Ensemble, names: Sequence[str]) -> Ensemble:
    """Return an unfitted ensemble with other members, otherwise unchanged.

    A member already in the ensemble keeps its settings. Weights are kept if every member has one,
    otherwise all weights are equal.

    Examples
    --------
    >>> four = with_members(hybrid().ensemble, ["rf", "lr"])
    >>> four.members, four.weights
    (('rf', 'lr'), (0.2, 0.15))
    """
    own = ensemble.members
    if isinstance(names, str):
        raise OptionError(f"members {names!r}: give a sequence, such as [{names!r}]")
    if len(set(names)) < len(names):
        raise OptionError(f"members {', '.join(names)}: give each name once")
    members: Mapping[str, object] | tuple[str, ...] = tuple(names)
    if isinstance(own, Mapping) and set(own) & set(names):
        seed = ensemble.seed
        members = {name: own[name] if name in own else make_member(name, seed) for name in names}
    weights = None
    if ensemble.weights is not None and set(names) <= set(own):
        weigh = dict(zip(own, ensemble.weights, strict=True))
        weights = tuple(weigh[name] for name in names)
    return ensemble.set_params(members=members, weights=weights)


def installed(ensemble: Ensemble, preset: str) -> Ensemble:
    """Return a preset's ensemble without members that lack their libraries, and warn."""
    needed = {name: missing_libraries(name) for name in ensemble.members}
    without = [name for name in needed if needed[name]]
    if not without:
        return ensemble
    kept = [name for name in needed if not needed[name]]
    modules = " and ".join(dict.fromkeys(module for name in without for module in needed[name]))
    warn(
        f"preset {preset} leaves out {', '.join(without)}: {modules} not installed (pip "
        f"install 'bt-fusion[deep]'); {', '.join(kept)} keep their proportions",
        BtFusionWarning,
        stacklevel=3,
    )
    return with_members(ensemble, kept)
