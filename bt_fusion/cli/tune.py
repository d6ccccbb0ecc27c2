"""`bt-fusion tune`: search for better parameters, and say what was found."""

from bt_fusion.cli import options as ask
from bt_fusion.cli.screen import Screen, reported

__all__ = ["tune"]

KEPT = "finished trials are kept and the same command goes on with them"


def tune(
    data: ask.Data = "sp500",
    trials: ask.Trials = 50,
    objective: ask.Objective = "log_loss",
    storage: ask.Storage = "tuning.db",
    folds: ask.Folds = 5,
    embargo_bars: ask.FoldEmbargo = 0,
    preset: ask.Preset = None,
    features: ask.OwnFeatures = None,
    label: ask.OwnLabel = None,
    horizon: ask.Horizon = None,
    members: ask.OwnMembers = None,
    voting: ask.OwnVoting = None,
    lookahead: ask.Lookahead = None,
    profit_threshold: ask.ProfitThreshold = None,
    calibration: ask.Calibration = None,
    test_share: ask.TestShare = 0.2,
    json: ask.Json = None,
    seed: ask.Seed = 0,
    repair: ask.Repair = False,
    config: ask.Config = None,
    quiet: ask.Quiet = False,
) -> None:
    """Tune the members on the first bars; `train --tune` with the same options builds on it."""
    with reported(KEPT):
        from bt_fusion.data.sources import load
        from bt_fusion.files import write_json
        from bt_fusion.models.model_spec import chosen_model, training_part
        from bt_fusion.report.terminal.tuning import tuning_table
        from bt_fusion.tuning.tuning import StudyOptions
        from bt_fusion.tuning.tuning import tune as search

        screen = Screen(quiet)
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
        bars, _ = load(data, seed, repair, screen.say)
        with screen.progress("Trials") as on_trial:
            found = search(
                model,
                training_part(bars, test_share),
                trials,
                StudyOptions(objective, folds, embargo_bars, seed),
                storage=storage,
                on_trial=on_trial,
            )
        screen.show(tuning_table(found))
        if json is not None:
            write_json(json, found.to_dict())
