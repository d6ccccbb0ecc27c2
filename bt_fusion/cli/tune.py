"""`bt-fusion tune`: search for better parameters, and say what was found."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

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
    from bt_fusion.tuning.tuning import Tuning

__all__ = ["search_parameters", "tune"]


@dataclass(frozen=True, kw_only=True)
class TuneBars(DatedBarOptions):
    """The bars of one symbol, or a sample's."""

    data: Data = "sp500"


@dataclass(frozen=True, kw_only=True)
class StoredTuning(TuningOptions):
    """How parameters are searched for, and where the trials are kept."""

    storage: Annotated[str | None, option("File or database URL that keeps the trials.")] = (
        "tuning.db"
    )


@command("finished trials are kept and the same command goes on with them")
def tune(
    *,
    bars: TuneBars,
    model: TrainModelOptions,
    trials: Annotated[int, option("Finished trials to reach, earlier ones included.")] = 50,
    tuning: StoredTuning,
    test_share: TestShare = 0.2,
    json: Json = None,
    output: ScreenOptions,
) -> None:
    """Tune the members on the first bars; `train --tune` with the same options builds on it."""
    from bt_fusion.files import check_no_input, write_json
    from bt_fusion.models.model_spec import training_part

    if json is not None:
        check_no_input(json, bars.place())
    screen = output.screen()
    untuned = model.build(bars.seed, screen)
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
) -> "Tuning":
    """Tune the model on its training bars, with a progress bar, and show what was found."""
    from bt_fusion.report.terminal.tuning import tuning_table
    from bt_fusion.tuning.tuning import StudyOptions
    from bt_fusion.tuning.tuning import tune as search

    with screen.progress("Trials") as on_trial:
        study = StudyOptions(tuning.objective, tuning.folds, tuning.embargo_bars, seed)
        found = search(model, bars, trials, study, storage=tuning.storage, on_trial=on_trial)
    screen.show(tuning_table(found))
    return found
