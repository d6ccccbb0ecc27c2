"""What predicts: a model that is refitted as time passes, or a saved one."""

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
        option("Folder or URL of a saved model whose features, label and ensemble are refitted."),
    ] = None
    model: Annotated[
        list[str] | None,
        option(
            "Folder or URL of a saved model, whose training options then hold; repeat as "
            "SYMBOL=DIR for one each; auto for models/STRATEGY where it is there. "
            "[default: walk-forward]",
            "--model",
            "--ml-model-path",
        ),
    ] = None
    allow_in_sample: Annotated[
        bool,
        option("Trade bars the saved model was trained on, too, marked.", "--allow-in-sample"),
    ] = False

    @property
    def horizon_auto(self) -> bool:
        """Whether the horizon is that of the trades without ML."""
        return self.horizon == "auto"

    def bars_ahead(self) -> int | None:
        """Return the horizon as a number; None also of `auto`, which the bars tell."""
        return None if self.horizon_auto else super().bars_ahead()


@dataclass(frozen=True, kw_only=True)
class ScheduleOptions:
    """When the model is refitted, on which bars, by whom and how fast."""

    train_bars: Annotated[
        int | None,
        option("Bars in a training window. [default: 40 % of the bars, at most 20,000]"),
    ] = None
    refit_bars: Annotated[
        int | None, option("Bars between refits. [default: an eighth of --train-bars]")
    ] = None
    window: Annotated[str, option("rolling or expanding training window.")] = "rolling"
    embargo_bars: Annotated[int, option("Bars left out before each refit.")] = 0
    jobs: Annotated[int, option("Refits side by side, -1 for all cores.")] = -1
    scheduler: Scheduler = None
    cache: Annotated[str, option("Folder that keeps finished refits, auto, or none.")] = "auto"

    def sizes(self) -> dict[str, Any]:
        """Return the arguments of WalkForward."""
        return {name: value for name, value in vars(self).items() if name != "scheduler"}
