"""Why a bar was an entry, or was not: both sides' reasons, from the files of a run."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from bt_fusion.errors import OptionError, unknown_name
from bt_fusion.why.model_reasons import ModelReasons, model_reasons_of
from bt_fusion.why.rebuilt_run import RebuiltRun
from bt_fusion.why.strategy_reasons import StrategyReasons, strategy_reasons_of

__all__ = ["EntryExplanation", "explain_entry"]

RUNS = ("on", "off")


@dataclass(frozen=True, eq=False)
class EntryExplanation:
    """Why a bar was an entry, or was not.

    Attributes
    ----------
    run : str
        "on" or "off".
    strategy, symbol : str
    bar : Timestamp
        The bar of the signal: the one before the entry.
    close : float
    trade : dict or None
        The row of trades.csv, with `number` and `return` (a fraction of the entry's value).
    side : str
        "long", "short", or "" where neither side was on.
    technical : Testimony
        What the strategy says of the bar.
    opinion : Opinion or None
        None where the model made no prediction.
    """

    run: str
    strategy: str
    symbol: str
    bar: pd.Timestamp
    close: float
    trade: dict[str, Any] | None
    side: str
    technical: StrategyReasons
    opinion: ModelReasons | None

    def to_dict(self) -> dict[str, Any]:
        """Return everything by name."""
        told = asdict(self.technical)
        told["thresholds"] = [
            {**row._asdict(), "passed": bool(row.passed), "margin": row.margin}
            for row in self.technical.thresholds
        ]
        model = None if self.opinion is None else self.opinion.to_dict()
        return {**vars(self), "technical": told, "opinion": model}


def explain_entry(
    folder: Any,
    *,
    trade: int | None = None,
    bar: Any = None,
    run: str = "on",
    symbol: str | None = None,
    data: Sequence[str] = (),
) -> EntryExplanation:
    """Say why a trade was entered, or why any bar was or was not an entry.

    The strategy is run again up to that bar, and the model of that time is fitted again.

    Parameters
    ----------
    folder : path
        What `--out` named.
    trade : int, optional
        Number of a trade among those of the run, from 1, in the order of trades.csv.
    bar : str or Timestamp, optional
        Instead of a trade: the bar of a possible signal.
    run : {"on", "off"}
    symbol : str, optional
        Whose bar, where the run had several; a trade says it itself.
    data : sequence of str
        Where the bars are now, when they are not where they were.

    Raises
    ------
    OptionError
        For a run, trade or bar that is not there, or a model that cannot be had again.
    BarsError
        When the bars have changed since.
    """
    if (trade is None) == (bar is None):
        raise OptionError("give a trade's number or a bar, one of them")
    if run not in RUNS:
        raise unknown_name("run", run, RUNS)
    finished = RebuiltRun.read(folder)
    finished.trades_of(run)  # says so when there is no such run
    listed = None if trade is None else trade_of(finished, run, trade)
    symbol = listed["symbol"] if listed else symbol_of(finished, symbol)
    every = finished.bars(data)
    bars, window = every[symbol], finished.symbols[symbol]["window"]
    at = position(window, bars, listed["entry_time"] if listed else bar) - bool(listed)
    told = strategy_reasons_of(finished, every, symbol, bars.index[at], run)
    side = listed["side"] if listed else told.side
    return EntryExplanation(
        run=run,
        strategy=finished.config["strategy"],
        symbol=symbol,
        bar=bars.index[at],
        close=float(bars.close.iloc[at]),
        trade=listed,
        side=side,
        technical=told,
        opinion=model_reasons_of(finished, symbol, bars, at, side),
    )


def trade_of(finished: RebuiltRun, run: str, number: int) -> dict[str, Any]:
    """Return a trade by its number among those of a run."""
    trades = finished.trades_of(run)
    if not 1 <= number <= len(trades):
        raise OptionError(
            f"trade {number} is none of the {len(trades)} of the run with ML {run}; "
            f"bt-fusion why {finished.folder} --run {run} lists them"
        )
    row = {str(name): value for name, value in trades.loc[number].items()}
    return {"number": number, **row, "return": row["pnl"] / (row["entry_price"] * row["size"])}


def symbol_of(finished: RebuiltRun, symbol: str | None) -> str:
    """Return the symbol that is asked for, or the only one."""
    known = list(finished.symbols)
    if symbol is None and len(known) > 1:
        raise OptionError(f"the run had several symbols; give one of {', '.join(known)}")
    if symbol not in (None, *known):
        raise unknown_name("symbol", symbol, known)
    return symbol or known[0]


def position(window: dict[str, Any], bars: pd.DataFrame, bar: Any) -> int:
    """Return the position of a bar of a window among the bars."""
    try:
        stamp = pd.Timestamp(bar)
    except ValueError:
        raise OptionError(f"bar {bar!r} is no time; write 2020-03-12T05:00") from None
    stamp = stamp.tz_convert(None) if stamp.tz else stamp  # bars are in UTC
    start, end = (pd.Timestamp(window[key]) for key in ("start", "end"))
    if not start <= stamp <= end:
        raise OptionError(f"bar {stamp} is not among those the run traded, {start} to {end}")
    at = int(bars.index.searchsorted(stamp))
    if bars.index[at] != stamp:
        near = f"{bars.index[at - 1]} and {bars.index[at]}"
        raise OptionError(f"there is no bar {stamp}; the nearest are {near}")
    return at
