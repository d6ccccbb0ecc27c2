"""TA-Lib's functions on arrays, without its look for pandas and polars at each call."""

from types import SimpleNamespace
from typing import Any

import talib as package

__all__ = ["talib"]

# on a window of a few hundred bars that look takes as long as many a function
talib: Any = SimpleNamespace(
    MA_Type=package.MA_Type,
    **{
        name: getattr(function, "__wrapped__", function)
        for name in package.get_functions()
        for function in (getattr(package, name),)
    },
)
