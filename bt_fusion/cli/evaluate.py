"""`bt-fusion evaluate`: judge a saved model by bars it was not trained on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from bt_fusion.cli.command import Json, command, option
from bt_fusion.cli.options import BarOptions, ScreenOptions

if TYPE_CHECKING:
    import pandas as pd

    from bt_fusion.models.signal_model import SignalModel

__all__ = ["evaluate"]


@command("nothing was written")
def evaluate(
    *,
    model: Annotated[Path, option("Folder of a saved model.")],
    bars: BarOptions,
    feature_importance: Annotated[
        bool, option("Shuffle each feature; SHAP where installed.", "--feature-importance")
    ] = False,
    backtest: Annotated[
        bool, option("Trade the unseen bars with ML off and on, too.", "--backtest")
    ] = False,
    no_cross_validation: Annotated[
        bool, option("Leave the 15 refits out.", "--no-cross-validation")
    ] = False,
    json: Json = None,
    out: Annotated[
        Path | None, option("Folder for evaluation.json and the pictures.", "--out")
    ] = None,
    output: ScreenOptions,
) -> None:
    """Judge a saved model by the bars after those it was trained on."""
    from bt_fusion.evaluation import evaluate as judge
    from bt_fusion.files import write_json
    from bt_fusion.models.signal_model import SignalModel
    from bt_fusion.report.terminal.comparison import comparison_table
    from bt_fusion.report.terminal.evaluation import evaluation_tables, grade_line
    from bt_fusion.report.terminal.labels import label_tables

    screen, loaded = output.screen(), SignalModel.load(model)
    frame, name = bars.load(screen)
    with screen.progress("Folds") as on_step:
        found = judge(
            loaded,
            frame,
            importance=feature_importance,
            cross_validation=not no_cross_validation,
            seed=bars.seed,
            on_step=on_step,
        )
    screen.show(label_tables(found.labels))
    screen.show(evaluation_tables(found))
    content = found.to_dict()
    if backtest:
        content["backtest"] = traded(loaded, frame, name, bars.seed)
        screen.show(comparison_table(content["backtest"]))
    if json is not None:
        write_json(json, content)
    if out is not None:
        from bt_fusion.report.pictures.evaluation import draw_evaluation

        write_json(out / "evaluation.json", content)
        screen.list_files([out / "evaluation.json", *draw_evaluation(out, found)])
    screen.say(grade_line(found))


def traded(model: "SignalModel", bars: "pd.DataFrame", name: str, seed: int) -> dict[str, Any]:
    """Return the summary of a backtest over the bars after the model's training."""
    from bt_fusion.backtest.job import Backtest

    return Backtest(model, seed=seed).run(bars, name).summary
