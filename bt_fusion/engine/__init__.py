"""Run a strategy over bars in Backtrader, without and with ML."""

from bt_fusion.engine.feed import BarsData

__all__ = ["BarsData"]
