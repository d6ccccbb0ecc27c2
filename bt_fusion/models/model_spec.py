"""The model that options describe, and its training bars."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.errors import OptionError
from bt_fusion.features import REGISTRY
from bt_fusion.features.views import split_name
from bt_fusion.labels import Gain, Label, make_label
from bt_fusion.models.presets import STRATEGY_PRESETS, make_preset, with_members
from bt_fusion.models.signal_model import SignalModel

__all__ = ["ModelSpec", "feature_names", "training_part"]

DEFAULT_MEMBERS = ("rf", "xgb", "lgb")


GAIN = ("lookahead", "profit_threshold")
# Parts of the starting model that options may override, in display order
PARTS = ("features", "timeframes", "label", "horizon", "members", "voting", *GAIN, "calibration")


@dataclass(frozen=True)
class ModelSpec:
    """A model as options describe it: the starting model, and the parts that replace its own.

    It starts from a preset, from the recipe of a saved model, or from the default model; given
    parts replace its own.

    Parameters
    ----------
    preset : str, optional
        A name of `PRESETS`.
    recipe : str, optional
        Folder of a saved model, whose features, label and ensemble are fitted again.
    strategy : str, optional
        Of `STRATEGY_PRESETS`: selects its preset if neither preset nor recipe is given.
    features : str, optional
        Name of a set, or feature names a,b,c.
    timeframes : str, optional
        Longer timeframes a,b,c, see `SignalModel`.
    others : mapping of str to DataFrame, optional
        Bars of other markets, whose features are added to those of the bars. If a recipe or a
        feature's name mentions a market, only the mentioned ones are used.
    label : str, optional
        A name, or with parameters ``gain(horizon=5, threshold=0.005)``.
    horizon : int, optional
        Bars the label looks ahead.
    members : str, optional
        Names a,b,c, see `with_members`.
    voting : str, optional
    lookahead : int, optional
        Bars in which the price must gain, default 5 if only `profit_threshold` is given.
    profit_threshold : float, optional
        Percent to gain, default 0.5 if only `lookahead` is given.
    calibration : str, optional
    seed : int
        Of the members; a recipe keeps its own.
    causality_check : bool
        See `SignalModel`.

    Examples
    --------
    >>> ModelSpec(members="lr", lookahead=7).build().label()
    Gain(horizon=7, threshold=0.005)
    >>> ModelSpec(strategy="hybrid", members="rf,lgb").origin
    'preset hybrid, as the strategy asks; members rf,lgb as given'
    """

    preset: str | None = None
    recipe: str | None = None
    strategy: str | None = None
    features: str | None = None
    timeframes: str | None = None
    others: Mapping[str, pd.DataFrame] | None = None
    label: str | None = None
    horizon: int | None = None
    members: str | None = None
    voting: str | None = None
    lookahead: int | None = None
    profit_threshold: float | None = None
    calibration: str | None = None
    seed: int = 0
    causality_check: bool = True

    @property
    def chosen_preset(self) -> str | None:
        """The preset to start from: the one given, or the strategy's."""
        of_strategy = None if self.recipe is not None else STRATEGY_PRESETS.get(self.strategy or "")
        return self.preset if self.preset is not None else of_strategy

    @property
    def origin(self) -> str:
        """The origin of each part, in one line; empty for the default model."""
        if self.recipe is not None:
            start = f"recipe of {self.recipe}"
        elif self.chosen_preset is not None:
            source = "" if self.preset is not None else ", as the strategy asks"
            start = f"preset {self.chosen_preset}{source}"
        else:
            return ""
        given = [f"{name.replace('_', '-')} {vars(self)[name]}" for name in self._given(*PARTS)]
        return f"{start}; {', '.join(given)} as given" if given else start

    def build(self) -> SignalModel:
        """Return the model, unfitted or the recipe with other parts, with all names checked.

        Raises
        ------
        OptionError
            For an unknown name, two models to start from, or two labels.
        """
        self._check_exclusive()
        model = self._start()
        if self.features is not None:
            model.set_params(features=feature_names(self.features))
        if self.timeframes is not None:
            model.set_params(timeframes=tuple(self.timeframes.split(",")))
        if self.others:
            model.set_params(others=dict(self.others))
        options = {"voting": self.voting, "calibration": self.calibration}
        given = {name: value for name, value in options.items() if value is not None}
        ensemble = model.new_ensemble().set_params(**given)
        model.set_params(
            labels=self._label(model.labels),
            ensemble=ensemble,
            causality_check=self.causality_check,
        )
        model.feature_set()
        ensemble.make_members()
        return model

    def _check_exclusive(self) -> None:
        if self.preset is not None and self.recipe is not None:
            raise OptionError(
                f"--preset {self.preset} and --recipe {self.recipe} both say which model is "
                "fitted; give one of them"
            )
        if self._given(*GAIN) and self._given("label", "horizon"):
            raise OptionError(
                "--lookahead and --profit-threshold are a label of their own; leave out --label "
                "and --horizon"
            )

    def _start(self) -> SignalModel:
        members = None if self.members is None else self.members.split(",")
        if self.recipe is not None:
            saved = SignalModel.load(self.recipe, others=self.others)
            if members is None:
                return saved
            return saved.set_params(ensemble=with_members(saved.new_ensemble(), members))
        if self.chosen_preset is not None:
            return make_preset(self.chosen_preset, self.seed, members)
        return SignalModel(ensemble=Ensemble(tuple(members or DEFAULT_MEMBERS), seed=self.seed))

    def _label(self, own: str | Label) -> str | Label:
        """Return the given label, otherwise the model's own."""
        if self._given(*GAIN):
            percent = 0.5 if self.profit_threshold is None else self.profit_threshold
            return Gain(5 if self.lookahead is None else self.lookahead, percent / 100)
        horizon = {} if self.horizon is None else {"horizon": self.horizon}
        if self.label is not None:
            return make_label(self.label, **horizon)
        label = make_label(own) if isinstance(own, str) else own
        return replace(label, **horizon)  # type: ignore[type-var]

    def _given(self, *names: str) -> list[str]:
        return [name for name in names if vars(self)[name] is not None]


def feature_names(text: str) -> str | tuple[str, ...]:
    """Return the name of a set, or a list of feature names."""
    return tuple(text.split(",")) if "," in text or split_name(text)[0] in REGISTRY else text


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
