"""Read a saved run from its folder, for reports and explanations."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from bt_fusion.errors import OptionError, RunError
from bt_fusion.files import EXACT_NUMBERS, writing
from bt_fusion.saved_runs.run_checks import check_config, check_table
from bt_fusion.saved_runs.run_commit import finish_interrupted
from bt_fusion.saved_runs.spreadsheet import from_texts

__all__ = ["SCHEMA", "SavedRun"]

SCHEMA = 2
READ = (1, SCHEMA)
PARQUET = ("predictions", "bars", "equity")


@dataclass(frozen=True, eq=False)
class SavedRun:
    """Contents of a run's folder.

    Attributes
    ----------
    summary : dict
        summary.json.
    trades : DataFrame
        trades.csv, with times as timestamps.
    predictions, bars, equity : DataFrame
        The Parquet files, empty if not read; with several symbols the first two have a column
        `symbol`.
    entries : DataFrame
        entries.csv; empty if missing, as in older versions.
    folder : Path
        The run's folder.

    Raises
    ------
    RunError
        By `read`: if a file is missing, broken, or has another schema.
    """

    summary: dict[str, Any]
    trades: pd.DataFrame
    predictions: pd.DataFrame = field(default_factory=pd.DataFrame)
    bars: pd.DataFrame = field(default_factory=pd.DataFrame)
    equity: pd.DataFrame = field(default_factory=pd.DataFrame)
    entries: pd.DataFrame = field(default_factory=pd.DataFrame)
    folder: Path = Path()

    @classmethod
    def read(cls, folder: str | Path, tables: Sequence[str] = PARQUET) -> "SavedRun":
        """Read a folder written by `bt-fusion backtest --out`.

        Parameters
        ----------
        folder : path
        tables : sequence of {"predictions", "bars", "equity"}
            The Parquet files to read; runs of older versions may lack the last two.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise RunError(f"{folder} is not a folder; give the --out of a bt-fusion backtest")
        with writing(folder):
            finish_interrupted(folder)
        summary = _read(folder, "summary.json", read_json)
        schema = summary.get("schema") if isinstance(summary, dict) else None
        if schema not in READ:
            raise RunError(
                f"{folder / 'summary.json'} has schema {schema}, this version reads "
                f"{' and '.join(map(str, READ))}; run the backtest again"
            )
        trades = _read(folder, "trades.csv", read_trades)
        log = folder / "entries.csv"
        entries = _read(folder, log.name, read_entries) if log.is_file() else pd.DataFrame()
        found = {name: _read(folder, f"{name}.parquet", pd.read_parquet) for name in tables}
        return cls(summary=summary, trades=trades, entries=entries, folder=folder, **found)

    def check_config(self) -> None:
        """Raise RunError if the summary lacks what a rerun needs."""
        try:
            check_config(self.summary)
        except ValueError as error:
            raise RunError(
                f"{self.folder / 'summary.json'} is broken: {error}; run the backtest again"
            ) from error

    @property
    def in_sample(self) -> bool:
        """Whether the model was trained on some of the bars."""
        return bool(self.summary["in_sample"])

    @property
    def majority(self) -> bool:
        """Whether the members of the model vote by majority."""
        return bool(self.summary["config"]["ensemble"].get("voting") == "majority")

    @property
    def runs(self) -> list[str]:
        """The runs made: "off", "on" or both."""
        return [name for name in ("off", "on") if self.summary.get(f"ml_{name}") is not None]

    @property
    def symbols(self) -> list[str]:
        """The symbols by name, in the order of their bars."""
        if "symbol" in self.bars:
            return [str(name) for name in self.bars.symbol.unique()]
        return list(self.summary.get("symbols") or [self.summary["data"]["name"]])  # bars not read

    def of_symbol(self, table: pd.DataFrame, symbol: str) -> pd.DataFrame:
        """Return the rows of a symbol."""
        if len(self.symbols) == 1:
            return table
        return table[table.symbol.astype(str) == symbol].reset_index(drop=True)

    def trades_of(self, run: str) -> pd.DataFrame:
        """Return the trades of one run, "on" or "off", numbered from 1.

        Raises
        ------
        OptionError
            If that run was not made.
        """
        if run not in self.runs:
            raise OptionError(f"{self.folder} holds no run with ML {run}")
        trades = self.trades[self.trades.run == run].reset_index(drop=True)
        trades.index += 1
        return trades


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def read_trades(path: Path) -> pd.DataFrame:
    """Read trades.csv."""
    # a symbol may be called NA
    table = from_texts(
        pd.read_csv(path, dtype={"symbol": str}, keep_default_na=False, **EXACT_NUMBERS)
    )
    times = table.columns.intersection(["entry_time", "exit_time", "signal_time"])
    return table.assign(**{name: pd.to_datetime(table[name], format="ISO8601") for name in times})


def read_entries(path: Path) -> pd.DataFrame:
    """Read entries.csv."""
    return from_texts(
        pd.read_csv(
            path,
            parse_dates=["time"],
            date_format="ISO8601",
            dtype={"symbol": str},
            **EXACT_NUMBERS,
        )
    )


def _read(folder: Path, name: str, read: Callable[[Path], Any]) -> Any:
    path = folder / name
    if not path.is_file():
        raise RunError(
            f"{folder} has no {name}: it is not the folder of a finished backtest, or of an older "
            "version; give what --out named, or run the backtest again"
        )
    try:
        found = read(path)
        if isinstance(found, pd.DataFrame):
            check_table(name, found)
        return found
    except Exception as error:  # readers raise anything on broken bytes
        raise RunError(f"{path} cannot be read: {error}; run the backtest again") from error
