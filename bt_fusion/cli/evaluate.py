"""`bt-fusion evaluate`: judge a saved model by bars it was not trained on."""

from pathlib import Path
from typing import Annotated

from bt_fusion.cli import options as ask
from bt_fusion.cli.screen import Screen, reported

__all__ = ["evaluate"]


def evaluate(
    model: ask.Model,
    data: ask.Data,
    feature_importance: Annotated[
        bool, ask.option("Shuffle each feature; SHAP where installed.", "--feature-importance")
    ] = False,
    backtest: Annotated[
        bool, ask.option("Trade the unseen bars with ML off and on, too.", "--backtest")
    ] = False,
    no_cross_validation: Annotated[
        bool, ask.option("Leave the 15 refits out.", "--no-cross-validation")
    ] = False,
    json: ask.Json = None,
    out: Annotated[
        Path | None, ask.option("Folder for evaluation.json and the pictures.", "--out")
    ] = None,
    seed: ask.Seed = 0,
    repair: ask.Repair = False,
    config: ask.Config = None,
    quiet: ask.Quiet = False,
) -> None:
    """Judge a saved model by the bars after those it was trained on."""
    with reported("nothing was written"):
        from bt_fusion.data.sources import load
        from bt_fusion.evaluation import evaluate as judge
        from bt_fusion.files import write_json
        from bt_fusion.models.signal_model import SignalModel
        from bt_fusion.report.terminal.evaluation import evaluation_tables

        screen = Screen(quiet)
        loaded = SignalModel.load(model)
        bars, name = load(data, seed, repair, screen.say)
        with screen.progress("Folds") as on_step:
            judged = judge(
                loaded,
                bars,
                importance=feature_importance,
                cross_validation=not no_cross_validation,
                seed=seed,
                on_step=on_step,
            )
        content = judged.to_dict()
        screen.show(evaluation_tables(judged))
        if backtest:
            from bt_fusion.backtest.job import Backtest
            from bt_fusion.report.terminal.comparison import comparison_table

            content["backtest"] = Backtest(loaded, seed=seed).run(bars, name).summary
            screen.show(comparison_table(content["backtest"]))
        if json is not None:
            write_json(json, content)
        if out is not None:
            from bt_fusion.report.pictures.evaluation import draw_evaluation

            write_json(out / "evaluation.json", content)
            paths = [out / "evaluation.json", *draw_evaluation(out, judged)]
            screen.say("Files      " + ", ".join(str(path) for path in paths))
