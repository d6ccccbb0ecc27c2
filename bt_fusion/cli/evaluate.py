"""`bt-fusion evaluate`: test a saved model on bars it was not trained on."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from bt_fusion.cli.command import SAVED_MODEL, Json, Overwrite, command, option, output_folder
from bt_fusion.cli.options import DatedBarOptions, MarketOptions, ScreenOptions
from bt_fusion.cli.options.model import NoCausalityCheck
from bt_fusion.cli.screen import Screen
from bt_fusion.errors import OptionError

if TYPE_CHECKING:
    import pandas as pd

    from bt_fusion.evaluation import Evaluation
    from bt_fusion.models.signal_model import SignalModel

__all__ = ["evaluate"]


@dataclass(frozen=True, kw_only=True)
class EvaluationOptions(MarketOptions):
    """The model, and what to evaluate besides its figures."""

    model: Annotated[str, SAVED_MODEL]
    feature_importance: Annotated[
        bool,
        option(
            "Measure each feature: shuffled, and by SHAP if it is installed.",
            "--feature-importance",
        ),
    ] = False
    no_cross_validation: Annotated[
        bool, option("Skip the 15 refits of cross-validation.", "--no-cross-validation")
    ] = False
    since: Annotated[
        str | None,
        option(
            "Test for drift from this day on: features, hit rate, calibration.",
            "--since",
            metavar="DATE",
        ),
    ] = None
    no_causality_check: NoCausalityCheck = False


@dataclass(frozen=True, kw_only=True)
class TradedModel:
    """Whether the model trades, and by which strategy."""

    backtest: Annotated[
        bool, option("Also trade the unseen bars with ML off and on.", "--backtest")
    ] = False
    strategy: Annotated[
        str | None,
        option(
            "fusion, hybrid, discovery or managed; or yours, file.py:Class or module:Class. "
            "--backtest trades it. [default: the one that fits the model's label]",
            "--strategy",
            "-s",
            metavar="NAME",
        ),
    ] = None

    def check(self) -> None:
        """Raise OptionError for a strategy option without a backtest."""
        if self.strategy is not None and not self.backtest:
            raise OptionError(f"--strategy {self.strategy} is what --backtest trades: give both")

    def chosen(self, model: "SignalModel", screen: Screen) -> str:
        """Return the strategy; prints the one that comes with the model."""
        from bt_fusion.models.presets import strategy_for

        if self.strategy is not None:
            return self.strategy
        name = strategy_for(model)
        screen.say(f"Strategy   {name}, for the label {model.label()}")
        return name


@command(
    "nothing was written",
    "bt-fusion evaluate --model models/mine --data candles.csv",
)
def evaluate(
    *,
    options: EvaluationOptions,
    bars: DatedBarOptions,
    traded: TradedModel,
    json: Json = None,
    out: Annotated[
        Path | None,
        output_folder(
            "Folder for evaluation.json and pictures. An earlier one in it is kept as DIR-1, "
            "DIR-2, ...",
            "--out",
        ),
    ] = None,
    overwrite: Overwrite = False,
    output: ScreenOptions,
) -> None:
    """Test a saved model on the bars after its training."""
    from bt_fusion.backtest.notes import left_out_note, length_note
    from bt_fusion.data.sources import bars_within
    from bt_fusion.data.timestamps import iso_time
    from bt_fusion.evaluation.drift.report import drift_report
    from bt_fusion.evaluation.refit_figures import too_good_note
    from bt_fusion.files import check_no_input, write_json
    from bt_fusion.models.causality import unchecked_note
    from bt_fusion.report.terminal.comparison import comparison_table, note_lines
    from bt_fusion.report.terminal.evaluation import drift_tables, evaluation_tables, grade_line
    from bt_fusion.report.terminal.labels import label_tables
    from bt_fusion.report.terminal.managed import trade_tables
    from bt_fusion.saved_runs.earlier_results import EVALUATION, EarlierResults
    from bt_fusion.trade_models.evaluation import evaluate_later_models
    from bt_fusion.trade_models.managed_model import ManagedModel

    traded.check()
    earlier = None if out is None else EarlierResults(out, EVALUATION, overwrite)
    if earlier is not None:
        earlier.check()
    since = None if options.since is None else iso_time("since", options.since)
    if json is not None:
        check_no_input(json, bars.place(), options.model)
    screen = output.screen()
    model = options.loaded_model(options.model, bars, screen)
    model.causality_check = not options.no_causality_check
    frame, name = bars.load_with_past(screen)
    found = evaluated(options, model, frame, bars, screen)
    drift = None if since is None else drift_report(model, frame, since)
    screen.show(label_tables(found.labels))
    screen.show(evaluation_tables(found))
    inside = bars_within(frame, bars.dates()[0]).index.to_numpy()
    ups = int(found.report[found.class_names[-1]]["rows"])
    notes = (
        length_note(model, frame.index.to_numpy()),
        left_out_note(model, inside),
        unchecked_note(model),
        too_good_note(found.figures["auc"], ups, found.rows - ups, model.label()),
    )
    content: dict[str, Any] = {**found.to_dict(), "notes": [note for note in notes if note]}
    if isinstance(model, ManagedModel):
        content["managed"] = evaluate_later_models(model, frame)
        screen.show(trade_tables(content["managed"]))
    if drift is not None:
        content["drift"] = drift.to_dict()
        screen.show(drift_tables(drift))
    for line in note_lines(content) if not traded.backtest else ():  # which notes it itself
        screen.say(line)
    if traded.backtest:
        strategy = traded.chosen(model, screen)
        content["backtest"] = backtest_summary(model, strategy, frame, name, bars)
        screen.show(comparison_table(content["backtest"]))
    if json is not None:
        write_json(json, content)
    if out is not None and earlier is not None:
        from bt_fusion.report.pictures.drift import draw_drift
        from bt_fusion.report.pictures.evaluation import draw_evaluation

        screen.say_earlier(earlier.keep())
        write_json(out / "evaluation.json", content)
        drawn = [*draw_evaluation(out, found), *([] if drift is None else draw_drift(out, drift))]
        screen.list_files([out / "evaluation.json", *drawn])
    screen.say(grade_line(found))
    if drift is not None:
        screen.say(f"Drift      {drift.line}")


def evaluated(
    options: EvaluationOptions,
    model: "SignalModel",
    frame: "pd.DataFrame",
    bars: DatedBarOptions,
    screen: Screen,
) -> "Evaluation":
    """Evaluate the model on the bars within the dates."""
    from bt_fusion.evaluation import evaluate as evaluate_model

    return evaluate_model(
        model,
        frame,
        fromdate=bars.dates()[0],
        importance=options.feature_importance,
        cross_validation=not options.no_cross_validation,
        seed=bars.seed,
    )


def backtest_summary(
    model: "SignalModel", strategy: str, frame: "pd.DataFrame", name: str, bars: DatedBarOptions
) -> dict[str, Any]:
    """Return the summary of a backtest over the bars after the model's training."""
    from bt_fusion.backtest.job import BacktestJob

    job = BacktestJob(model, strategy, fromdate=bars.dates()[0], seed=bars.seed)
    return job.run(frame, name).summary
