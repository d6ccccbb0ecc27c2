"""Features of bars, by family, and the sets the five systems use.

Importing this package registers the built-in features; `feature` registers your own.
"""

from bt_fusion.features import (  # noqa: F401  (imported for what they register)
    calendar,
    momentum,
    patterns,
    price,
    trend,
    volatility,
    volume,
)
from bt_fusion.features.choice import SETS, entry_of
from bt_fusion.features.feature_set import Features, FeatureSet, complete_rows
from bt_fusion.features.registry import REGISTRY, Feature, feature
from bt_fusion.technical.series import ema_memory, wilder_memory

__all__ = [
    "REGISTRY",
    "SETS",
    "Feature",
    "FeatureSet",
    "Features",
    "complete_rows",
    "ema_memory",
    "entry_of",
    "feature",
    "wilder_memory",
]

SETS["default"] = tuple(
    name for name in REGISTRY if name not in ("rsi_14_simple", "sma_10_over_20", "volume_log")
)
SETS["fusion"] = ("return_1", "return_5", "rsi_14_simple", "sma_10_over_20")
SETS["generator"] = (
    "return_1",
    "return_5",
    "return_15",
    "high_low",
    "open_close",
    "gap",
    "sma_ratio_10",
    "sma_ratio_50",
    "macd",
    "macd_signal",
    "macd_hist",
    "rsi_14",
    "atr_14",
    "bb_width_20",
    "bb_percent_20",
    "volume_log",
    "volume_ratio_20",
)
SETS["mar"] = (
    *(f"sma_ratio_{period}" for period in trend.SMA_PERIODS),
    *(f"ema_ratio_{period}" for period in trend.EMA_PERIODS),
    *(f"slope_{period}" for period in trend.SLOPE_PERIODS),
    "sma_spread_20_50",
    "ema_spread_12_26",
    "sma_slope_20",
    "sma_slope_50",
    "macd_hist",
    "adx_14",
    "rsi_14",
    "atr_14",
    "volatility_20",
    "volume_ratio_20",
)
