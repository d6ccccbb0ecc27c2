"""EntryLog: every entry's score and parts as rows."""

import backtrader as bt
import numpy as np
import pandas as pd

from bt_fusion.analyzers import EntryLog, TradeStats
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import random_walk
from bt_fusion.engine.feed import BarsData
from bt_fusion.strategies import EquityShare, FusionStrategy, HybridScoring
from bt_fusion.technical.entry_measures import measure
from bt_fusion.technical.entry_score import TechnicalPoints
from tests.engine.test_engine import cerebro_with, given

PARTS = ("rsi", "band", "volume", "pattern", "macd", "stochastic", "support")


def logged(bars, strategy, **params):
    cerebro = cerebro_with(BarsData(dataname=bars, name="BTC"))
    cerebro.addstrategy(strategy, **params)
    cerebro.addsizer(EquityShare)
    cerebro.addanalyzer(EntryLog, _name="log")
    cerebro.addanalyzer(TradeStats, _name="stats")
    analyzers = cerebro.run()[0].analyzers
    return analyzers.log, analyzers.stats.trades()


def test_every_entry_of_hybrid_scoring_with_all_its_parts():
    bars = random_walk(4_000, seed=3)
    params = {"model": given(bars.index, 0.65), "min_entry_score": 4, "log_entries": False}
    log, trades = logged(bars, HybridScoring, **params)
    entries = log.entries()
    rows = bars.index.get_indexer(entries.time)
    assert len(entries) == len(trades) > 3
    assert (rows + 1).tolist() == bars.index.get_indexer(trades.entry_time).tolist()
    measured = measure(BarArrays.of(bars))
    parts = TechnicalPoints().parts(measured)[rows]
    np.testing.assert_array_equal(entries[[f"{part}_points" for part in PARTS]], parts)
    np.testing.assert_array_equal(entries.score, parts.sum(axis=1) + 1)
    np.testing.assert_array_equal(entries.rsi, measured.rsi[rows])
    assert set(entries.ml_points) == {1.0}
    assert set(entries["class"]) == {"BUY"} and set(entries.level) == {"HIGH"}
    assert set(entries.symbol) == {"BTC"} and set(entries.side) == {"long"}
    assert entries.pattern.map(type).eq(str).all()
    assert log.get_analysis()["entries"][0]["price"] == bars.close.iloc[rows[0]]


def test_other_strategies_log_side_price_and_ml():
    bars = random_walk(600, seed=1)
    log, trades = logged(bars, FusionStrategy, model=given(bars.index, 0.3), exit="horizon")
    entries = log.entries()
    assert len(entries) == len(trades) > 10
    assert set(entries.side) == {"short"}
    assert set(entries["class"]) == {"STRONG_SELL"} and set(entries.level) == {"VERY_HIGH"}
    off, _ = logged(bars, FusionStrategy, ml=False)
    state = ["state", "ema_fast", "ema_slow"]
    assert off.entries().columns.tolist() == ["time", "side", "symbol", "price", *state]
    assert (off.entries().state == np.sign(off.entries().ema_fast - off.entries().ema_slow)).all()


class Highs(bt.Strategy):
    """Above the highest of the bars before, of any feed."""

    def __init__(self):
        self.high = {data: bt.ind.Highest(data.close(-1), period=9) for data in self.datas}

    def next(self):
        for data in self.datas:
            if not self.getposition(data) and data.close[0] > self.high[data][0]:
                self.buy(data=data)


def test_an_indicator_on_a_delayed_line_is_of_its_own_feed():
    long, late = random_walk(600, seed=1), random_walk(300, seed=2)
    late.index = long.index[400] + (late.index - late.index[0])
    cerebro = cerebro_with(
        BarsData(dataname=long, name="LONG"), BarsData(dataname=late, name="LATE")
    )
    cerebro.addstrategy(Highs)
    cerebro.addanalyzer(EntryLog, _name="log")
    entries = cerebro.run()[0].analyzers.log.entries()
    assert set(entries.symbol) == {"LONG", "LATE"}
    for row in entries.itertuples():
        bars = long if row.symbol == "LONG" else late
        before = bars.close[bars.index < row.time].tail(9)
        assert row.high == before.max()


def test_no_entries_make_an_empty_table():
    bars = random_walk(100)
    log, _ = logged(bars, FusionStrategy, model=given(bars.index, 0.5))
    assert isinstance(log.entries(), pd.DataFrame) and log.entries().empty
    assert log.get_analysis()["entries"] == []
