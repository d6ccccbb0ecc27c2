"""Features of longer timeframes and other markets: names, causality, parity, what is refused."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.timeframes import Layout, differing_bars, stale_values, unclosed_values
from bt_fusion import (
    BarsError,
    BtFusionWarning,
    FeatureSet,
    OptionError,
    TrainingError,
    feature,
)
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import random_walk
from bt_fusion.features import REGISTRY

BARS, ETH = random_walk(400), random_walk(400, seed=1)


@pytest.mark.parametrize("seed", range(12))
def test_no_value_comes_from_a_bar_that_is_not_closed(seed):
    assert unclosed_values(Layout(seed)) == 0


@pytest.mark.parametrize("seed", range(12))
def test_every_value_is_that_of_the_last_closed_bar(seed):
    assert stale_values(Layout(seed)) == 0


@pytest.mark.parametrize("seed", range(12))
def test_bar_by_bar_they_are_the_same(seed):
    assert differing_bars(Layout(seed)) == 0


def test_the_checks_find_what_they_look_for(monkeypatch):
    """With bars that count as closed a bar too early, and a memory that is too short."""
    monkeypatch.setattr(
        "bt_fusion.features.views.Spacing.closes",
        lambda self, time: (
            time.astype("datetime64[ns]").astype(np.int64) + 2 * self.seconds * 10**9
        ),
    )
    assert sum(stale_values(Layout(seed)) for seed in range(4)) > 0
    monkeypatch.undo()
    monkeypatch.setattr("bt_fusion.features.feature_set.SPARE", -280)
    assert sum(differing_bars(Layout(seed)) for seed in range(8)) > 0


def test_columns_say_where_they_come_from():
    features = FeatureSet(["rsi_14", "hour_sin"], ["4h", "1d"], {"ETH": ETH})
    assert features.names == ("rsi_14", "hour_sin", "rsi_14@4h", "rsi_14@1d", "rsi_14:ETH")
    assert FeatureSet(["gap", "fusion@1h"]).names[1:3] == ("return_1@1h", "return_5@1h")
    assert FeatureSet("fusion:ETH").names[0] == "return_1:ETH"
    again = FeatureSet(features)  # keeps the bars
    np.testing.assert_array_equal(again.transform(BARS), features.transform(BARS))


def test_another_market_is_seen_at_its_own_closes():
    """Its bars of 5 minutes, ours of one: the last one that is closed when ours is."""
    other = random_walk(100, seed=3).set_axis(
        pd.date_range(BARS.index[0], periods=100, freq="5min")
    )
    found = FeatureSet(["return_1:ETH"], others={"ETH": other}).transform(BARS)[:, 0]
    returns = np.log(other.close).diff().to_numpy()
    expected = [returns[(row + 1) // 5 - 1] if row >= 4 else np.nan for row in range(len(BARS))]
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_a_market_that_ended_long_ago_says_nothing():
    ended = ETH.iloc[:50]
    index = pd.date_range("2024-01-01", periods=400, freq="h")
    bars, ended = BARS.set_axis(index), ended.set_axis(index[:50])
    found = FeatureSet(["return_1:ETH"], others={"ETH": ended}).transform(bars)[:, 0]
    week = 7 * 24
    assert np.isfinite(found[1 : 50 + week]).all() and np.isnan(found[50 + week + 1 :]).all()


def test_what_is_missing_or_does_not_fit_is_reported():
    with pytest.raises(BarsError, match=r"need bars of ETH: give others=.*--other ETH=PATH"):
        FeatureSet(["return_1:ETH"]).transform(BARS)
    with pytest.raises(OptionError, match="timeframe 1m is not a multiple of the bars' own, 1m"):
        FeatureSet(["return_1"], ["1m"]).transform(BARS)
    with pytest.raises(OptionError, match="timeframe '60m' is called '1h'"):
        FeatureSet(["return_1@60m"])
    with pytest.raises(OptionError, match="timeframe 'monthly' is not a length"):
        FeatureSet(["return_1"], ["monthly"])
    with pytest.raises(OptionError, match="unknown feature 'rsi_15'"):
        FeatureSet(["rsi_15@4h"])
    with pytest.raises(OptionError, match="market 'A:B'"):
        FeatureSet(["return_1"], others={"A:B": ETH})
    with pytest.raises(OptionError, match="names no view; write rsi_14@4h"):
        FeatureSet(["rsi_14@"])
    with pytest.raises(OptionError, match="one is empty; write 4h,1d"):
        FeatureSet(["rsi_14"], "4h,")
    with pytest.raises(OptionError, match="such as 30m, 4h, 1d or 1w; write 4h"):
        FeatureSet(["rsi_14"], ["4H"])
    with pytest.raises(OptionError, match="others is a list; give bars by name"):
        FeatureSet(["rsi_14"], others=[ETH])
    with pytest.raises(TrainingError, match="1 bars do not tell how long a bar is"):
        FeatureSet(["return_1@4h"]).transform(BARS[:1])


def test_timeframes_may_be_a_text_and_named_markets_are_not_added_whole():
    assert FeatureSet(["gap"], "5m, 15m").names == ("gap", "gap@5m", "gap@15m")
    named = FeatureSet(["gap", "return_1:ETH"], others={"ETH": ETH, "SOL": ETH})
    assert named.names == ("gap", "return_1:ETH", "gap:SOL")


def test_bars_of_several_lengths_are_refused_and_of_none_warned_of():
    hours = np.r_[np.arange(0, 12 * 60, 12), 12 * 60 + np.arange(200)]
    index = pd.Timestamp("2024-01-01") + pd.to_timedelta(hours, "h")
    other = random_walk(len(index)).set_axis(index)
    bars = random_walk(900).set_axis(pd.date_range("2024-01-01", periods=900, freq="h"))
    features = FeatureSet(["return_1:ETH"], others={"ETH": other})
    with pytest.raises(OptionError, match="12h apart for 60 bars from 2024-01-01T00:00 on, and 1h"):
        features.transform(bars)
    seconds = np.cumsum(np.random.default_rng(0).integers(60, 200, 300))
    odd = random_walk(300).set_axis(pd.Timestamp("2024-01-01") + pd.to_timedelta(seconds, "s"))
    with pytest.warns(BtFusionWarning, match="taken for their length"):
        FeatureSet(["return_1:ETH"], others={"ETH": odd}).transform(bars)


def test_a_set_for_other_bars_measures_them_anew():
    measured = FeatureSet(["return_1@1h"]).on(BarArrays.of(BARS))
    assert measured.spacing and not FeatureSet(measured).spacing


def test_a_feature_of_ones_own_has_views_too_and_no_name_of_one():
    with pytest.raises(OptionError, match="a name holds no @"):
        feature("mine@4h", lookback=1)(lambda bars: bars.close)
    feature("mine", lookback=1)(lambda bars: bars.close)
    try:
        found = FeatureSet(["mine@5m"]).transform(BARS)[:, 0]
    finally:
        REGISTRY.pop("mine")
    np.testing.assert_array_equal(found[4:9], np.float32([BARS.close.iloc[4]] * 5))
    assert np.isnan(found[:4]).all()


def test_memory_counts_the_bars_of_longer_ones():
    features = FeatureSet(["return_5@1h"])
    assert features.lookback == 6  # not known yet
    measured = features.on(BarArrays.of(BARS))
    assert measured.lookback == measured.memory == (6 + 2) * 60
    assert FeatureSet("fusion").on(BarArrays.of(BARS)).lookback == 20
