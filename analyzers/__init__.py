"""Analyzers of a run's trades, signals and orders."""

from bt_fusion.analyzers.broker_guard import BrokerGuard
from bt_fusion.analyzers.entry_log import EntryLog
from bt_fusion.analyzers.fused_vs_technical import FusedVsTechnical
from bt_fusion.analyzers.fusion_summary import FusionSummary
from bt_fusion.analyzers.model_health import ModelHealth
from bt_fusion.analyzers.signal_funnel import SignalFunnel
from bt_fusion.analyzers.signal_quality import SignalQuality
from bt_fusion.analyzers.trade_stats import TradeStats

__all__ = [
    "BrokerGuard",
    "EntryLog",
    "FusedVsTechnical",
    "FusionSummary",
    "ModelHealth",
    "SignalFunnel",
    "SignalQuality",
    "TradeStats",
]

if __name__ == "analyzers":  # from inside a checkout: one class under both names
    from bt_fusion.checkout import same_modules

    same_modules("analyzers", __file__)
