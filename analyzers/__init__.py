"""Analyzers of what a run traded."""

from bt_fusion.analyzers.fused_vs_technical import FusedVsTechnical
from bt_fusion.analyzers.trade_stats import TradeStats

__all__ = ["FusedVsTechnical", "TradeStats"]
