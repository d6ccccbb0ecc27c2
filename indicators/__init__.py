"""Core values as Backtrader lines, to drop into any strategy."""

from bt_fusion.indicators.bar_lines import BarLines
from bt_fusion.indicators.candle_pattern import CandlePattern
from bt_fusion.indicators.discovery_signal import DiscoverySignal
from bt_fusion.indicators.ema_cross import EMACross
from bt_fusion.indicators.fused_signal import FusedSignal
from bt_fusion.indicators.health.model_health import ModelHealth
from bt_fusion.indicators.hybrid_score import HybridScore
from bt_fusion.indicators.ml_ensemble import MLEnsemble, find_ensembles
from bt_fusion.indicators.regime import Regime
from bt_fusion.indicators.support import Support
from bt_fusion.indicators.technical_score import TechnicalScore
from bt_fusion.indicators.trade_plan.position_advice import PositionAdvice
from bt_fusion.indicators.trade_plan.stop_distance import StopDistance
from bt_fusion.indicators.volume_spike import VolumeSpike

__all__ = [
    "BarLines",
    "CandlePattern",
    "DiscoverySignal",
    "EMACross",
    "FusedSignal",
    "HybridScore",
    "MLEnsemble",
    "ModelHealth",
    "PositionAdvice",
    "Regime",
    "StopDistance",
    "Support",
    "TechnicalScore",
    "VolumeSpike",
    "find_ensembles",
]

if __name__ == "indicators":  # from inside a checkout: one class under both names
    from bt_fusion.checkout import same_modules

    same_modules("indicators", __file__)
