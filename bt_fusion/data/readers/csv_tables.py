"""Read CSV tables in pieces; memory holds one piece and the columns of bars."""

import csv
import warnings
from collections.abc import Generator, Hashable
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.io.parsers import TextFileReader

from bt_fusion.data.readers.layout import Layout, layout_of, long_row
from bt_fusion.data.readers.names import (
    ADJUSTED,
    SYMBOL_COLUMNS,
    TIME_COLUMNS,
    is_known,
    refuse_symbols,
)
from bt_fusion.data.readers.unpacking import head_of, text_of
from bt_fusion.files import EXACT_NUMBERS

__all__ = ["read_csv"]

ROWS = 100_000  # of a piece
FEWEST = 6  # columns of bars
Pieces = dict[str, list[np.ndarray | pd.Series]]


def read_csv(path: Path, repairs: list[str] | None, assumed: list[str]) -> pd.DataFrame:
    """Read the columns that bars may need; a column of numbers becomes float64.

    Parameters
    ----------
    path : Path
    repairs : list of str or None
        Receives the dropped rows with too many columns; None refuses them.
    assumed : list of str
        Receives a line for each assumption beyond the file.

    Raises
    ------
    BarsError
        As `layout_of`, and for rows with more values than columns.
    """
    layout = layout_of(head_of(path, assumed), assumed)
    kept = [name for name in layout.names[: layout.width] if is_known(name)]
    pieces: Pieces = {name: [] for name in kept}
    symbols: dict[str, dict[object, None]] = {n: {} for n in kept if n in SYMBOL_COLUMNS}
    with closing(_pieces(path, layout, repairs)) as read:
        for piece in read:
            if piece.iloc[:, layout.width :].notna().to_numpy().any():
                _refuse_long_row(path, layout)
            for name, seen in symbols.items():
                seen |= dict.fromkeys(piece[name].dropna().unique())
                refuse_symbols(name, list(seen))
            for name in kept:
                if name not in symbols:
                    pieces[name].append(_values(piece[name], layout))
    rows = _length(pieces)
    columns: dict[Hashable, object] = {}
    for name in layout.names[: layout.width]:
        if name in ADJUSTED:
            columns[name] = _one_value([], rows)  # reported: the column exists
        elif name in symbols:
            columns[name] = _one_value(list(symbols[name]), rows)
        elif name in kept:
            columns[name] = _joined(pieces.pop(name))
        elif len(kept) < FEWEST or not set(kept) & set(TIME_COLUMNS):
            columns[name] = np.nan  # for the error that names all columns
    return pd.DataFrame(columns, index=pd.RangeIndex(rows), copy=False)


def _pieces(
    path: Path, layout: Layout, repairs: list[str] | None
) -> Generator[pd.DataFrame, None, None]:
    """Yield the rows of a file in pieces."""
    with text_of(path) as text:
        reader = pd.read_csv(
            text,
            sep=layout.separator,
            header=None,
            names=list(layout.names),
            index_col=False,
            skiprows=layout.skipped,
            dtype=dict.fromkeys(layout.texts, str),
            skipinitialspace=True,
            low_memory=False,
            on_bad_lines="error" if repairs is None else "warn",
            chunksize=ROWS,
            **EXACT_NUMBERS,
        )
        with reader:
            while (piece := _next_piece(reader, repairs)) is not None:
                yield piece


def _next_piece(reader: TextFileReader, repairs: list[str] | None) -> pd.DataFrame | None:
    """Return the next rows, None at the end; record dropped rows."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", pd.errors.ParserWarning)
        piece = next(reader, None)
    lines = [line for warning in caught for line in str(warning.message).splitlines()]
    if repairs is not None:
        skipped = [line for line in lines if "Skip" in line]
        repairs += [f"dropped a row of too many columns: {line}" for line in skipped]
    return piece


def _values(column: pd.Series, layout: Layout) -> np.ndarray | pd.Series:
    """Return prices and volumes as float64, or text if not numbers; other columns unchanged."""
    if column.name not in layout.numbers:
        return column
    if layout.form is not None:
        column = layout.form.numbers(column)
    if column.dtype.kind in "iuf":
        return column.to_numpy(np.float64)
    return column


def _joined(pieces: list[np.ndarray | pd.Series]) -> np.ndarray | pd.Series:
    """Return one column joined from its pieces."""
    if all(isinstance(piece, np.ndarray) for piece in pieces):
        return np.concatenate(pieces) if pieces else np.array([], dtype=np.float64)
    return pd.concat([pd.Series(piece) for piece in pieces], ignore_index=True)


def _one_value(values: list[object], rows: int) -> pd.Categorical:
    """Return a column with one value for all rows, one byte per row."""
    codes = np.full(rows, 0 if values else -1, dtype=np.int8)
    return pd.Categorical.from_codes(codes, categories=pd.Index(values, dtype=object))


def _length(pieces: Pieces) -> int:
    return max((sum(map(len, column)) for column in pieces.values()), default=0)


def _refuse_long_row(path: Path, layout: Layout) -> None:
    """Raise BarsError at the first row with a value in an unnamed column."""
    with text_of(path) as text:
        rows = csv.reader(text, delimiter=layout.separator)
        for row in rows:
            if rows.line_num > layout.skipped and any(map(str.strip, row[layout.width :])):
                raise long_row(rows.line_num, row, layout.width, layout.separator)
