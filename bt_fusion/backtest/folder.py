"""The folder a backtest leaves behind."""

from pathlib import Path
from tempfile import TemporaryDirectory

from bt_fusion.backtest.evidence import own_sharpe
from bt_fusion.backtest.job import Result
from bt_fusion.backtest.trials import record_trial
from bt_fusion.report.draw import redraw
from bt_fusion.saved_runs.run_folder import (
    write_bars,
    write_equity,
    write_json,
    write_predictions,
    write_trades,
)

__all__ = ["write_result"]

DRAWN = ("report.html", "comparison.png", "tearsheet.html")
DATA = ("trades.csv", "predictions.parquet", "bars.parquet", "equity.parquet", "summary.json")


def write_result(folder: Path, result: Result, *, picture: bool = True) -> list[Path]:
    """Write all that redraws the result into a folder, count the trial in its ledger, and draw it.

    trades.csv, predictions.parquet, bars.parquet, equity.parquet and summary.json; and where
    `picture` is true report.html and comparison.png. The data of an earlier run there stay until
    all of this one's are written; then what was drawn of them goes, so that nothing stands beside
    these files that tells of others.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".new-") as name:
        new = [Path(name) / file for file in DATA]
        write_trades(new[0], result.runs)
        write_predictions(new[1], {name: own.predictions for name, own in result.unseen.items()})
        write_bars(new[2], result.unseen, result.runs)
        write_equity(new[3], result.runs)
        write_json(new[4], result.summary)
        remove_earlier(folder)
        paths = [path.replace(folder / path.name) for path in new]  # summary.json last
    if "on" in result.runs:
        record_trial(folder, result.summary, own_sharpe(result.runs["on"]))
    return [*paths, *redraw(folder)] if picture else paths


def remove_earlier(folder: Path) -> None:
    """Remove an earlier run's summary.json and all that was drawn of it."""
    from bt_fusion.report.pictures.run import PICTURES

    pictures = [f"pictures/{name}.png" for name in PICTURES]
    for name in ("summary.json", *DRAWN, *pictures):
        (folder / name).unlink(missing_ok=True)
