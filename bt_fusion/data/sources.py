"""The data that --data names: one file, sample or online market, or several by symbol."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bt_fusion.data.folders import files_of, holds_many, one_file
from bt_fusion.data.online.market import MAX_AGE, Market, is_market
from bt_fusion.data.readers.reading import read_reported
from bt_fusion.data.samples import SAMPLES, is_sample, load_sample
from bt_fusion.errors import BarsError, BtFusionError, OptionError
from bt_fusion.urls import is_url

__all__ = [
    "MARKET_EXAMPLE",
    "bars_within",
    "by_symbol",
    "load",
    "load_each",
    "load_markets",
    "of_span",
    "sources",
]

PrintLine = Callable[[str], Any]
EXAMPLE = "--data SPX=sp500 --data NDX=nasdaq"
MARKET_SEEDS = 50  # the seeds of other markets follow those of the symbols
MARKET_EXAMPLE = "--other ETH=eth.csv"


def load_each(
    given: dict[str, str], seed: int, repair: bool, say: PrintLine = print, max_age: float = MAX_AGE
) -> dict[str, pd.DataFrame]:
    """Return the bars of each source; one without a symbol gets the name of its file or sample.

    Each synthetic sample gets the next seed, so that two of them differ.

    Raises
    ------
    BarsError
        For a file that is missing or holds no sound bars; with several, the symbol is named.
    """
    found = {}
    for number, (symbol, source) in enumerate(given.items()):
        try:
            bars, name = load(source, seed + number, repair, _of_symbol(symbol, say), max_age)
        except BtFusionError as error:
            if not symbol:
                raise
            raise type(error)(f"{symbol}: {error}") from error
        found[symbol or name] = bars
    return found


def _of_symbol(symbol: str, say: PrintLine) -> PrintLine:
    """Return a function that reports a line with its symbol."""
    return (lambda line: say(f"{line} ({symbol})")) if symbol else say


def sources(data: Sequence[str], say: PrintLine | None = None) -> dict[str, str]:
    """Return the file or sample of each symbol; a source without a symbol has an empty one.

    Parameters
    ----------
    data : sequence of str
        A file or sample, or SYMBOL=PATH for each of several. A folder or glob means its files, with
        the symbols in their names.
    say : callable, optional
        Called with a line on the skipped files of a folder.

    Raises
    ------
    BarsError
        For an empty list, and a folder or glob without data.
    OptionError
        For several without symbols, a repeated symbol, and an incomplete pair.

    Examples
    --------
    >>> sources(["SPX=sp500", "BTC/USDT=candles.csv"])
    {'SPX': 'sp500', 'BTC/USDT': 'candles.csv'}
    >>> sources(["candles.csv"])
    {'': 'candles.csv'}
    """
    found: dict[str, str] = {}
    for text in filter(holds_many, data):
        for symbol, path in files_of(text, say).items():
            found[_new(symbol, found)] = str(path)
    named = by_symbol([text for text in data if not holds_many(text)], "data", "PATH", EXAMPLE)
    if found and "" in named:
        raise OptionError(f"data {named['']!r} has no symbol beside others; name it: {EXAMPLE}")
    for symbol, place in named.items():
        found[_new(symbol, found)] = place
    if not found:
        raise BarsError("no data; give a CSV, Parquet, Feather or JSON file, or a sample")
    return found


def load_markets(
    given: dict[str, str],
    seed: int = 0,
    repair: bool = False,
    say: PrintLine = print,
    max_age: float = MAX_AGE,
) -> dict[str, pd.DataFrame]:
    """Return the bars of other markets by name; errors include the market's name.

    Raises
    ------
    OptionError
        For a market without a name.
    BarsError
        As `load_each`.
    """
    if "" in given:
        raise OptionError(f"other {given['']!r} has no name; give {MARKET_EXAMPLE}")
    return load_each(given, seed + MARKET_SEEDS, repair, say, max_age)


def _new(symbol: str, found: dict[str, str]) -> str:
    """Return a symbol after checking that it is new.

    Raises
    ------
    OptionError
    """
    if symbol in found:
        raise OptionError(f"symbol {symbol!r} is given twice; name each once: {EXAMPLE}")
    return symbol


def by_symbol(given: Sequence[str], what: str, place: str, example: str) -> dict[str, str]:
    """Return the place of each symbol; a place without a symbol has an empty one.

    Parameters
    ----------
    given : sequence of str
        A place, or SYMBOL=PLACE for each of several.
    what, place, example : str
        For the errors: ``data``, ``PATH``, and options in correct form.

    Raises
    ------
    OptionError
        For several without symbols, a repeated symbol, and an incomplete pair.
    """
    found: dict[str, str] = {}
    for text in given:
        symbol, equals, there = text.partition("=")
        # a name may hold an equals sign
        if not equals or is_market(text) or is_url(text) or Path(text).exists():
            symbol, there = "", text
        elif not symbol or not there:
            raise OptionError(f"{what} {text!r} is not SYMBOL={place}, e.g. {example}")
        if not symbol and len(given) > 1:
            raise OptionError(
                f"{what} {text!r} is one of {len(given)} and has no symbol; name each: {example}"
            )
        if symbol in found:
            raise OptionError(f"symbol {symbol!r} is given twice; name each once: {example}")
        found[symbol] = there
    return found


def load(
    data: str, seed: int, repair: bool, say: PrintLine = print, max_age: float = MAX_AGE
) -> tuple[pd.DataFrame, str]:
    """Return the bars of a file, a sample or an online market, and their name.

    Parameters
    ----------
    data : str
    seed : int
        Of a synthetic sample.
    repair : bool
        Drop broken rows instead of refusing them.
    say : callable
        Called with a line on each repair, download or correction.
    max_age : float
        Minutes for which downloaded candles count as current.
    """
    if is_sample(data):
        return load_sample(data, seed), data
    if is_market(data):
        from bt_fusion.data.online.candles import Access, load_market

        market = Market.of(data)
        return load_market(market, max_age, Access(repair=repair, say=say)), market.name
    path = Path(one_file(data, say))
    if not path.is_file():
        if not path.suffix and path.parent == Path():
            load_sample(data)  # does not look like a path: names the nearest sample
        known = ", ".join(SAMPLES)
        raise BarsError(
            f"no file {path}; give a CSV, Parquet, Feather or JSON file, or one of {known}"
        )
    bars, report = read_reported(path, repair=repair)
    for line in report.assumed:
        say(f"Read       {line}")
    for line in report.repairs:
        say(f"Repaired   {line}")
    return bars, path.stem


def of_span(source: str, start: pd.Timestamp, end: pd.Timestamp) -> str:
    """Return an online market limited to bars `start` to `end`; others unchanged.

    >>> of_span("binance:BTC/USDT:1h", pd.Timestamp("2024-01-01"), pd.Timestamp("2024-02-01"))
    'binance:BTC/USDT:1h@2024-01-01T00:00:00..2024-02-01T00:00:01'
    """
    if not is_market(source):
        return source
    return str(Market.of(source).within(start, end + pd.Timedelta(seconds=1)))


def bars_within(
    bars: pd.DataFrame, start: pd.Timestamp | None = None, end: pd.Timestamp | None = None
) -> pd.DataFrame:
    """Return the bars from `start` (inclusive) to `end` (exclusive); None leaves a side open.

    Raises
    ------
    BarsError
        If there are none.
    """
    inside = bars.loc[start : None if end is None else end - pd.Timedelta(1, "ns")]
    if inside.empty:
        raise BarsError(
            f"no bar from {start or 'the first'} to {end or 'the last'}; the bars run from "
            f"{bars.index[0]} to {bars.index[-1]}"
        )
    return inside
