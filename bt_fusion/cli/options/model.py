"""The model that is fitted, and how its parameters are searched for."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated

from bt_fusion.cli.command import Scheduler, option
from bt_fusion.cli.options.bars import MarketOptions, Reading
from bt_fusion.cli.screen import Screen
from bt_fusion.ensemble.members.registry import MEMBERS
from bt_fusion.errors import OptionError

if TYPE_CHECKING:
    from bt_fusion.models.model_spec import ModelSpec
    from bt_fusion.models.signal_model import SignalModel

__all__ = ["ModelOptions", "NoCausalityCheck", "TrainModelOptions", "TuningOptions"]

NO_PARTS = (
    "preset",
    "no_causality_check",
    "other",
)  # options that are not parts of the model
NoCausalityCheck = Annotated[
    bool,
    option(
        "Skip the look-ahead check of your own features, labels and members.",
        "--no-causality-check",
    ),
]


@dataclass(frozen=True, kw_only=True)
class ModelOptions(MarketOptions):
    """The model that is fitted."""

    preset: Annotated[
        str | None,
        option(
            "A whole model: discovery, fusion, generator, hybrid, managed, signal. The options "
            "below replace parts of it.",
            metavar="NAME",
        ),
    ] = None
    features: Annotated[
        str | None,
        option(
            "Feature set (default, fusion, generator, mar), or features a,b,c. [default: default]",
            metavar="NAMES",
        ),
    ] = None
    label: Annotated[
        str | None,
        option(
            "What the model predicts: direction, gain, triple_barrier or profit_before_stop; with "
            'parameters "gain(horizon=5, threshold=0.005)". [default: direction]',
            metavar="NAME",
        ),
    ] = None
    horizon: Annotated[
        str | None,
        option(
            "Bars the label looks ahead; auto (backtest, sweep): as long as your strategy's trades "
            "last without ML. [default: the label's own]",
            metavar="N",
        ),
    ] = None
    members: Annotated[
        str | None,
        option(
            f"Members of the ensemble, of {', '.join(MEMBERS)}. [default: rf,xgb,lgb]",
            metavar="NAMES",
        ),
    ] = None
    voting: Annotated[
        str | None,
        option("How members vote: soft or majority. [default: soft]", metavar="NAME"),
    ] = None
    timeframes: Annotated[
        str | None,
        option("Longer timeframes whose features the model also uses: 4h,1d.", metavar="LENGTHS"),
    ] = None
    no_causality_check: NoCausalityCheck = False

    def parts(self) -> list[str]:
        """Return the names of the options that describe a model, except its starting point."""
        return [each.name for each in fields(ModelOptions) if each.name not in NO_PARTS]

    def spec(self, bars: Reading, screen: Screen) -> "ModelSpec":
        """Return the model these options describe, with the bars of other markets."""
        from bt_fusion.hub import pinned_model
        from bt_fusion.models.model_spec import ModelSpec

        known = {each.name for each in fields(ModelSpec)}
        given = {key: vars(self)[key] for key in vars(self) if key in known}
        given |= {
            "horizon": self.bars_ahead(),
            "causality_check": not self.no_causality_check,
            "others": self.markets(bars, screen),
        }
        if given.get("recipe") is not None:
            given["recipe"] = pinned_model(given["recipe"])
        return ModelSpec(**given, seed=bars.seed)

    def bars_ahead(self) -> int | None:
        """Return the horizon as a number; OptionError for `auto` and other words."""
        if self.horizon is None:
            return None
        if self.horizon == "auto":
            raise OptionError(
                "horizon auto is the holding time of a strategy's trades: backtest and sweep know "
                "it; give --horizon a number of bars"
            )
        try:
            return int(self.horizon)
        except ValueError:
            raise OptionError(
                f"horizon {self.horizon!r} must be a whole number of bars, or auto"
            ) from None

    def build(self, bars: Reading, screen: Screen) -> "SignalModel":
        """Return the unfitted model; prints the source of its settings."""
        spec = self.spec(bars, screen)
        model = spec.build()
        if spec.origin:
            screen.say(f"Model      {spec.origin}")
        return model


@dataclass(frozen=True, kw_only=True)
class TrainModelOptions(ModelOptions):
    """The model that is fitted and saved."""

    lookahead: Annotated[
        int | None,
        option("Label gain: bars in which the price must gain. [default: 5]", metavar="N"),
    ] = None
    profit_threshold: Annotated[
        float | None,
        option("Label gain: gain to reach in them, percent. [default: 0.5]", metavar="X"),
    ] = None
    calibration: Annotated[
        str | None,
        option(
            "Calibrate probabilities: sigmoid or isotonic. [default: none, or the preset's]",
            metavar="NAME",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class TuningOptions:
    """How parameters are searched for."""

    objective: Annotated[
        str, option("What tuning improves: log_loss, auc, f1 or blend.", metavar="NAME")
    ] = "log_loss"
    storage: Annotated[
        str | None,
        option(
            "File or database URL that keeps the trials. [default: OUT.tuning.db]", metavar="FILE"
        ),
    ] = None
    folds: Annotated[int, option("Purged folds that score each trial.")] = 5
    embargo_bars: Annotated[int, option("Bars left out after each fold.")] = 0
    jobs: Annotated[int, option("Folds of a trial in parallel; -1: all cores.")] = 1
    scheduler: Scheduler = None
