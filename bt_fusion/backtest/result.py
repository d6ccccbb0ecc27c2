"""Result: the result of a backtest, and the tables of its folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from rich.console import Group

from bt_fusion.backtest.out_of_sample import OutOfSample
from bt_fusion.backtest.pair_verdict import own_sharpe
from bt_fusion.backtest.run_pair import line_of
from bt_fusion.backtest.summary import one_or_all
from bt_fusion.backtest.trials import record_trial
from bt_fusion.engine.runner import Run
from bt_fusion.evaluation.drift import State
from bt_fusion.files import check_writable_file
from bt_fusion.labels import Labels
from bt_fusion.models.agreement import Agreement
from bt_fusion.models.predictions import Predictions
from bt_fusion.progress import step
from bt_fusion.report.draw import drawn_files
from bt_fusion.report.terminal.groups import result_tables
from bt_fusion.report.terminal.sweep import best_variant_lines
from bt_fusion.report.terminal.titled import plain_text
from bt_fusion.saved_runs.run_folder import write_run
from bt_fusion.saved_runs.saved_run import SavedRun
from bt_fusion.saved_runs.sweep_folder import SavedSweep
from bt_fusion.verdict.rules import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Result"]

INTERNAL = ("run", "share", "value")  # columns of trades not copied to trades.csv
ENTRY_COLUMNS = ("run", "time", "symbol", "side", "price", "score", "probability")


@dataclass(frozen=True, repr=False)
class Result:
    """Result of a backtest; printing it shows the same table as the command line.

    Attributes
    ----------
    summary : dict
        The content of summary.json.
    runs : dict of Run
        "off", "on" or both.
    out_of_sample : dict of OutOfSample
        The window of each symbol.
    hold : Series, optional
        Equity of buy and hold at each close.
    agreement : Agreement, optional
        Agreement that ML-on required of ML.
    by_bar : DataFrame, optional
        Inputs of the verdict bar by bar, see `verdict_of_pair`.
    ablated : DataFrame, optional
        Equity of the rows of an ablation, one column each.
    sweep : SavedSweep, optional
        The sweep it is the best variant of, see `Backtest.optimize`.

    Examples
    --------
    >>> from bt_fusion import Backtest, Ensemble, SignalModel, load_sample
    >>> model = SignalModel(["rsi_14"], ensemble=Ensemble(["lgb"]))
    >>> result = Backtest(model, draws=10).run(load_sample("sp500")[-1_000:], "sp500")
    >>> print(result.verdict.grade)
    no evidence
    >>> list(result.equity)[:3], result.equity.index.name
    (['off', 'on', 'buy_hold'], 'datetime')
    """

    summary: dict[str, Any]
    runs: dict[str, Run]
    out_of_sample: dict[str, OutOfSample]
    hold: pd.Series | None = None
    agreement: Agreement | None = None
    by_bar: pd.DataFrame | None = None
    ablated: pd.DataFrame | None = None
    sweep: SavedSweep | None = None

    def __repr__(self) -> str:
        return plain_text(self.__rich__())

    def __rich__(self) -> Group:
        """Return the table in colours, for `rich.print`."""
        return Group(result_tables(self.summary, self.trades), *self._luck_lines())

    def _luck_lines(self) -> list[str]:
        return [] if self.sweep is None else best_variant_lines(self.sweep.summary)

    @property
    def verdict(self) -> Verdict:
        """Did ML help? A grade and a sentence; printing it shows both."""
        return Verdict.of(self.summary["comparison"])

    def plot(self) -> "Figure":
        """Draw equity and drawdown, ML off and on.

        Returns
        -------
        Figure
            A pyplot figure: `plt.show()` shows it in a script, and a notebook shows it as the last
            line of a cell.
        """
        from bt_fusion.report.pictures.run import result_figure

        return result_figure(self.saved)

    def report(self, path: str | Path) -> Path:
        """Write the HTML report, one file that works offline.

        Raises
        ------
        OptionError
            If the path is a folder or cannot be written, or plotly is missing.
        """
        from bt_fusion.report.html.page import draw_page

        path = Path(path)
        check_writable_file(path)
        with step("Drawing"):
            draw_page(path, self.saved)
        return path

    @property
    def bars(self) -> pd.DataFrame | dict[str, pd.DataFrame]:
        """The bars of the window; by symbol if there are several."""
        return one_or_all({symbol: part.bars for symbol, part in self.out_of_sample.items()})

    @property
    def predictions(self) -> Predictions | dict[str, Predictions]:
        """The predictions of the same bars; by symbol if there are several."""
        return one_or_all({symbol: part.predictions for symbol, part in self.out_of_sample.items()})

    @property
    def labels(self) -> Labels | dict[str, Labels]:
        """The actual labels of the same bars; by symbol if there are several."""
        return one_or_all({symbol: part.labels for symbol, part in self.out_of_sample.items()})

    @property
    def trades(self) -> pd.DataFrame:
        """The trades of every run as in trades.csv: `run` first, then the columns of a `Run`."""
        tables = [run.trades.assign(run=name) for name, run in self.runs.items()]
        some = [table for table in tables if len(table)] or tables[:1]
        table = pd.concat(some, ignore_index=True)
        return table[["run", *(name for name in table.columns if name not in INTERNAL)]]

    @property
    def entries(self) -> pd.DataFrame:
        """The entries of every run as in entries.csv: `run` first, then those of `EntryLog`.

        Entries with ML off have the `probability` of their side, too, though it was not used.
        """
        made = {name: run.entries for name, run in self.runs.items() if run.entries is not None}
        some = [table.assign(run=name) for name, table in made.items() if len(table)]
        if not some:
            return pd.DataFrame(columns=list(ENTRY_COLUMNS))
        table = with_probabilities(pd.concat(some, ignore_index=True), self.out_of_sample)
        first = [name for name in ENTRY_COLUMNS if name in table]
        return table[[*first, *(name for name in table.columns if name not in first)]]

    @property
    def equity(self) -> pd.DataFrame:
        """The account's value at each close, indexed by datetime, in columns "off" and "on".

        Further columns: `buy_hold`, those of `by_bar`, and ablation_NAME for each row of an
        ablation.
        """
        curves = {name: run.equity for name, run in self.runs.items()}
        if self.hold is not None:
            curves["buy_hold"] = self.hold
        if self.by_bar is not None:
            curves |= {str(name): line for name, line in self.by_bar.items()}
        if self.ablated is not None:
            curves |= {f"ablation_{name}": line for name, line in self.ablated.items()}
        return pd.DataFrame(curves).rename_axis("datetime")

    @property
    def saved(self) -> SavedRun:
        """The result as a saved run: tables and summary of its folder."""
        predictions = {symbol: part.predictions for symbol, part in self.out_of_sample.items()}
        return SavedRun(
            summary=self.summary,
            trades=self.trades,
            entries=self.entries,
            predictions=stacked(
                {k: predictions_table(v, self.agreement) for k, v in predictions.items()}
            ),
            bars=bars_table(self.out_of_sample, self.runs),
            equity=self.equity.reset_index(),
        )

    @step("Writing")
    def write(self, folder: str | Path) -> list[Path]:
        """Write the result into a folder, and count the trial in its ledger.

        Writes the files of `run_folder.FILES` and removes charts of an earlier run, see
        `write_run`.
        """
        folder = Path(folder)
        paths = write_run(folder, self.saved, drawn_files())
        if "on" in self.runs:
            record_trial(folder, self.summary, own_sharpe(self.runs["on"]))
        return paths

    def _repr_html_(self) -> str:
        """Show verdict, equity curves and figures in a notebook, and the luck of a best variant."""
        from bt_fusion.report.html.notebook import notebook_html

        return notebook_html(self.summary, self.equity, self._luck_lines())


def with_probabilities(
    entries: pd.DataFrame, out_of_sample: dict[str, OutOfSample]
) -> pd.DataFrame:
    """Return entries with the probability of their side on their bar, where they have none.

    Parameters
    ----------
    entries : DataFrame
        Columns symbol, side ("long" or "short"), time and, with ML on, probability.
    out_of_sample : dict of OutOfSample
        By symbol. NaN on a bar without a prediction.
    """
    known = pd.Series(np.nan, entries.index)
    for symbol, part in out_of_sample.items():
        own = entries.symbol == symbol
        at = part.predictions.at(entries.time[own].to_numpy())
        long = entries.side[own] == "long"
        known[own] = np.where(long, at.probability_up, at.probability_down)
    column = entries.get("probability", known)
    return entries.assign(probability=column.fillna(known))


def predictions_table(predictions: Predictions, agreement: Agreement | None) -> pd.DataFrame:
    """Return a symbol's rows of predictions.parquet: `Predictions.to_frame` and more columns.

    Columns: win, loss (gain of a right and loss of a wrong prediction, fractions of the price),
    threshold (of `Agreement.limits`), and those of `State` if the strategy reacts to drift.
    """
    unknown = np.full((len(predictions), 2), np.nan)
    win, loss = (unknown if predictions.payoff is None else predictions.payoff).T
    limits = np.nan if agreement is None else agreement.limits(predictions)
    table = predictions.to_frame().assign(win=win, loss=loss, threshold=limits)
    if predictions.health is not None:
        table[list(State._fields)] = predictions.health
    return table


def bars_table(out_of_sample: dict[str, OutOfSample], runs: dict[str, Run]) -> pd.DataFrame:
    """Return the bars of the window with their labels and both sides' signals.

    Columns: datetime, symbol if there are several, open, high, low, close, volume, label (the
    actual class, NaN if unresolved), technical (ML-off's side), fused (ML-on's entry signal); NaN
    if unknown.
    """
    technical = [run.technical for run in runs.values() if run.technical is not None]
    fused = runs["on"].signal if "on" in runs else None
    frames = {}
    for symbol, part in out_of_sample.items():
        frame = frames[symbol] = part.bars.rename_axis("datetime").reset_index()
        frame["label"] = part.labels.y
        frame["technical"] = line_of(technical[0] if technical else None, symbol)
        frame["fused"] = line_of(fused, symbol)
    return stacked(frames)


def stacked(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Stack the rows of several symbols with `symbol` as second column; one symbol unchanged."""
    if len(frames) == 1:
        return next(iter(frames.values()))
    for symbol, frame in frames.items():
        frame.insert(1, "symbol", symbol)
    return pd.concat(frames.values(), ignore_index=True)
