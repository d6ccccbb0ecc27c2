"""Core values as Backtrader lines, to drop into any strategy."""

from bt_fusion.indicators.ema_cross import EMACross
from bt_fusion.indicators.fused_signal import FusedSignal
from bt_fusion.indicators.ml_ensemble import MLEnsemble

__all__ = ["EMACross", "FusedSignal", "MLEnsemble"]
