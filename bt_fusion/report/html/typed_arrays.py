"""Columns as a page embeds them: typed arrays in base64, a quarter the size of written numbers."""

from base64 import b64encode
from typing import Any

import numpy as np

__all__ = ["milliseconds", "typed"]


def typed(values: Any, dtype: str = "float32") -> dict[str, str]:
    """Return values as little-endian bytes in base64, with the type to read them as.

    >>> typed([1, -1], "int8")
    {'dtype': 'int8', 'data': 'Af8='}
    """
    array = np.asarray(values).astype(np.dtype(dtype).newbyteorder("<"))
    return {"dtype": dtype, "data": b64encode(array.tobytes()).decode("ascii")}


def milliseconds(times: Any) -> np.ndarray:
    """Return stamps as milliseconds since 1970, NaN for NaT, as JavaScript counts them.

    >>> milliseconds(np.array(["1970-01-01T00:00:01", "NaT"], "datetime64[ns]"))
    array([1000.,   nan])
    """
    stamps = np.asarray(times).astype("datetime64[us]")
    counted = stamps.astype(np.int64) / 1_000
    return np.where(np.isnat(stamps), np.nan, counted)
