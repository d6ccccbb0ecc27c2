"""FusionSummary: TradeStats' figures under backtesting.py's names."""

import numpy as np
import pandas as pd
import pytest

from bt_fusion.analyzers import FusionSummary, TradeStats
from bt_fusion.data.samples import random_walk
from bt_fusion.engine.feed import BarsData
from bt_fusion.strategies import EquityShare, FusionStrategy, HybridScoring
from tests.engine.test_engine import cerebro_with

BARS = random_walk(1_500, seed=2)


def analyzed(strategy, *feeds, **params):
    cerebro = cerebro_with(*feeds)
    cerebro.addstrategy(strategy, **params)
    cerebro.addsizer(EquityShare)
    cerebro.addanalyzer(FusionSummary, _name="summary")
    cerebro.addanalyzer(TradeStats, _name="stats")
    cerebro.broker.setcash(100_000.0)
    cerebro.broker.setcommission(0.0005)
    return cerebro.run()[0].analyzers


def test_figures_are_those_of_trade_stats_in_percent():
    hours = pd.date_range("2024-01-01", periods=len(BARS), freq="h")  # a month has annual figures
    feed = BarsData(dataname=BARS.set_axis(hours))
    analyzers = analyzed(FusionStrategy, feed, ml=False, ema_fast=8)
    found, stats = analyzers.summary.get_analysis(), analyzers.stats.get_analysis()
    assert found["# Trades"] == stats["trades"] > 20
    percent = {
        "Return [%]": "total_return",
        "CAGR [%]": "cagr",
        "Win Rate [%]": "win_rate",
        "Expectancy [%]": "expectancy",
        "Exposure Time [%]": "exposure",
    }
    for theirs, ours in percent.items():
        assert found[theirs] == pytest.approx(100 * stats[ours])
    same = {"Sharpe Ratio": "sharpe", "Sortino Ratio": "sortino", "SQN": "sqn"}
    same |= {"Profit Factor": "profit_factor", "Commissions [$]": "commission"}
    for theirs, ours in same.items():
        assert found[theirs] == stats[ours]
    assert found["Max. Drawdown [%]"] == -100 * stats["max_drawdown"]
    assert found["Equity Final [$]"] == stats["final_value"]
    assert found["_strategy"] == "FusionStrategy(ml=False,ema_fast=8)"
    assert len(found["_equity_curve"]) == 1_500 and len(found["_trades"]) == stats["trades"]


def test_holding_begins_where_the_strategy_could_act():
    found = analyzed(FusionStrategy, BarsData(dataname=BARS), ml=False).summary.summary()
    first = BARS.close.iloc[25]  # the slower EMA takes 26 bars
    assert found["Buy & Hold Return [%]"] == pytest.approx(100 * (BARS.close.iloc[-1] / first - 1))
    assert isinstance(found, pd.Series) and "Buy & Hold Return [%]" in repr(found)


def test_of_several_feeds_equal_parts_are_held():
    other = random_walk(1_000, seed=5).set_index(BARS.index[500:])
    feeds = [BarsData(dataname=frame, name=name) for name, frame in (("A", BARS), ("B", other))]
    found = analyzed(HybridScoring, *feeds, ml=False, log_entries=False).summary.get_analysis()
    pair = (BARS[500:], other)  # from the bar on at which there are both
    grown = [frame.close.iloc[-1] / frame.close.iloc[0] for frame in pair]
    assert found["Buy & Hold Return [%]"] == pytest.approx(100 * (np.mean(grown) - 1))
    assert set(found["_trades"].Symbol) <= {"A", "B"}


def test_a_run_without_trades():
    found = analyzed(FusionStrategy, BarsData(dataname=BARS), ml=False, ema_fast=26)
    figures = found.summary.get_analysis()
    assert figures["# Trades"] == 0 and "Commissions [$]" not in figures
    assert np.isnan(figures["Win Rate [%]"]) and figures["Return [%]"] == 0
