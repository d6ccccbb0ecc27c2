"""Presets: the five systems' models, ready to fit."""

from collections.abc import Callable

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.registry import require_library
from bt_fusion.errors import unknown_name
from bt_fusion.labels import Direction, Gain, TripleBarrier
from bt_fusion.models.signal_model import SignalModel

__all__ = ["PRESETS", "make_preset"]

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

    Its features are not standardised: trees ask for their order alone, which scaling keeps.
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
        False leaves the LSTM out, and the other four keep their proportions.

    Raises
    ------
    OptionError
        When the LSTM is wanted and the extra ``deep`` is not installed.
    """
    if lstm:
        require_library("lstm", "take hybrid(lstm=False), its four other members")
    weights = {name: w for name, w in HYBRID_WEIGHTS.items() if lstm or name != "lstm"}
    ensemble = Ensemble(
        tuple(weights), weights=tuple(weights.values()), resample="smote", seed=seed
    )
    return SignalModel("default", Gain(horizon=5, threshold=0.005), ensemble)


def generator(seed: int = 0) -> SignalModel:
    """Return system D: logistic regression or random forest, whichever has the better F1."""
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


PRESETS: dict[str, Callable[..., SignalModel]] = {
    "fusion": fusion,
    "discovery": discovery,
    "hybrid": hybrid,
    "generator": generator,
    "signal": signal,
}


def make_preset(name: str, seed: int = 0) -> SignalModel:
    """Return an unfitted model by the name of its preset.

    Raises
    ------
    OptionError
        For a name that is not in `PRESETS`, or a preset whose libraries are missing.

    Examples
    --------
    >>> make_preset("signal").ensemble.members
    ('rf', 'xgb', 'lgb')
    """
    if name not in PRESETS:
        raise unknown_name("preset", name, PRESETS)
    return PRESETS[name](seed)
