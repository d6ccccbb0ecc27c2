"""TA-Lib's functions on arrays, without its check for pandas and polars on each call."""

from types import SimpleNamespace
from typing import Any

import talib as package

__all__ = ["talib"]

# on a window of a few hundred bars this check takes as long as many functions
talib: Any = SimpleNamespace(
    MA_Type=package.MA_Type,
    **{
        name: getattr(function, "__wrapped__", function)
        for name in package.get_functions()
        for function in (getattr(package, name),)
    },
)
