"""Strategies that fuse technical signals with an ML ensemble, and their sizers."""

from bt_fusion.strategies.fusion import FusionStrategy
from bt_fusion.strategies.ml_filter import with_ml
from bt_fusion.strategies.sizers import EquityShare

__all__ = ["EquityShare", "FusionStrategy", "with_ml"]
