"""Options of the predictor: a model that is refitted as time passes, or a saved one."""

from dataclasses import dataclass
from typing import Annotated, Any

from bt_fusion.cli.command import Scheduler, option
from bt_fusion.cli.options.model import ModelOptions

__all__ = ["PredictorOptions", "ScheduleOptions"]


@dataclass(frozen=True, kw_only=True)
class PredictorOptions(ModelOptions):
    """The model that is refitted as time passes, or a saved one."""

    recipe: Annotated[
        str | None,
        option(
            "Refit the features, label and ensemble of this saved model (folder or URL).",
            metavar="DIR",
        ),
    ] = None
    model: Annotated[
        list[str] | None,
        option(
            "Trade a saved model (folder or URL) instead of walk-forward; auto: models/STRATEGY "
            "if it exists. One for each symbol: SYMBOL=DIR, repeated. [default: walk-forward]",
            "--model",
            "--ml-model-path",
            metavar="DIR",
        ),
    ] = None
    allow_in_sample: Annotated[
        bool,
        option(
            "Also trade bars the saved model was trained on; everything is marked IN-SAMPLE.",
            "--allow-in-sample",
        ),
    ] = False

    @property
    def horizon_auto(self) -> bool:
        """Whether the horizon is that of the trades without ML."""
        return self.horizon == "auto"

    def bars_ahead(self) -> int | None:
        """Return the horizon as a number; None also for `auto`, which depends on the bars."""
        return None if self.horizon_auto else super().bars_ahead()


@dataclass(frozen=True, kw_only=True)
class ScheduleOptions:
    """When the model is refitted, on which bars, by whom and how fast."""

    train_bars: Annotated[
        int | None,
        option("Bars each refit trains on. [default: 40 % of the bars, at most 20,000]"),
    ] = None
    refit_bars: Annotated[
        int | None, option("Bars between refits. [default: an eighth of --train-bars]")
    ] = None
    window: Annotated[str, option("rolling or expanding training window.", metavar="NAME")] = (
        "rolling"
    )
    embargo_bars: Annotated[int, option("Bars left out before each refit.")] = 0
    jobs: Annotated[int, option("Refits in parallel; -1: all cores.")] = -1
    scheduler: Scheduler = None
    cache: Annotated[
        str, option("Folder that keeps finished refits; auto, or none.", metavar="DIR")
    ] = "auto"

    def sizes(self) -> dict[str, Any]:
        """Return the arguments of WalkForward."""
        return {name: value for name, value in vars(self).items() if name != "scheduler"}
