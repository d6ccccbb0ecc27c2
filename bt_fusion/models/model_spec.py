"""The model that options describe, what predicts by it, and the bars it may learn from."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.errors import OptionError
from bt_fusion.features import REGISTRY
from bt_fusion.labels import make_label

if TYPE_CHECKING:
    import pandas as pd

    from bt_fusion.models.signal_model import SignalModel
    from bt_fusion.models.walk_forward import WalkForward

__all__ = ["chosen_model", "chosen_predictor", "training_part"]


def chosen_model(
    *,
    preset: str | None = None,
    features: str | None = None,
    label: str | None = None,
    horizon: int | None = None,
    members: str | None = None,
    voting: str | None = None,
    lookahead: int | None = None,
    profit_threshold: float | None = None,
    calibration: str | None = None,
    seed: int = 0,
) -> "SignalModel":
    """Build the model, checking names and what excludes what at once.

    Raises
    ------
    OptionError
        Where a preset meets options it has settled, or two labels are asked for.
    """
    own = {"features": features, "label": label, "members": members, "voting": voting}
    given = [f"--{name}" for name, value in own.items() if value is not None]
    if preset is not None and (given or horizon is not None):
        given += ["--horizon"] if horizon is not None else []
        raise OptionError(f"preset {preset} settles {', '.join(given)}; leave either out")
    gain = lookahead is not None or profit_threshold is not None
    if gain and (label is not None or horizon is not None):
        raise OptionError(
            "--lookahead and --profit-threshold are a label of their own; leave out --label and "
            "--horizon"
        )
    if preset is not None:
        from bt_fusion.models.presets import make_preset

        model = make_preset(preset, seed)
    else:
        model = signal_model(
            features or "default",
            label or "direction",
            horizon,
            members or "rf,xgb,lgb",
            voting or "soft",
            seed,
        )
    if gain:
        model.set_params(labels=_gain(lookahead, profit_threshold))
    if calibration is not None:
        ensemble = model.new_ensemble().set_params(calibration=calibration)
        ensemble.make_members()
        model.set_params(ensemble=ensemble)
    return model


def chosen_predictor(
    saved: str | None, strategy: str, model: dict[str, Any], schedule: dict[str, Any]
) -> "WalkForward | SignalModel":
    """Load the saved model, or build the walk-forward that the other options describe.

    Parameters
    ----------
    saved : str, optional
        The value of --model.
    strategy : str
    model : dict
        Arguments of `chosen_model`.
    schedule : dict
        Arguments of `WalkForward` beside the model.

    Raises
    ------
    OptionError
        As `chosen_model`, and where both a preset and a saved model are asked for.
    """
    from bt_fusion.models.walk_forward import WalkForward

    if model.get("preset") and saved:
        raise OptionError(
            f"--preset {model['preset']} and --model {saved} both say what predicts; give one of "
            "them"
        )
    walk = WalkForward(chosen_model(**model), **schedule)
    return saved_model(saved, strategy) or walk


def training_part(bars: "pd.DataFrame", test_share: float) -> "pd.DataFrame":
    """Return the bars before the last `test_share` of them.

    Raises
    ------
    OptionError
        For a share outside 0..0.9.
    """
    if not 0 <= test_share <= 0.9:
        raise OptionError(f"test-share {test_share} must be a fraction from 0 to 0.9")
    return bars.iloc[: len(bars) - round(len(bars) * test_share)]


def _gain(lookahead: int | None, profit_threshold: float | None):
    from bt_fusion.labels import Gain

    percent = 0.5 if profit_threshold is None else profit_threshold
    return Gain(5 if lookahead is None else lookahead, percent / 100)


def signal_model(
    features: str, label: str, horizon: int | None, members: str, voting: str, seed: int
) -> "SignalModel":
    """Build the model the options describe, checking names at once."""
    from bt_fusion.models.signal_model import SignalModel

    ensemble = Ensemble(tuple(members.split(",")), voting=voting, seed=seed)
    ensemble.make_members()
    known = {} if horizon is None else {"horizon": horizon}
    model = SignalModel(feature_names(features), make_label(label, **known), ensemble)
    model.feature_set()
    return model


def saved_model(text: str | None, strategy: str) -> "SignalModel | None":
    """Return the saved model an option names, None where it names none."""
    from bt_fusion.models.signal_model import SignalModel

    if text == "auto":
        folder = Path("models") / strategy
        return SignalModel.load(folder) if folder.is_dir() else None
    return None if text is None else SignalModel.load(text)


def feature_names(text: str) -> str | tuple[str, ...]:
    """Return the name of a set, or feature names: several, or one that is no set's."""
    return tuple(text.split(",")) if "," in text or text in REGISTRY else text
