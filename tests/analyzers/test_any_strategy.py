"""All analyzers on strategies in the manner of Backtrader's samples, plain and with ML."""

from dataclasses import replace

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from bt_fusion.analyzers import (
    BrokerGuard,
    EntryLog,
    FusedVsTechnical,
    FusionSummary,
    SignalFunnel,
    SignalQuality,
    TradeStats,
)
from bt_fusion.data.samples import random_walk
from bt_fusion.engine.feed import BarsData
from bt_fusion.indicators import MLEnsemble
from bt_fusion.strategies import with_ml
from tests.analyzers.samples import SAMPLES, Brackets, SignalsOfAnother
from tests.engine.test_engine import cerebro_with, given

ANALYZERS = {
    "stats": TradeStats,
    "summary": FusionSummary,
    "log": EntryLog,
    "funnel": SignalFunnel,
    "quality": SignalQuality,
    "groups": FusedVsTechnical,
    "guard": BrokerGuard,
}


def feeds(name):
    """Bars for a sample; its second feed starts later, but where lines of both are paired."""
    late = 0 if name == "pair trading" else 30
    count = SAMPLES[name][2]
    return {f"F{n}": random_walk(1_500, seed=n + 2).iloc[late * n :] for n in range(count)}


def models(bars):
    """A probability that wanders about 0.5, unknown at first."""
    made = {}
    for name, own in bars.items():
        noise = np.random.default_rng(len(name)).normal(0, 0.05, len(own))
        up = 0.5 + 0.25 * np.sin(np.arange(len(own)) / 20) + noise
        up[:100] = np.nan
        made[name] = given(own.index, up)
    return made


def analysed(name, *, ml=False, model=None, **params):
    strategy, own, _, options = SAMPLES[name]
    bars = feeds(name)
    cerebro = cerebro_with(
        *(BarsData(dataname=frame, name=feed) for feed, frame in bars.items()), **options
    )
    if ml:
        strategy, params = with_ml(strategy), {"ml_model": models(bars), **params}
    cerebro.addstrategy(strategy, **own, **params)
    for key, analyzer in ANALYZERS.items():
        takes_model = key in ("quality", "groups") and model
        cerebro.addanalyzer(analyzer, _name=key, **({"model": models(bars)} if takes_model else {}))
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="usual")
    cerebro.addsizer(bt.sizers.FixedSize, stake=10)
    cerebro.broker.setcash(1e8)
    cerebro.broker.setcommission(0.0005)
    return cerebro.run()[0].analyzers


def agree_with_backtrader(found):
    """Trades and their profit as Backtrader's own analyzer counts them."""
    trades, usual = found.stats.trades(), found.usual.get_analysis()
    closed = trades[trades.exit_reason != "open"]
    assert len(closed) == usual.total.get("closed", 0)
    assert len(trades) == usual.total.total
    assert closed.pnl.sum() == pytest.approx(usual.pnl.net.total if len(closed) else 0)
    return closed


@pytest.mark.slow_after(5)
@pytest.mark.parametrize("name", SAMPLES)
def test_without_ml(name):
    found = analysed(name)
    closed = agree_with_backtrader(found)
    assert len(closed) > 3
    assert found.quality.signals().empty
    groups = found.groups.get_analysis()
    assert groups["unknown"]["trades"] == len(closed)
    assert groups["agreed"]["trades"] == groups["disagreed"]["trades"] == 0
    entries, passed = found.log.entries(), found.funnel.get_analysis()["passed"]
    assert passed["ordered"] == len(entries) >= len(closed)
    assert found.summary.summary()["# Trades"] == len(closed)
    assert {"time", "side", "symbol", "price", "order"} <= set(entries.columns)
    assert len(found.log.text().splitlines()) >= len(entries)
    assert found.guard.get_analysis()["findings"] == []


