"""Candles as JSON: a list of lists [stamp, open, high, low, close, volume], as in freqtrade."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd

from bt_fusion.data.readers.headerless import KLINE_COLUMNS, refuse_other_order
from bt_fusion.data.readers.unpacking import text_of
from bt_fusion.errors import BarsError

__all__ = ["read_json"]

BLOCK = 2**20  # characters per read
FIRST = 500  # rows used to detect the order of columns
EXPECTED = "a list of lists [stamp, open, high, low, close, volume] is expected"


def read_json(path: Path) -> pd.DataFrame:
    """Read a list of lists whose first six values are stamp, open, high, low, close, volume.

    Raises
    ------
    BarsError
        For other JSON, broken JSON, and candles in another order.
    """
    with text_of(path) as text:
        blocks = [_block(rows, first) for rows, first in _blocks(text)]
    if not blocks:
        raise BarsError(f"the file holds no candles; {EXPECTED}")
    table = np.concatenate(blocks)
    refuse_other_order(table[:FIRST, 1:])
    return pd.DataFrame(dict(zip(KLINE_COLUMNS, table.T, strict=True)))


def _blocks(text: IO[str]) -> Iterator[tuple[list[object], int]]:
    """Yield (rows, number of the first) while reading; JSON is cut after the end of a row."""
    rest, first = text.read(BLOCK).lstrip(), 0
    if not rest.startswith("["):
        raise BarsError(f"not a list ({rest[:40]!r}); {EXPECTED}")
    rest = rest[1:]
    while more := text.read(BLOCK):
        end = max(0, rest.rfind("["))  # rows before it are complete
        rows = _parsed(rest[:end].rstrip().rstrip(","), first)
        if rows:
            yield rows, first
        first += len(rows)
        rest = rest[end:] + more
    rest = rest.rstrip()
    if not rest.endswith("]"):
        raise BarsError(f"the list breaks off after row {first} ({rest[-40:]!r}); get it again")
    rows = _parsed(rest[:-1], first)
    if rows:
        yield rows, first


def _parsed(text: str, first: int) -> list[object]:
    try:
        return list(json.loads(f"[{text}]"))
    except json.JSONDecodeError as error:
        near = text[max(0, error.pos - 20) : error.pos + 20]
        raise BarsError(f"broken JSON after row {first} (near {near!r}); {EXPECTED}") from error


def _block(rows: list[object], first: int) -> np.ndarray:
    """Return rows as an array of float64, shape (n_rows, 6)."""
    for number, row in enumerate(rows, first):
        if not isinstance(row, list) or len(row) < len(KLINE_COLUMNS):
            raise BarsError(f"row {number} is {str(row)[:60]}; {EXPECTED}")
    cut = [row[: len(KLINE_COLUMNS)] for row in rows if isinstance(row, list)]
    try:
        return np.array(cut, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BarsError(
            f"a value after row {first} is not a number ({error}); {EXPECTED}"
        ) from error
