"""Escape texts in CSV files that a spreadsheet would run as formulas, and undo it.

References
----------
OWASP, CSV Injection: a leading apostrophe makes a cell text.
"""

from collections.abc import Callable

import pandas as pd
from pandas.api.types import is_object_dtype, is_string_dtype

__all__ = ["as_texts", "from_texts"]

FIRST = ("=", "+", "-", "@", "\t", "\r", "'")  # "'" so that every text can be restored


def as_texts(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with texts escaped, so that no spreadsheet runs them.

    >>> as_texts(pd.DataFrame({"symbol": ["=A1", "BTC"], "pnl": [-1, 2]})).symbol.to_list()
    ["'=A1", 'BTC']
    """
    return _each_text(table, lambda text: f"'{text}" if text.startswith(FIRST) else text)


def from_texts(table: pd.DataFrame) -> pd.DataFrame:
    """Undo `as_texts`.

    >>> from_texts(pd.DataFrame({"symbol": ["'=A1", "BTC"]})).symbol.to_list()
    ['=A1', 'BTC']
    """
    return _each_text(table, lambda text: text.removeprefix("'"))


def _each_text(table: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    texts = [name for name in table if is_string_dtype(table[name]) or is_object_dtype(table[name])]
    changed = {
        str(name): table[name].map(lambda value: change(value) if isinstance(value, str) else value)
        for name in texts
    }
    return table.assign(**changed)
