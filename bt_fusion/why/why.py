"""Explain why a bar was an entry or not, from the files of a run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from bt_fusion.data.timestamps import iso_time
from bt_fusion.errors import OptionError, unknown_name
from bt_fusion.progress import step
from bt_fusion.saved_runs.saved_run import SavedRun
from bt_fusion.why.model_reasons import ModelReasons, model_reasons_of
from bt_fusion.why.rebuilt_run import RebuiltRun
from bt_fusion.why.strategy_reasons import StrategyReasons, strategy_reasons_of

__all__ = ["EntryExplanation", "explain_entry"]

RUNS = ("on", "off")
AT_THE_OPEN = "ordered at the next open"  # by a timer, or cheat-on-open


@dataclass(frozen=True, eq=False)
class EntryExplanation:
    """Why a bar was an entry or not: the strategy's and the model's reasons.

    Attributes
    ----------
    run : str
        "on" or "off".
    strategy, symbol : str
    bar : Timestamp
        The signal bar, on which the entry was ordered.
    close : float
    trade : dict or None
        The row of trades.csv, with `number` and `return` (a fraction of the entry's value).
    side : str
        "long", "short", or "" for none.
    technical : StrategyReasons
        The strategy's reasons.
    model : ModelReasons or None
        The model's reasons, None without a prediction.
    """

    run: str
    strategy: str
    symbol: str
    bar: pd.Timestamp
    close: float
    trade: dict[str, Any] | None
    side: str
    technical: StrategyReasons
    model: ModelReasons | None

    def to_dict(self) -> dict[str, Any]:
        """Return everything by name; the model's reasons as `opinion`, the name in the JSON."""
        given = {name: value for name, value in vars(self).items() if name != "model"}
        return {
            **given,
            "technical": self.technical.to_dict(),
            "opinion": None if self.model is None else self.model.to_dict(),
        }


@step("Explaining")
def explain_entry(
    folder: Any,
    *,
    trade: int | None = None,
    bar: Any = None,
    run: str = "on",
    symbol: str | None = None,
    data: Sequence[str] = (),
    strategy: str | None = None,
    sizer: str | None = None,
) -> EntryExplanation:
    """Explain why a trade was entered, or why a bar was an entry or not.

    Runs the strategy again up to that bar, and refits the model of that time.

    Parameters
    ----------
    folder : path
        Folder given to `--out`.
    trade : int, optional
        Number of a trade of the run, from 1, in the order of trades.csv.
    bar : str or Timestamp, optional
        Instead of a trade: the bar of a possible signal.
    run : {"on", "off"}
    symbol : str, optional
        Symbol of the bar, if the run had several; a trade has its own.
    data : sequence of str
        New location of the bars, if they moved: a path, or SYMBOL=PATH for each.
    strategy, sizer : str, optional
        ``module:Class`` or ``file.py:Class``, if the files named in the summary have moved or
        changed, or have no digests. Their code is run.

    Raises
    ------
    RunError, OptionError
        For a missing folder, trade or bar, or a strategy or model that cannot be restored.
    BarsError
        If the bars have changed since.
    """
    if (trade is None) == (bar is None):
        raise OptionError("give either a trade or a bar")
    if run not in RUNS:
        raise unknown_name("run", run, RUNS)
    rebuilt = RebuiltRun(SavedRun.read(folder, tables=("predictions",)), strategy, sizer)
    rebuilt.saved.check_config()
    rebuilt.load_plugins()
    trades = rebuilt.saved.trades_of(run)
    listed = None if trade is None else trade_of(trades, trade, run, str(rebuilt.folder))
    symbol = listed["symbol"] if listed else symbol_of(rebuilt, symbol)
    bars = rebuilt.bars(data)
    window = rebuilt.symbols[symbol]["window"]
    at = position(window, bars[symbol], bar) if listed is None else signal_of(listed, bars[symbol])
    return _explained(rebuilt, run, symbol, bars, at, listed)


def _explained(
    rebuilt: RebuiltRun,
    run: str,
    symbol: str,
    bars: dict[str, pd.DataFrame],
    at: int,
    trade: dict[str, Any] | None,
) -> EntryExplanation:
    """Collect both sides' reasons for the bar of a symbol at a position."""
    own = bars[symbol]
    technical = strategy_reasons_of(rebuilt, bars, symbol, own.index[at], run)
    if trade and "signal_time" in trade and not technical.outcome:
        technical = replace(technical, side=trade["side"], outcome=AT_THE_OPEN)
    side = trade["side"] if trade else technical.side
    return EntryExplanation(
        run=run,
        strategy=rebuilt.config["strategy"],
        symbol=symbol,
        bar=own.index[at],
        close=float(own.close.iloc[at]),
        trade=trade,
        side=side,
        technical=technical,
        model=model_reasons_of(rebuilt, symbol, own, at, side),
    )


def trade_of(trades: pd.DataFrame, number: int, run: str, folder: str) -> dict[str, Any]:
    """Return a trade of a run by its number."""
    if trades.empty:
        raise OptionError(f"trade {number}: ML {run} has no trades; give --run off or on")
    if not 1 <= number <= len(trades):
        raise OptionError(
            f"trade {number}: ML {run} has {len(trades)}; bt-fusion why {folder} --run {run} lists "
            "them"
        )
    row = {str(name): value for name, value in trades.loc[number].items()}
    return {"number": number, **row, "return": row["pnl"] / (row["entry_price"] * row["size"])}


def signal_of(trade: dict[str, Any], bars: pd.DataFrame) -> int:
    """Return the position of the bar on which the entry was ordered.

    Older folders do not list it; it is then the bar before the entry.
    """
    if "signal_time" in trade:
        return int(bars.index.searchsorted(trade["signal_time"]))
    return int(bars.index.searchsorted(trade["entry_time"])) - 1


def symbol_of(rebuilt: RebuiltRun, symbol: str | None) -> str:
    """Return the requested symbol, or the only one."""
    known = list(rebuilt.symbols)
    if symbol is None and len(known) > 1:
        raise OptionError(f"the run had several symbols; give one of {', '.join(known)}")
    if symbol not in (None, *known):
        raise unknown_name("symbol", symbol, known)
    return symbol or known[0]


def position(window: dict[str, Any], bars: pd.DataFrame, bar: Any) -> int:
    """Return the position of a bar of a window among the bars."""
    stamp = iso_time("bar", bar)
    start, end = (pd.Timestamp(window[key]) for key in ("start", "end"))
    if not start <= stamp <= end:
        raise OptionError(f"bar {stamp} is not among those the run traded, {start} to {end}")
    at = int(bars.index.searchsorted(stamp))
    if bars.index[at] != stamp:
        near = f"{bars.index[at - 1]} and {bars.index[at]}"
        raise OptionError(f"there is no bar {stamp}; the nearest are {near}")
    return at
