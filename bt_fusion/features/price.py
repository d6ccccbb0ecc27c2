"""Price: returns over several spans, their change, gaps and the place of the close."""

from functools import partial

import numpy as np

from bt_fusion.data.bars import BarArrays, shared
from bt_fusion.features.registry import feature
from bt_fusion.technical.series import ratio

RETURN_PERIODS = (2, 3, 5, 10, 15, 20, 60)


def log_return(bars: BarArrays, period: int) -> np.ndarray:
    """Log return over `period` bars."""
    values = np.empty(len(bars))
    values[:period] = np.nan
    np.subtract(bars.log_close[period:], bars.log_close[:-period], out=values[period:])
    return values


@feature("return_1", lookback=2, family="price")
@shared
def log_return_1(bars: BarArrays) -> np.ndarray:
    """Log return over one bar."""
    return log_return(bars, 1)


for _period in RETURN_PERIODS:
    feature(f"return_{_period}", lookback=_period + 1, family="price")(
        partial(log_return, period=_period)
    )


@feature("acceleration_1", lookback=3, family="price")
def acceleration(bars: BarArrays) -> np.ndarray:
    """Log return of this bar minus that of the previous bar."""
    one = log_return_1(bars)
    values = np.empty(len(bars))
    values[0] = np.nan
    np.subtract(one[1:], one[:-1], out=values[1:])
    return values


@feature("gap", lookback=2, family="price")
def gap(bars: BarArrays) -> np.ndarray:
    """Open / previous close - 1."""
    values = np.empty(len(bars))
    values[0] = np.nan
    np.divide(bars.open[1:], bars.close[:-1], out=values[1:])
    values -= 1.0
    return values


@feature("close_location", lookback=1, family="price")
def close_location(bars: BarArrays) -> np.ndarray:
    """Position of the close between low (0) and high (1); 0.5 for a bar without range."""
    return ratio(bars.close - bars.low, bars.span, empty=0.5)


@feature("open_close", lookback=1, family="price")
def open_close(bars: BarArrays) -> np.ndarray:
    """(close - open) / close."""
    return bars.body / bars.close


@feature("high_low", lookback=1, family="price")
def high_low(bars: BarArrays) -> np.ndarray:
    """(high - low) / close."""
    return bars.span / bars.close
