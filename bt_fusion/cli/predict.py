"""`bt-fusion predict`: predict new bars with a saved model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from bt_fusion.cli.command import SAVED_MODEL, command, option, output_file
from bt_fusion.cli.options import BarOptions, MarketOptions, ScreenOptions
from bt_fusion.errors import BarsError, OptionError

if TYPE_CHECKING:
    import pandas as pd

    from bt_fusion.models.predictions import Predictions
    from bt_fusion.models.signal_model import SignalModel

__all__ = ["predict"]

KINDS = (".csv", ".parquet", ".json")


@command(
    "nothing was written",
    "bt-fusion predict --model models/mine --data candles.csv --last",
)
def predict(
    *,
    model: Annotated[str, SAVED_MODEL],
    bars: BarOptions,
    markets: MarketOptions,
    last: Annotated[bool, option("Predict only the last bar.", "--last")] = False,
    out: Annotated[
        Path | None, output_file("Write one row a bar to a file: .csv, .parquet or .json.")
    ] = None,
    output: ScreenOptions,
) -> None:
    """Predict bars with a saved model: probabilities, class, signal, confidence."""
    from bt_fusion.backtest.notes import length_note
    from bt_fusion.data.bars import BarArrays
    from bt_fusion.files import check_no_input
    from bt_fusion.report.terminal.predictions import bar_lines, predictions_table

    if out is not None and out.suffix.lower() not in KINDS:
        raise OptionError(f"out {out} is not one of {', '.join(KINDS)}; give such a file")
    if out is not None:
        check_no_input(out, bars.place(), model)
    screen = output.screen()
    loaded = markets.loaded_model(model, bars, screen)
    frame, name = bars.load(screen)
    predictions = loaded.predict(frame, allow_in_sample=True)
    check_known(predictions, loaded, last, loaded.feature_set_.late_markets(BarArrays.of(frame)))
    table = predictions.table().iloc[-1:] if last else predictions.table()
    for note in (length_note(loaded, frame.index.to_numpy()), in_sample_note(table)):
        if note:
            screen.say(f"Note       {note}")
    if out is not None:
        write_table(out, table, last)
        screen.list_files([out])
    elif last:
        for line in bar_lines(table, name):
            screen.say(line)
    else:
        screen.show(predictions_table(table, name))


def check_known(
    predictions: "Predictions", model: "SignalModel", last: bool, late: list[str]
) -> None:
    """Raise BarsError if no bar can be predicted, or not the last one if it is requested."""
    known = predictions.known
    if known.any() and (known[-1] or not last):
        return
    which = "the last bar cannot" if known.any() else f"none of {len(known):,} bars can"
    features = model.feature_set_
    why = f"some of the model's {len(features)} features have no value there"
    if len(known) < features.lookback:
        why = f"the model's {len(features)} features need {features.lookback} bars"
    raise BarsError(f"{which} be predicted: {'; '.join([why, *late])}; give more bars")


def in_sample_note(table: "pd.DataFrame") -> str:
    """Return a note on bars the model was trained on, "" for none."""
    from bt_fusion.report.figures import when

    seen = int(table.in_sample.sum())
    if not seen:
        return ""
    until = when(table.trained_until.max())
    return f"{seen:,} of {len(table):,} bars are in-sample: the model was trained until {until}"


def write_table(path: Path, table: "pd.DataFrame", last: bool) -> None:
    """Write the whole table or nothing; as JSON, a single last bar is one object."""
    from bt_fusion.files import write_json, write_whole

    kind = path.suffix.lower()
    if kind == ".json":
        rows = table.astype(object).where(table.notna(), None).to_dict("records")
        write_json(path, rows[0] if last else rows)
    elif kind == ".parquet":
        write_whole(path, lambda file: table.to_parquet(file, index=False))
    else:
        write_whole(path, lambda file: table.to_csv(file, index=False))
