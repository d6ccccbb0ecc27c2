"""The model that options describe, the saved model they name, and the bars it may learn from."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.errors import OptionError
from bt_fusion.features import REGISTRY
from bt_fusion.labels import Gain, make_label
from bt_fusion.models.presets import make_preset
from bt_fusion.models.signal_model import SignalModel

__all__ = ["ModelSpec", "saved_model", "training_part"]


@dataclass(frozen=True)
class ModelSpec:
    """A model as options describe it.

    Parameters
    ----------
    preset : str, optional
        A name of `PRESETS`; settles features, label, horizon, members and voting.
    features : str, optional
        Name of a set, or feature names a,b,c. Default: the set ``default``.
    label : str, optional
        Default: ``direction``.
    horizon : int, optional
        Bars the label looks ahead. Default: the label's own.
    members : str, optional
        Names a,b,c. Default: ``rf,xgb,lgb``.
    voting : str, optional
        Default: ``soft``.
    lookahead : int, optional
        Bars in which the price must gain, 5 where only `profit_threshold` is given.
    profit_threshold : float, optional
        Percent to gain, 0.5 where only `lookahead` is given.
    calibration : str, optional
        Default: none, or the preset's.
    seed : int

    Examples
    --------
    >>> ModelSpec(members="lr", lookahead=7).build().label()
    Gain(horizon=7, threshold=0.005)
    """

    preset: str | None = None
    features: str | None = None
    label: str | None = None
    horizon: int | None = None
    members: str | None = None
    voting: str | None = None
    lookahead: int | None = None
    profit_threshold: float | None = None
    calibration: str | None = None
    seed: int = 0

    def build(self) -> SignalModel:
        """Return the unfitted model, all names checked.

        Raises
        ------
        OptionError
            For an unknown name, a preset beside options it settles, or two labels.
        """
        self._check_exclusive()
        model = make_preset(self.preset, self.seed) if self.preset is not None else self._own()
        if self._gains:
            percent = 0.5 if self.profit_threshold is None else self.profit_threshold
            horizon = 5 if self.lookahead is None else self.lookahead
            model.set_params(labels=Gain(horizon, percent / 100))
        if self.calibration is not None:
            ensemble = model.new_ensemble().set_params(calibration=self.calibration)
            ensemble.make_members()
            model.set_params(ensemble=ensemble)
        return model

    @property
    def _gains(self) -> bool:
        return self.lookahead is not None or self.profit_threshold is not None

    def _check_exclusive(self) -> None:
        settled = ("features", "label", "members", "voting", "horizon")
        given = [f"--{name}" for name in settled if getattr(self, name) is not None]
        if self.preset is not None and given:
            raise OptionError(f"preset {self.preset} settles {', '.join(given)}; leave either out")
        if self._gains and (self.label is not None or self.horizon is not None):
            raise OptionError(
                "--lookahead and --profit-threshold are a label of their own; leave out --label "
                "and --horizon"
            )

    def _own(self) -> SignalModel:
        members = tuple((self.members or "rf,xgb,lgb").split(","))
        ensemble = Ensemble(members, voting=self.voting or "soft", seed=self.seed)
        ensemble.make_members()
        horizon = {} if self.horizon is None else {"horizon": self.horizon}
        label = make_label(self.label or "direction", **horizon)
        model = SignalModel(feature_names(self.features or "default"), label, ensemble)
        model.feature_set()
        return model


def feature_names(text: str) -> str | tuple[str, ...]:
    """Return the name of a set, or feature names: several, or one that is no set's."""
    return tuple(text.split(",")) if "," in text or text in REGISTRY else text


def saved_model(text: str | None, strategy: str) -> SignalModel | None:
    """Return the saved model that --model names, None where it names none.

    ``auto`` names the folder models/STRATEGY where it is there.
    """
    if text == "auto":
        folder = Path("models") / strategy
        return SignalModel.load(folder) if folder.is_dir() else None
    return None if text is None else SignalModel.load(text)


def training_part(bars: pd.DataFrame, test_share: float) -> pd.DataFrame:
    """Return the bars before the last `test_share` of them.

    Raises
    ------
    OptionError
        For a share outside 0..0.9.
    """
    if not 0 <= test_share <= 0.9:
        raise OptionError(f"test-share {test_share} must be a fraction from 0 to 0.9")
    return bars.iloc[: len(bars) - round(len(bars) * test_share)]
