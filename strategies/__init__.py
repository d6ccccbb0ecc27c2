"""Strategies that fuse technical signals with an ML ensemble, and their sizers."""

from bt_fusion.strategies.discovery import SignalDiscovery
from bt_fusion.strategies.fusion import FusionStrategy
from bt_fusion.strategies.hybrid import CryptoScalping, HybridScoring
from bt_fusion.strategies.managed import ManagedStrategy
from bt_fusion.strategies.ml_filter import with_ml
from bt_fusion.strategies.one_position import OnePosition
from bt_fusion.strategies.risk_sizer import RiskSizer
from bt_fusion.strategies.sizers import EquityShare
from bt_fusion.strategies.symbol import Symbol
from bt_fusion.strategies.thresholds import Threshold

__all__ = [
    "CryptoScalping",
    "EquityShare",
    "FusionStrategy",
    "HybridScoring",
    "ManagedStrategy",
    "OnePosition",
    "RiskSizer",
    "SignalDiscovery",
    "Symbol",
    "Threshold",
    "with_ml",
]

if __name__ == "strategies":  # from inside a checkout: one class under both names
    from bt_fusion.checkout import same_modules

    same_modules("strategies", __file__)
