"""Folders and globs of data files: which file belongs to which symbol."""

import re
from collections.abc import Callable
from glob import glob, has_magic
from pathlib import Path
from typing import Any

from bt_fusion.errors import BarsError, OptionError

__all__ = ["SUFFIXES", "files_of", "holds_many", "one_file", "symbol_of"]

SUFFIXES = (".csv", ".feather", ".parquet", ".pq", ".json", ".txt", ".tsv", ".zip")
# `BTC_USDT-5m`, `BTC_USDT_USDT-1h-futures`: freqtrade; `BTCUSDT-1h-2024-01`: Binance's dumps
FREQTRADE = re.compile(r"([A-Za-z0-9]+)_([A-Za-z0-9]+)(?:_([A-Za-z0-9]+))?-(\d+[mhdwM])(?:-(\w+))?")
PART = re.compile(r"(.+)-(\d+[smhdwM]o?)-\d{4}-\d{2}(?:-\d{2})?")
TIMEFRAME = re.compile(
    r"(.+)[-_](\d+(?:m|min|h|d|w|M|mo)|(?:M\d+|H\d+|D1|Daily|W1|Weekly|MN1)(?:_\d{8,12}){0,2})"
)  # the second kind is MetaTrader's: `EURUSD_M15_202001020000_202401312345`
SHOWN = 3  # names listed in a line
PrintLine = Callable[[str], Any]


def files_of(text: str, say: PrintLine | None = None) -> dict[str, Path]:
    """Return the file of each symbol in a folder, glob or single file, sorted by symbol.

    Parameters
    ----------
    text : str
        A folder (without subfolders), a glob such as ``data/*-5m.feather``
        (``**`` goes into folders), or one file.
    say : callable, optional
        Called with a line on the files skipped because they hold no candles.

    Returns
    -------
    dict of str to Path
        By the symbol that `symbol_of` gives.

    Raises
    ------
    BarsError
        If nothing matches.
    OptionError
        If two files have the same symbol.

    Examples
    --------
    >>> files_of("data/*.pq")
    Traceback (most recent call last):
    bt_fusion.errors.BarsError: no file matches data/*.pq; give a folder or a glob of data files
    """
    found: dict[str, Path] = {}
    skipped = []
    for path in _paths(text):
        if not _is_data(path):
            skipped.append(path.name)
            continue
        symbol = symbol_of(path)
        if symbol in found:
            raise _duplicate_symbol(symbol, found[symbol], path)
        found[symbol] = path
    if not found:
        names = f" ({_listed(skipped)} is none)" if skipped else ""
        raise BarsError(f"{text} holds no data file{names}; files end in {', '.join(SUFFIXES)}")
    if skipped and say is not None:
        say(f"Skipped    {len(skipped)} of {text}, no candles: {_listed(skipped)}")
    return dict(sorted(found.items()))


def symbol_of(path: Path) -> str:
    """Return the symbol in a file name, without the timeframe.

    >>> symbol_of(Path("BTC_USDT-5m.feather")), symbol_of(Path("BTC_USDT_USDT-1h-futures.feather"))
    ('BTC/USDT', 'BTC/USDT:USDT')
    >>> symbol_of(Path("ETHUSDT_1h.csv.gz")), symbol_of(Path("aapl.us.txt"))
    ('ETHUSDT', 'aapl.us')
    """
    stem = _stem(path)
    pair = FREQTRADE.fullmatch(stem)
    if pair:
        base, quote, settle, *_ = pair.groups()
        return f"{base}/{quote}" + (f":{settle}" if settle else "")
    other = PART.fullmatch(stem) or TIMEFRAME.fullmatch(stem)
    return other[1] if other else stem


def holds_many(text: str) -> bool:
    """Return whether a text is a folder or a glob.

    >>> holds_many("data/*.csv"), holds_many("candles.csv"), holds_many("tests")
    (True, False, True)
    """
    return Path(text).is_dir() or (has_magic(text) and not Path(text).exists())


def one_file(text: str, say: PrintLine | None = None) -> str:
    """Return the only file of a folder or glob; return any other text unchanged.

    Raises
    ------
    BarsError, OptionError
        As `files_of`, and if there are several files.
    """
    if not holds_many(text):
        return text
    found = files_of(text, say)
    if len(found) > 1:
        raise OptionError(
            f"{text} holds {len(found)} symbols ({_listed(found)}) and one is asked for; give one "
            f"file, such as {next(iter(found.values()))}"
        )
    return str(next(iter(found.values())))


def _paths(text: str) -> list[Path]:
    """Return the files that a text names, sorted, without hidden ones."""
    path = Path(text)
    if path.is_dir():
        return sorted(each for each in path.iterdir() if each.is_file() and each.name[0] != ".")
    if path.is_file():
        return [path]
    found = sorted(Path(name) for name in glob(text, recursive=True))
    files = [each for each in found if each.is_file()]
    if not files:
        raise BarsError(f"no file matches {text}; give a folder or a glob of data files")
    return files


def _is_data(path: Path) -> bool:
    """Return whether a file name is that of candles; of freqtrade's kinds only traded prices."""
    suffix = Path(_without_gz(path)).suffix.lower()
    kind = FREQTRADE.fullmatch(_stem(path))
    if kind:
        return suffix in SUFFIXES and kind[5] in (None, "futures")
    return suffix in SUFFIXES and suffix != ".json" and not _stem(path).endswith("-trades")


def _duplicate_symbol(symbol: str, one: Path, other: Path) -> OptionError:
    if PART.fullmatch(_stem(one)) and PART.fullmatch(_stem(other)):
        remedy = "they are parts of one symbol: join them in one file"
    else:
        remedy = f"choose by a glob, such as '{other.parent / '*'}{_ending(other)}'"
    return OptionError(f"{one} and {other} are both of {symbol}; {remedy}")


def _ending(path: Path) -> str:
    """Return the part of a file name after the symbol."""
    stem = _stem(path)
    frame = FREQTRADE.fullmatch(stem)
    other = TIMEFRAME.fullmatch(stem)
    start = frame.start(4) - 1 if frame else other.start(2) - 1 if other else len(stem)
    return path.name[start:]


def _stem(path: Path) -> str:
    return Path(_without_gz(path)).stem


def _without_gz(path: Path) -> str:
    return path.name[:-3] if path.name.lower().endswith(".gz") else path.name


def _listed(names: "list[str] | dict[str, Path]") -> str:
    shown = ", ".join(list(names)[:SHOWN])
    return shown + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
