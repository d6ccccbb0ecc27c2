"""MLEnsemble: what it tells of its model, and of bars the model was trained on."""

import warnings

import backtrader as bt
import numpy as np
import pytest

from bt_fusion.data.samples import random_walk
from bt_fusion.engine.feed import BarsData
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.errors import BtFusionWarning
from bt_fusion.indicators import EMACross, FusedSignal, MLEnsemble, find_ensembles
from bt_fusion.labels import Direction, Gain, TripleBarrier
from bt_fusion.models.agreement import Agreement
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.walk_forward import WalkForward
from tests.engine.test_engine import cerebro_with, given


class Watcher(bt.Strategy):
    params = (("model", None), ("options", {}))

    def __init__(self):
        self.ml = MLEnsemble(self.data, model=self.p.model, **self.p.options)


@pytest.fixture(scope="module")
def bars():
    return random_walk(600, seed=4)


@pytest.fixture(scope="module")
def fitted(bars):
    return SignalModel(["return_1", "gap"], Direction(5), Ensemble(("lgb",))).fit(bars[:400])


def run(frame, model, options=None, **cerebro_options):
    cerebro = cerebro_with(BarsData(dataname=frame), **cerebro_options)
    cerebro.addstrategy(Watcher, model=model, options=options or {})
    return cerebro.run()[0].ml


def messages_of(frame, model, options=None, **cerebro_options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run(frame, model, options, **cerebro_options)
    return [str(each.message) for each in caught if each.category is BtFusionWarning]


def test_bars_the_model_was_trained_on_are_named_once(bars, fitted):
    until, trained = "2024-01-01 06:39", "the model was trained on 2024-01-01 00:01 to"
    assert messages_of(bars, fitted) == [
        f"400 of 600 bars are in-sample: {trained} {until}, it makes no prediction of them. Give "
        "bars after that, or a WalkForward"
    ]
    (every,) = messages_of(bars[:400], fitted, {"allow_in_sample": True})
    assert every.startswith("400 of 400 bars are in-sample") and "prove nothing" in every
    (streamed,) = messages_of(bars, fitted, preload=False)
    assert streamed.startswith(f"bars until {until} are in-sample")
    assert messages_of(bars[400:], fitted) == messages_of(bars[400:], fitted, preload=False) == []
    assert messages_of(bars, fitted.predict(bars)) == []


def test_it_tells_how_its_model_votes_and_what_it_predicts(bars, fitted, tmp_path):
    vote = SignalModel("fusion", TripleBarrier(), Ensemble(voting="majority"))
    ml = run(bars, WalkForward(vote, 300, 300, cache=None))
    assert (ml.voting, ml.label) == ("majority", TripleBarrier())
    ml = run(bars, fitted)
    assert (ml.voting, ml.label) == ("soft", Direction(5))
    ml = run(bars, fitted.save(tmp_path / "model"))
    assert (ml.voting, ml.label) == ("soft", Direction(5))
    ml = run(bars, fitted.predict(bars))
    assert (ml.voting, ml.label) == ("soft", Direction(5))
    assert run(bars, given(bars.index, 0.5)).label is None
    yes = SignalModel("fusion", Gain(5), Ensemble(("lgb",)))
    assert run(bars, WalkForward(yes, 300, 300, cache=None)).label == Gain(5)


class Asking(Watcher):
    def __init__(self):
        super().__init__()
        self.answers = []

    def next(self):
        sides = [self.ml.agrees(Agreement(0.6), side) for side in (1, -1)]
        self.answers.append((self.ml.side_probability(1), self.ml.side_probability(-1), *sides))


def test_agreement_on_the_current_bar(bars):
    up = np.full(len(bars), 0.5)
    up[[10, 11, 12]] = 0.6, 0.4, np.nan
    cerebro = cerebro_with(BarsData(dataname=bars))
    cerebro.addstrategy(Asking, model=given(bars.index, up))
    answers = cerebro.run()[0].answers
    assert answers[9:12] == [
        (0.5, 0.5, False, False),
        (0.6, 0.4, True, False),
        (0.4, 0.6, False, True),
    ]
    assert np.isnan(answers[12][:2]).all() and answers[12][2:] == (False, False)


class Inside(bt.Indicator):
    """An indicator of a user's that asks ML inside."""

    lines = ("up",)
    params = (("model", None),)

    def __init__(self):
        self.lines.up = MLEnsemble(self.data, model=self.p.model).probability + 0.0


class Several(bt.Strategy):
    params = (("model", None),)

    def __init__(self):
        self.rising = self.data0.close > self.data0.open
        self.up = Inside(self.data0, model=self.p.model)
        second = MLEnsemble(self.data1, model=self.p.model)
        FusedSignal(EMACross(self.data1).state, second)
        MLEnsemble(self.data1, model=self.p.model, entry=0.7)
        self.second = second


def test_ensembles_are_found_wherever_they_stand(bars):
    cerebro = cerebro_with(BarsData(dataname=bars), BarsData(dataname=bars))
    cerebro.addstrategy(Several, model=given(bars.index, 0.6))
    ran = cerebro.run()[0]
    found = find_ensembles(ran)
    assert set(map(id, found)) == set(map(id, ran.datas))
    assert found[ran.data1] is ran.second  # the first of each feed
    cerebro = cerebro_with(BarsData(dataname=bars))
    cerebro.addstrategy(bt.Strategy)
    assert find_ensembles(cerebro.run()[0]) == {}
