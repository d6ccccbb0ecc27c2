"""Bars that arrive one by one: a data feed, and its sources."""

from bt_fusion.live.live_data import LiveData
from bt_fusion.live.polled_market import PolledMarket
from bt_fusion.live.replayed_bars import ReplayedBars

__all__ = ["LiveData", "PolledMarket", "ReplayedBars"]
