"""SignalQuality: counts, hits and excursions against the arrays they come from."""

from dataclasses import replace

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from bt_fusion.analyzers import SignalQuality
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import random_walk
from bt_fusion.engine.feed import BarsData
from bt_fusion.labels import Direction, Gain, ProfitBeforeStop
from bt_fusion.models.predictions import Signal
from bt_fusion.statistics.excursions import excursions
from bt_fusion.strategies import FusionStrategy, HybridScoring, SignalDiscovery
from bt_fusion.technical.regimes import Regime, regimes
from tests.engine.test_engine import cerebro_with, given


def analysed(feeds, strategy, **params):
    cerebro = cerebro_with(*(BarsData(dataname=bars, name=name) for name, bars in feeds.items()))
    cerebro.addstrategy(strategy, **params)
    cerebro.addanalyzer(SignalQuality, _name="quality")
    return cerebro.run()[0].analyzers.quality


@pytest.fixture(scope="module")
def case():
    bars = random_walk(900, seed=5)
    up = np.random.default_rng(0).uniform(0.2, 0.8, len(bars))
    up[:100] = np.nan
    return bars, given(bars.index, up)


@pytest.mark.parametrize("strategy", [FusionStrategy, SignalDiscovery, HybridScoring])
def test_figures_by_signal_level_and_regime(strategy, case):
    bars, model = case
    quality = analysed({"A": bars}, strategy, model=model, hold_bars=5)
    arrays, predicted = BarArrays.of(bars), model.signal()
    followed = excursions(arrays, predicted, 5)
    rose = Direction(5)(arrays).y  # the label of signals that carry none
    hit = np.where(np.isnan(rose), np.nan, (predicted > 0) == rose)
    levels, regime = model.levels(), regimes(arrays)
    for row in quality.get_analysis()["level"]:
        chosen = (predicted == Signal[row["signal"]]) & (levels == row["level"])
        moves = followed[chosen]
        assert row["count"] == chosen.sum() > 20
        assert row["hit_rate"] == pytest.approx(np.nanmean(hit[chosen]))
        assert row["favourable"] == pytest.approx(moves.favourable.mean())
        assert row["adverse"] == pytest.approx(moves.adverse.mean())
    for row in quality.get_analysis()["regime"]:
        chosen = (predicted == Signal[row["signal"]]) & (regime == Regime[row["regime"]])
        assert row["count"] == chosen.sum()
    counts = {row["signal"]: row["count"] for row in quality.get_analysis()["signal"]}
    assert set(counts) == {"STRONG_BUY", "BUY", "SELL", "STRONG_SELL"}
    assert (
        sum(counts.values()) == np.isin(predicted, [-2, -1, 1, 2]).sum() == len(quality.signals())
    )


def test_several_feeds_are_followed_each_on_its_own_bars():
    feeds = {name: random_walk(400, seed=n).iloc[60 * n :] for n, name in enumerate("AB")}
    models = {name: given(bars.index, 0.65) for name, bars in feeds.items()}
    signals = analysed(feeds, HybridScoring, model=models, log_entries=False).signals()
    for name, bars in feeds.items():
        own = signals[signals.symbol == name]
        assert own.time.tolist() == bars.index.tolist()
        expected = excursions(BarArrays.of(bars), np.ones(len(bars)), 5)
        np.testing.assert_array_equal(own[expected.columns], expected)


def test_without_ml_there_is_nothing_to_rate(case):
    quality = analysed({"A": case[0]}, FusionStrategy, ml=False)
    assert quality.signals().empty
    assert quality.get_analysis() == {"signal": [], "level": [], "regime": []}


def test_horizons_that_are_not_over_have_no_figures(case):
    bars = case[0][:40]
    quality = analysed({"A": bars}, FusionStrategy, model=given(bars.index, 0.9), hold_bars=60)
    assert quality.get_analysis()["signal"] == [
        {"signal": "STRONG_BUY", "count": 40, "hit_rate": None, "favourable": None, "adverse": None}
    ]


class Nothing(bt.Strategy):
    """A strategy that knows nothing of ML and never trades."""


@pytest.mark.parametrize("label", [Gain(3, 0.002), ProfitBeforeStop(0.01, 0.005, 12)])
def test_a_hit_is_a_signal_whose_class_came(label, case):
    bars, model = case
    cerebro = cerebro_with(BarsData(dataname=bars))
    cerebro.addstrategy(Nothing)
    cerebro.addanalyzer(SignalQuality, _name="own", model=model, label=label)
    cerebro.addanalyzer(SignalQuality, _name="carried", model=replace(model, label=label))
    own, carried = cerebro.run()[0].analyzers
    pd.testing.assert_frame_equal(own.signals(), carried.signals())
    y, signals = label(bars).y, own.signals()
    rows, long = bars.index.get_indexer(signals.time), signals.signal.str.contains("BUY")
    falling = min(label.classes)
    expected = np.where(long, y[rows] == 1, y[rows] == falling)
    assert (signals.hit.dropna() == expected[signals.hit.notna()]).all()
    assert signals.hit.isna().sum() == np.isnan(y[rows]).sum() > 0
    assert own.by("signal").hit_rate["BUY"] == signals.hit[signals.signal == "BUY"].mean()
    # prices are followed as far as the label looks
    assert signals.move.isna().sum() == (rows >= len(bars) - label.horizon).sum()
