"""Models of several timeframes and markets: walk-forward, saved, bar by bar, in Backtrader."""

import warnings

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from benchmarks.fault_kinds import read
from bt_fusion import (
    BarsError,
    BtFusionWarning,
    BundleError,
    Ensemble,
    ManagedModel,
    ModelCompatibilityError,
    SignalModel,
    TrainingError,
    WalkForward,
    load_model,
    tune,
)
from bt_fusion.bundle.manifest import with_digest
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge
from bt_fusion.engine import BarsData
from bt_fusion.indicators import MLEnsemble
from bt_fusion.models.streaming.walk_forward_stream import open_stream

BARS, ETH = planted_edge(1_600, seed=1, auc=0.8), planted_edge(1_600, seed=2, auc=0.7)
VIEWS = {"timeframes": ("5m", "15m"), "others": {"ETH": ETH}}


def new_model(**options):
    return SignalModel(
        ["wick_balance", "return_1"], ensemble=Ensemble(["lgb"]), **{**VIEWS, **options}
    )


@pytest.fixture(scope="module")
def model():
    return new_model().fit(BARS[:1_200])


@pytest.fixture(scope="module")
def kept(model, tmp_path_factory):
    return model.save(tmp_path_factory.mktemp("kept") / "model")


def rewrite(folder, change):
    content = read(folder)
    change(content)
    (folder / "manifest.json").write_bytes(with_digest(content))


def test_saved_and_loaded_it_predicts_the_same(model, kept):
    again = load_model(kept, others={"ETH": ETH, "SOL": BARS})  # what it does not need is left
    np.testing.assert_array_equal(again.predict(BARS).votes, model.predict(BARS).votes)
    assert again.feature_set_.spacing == model.feature_set_.spacing
    assert list(again.others) == ["ETH"]
    line = next(line for line in read(kept)["parity"] if line["way"] == "bar by bar")
    assert line["agrees"] and line["bars"] > 200


def test_a_loaded_model_says_which_bars_it_needs(kept):
    with pytest.raises(BarsError, match=r"need bars of ETH: give others="):
        load_model(kept).predict(BARS)


def test_bars_of_another_length_are_refused(model):
    with pytest.raises(ModelCompatibilityError, match="count bars of 1m, and these bars are 2m"):
        model.predict(BARS.iloc[::2])


def test_loaded_again_it_can_be_saved_again(kept, tmp_path):
    again = load_model(kept, others={"ETH": ETH})
    copy = load_model(again.save(tmp_path / "copy"), others={"ETH": ETH})
    np.testing.assert_array_equal(copy.predict(BARS).votes, again.predict(BARS).votes)