@pytest.mark.slow_after(5)
@pytest.mark.parametrize("name", SAMPLES)
def test_with_ml(name):
    found = analysed(name, ml=True)
    closed = agree_with_backtrader(found)
    groups = found.groups.get_analysis()
    # what passed agreed: on the bar of the order ML gave its side the threshold
    assert groups["agreed"]["trades"] == len(closed) > 0
    entries = found.groups.entries()
    assert (entries.probability >= 0.6).all()
    log = found.log.entries()
    assert log.probability.notna().all()
    funnel = found.funnel.get_analysis()
    assert {"vetoed by ML", "no prediction"} & set(funnel["lost"]["agreed"])
    assert len(found.quality.signals()) > 100


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLES)
def test_a_model_of_the_analyzers_own_changes_nothing_that_is_traded(name):
    plain, with_model = analysed(name), analysed(name, model=True)
    pd.testing.assert_frame_equal(plain.stats.trades(), with_model.stats.trades())
    groups, entries = with_model.groups.get_analysis(), with_model.groups.entries()
    closed = entries.dropna(subset="return")
    for group in ("agreed", "disagreed", "unknown"):
        own = closed[closed.group == group]["return"]
        assert groups[group]["trades"] == len(own)
        if len(own):
            assert groups[group]["win_rate"] == (own > 0).mean()
            assert groups[group]["expectancy"] == pytest.approx(own.mean())
    assert groups["agreed"]["trades"] > 0 and groups["disagreed"]["trades"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["brackets", "several data", "memory saving", "live"])
def test_the_probability_is_that_of_the_bar_of_the_order(name):
    found, bars = analysed(name, model=True), feeds(name)
    known = models(bars)
    entries = found.groups.entries()
    for symbol, own in entries.groupby("symbol"):
        rows = known[symbol].index.get_indexer(own.time)
        up = known[symbol].probability_up[rows]
        expected = np.where(own.side == "long", up, 1 - up)
        np.testing.assert_allclose(own.probability, expected)
    logged = found.log.entries()
    assert set(entries.time) <= set(logged.time)


class Asking(Brackets):
    """Looks at an ensemble of its own."""

    params = (("model", None),)

    def __init__(self):
        super().__init__()
        self.ml = MLEnsemble(self.data, model=self.p.model)

    def next(self):
        if self.ml.probability[0] > 0.5:
            super().next()


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("options", [{}, {"runonce": False}, {"exactbars": 1}])
def test_an_ensemble_inside_a_plain_strategy_is_found(options):
    bars = feeds("brackets")["F0"]
    cerebro = cerebro_with(BarsData(dataname=bars, name="F0"), **options)
    cerebro.broker.setcash(1e8)
    cerebro.addstrategy(Asking, model=models({"F0": bars})["F0"])
    for key, analyzer in ANALYZERS.items():
        cerebro.addanalyzer(analyzer, _name=key)
    found = cerebro.run()[0].analyzers
    entries = found.groups.entries()
    assert len(entries) > 5 and (entries.probability > 0.5).all()
    assert set(entries.group) <= {"agreed", "disagreed"}
    assert found.funnel.get_analysis()["lost"]["asked"]["no prediction"] > 50
    log = found.log.entries()
    assert {"probability", "class", "level", "cross"} <= set(log.columns)
    assert set(log.cross) == {1.0}
    assert "ML P(" in found.log.text() and "cross 1" in found.log.text()


def test_of_a_feed_that_is_only_looked_at_no_bar_counts():
    found = analysed("several data")
    funnel = found.funnel.get_analysis()
    assert funnel["passed"]["bars"] == 1_500  # of the feed that is traded
    assert funnel["lost"]["asked"]["warming up"] >= 14
    assert sum(funnel["lost"]["asked"].values()) + funnel["passed"]["asked"] == 1_500


