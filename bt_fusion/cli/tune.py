"""`bt-fusion tune`: search for better parameters, and show the result."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from bt_fusion.cli.command import Data, Json, TestShare, command, option
from bt_fusion.cli.options import (
    DatedBarOptions,
    ScreenOptions,
    TrainModelOptions,
    TuningOptions,
)
from bt_fusion.cli.screen import Screen

if TYPE_CHECKING:
    import pandas as pd

    from bt_fusion.models.signal_model import SignalModel
    from bt_fusion.tuning.tuning import StudyOptions, Tuning

__all__ = ["search_parameters", "tune"]


@dataclass(frozen=True)
class TunedModel:
    """A model with the best parameters, and the searches behind them.

    Attributes
    ----------
    model : SignalModel
        Unfitted.
    signal : Tuning
    position : Tuning or None
        Of a managed model's position model.
    """

    model: "SignalModel"
    signal: "Tuning"
    position: "Tuning | None" = None

    @property
    def trials(self) -> int:
        """Number of trials of both searches."""
        return self.signal.trials + (self.position.trials if self.position else 0)

    def to_dict(self) -> dict[str, Any]:
        """Return the results of the searches; the position model's under its name."""
        found = self.signal.to_dict()
        return found | ({"position": self.position.to_dict()} if self.position else {})


@dataclass(frozen=True, kw_only=True)
class TuneBars(DatedBarOptions):
    """The bars of one symbol, or a sample's."""

    data: Data = "sp500"


@dataclass(frozen=True, kw_only=True)
class StoredTuning(TuningOptions):
    """How parameters are searched for, and where the trials are kept."""

    storage: Annotated[
        str | None, option("File or database URL that keeps the trials.", metavar="FILE")
    ] = "tuning.db"


@command(
    "finished trials are kept and the same command goes on with them",
    "bt-fusion tune --data candles.csv --trials 30",
)
def tune(
    *,
    bars: TuneBars,
    model: TrainModelOptions,
    trials: Annotated[int, option("Trials to reach, finished ones counted.")] = 50,
    tuning: StoredTuning,
    test_share: TestShare = 0.2,
    json: Json = None,
    output: ScreenOptions,
) -> None:
    """Search better parameters for the members, on the first bars.

    `bt-fusion train --tune` with the same options and --storage goes on with these trials.
    """
    from bt_fusion.files import check_no_input, write_json
    from bt_fusion.models.model_spec import training_part

    if json is not None:
        check_no_input(json, bars.place())
    screen = output.screen()
    untuned = model.build(bars, screen)
    loaded, _ = bars.load(screen)
    known = training_part(loaded, test_share)
    found = search_parameters(untuned, known, trials, tuning, bars.seed, screen)
    if json is not None:
        write_json(json, found.to_dict())


def search_parameters(
    model: "SignalModel",
    bars: "pd.DataFrame",
    trials: int,
    tuning: TuningOptions,
    seed: int,
    screen: Screen,
) -> "TunedModel":
    """Tune the model on its training bars, and show the result.

    For a managed model, the position model is tuned after the signal, with as many trials.
    """
    from bt_fusion.report.terminal.tuning import tuning_table
    from bt_fusion.tuning.tuning import StudyOptions
    from bt_fusion.tuning.tuning import tune as search

    study = StudyOptions(tuning.objective, tuning.folds, tuning.embargo_bars, seed)
    kept: dict[str, Any] = {"storage": tuning.storage, "jobs": tuning.jobs}
    found = search(model, bars, trials, study, **kept)
    screen.show(tuning_table(found))
    if found.model.kind != "managed":
        return TunedModel(found.model, found)
    position = search_position(found.model, bars, trials, study, kept, screen)
    return TunedModel(found.model if position is None else position.model, found, position)


def search_position(
    model: Any,
    bars: "pd.DataFrame",
    trials: int,
    study: "StudyOptions",
    kept: dict[str, Any],
    screen: Screen,
) -> "Tuning | None":
    """Tune a managed model's position model; None if it has too few trades to learn from."""
    from bt_fusion.errors import TrainingError
    from bt_fusion.report.terminal.tuning import tuning_table
    from bt_fusion.trade_models.position_tuning import tune_position

    try:
        found = tune_position(model, bars, trials, study, **kept)
    except TrainingError as error:
        screen.say(f"Note       position model not tuned: {error}")
        return None
    screen.show(tuning_table(found, "position model, "))
    return found
