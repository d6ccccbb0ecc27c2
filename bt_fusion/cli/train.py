"""`bt-fusion train`: fit a model on the first bars, judge it by the last, save it."""

from typing import TYPE_CHECKING, Annotated, Any

from bt_fusion.cli import options as ask
from bt_fusion.cli.screen import Screen, reported
from bt_fusion.errors import OptionError

if TYPE_CHECKING:
    from bt_fusion.evaluation import Evaluation

__all__ = ["train"]

OPTIMIZE = 50  # trials
KEPT = "no model was saved; finished trials are kept and the same command goes on with them"


def train(
    data: ask.Data,
    out: ask.ModelOut,
    preset: ask.Preset = None,
    features: ask.OwnFeatures = None,
    label: ask.OwnLabel = None,
    horizon: ask.Horizon = None,
    members: ask.OwnMembers = None,
    voting: ask.OwnVoting = None,
    lookahead: ask.Lookahead = None,
    profit_threshold: ask.ProfitThreshold = None,
    calibration: ask.Calibration = None,
    optimize: Annotated[bool, ask.option(f"Tune, {OPTIMIZE} trials.", "--optimize")] = False,
    tune: Annotated[int, ask.option("Tune, so many trials.")] = 0,
    objective: ask.Objective = "log_loss",
    storage: ask.Storage = None,
    folds: ask.Folds = 5,
    embargo_bars: ask.FoldEmbargo = 0,
    test_share: ask.TestShare = 0.2,
    seed: ask.Seed = 0,
    repair: ask.Repair = False,
    config: ask.Config = None,
    quiet: ask.Quiet = False,
) -> None:
    """Train a model on the first bars, judge it by the last, and save it."""
    with reported(KEPT):
        from bt_fusion.data.sources import load
        from bt_fusion.models.model_spec import chosen_model, training_part

        screen = Screen(quiet)
        if optimize and tune:
            raise OptionError("give --optimize or --tune N, not both")
        model = chosen_model(
            preset=preset,
            features=features,
            label=label,
            horizon=horizon,
            members=members,
            voting=voting,
            lookahead=lookahead,
            profit_threshold=profit_threshold,
            calibration=calibration,
            seed=seed,
        )
        bars, name = load(data, seed, repair, screen.say)
        known, trials = training_part(bars, test_share), 0
        if optimize or tune:
            from bt_fusion.report.terminal.tuning import tuning_table
            from bt_fusion.tuning.tuning import StudyOptions
            from bt_fusion.tuning.tuning import tune as search

            with screen.progress("Trials") as on_trial:
                found = search(
                    model,
                    known,
                    tune or OPTIMIZE,
                    StudyOptions(objective, folds, embargo_bars, seed),
                    storage=storage or out.with_name(f"{out.name}.tuning.db"),
                    on_trial=on_trial,
                )
            screen.show(tuning_table(found))
            model, trials = found.model, found.trials
        model.fit(known)
        judged = _judged(model, bars, screen) if test_share else None
        folder = model.save(out, **_about(name, trials, judged))
        until = str(model.trained_until_)[:19].replace("T", " ")
        screen.say(f"Model      {folder}: {model.n_rows_:,} rows, trained until {until}")


def _judged(model: Any, bars: Any, screen: Screen) -> "Evaluation":
    from bt_fusion.evaluation import evaluate
    from bt_fusion.report.terminal.evaluation import evaluation_tables

    judged = evaluate(model, bars)
    screen.show(evaluation_tables(judged))
    return judged


def _about(name: str, trials: int, judged: "Evaluation | None") -> dict[str, Any]:
    """Return what is saved with the model beside what it knows itself."""
    about: dict[str, Any] = {"symbol": name, "trials": trials}
    if judged is not None:
        figures = {key: value for key, value in judged.figures.items() if value is not None}
        about |= {"test_rows": judged.rows, "metrics": figures}
    return about