def test_groups_by_hand():
    """Three round trips of ten units by the clock, without costs."""
    closes = [100.0, 100, 102, 102, 100, 99, 99, 101, 101, 103, 100, 100, 100]
    bars = steps_of(closes)
    up = np.full(len(closes), 0.4)
    up[1], up[7] = 0.7, np.nan  # the first agrees, the third is unknown

    class ByTheClock(bt.Strategy):
        def next(self):
            bar = len(self) - 1
            if bar in (1, 4, 7):
                self.buy(size=10)
            elif bar in (2, 5, 9):
                self.close()

    cerebro = cerebro_with(BarsData(dataname=bars))
    cerebro.addstrategy(ByTheClock)
    cerebro.addanalyzer(FusedVsTechnical, model=given(bars.index, up), _name="groups")
    found = cerebro.run()[0].analyzers.groups
    # bought at the open after the order (the last close), sold likewise:
    # 100 -> 102, +20; 100 -> 99, -10; 101 -> 103, +20
    assert found.entries()["return"].tolist() == [0.02, -0.01, 2 / 101]
    assert found.entries().group.tolist() == ["agreed", "disagreed", "unknown"]
    assert found.entries().time.tolist() == [bars.index[n] for n in (1, 4, 7)]
    assert found.groups().net_profit.tolist() == [20, -10, 20]
    assert found.groups().win_rate.tolist() == [1, 0, 1]
    rets = found.get_analysis()
    assert rets["difference"]["win_rate"] == {"delta": 1.0, "ci95": None}
    assert rets["agreed"]["profit_factor"] is None  # no loss


def steps_of(closes):
    """Bars that open where the last one closed."""
    close = np.asarray(closes)
    open_ = np.r_[close[0], close[:-1]]
    columns = {
        "open": open_,
        "high": np.maximum(open_, close),
        "low": np.minimum(open_, close),
        "close": close,
        "volume": 1.0,
    }
    return pd.DataFrame(columns, index=pd.date_range("2024-01-01", periods=len(close), freq="h"))


def test_the_threshold_is_the_strategys_own_or_the_given_one():
    bars = feeds("brackets")["F0"]
    counts = {}
    for threshold in (None, 0.55, 0.7):
        cerebro = cerebro_with(BarsData(dataname=bars, name="F0"))
        cerebro.broker.setcash(1e8)
        cerebro.addstrategy(Brackets)
        model = models({"F0": bars})["F0"]
        cerebro.addanalyzer(FusedVsTechnical, model=model, ml_threshold=threshold, _name="groups")
        entries = cerebro.run()[0].analyzers.groups.entries()
        least = threshold or 0.60
        known = entries.group != "unknown"
        assert ((entries.group == "agreed") == (entries.probability >= least))[known].all()
        counts[threshold] = (entries.group == "agreed").sum()
    assert counts[0.55] >= counts[None] >= counts[0.7]


@pytest.mark.parametrize("coo", [False, True])
def test_auto_asks_for_the_break_even_of_the_brokers_costs(coo):
    bars = feeds("brackets")["F0"]
    moves = np.random.default_rng(3).uniform(0.002, 0.02, len(bars))
    model = models({"F0": bars})["F0"]
    known = replace(model, payoff=np.stack([moves, moves], axis=1))
    cerebro = cerebro_with(BarsData(dataname=bars, name="F0"), cheat_on_open=coo)
    cerebro.broker.setcash(1e8)
    cerebro.broker.setcommission(commission=0.0005)
    cerebro.addstrategy(Brackets)
    cerebro.addanalyzer(FusedVsTechnical, model=known, ml_threshold="auto", _name="groups")
    entries = cerebro.run()[0].analyzers.groups.entries()
    entries = entries[entries.group != "unknown"]
    limits = 0.5 + 0.001 / (2 * moves[bars.index.get_indexer(pd.DatetimeIndex(entries.time))])
    assert ((entries.group == "agreed") == (entries.probability >= limits)).all()
    assert 5 < (entries.group == "agreed").sum() < len(entries) - 5


def test_results_travel_from_other_processes():
    bars = feeds("several data")
    cerebro = bt.Cerebro(stdstats=False, maxcpus=2)
    for name, own in bars.items():
        cerebro.adddata(BarsData(dataname=own, name=name))
    cerebro.broker.setcash(1e8)
    cerebro.optstrategy(SignalsOfAnother)
    for key, analyzer in ANALYZERS.items():
        options = {"model": models(bars)} if key in ("quality", "groups") else {}
        cerebro.addanalyzer(analyzer, _name=key, **options)
    ((ran,),) = cerebro.run()
    assert len(ran.analyzers.groups.entries()) > 5
    assert len(ran.analyzers.quality.signals()) > 100
