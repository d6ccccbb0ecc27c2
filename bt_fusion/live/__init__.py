"""Bars that arrive one by one: a data feed, and where its bars come from."""

from bt_fusion.live.live_data import LiveData
from bt_fusion.live.polled_market import PolledMarket
from bt_fusion.live.replayed_bars import ReplayedBars

__all__ = ["LiveData", "PolledMarket", "ReplayedBars"]
