"""`bt-fusion train`: fit a model on the first bars, test it on the last, save it."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from bt_fusion.cli.command import TestShare, command, option, output_folder
from bt_fusion.cli.options import (
    DatedBarOptions,
    ScreenOptions,
    TrainModelOptions,
    TuningOptions,
)
from bt_fusion.cli.screen import Screen
from bt_fusion.cli.tune import search_parameters
from bt_fusion.errors import OptionError
from bt_fusion.report.figures import percent

if TYPE_CHECKING:
    import pandas as pd

    from bt_fusion.evaluation import Evaluation
    from bt_fusion.models.signal_model import SignalModel

__all__ = ["train"]

OPTIMIZE = 50  # trials


@command(
    "no model was saved; finished trials are kept and the same command goes on with them",
    "bt-fusion train --data candles.csv --out models/mine",
)
def train(
    *,
    bars: DatedBarOptions,
    out: Annotated[Path, output_folder("Folder to save the model in.", "--out")],
    model: TrainModelOptions,
    optimize: Annotated[bool, option(f"Tune with {OPTIMIZE} trials.", "--optimize")] = False,
    tune: Annotated[int, option("Tune the members with N trials before training.")] = 0,
    tuning: TuningOptions,
    onnx: Annotated[bool, option("Also save the members as ONNX.", "--onnx")] = False,
    test_share: TestShare = 0.2,
    output: ScreenOptions,
) -> None:
    """Train a model on the first bars, test it on the last, and save it."""
    from bt_fusion.bundle.before_fit import check_can_be_saved
    from bt_fusion.bundle.commit import check_target
    from bt_fusion.ensemble.onnx_export import EXPORTING, require_onnx
    from bt_fusion.evaluation.label_report import report_before_fit
    from bt_fusion.models.model_spec import training_part
    from bt_fusion.report.figures import when
    from bt_fusion.report.terminal.labels import label_tables

    if optimize and tune:
        raise OptionError("give --optimize or --tune N, not both")
    check_target(out)
    if onnx:
        require_onnx(*EXPORTING)
    screen, trials = output.screen(), 0
    chosen = model.build(bars, screen)
    check_can_be_saved(chosen)
    loaded, name = bars.load(screen)
    known = training_part(loaded, test_share)
    screen.show(label_tables(report_before_fit(chosen, loaded, len(known))))
    if optimize or tune:
        storage = tuning.storage or str(out.with_name(f"{out.name}.tuning.db"))
        tuning, count = replace(tuning, storage=storage), tune or OPTIMIZE
        found = search_parameters(chosen, known, count, tuning, bars.seed, screen)
        chosen, trials = found.model, found.trials
    chosen.fit(known)
    if onnx:
        export(chosen, screen)
    evaluation = evaluated(chosen, loaded, screen) if test_share else None
    show_candidates(chosen, screen)
    folder = chosen.save(out, symbol=name, trials=trials, **saved_figures(evaluation))
    until = when(str(chosen.trained_until_)[:19])
    screen.say(f"Model      {folder}: {chosen.n_rows_:,} rows, trained until {until}")
    show_parity(folder, screen)
    if test_share:
        screen.say(held_back_line(len(known), len(loaded), test_share))


def held_back_line(known: int, bars: int, test_share: float) -> str:
    """Return which bars the model did not learn from, and how to train on all of them.

    Parameters
    ----------
    known, bars : int
        Number of bars in the training part, and of all.
    test_share : float

    Examples
    --------
    >>> held_back_line(480, 600, 0.2)
    'Test part  the last 120 of 600 bars (20 %) only test the model; to go live, train on all of \
them: --test-share 0'
    """
    return (
        f"Test part  the last {bars - known:,} of {bars:,} bars ({percent(test_share, 0)}) only "
        "test the model; to go live, train on all of them: --test-share 0"
    )


def evaluated(model: "SignalModel", bars: "pd.DataFrame", screen: Screen) -> "Evaluation":
    """Evaluate a fitted model on the bars after its training, and show the result."""
    from bt_fusion.evaluation import evaluate
    from bt_fusion.evaluation.candidates import score_candidates
    from bt_fusion.report.terminal.evaluation import evaluation_tables, grade_line

    found = evaluate(model, bars)
    screen.show(evaluation_tables(found))
    screen.say(grade_line(found))
    score_candidates(model, bars)
    return found


def show_candidates(model: "SignalModel", screen: Screen) -> None:
    """Show the table of each member that was chosen from several."""
    from bt_fusion.bundle.choices import about_choices
    from bt_fusion.report.terminal.model_card import candidate_tables

    for table in candidate_tables(about_choices(model.ensemble_)):
        screen.show(table)


def show_parity(folder: Path, screen: Screen) -> None:
    """Show how the prediction paths of a saved model compare, one line each."""
    from bt_fusion.bundle import describe
    from bt_fusion.report.checks.parity import parity_lines

    for way, text in parity_lines(describe(folder)["parity"]).items():
        screen.say(f"Parity     {way.removeprefix('parity ')}: {text}")


def export(model: "SignalModel", screen: Screen) -> None:
    """Export members to ONNX where possible, use the exports, and show each result."""
    from bt_fusion.bundle.golden import golden_rows
    from bt_fusion.ensemble.onnx_export import export_onnx, load_onnx
    from bt_fusion.report.terminal.exports import export_table

    ensemble = model.ensemble_
    exported = export_onnx(ensemble, golden_rows(model))
    ensemble.onnx_ = load_onnx(exported)
    screen.show(export_table(exported, ensemble.calibrators_))


def saved_figures(found: "Evaluation | None") -> dict[str, Any]:
    """Return the figures of an evaluation to save with the model."""
    if found is None:
        return {}
    figures = {key: value for key, value in found.figures.items() if value is not None}
    return {"test_rows": found.rows, "metrics": figures}
