"""Result: what a backtest found."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from bt_fusion.backtest.judgement import own_sharpe
from bt_fusion.backtest.out_of_sample import OutOfSample
from bt_fusion.backtest.summary import one_or_all
from bt_fusion.backtest.trials import record_trial
from bt_fusion.engine.runner import Run
from bt_fusion.files import write_json
from bt_fusion.labels import Labels
from bt_fusion.models.predictions import Predictions
from bt_fusion.report.draw import redraw
from bt_fusion.report.pictures.run import PICTURES
from bt_fusion.saved_runs.run_folder import (
    write_bars,
    write_equity,
    write_predictions,
    write_trades,
)

__all__ = ["Result", "write_result"]


@dataclass(frozen=True)
class Result:
    """What a backtest found.

    Attributes
    ----------
    summary : dict
        The content of summary.json.
    runs : dict of Run
        "off", "on" or both.
    unseen : dict of Unseen
        The window of each symbol.
    """

    summary: dict[str, Any]
    runs: dict[str, Run]
    out_of_sample: dict[str, OutOfSample]

    @property
    def bars(self) -> pd.DataFrame | dict[str, pd.DataFrame]:
        """The bars of the window; of several symbols by symbol."""
        return one_or_all({symbol: part.bars for symbol, part in self.out_of_sample.items()})

    @property
    def predictions(self) -> Predictions | dict[str, Predictions]:
        """The predictions of the same bars, likewise."""
        return one_or_all({symbol: part.predictions for symbol, part in self.out_of_sample.items()})

    @property
    def labels(self) -> Labels | dict[str, Labels]:
        """What became of them, known afterwards, likewise."""
        return one_or_all({symbol: part.labels for symbol, part in self.out_of_sample.items()})

    @property
    def trades(self) -> pd.DataFrame:
        """The trades of all runs, with a column `run`."""
        tables = [run.trades.assign(run=name) for name, run in self.runs.items()]
        return pd.concat([table for table in tables if len(table)] or tables[:1])

    def _repr_html_(self) -> str:
        """Show the verdict, the equity curves and the figures in a notebook."""
        from bt_fusion.report.html.notebook import notebook_html

        equity = pd.DataFrame({name: run.equity for name, run in self.runs.items()})
        return notebook_html(self.summary, equity)


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
        write_predictions(
            new[1], {name: own.predictions for name, own in result.out_of_sample.items()}
        )
        write_bars(new[2], result.out_of_sample, result.runs)
        write_equity(new[3], result.runs)
        write_json(new[4], result.summary)
        remove_earlier(folder)
        paths = [path.replace(folder / path.name) for path in new]  # summary.json last
    if "on" in result.runs:
        record_trial(folder, result.summary, own_sharpe(result.runs["on"]))
    return [*paths, *redraw(folder)] if picture else paths


def remove_earlier(folder: Path) -> None:
    """Remove an earlier run's summary.json and all that was drawn of it."""
    pictures = [f"pictures/{name}.png" for name in PICTURES]
    for name in ("summary.json", *DRAWN, *pictures):
        (folder / name).unlink(missing_ok=True)