@pytest.mark.slow_after(3)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda it: it.update(spacing=[]), "is not that of its features"),
        (lambda it: it["spacing"][0].update(seconds=0), "counts above 0"),
        (lambda it: it["spacing"][0]["most"].pop("5m"), "is not that of its features"),
        (lambda it: it["golden"]["others"].clear(), "golden bars of"),
        (lambda it: it["golden"]["others"].append(it["golden"]["others"][0]), "golden bars of"),
        (lambda it: it["spacing"][1].update(seconds=1), "no golden bars of ETH are 1 s apart"),
        (lambda it: it["spacing"][0]["most"].update({"5m": 10**9}), "counts above 0"),
        (lambda it: it["spacing"][0]["most"].update({"5m": 1}), "counts above 0"),
        (lambda it: it["golden"]["others"][0].update(close=[1.0]), "columns of different lengths"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(change, message, model, tmp_path):
    folder = model.save(tmp_path / "model")
    rewrite(folder, change)
    with pytest.raises((BundleError, ModelCompatibilityError), match=message):
        load_model(folder)


def test_models_saved_before_there_were_views_load(tmp_path):
    plain = SignalModel(["return_1"], ensemble=Ensemble(["lgb"])).fit(BARS)
    folder = plain.save(tmp_path / "model")

    def older(content):
        content.pop("spacing")
        content["golden"].pop("others")

    rewrite(folder, older)
    assert load_model(folder).feature_set_.names == ("return_1",)


@pytest.mark.slow
@pytest.mark.parametrize("walked", [False, True])
def test_bar_by_bar_as_in_a_batch(model, walked):
    predictor = WalkForward(new_model(), 700, 300, cache=None) if walked else model
    batch, arrays, stream = predictor.predict(BARS), BarArrays.of(BARS), open_stream(predictor)
    for row in range(len(BARS)):
        values = (getattr(arrays, name)[row] for name in ("open", "high", "low", "close", "volume"))
        found = stream.push(arrays.time[row], tuple(values))
        np.testing.assert_allclose(found.votes[0], batch.votes[row], atol=1e-6)


class Told(bt.Strategy):
    params = (("model", None),)

    def __init__(self):
        self.ml, self.probabilities = MLEnsemble(self.data, model=self.p.model), []

    def next(self):
        self.probabilities.append(self.ml.probability[0])


@pytest.mark.parametrize("runonce", [True, False])
def test_in_backtrader_the_same_lines(model, runonce):
    cerebro = bt.Cerebro(stdstats=False, preload=runonce, runonce=runonce)
    cerebro.adddata(BarsData(dataname=BARS[1_000:]))
    cerebro.addstrategy(Told, model=model)
    probabilities = cerebro.run()[0].probabilities
    expected = model.predict(BARS).probability_up[1_200:]
    np.testing.assert_allclose(probabilities[200:], expected, atol=1e-6)


class TwoFeeds(bt.Strategy):
    params = (("model", None),)

    def __init__(self):
        others = {"ETH": self.data1}
        self.ml, self.probabilities = MLEnsemble(self.data, model=self.p.model, others=others), []

    def prenext(self):
        self.next()

    def next(self):
        self.probabilities.append(self.ml.probability[0])


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("runonce", [True, False])
@pytest.mark.parametrize("walked", [True, False])
@pytest.mark.parametrize("length", ["1min", "5min"])
def test_another_market_may_be_a_feed(runonce, walked, length):
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    other = ETH.resample(length).agg(how)
    names = ["wick_balance", "return_1@5m", "return_1:ETH"]
    unfed = SignalModel(names, ensemble=Ensemble(["lgb"]))
    known = SignalModel(names, ensemble=Ensemble(["lgb"]), others={"ETH": other})
    given, expected = unfed, WalkForward(known, 700, 300, cache=None).predict(BARS)
    if walked:
        given = WalkForward(unfed, 700, 300, cache=None)
    else:
        given = known.fit(BARS[:1_200])
        expected = given.predict(BARS)
        given.others, given.feature_set_.others = None, {}  # as loaded from its folder
    cerebro = bt.Cerebro(stdstats=False, preload=runonce, runonce=runonce)
    for name, bars in (("BTC", BARS), ("ETH", other)):
        cerebro.adddata(BarsData(dataname=bars), name=name)
    cerebro.addstrategy(TwoFeeds, model=given)
    probabilities = np.array(cerebro.run()[0].probabilities)[-len(BARS) :]
    np.testing.assert_allclose(probabilities, expected.probability_up, atol=1e-6)
    assert np.isfinite(probabilities).sum() > 300


def told_by(bars, other, model, runonce=False):
    cerebro = bt.Cerebro(stdstats=False, preload=runonce, runonce=runonce)
    for name, own in (("BTC", bars), ("ETH", other)):
        cerebro.adddata(BarsData(dataname=own), name=name)
    cerebro.addstrategy(TwoFeeds, model=model)
    return np.array(cerebro.run()[0].probabilities)[-len(bars) :]


@pytest.mark.slow_after(3)
@pytest.mark.parametrize("first", [3, 699, 701, 900])
@pytest.mark.parametrize("runonce", [True, False])
def test_a_market_whose_feed_begins_later_is_waited_for(first, runonce):
    unfed = SignalModel(["wick_balance", "return_1:ETH"], ensemble=Ensemble(["lgb"]))
    known = SignalModel(unfed.features, ensemble=Ensemble(["lgb"]), others={"ETH": ETH[first:]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BtFusionWarning)  # no model for the first block
        expected = WalkForward(known, 700, 300, cache=None).predict(BARS).probability_up
        found = told_by(BARS, ETH[first:], WalkForward(unfed, 700, 300, cache=None), runonce)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.isfinite(found).sum() >= 600 - (first > 690) * 300


@pytest.mark.parametrize("runonce", [True, False])
def test_a_feed_of_another_length_is_refused(model, runonce):
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    longer = ETH.resample("5min").agg(how)
    with pytest.warns(BtFusionWarning, match="count bars of 1m, and these bars of ETH are 5m"):
        told_by(BARS, longer, model, runonce)


def test_bars_of_another_length_are_refused_bar_by_bar(model):
    stream, arrays = open_stream(model), BarArrays.of(BARS.iloc[::2])
    with pytest.raises(ModelCompatibilityError, match="count bars of 1m, and these bars are 2m"):
        for row in range(10):
            stream.push(arrays.time[row], (1.0, 1.0, 1.0, 1.0, 1.0))


@pytest.mark.parametrize("rightedge", [True, False])
def test_resampled_bars_are_to_be_stamped_by_their_opens(rightedge):
    known = SignalModel(["return_1", "return_1:ETH"], ensemble=Ensemble(["lgb"]))
    walk = WalkForward(known, 100, 50, cache=None)
    cerebro = bt.Cerebro(stdstats=False)
    minutes = BarsData(dataname=BARS, timeframe=bt.TimeFrame.Minutes, compression=1)
    five = {"timeframe": bt.TimeFrame.Minutes, "compression": 5, "rightedge": rightedge}
    cerebro.resampledata(minutes, name="BTC", **five)
    other = ETH.resample("5min").last()
    cerebro.adddata(BarsData(dataname=other), name="ETH")
    cerebro.addstrategy(TwoFeeds, model=walk)
    if rightedge:
        with pytest.warns(BtFusionWarning, match="stamped by their closes.*rightedge=False"):
            cerebro.run()
    else:
        assert np.isfinite(cerebro.run()[0].probabilities).sum() > 100


def test_a_window_shorter_than_the_longest_bars_need_is_refused():
    walk = WalkForward(new_model(timeframes=("4h",), others=None), 700, 300, cache=None)
    with pytest.raises(BarsError, match=r"train_bars 700 leaves no training row.* need 965 bars"):
        walk.predict(BARS)


def test_it_shows_how_many_bars_it_has_of_others():
    assert "1,600 bars" in repr(new_model()) and len(repr(new_model())) < 400


def test_features_that_look_back_too_far_are_not_saved(monkeypatch, model, tmp_path):
    monkeypatch.setattr("bt_fusion.bundle.save.MOST_BARS", 50)
    with pytest.raises(BundleError, match="leave out the longest timeframe"):
        model.save(tmp_path / "model")


def test_a_market_that_ended_is_named():
    with pytest.raises(TrainingError, match="the bars of ETH end 2023-12-01T00:49, these 2024"):
        early = ETH[:50].set_axis(ETH.index[:50] - pd.Timedelta(days=31))
        new_model(others={"ETH": early}).fit(BARS)


def test_ready_predictions_need_no_feeds(model):
    cerebro = bt.Cerebro(stdstats=False)
    for bars in (BARS, ETH):
        cerebro.adddata(BarsData(dataname=bars))
    cerebro.addstrategy(TwoFeeds, model=model.predict(BARS))
    with pytest.warns(BtFusionWarning, match="others are bars for a SignalModel or a WalkForward"):
        cerebro.run()


@pytest.mark.slow
def test_a_managed_model_and_a_search_take_them_too(tmp_path):
    managed = ManagedModel(["wick_balance"], ensemble=Ensemble(["lgb"]), min_trades=20, **VIEWS)
    folder = managed.fit(BARS[:1_200]).save(tmp_path / "managed")
    again = load_model(folder, others={"ETH": ETH}).predict(BARS)
    np.testing.assert_array_equal(again.stop, managed.predict(BARS).stop)
    found = tune(new_model(), BARS, trials=2)
    assert found.model.feature_set().names == new_model().feature_set().names
