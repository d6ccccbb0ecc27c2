"""HybridScoring: entries, exits, points with and without ML, the log, broken models."""

import re
import shutil
from copy import copy
from dataclasses import replace

import numpy as np
import pytest

from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import random_walk
from bt_fusion.engine.account import Account
from bt_fusion.engine.feed import BarsData
from bt_fusion.engine.runner import run_strategy
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.errors import BtFusionWarning, OptionError
from bt_fusion.labels import Direction, Gain
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.strategies import CryptoScalping, EquityShare, HybridScoring
from bt_fusion.technical.entry_measures import measure
from bt_fusion.technical.entry_score import TechnicalPoints
from tests.engine.test_engine import cerebro_with, given

FREE = Account(commission=0.0)


@pytest.fixture(scope="module")
def bars():
    return random_walk(6_000, seed=3)


@pytest.fixture(scope="module")
def measured(bars):
    return measure(BarArrays.of(bars))


@pytest.fixture(scope="module")
def score(measured):
    return TechnicalPoints().parts(measured).sum(axis=1)


def traded(bars, **params):
    return run_strategy(bars, HybridScoring, FREE, log_entries=False, **params).trades


@pytest.fixture(scope="module")
def technical(bars):
    return traded(bars, ml=False)


def signal_rows(bars, trades):
    """Rows of the bars whose close gave each entry, one before the fill."""
    return bars.index.get_indexer(trades.entry_time) - 1


def test_the_alias_is_the_strategy():
    assert CryptoScalping is HybridScoring


def test_entries_pass_the_filter_and_reach_the_least_score(bars, measured, score, technical):
    rows = signal_rows(bars, technical)
    assert len(rows) > 20
    assert (measured.rsi[rows] < 30).all()
    assert (score[rows] >= 4).all()
    assert (technical.side == "long").all()
    np.testing.assert_array_equal(technical.entry_price, bars.open.to_numpy()[rows + 1])
    # whatever was not taken came while another trade was open, or was not filled any more
    free = np.flatnonzero((measured.rsi < 30) & (score >= 4))
    left = bars.index.get_indexer(technical.exit_time)
    missed = np.setdiff1d(free, rows)
    held = [((rows < bar) & (left >= bar)).any() for bar in missed]
    assert all(held)


def test_each_exit_has_its_reason(bars, measured, technical):
    rows, left = signal_rows(bars, technical), bars.index.get_indexer(technical.exit_time)
    decided = left - 1  # market exits are decided on the close before
    reasons = technical.exit_reason
    assert {"stop", "target", "horizon"} <= set(reasons)
    target = technical.entry_price * 1.005
    stop = technical.entry_price - 2 * measured.atr[rows + 1]
    opens, closes = bars.open.to_numpy(), bars.close.to_numpy()
    for n, reason in enumerate(reasons):
        price, held = technical.exit_price[n], decided[n] - rows[n]
        if reason == "target":
            assert price == pytest.approx(max(target[n], opens[left[n]]))
        elif reason == "stop":
            assert price == pytest.approx(min(stop[n], opens[left[n]]))
        elif reason == "rsi":
            assert measured.rsi[decided[n]] >= 50
        elif reason == "middle band":
            assert closes[decided[n]] >= measured.middle_band[decided[n]]
        elif reason == "horizon":
            assert held == 5
        assert held <= 5


def test_exits_can_be_chosen_one_by_one(bars):
    none = {"atr_stop": None, "target": None, "exit_rsi": None, "exit_middle": False}
    only = {
        "horizon": {},
        "stop": {"atr_stop": 1.0, "hold_bars": None},
        "target": {"target": 0.01, "hold_bars": None},
        "rsi": {"exit_rsi": 45.0, "hold_bars": None},
        "middle band": {"exit_middle": True, "hold_bars": None},
    }
    for reason, params in only.items():
        reasons = set(traded(bars, ml=False, **{**none, **params}).exit_reason)
        assert reasons - {"open"} == {reason}


@pytest.mark.parametrize(
    ("up", "least"), [(0.75, 4), (0.60, 5), (0.50, 5.5), (np.nan, 6), (0.45, 6), (0.44, 7)]
)
def test_ml_points_raise_or_lower_what_technical_points_must_reach(
    bars, measured, score, up, least
):
    trades = traded(bars, model=given(bars.index, up))
    rows = signal_rows(bars, trades)
    enough = np.flatnonzero((measured.rsi < 30) & (score >= least))
    assert set(rows) <= set(enough)
    assert bool(len(rows)) is bool(len(enough))
    if len(enough):
        assert rows[0] == enough[0]


def test_strong_ml_trades_as_ml_off(bars, technical):
    assert traded(bars, model=given(bars.index, 0.70)).equals(technical)


@pytest.fixture(scope="module")
def saved(bars, tmp_path_factory):
    """A model fitted on the first bars, and the folder it is saved in."""
    model = SignalModel("fusion", Gain(5), Ensemble(("lgb",))).fit(bars[:600])
    folder = tmp_path_factory.mktemp("models") / "hybrid"
    model.save(folder)
    return model, folder


def test_a_saved_model_trades_as_the_model(bars, saved):
    model, folder = saved
    trades = traded(bars, model=folder, min_entry_score=5)
    assert trades.equals(traded(bars, model=model, min_entry_score=5))
    assert len(trades) > 3
    assert trades.equals(traded(bars, model=str(folder), min_entry_score=5))


def no_folder(saved, tmp_path):
    return tmp_path / "nowhere"


def corrupt(saved, tmp_path):
    folder = tmp_path / "corrupt"
    shutil.copytree(saved[1], folder)
    part = next(path for path in folder.rglob("*") if path.suffix not in (".json", ".md", ""))
    part.write_bytes(part.read_bytes()[:-20])
    return folder


def other_features(saved, tmp_path):
    model = copy(saved[0])
    model.feature_set_ = SignalModel(["rsi_14", "return_1"]).feature_set()
    return model


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda *_: None, "model is None"),
        (no_folder, "nowhere"),
        (corrupt, "corrupt"),
        (lambda *_: SignalModel("fusion"), "not fitted"),
        (other_features, "has 2 features, but"),
    ],
)
def test_without_a_usable_model_it_trades_as_ml_off_and_says_so_once(
    make, reason, bars, technical, saved, tmp_path
):
    with pytest.warns(BtFusionWarning, match=reason) as caught:
        trades = traded(bars, model=make(saved, tmp_path))
    assert len([w for w in caught if w.category is BtFusionWarning]) == 1
    assert "technical points alone" in str(caught[0].message)
    assert trades.equals(technical)


def test_a_missing_model_can_stop_the_run(bars):
    with pytest.raises(OptionError, match="model is None"):
        traded(bars[:100], model=None, on_missing="raise")


@pytest.mark.slow
def test_a_model_that_fails_in_the_middle_leaves_the_technical_points(bars, monkeypatch):
    model = SignalModel("fusion", Direction(5), Ensemble(("lgb",))).fit(bars[:300])
    calls = []
    healthy = type(model.ensemble_).member_proba

    def failing(self, X, *context):
        calls.append(len(X))
        if len(calls) > 200:
            raise RuntimeError("the member broke")
        return healthy(self, X, *context)

    monkeypatch.setattr(type(model.ensemble_), "member_proba", failing)
    cerebro = cerebro_with(BarsData(dataname=bars[:900]), preload=False)
    cerebro.addstrategy(HybridScoring, model=model, min_entry_score_technical=2, log_entries=False)
    with pytest.warns(BtFusionWarning, match="the member broke") as caught:
        ran = cerebro.run()[0]
    assert sum("the member broke" in str(each.message) for each in caught) == 1
    known = np.isfinite(np.array(ran.ml.probability.array))
    last = np.flatnonzero(known)[-1]
    assert known.sum() == 200
    enter, state = np.array(ran.signal.array), np.array(ran.technical.state.array)
    assert state[last + 1 :].sum() > 5
    np.testing.assert_array_equal(enter[last + 1 :], state[last + 1 :])
    assert not np.array_equal(enter[: last + 1], state[: last + 1])


def test_entries_are_printed_by_default(bars, capsys):
    run = run_strategy(bars, HybridScoring, FREE, "BTC", model=given(bars.index, 0.723))
    printed = capsys.readouterr().out
    heads = re.findall(r"^2024-.*  long BTC at \d+  score [\d.]+$", printed, re.M)
    assert len(heads) == len(run.trades)
    assert len(re.findall(r"^    \[X\] RSI \d+\.\d \(mandatory\) +[12]$", printed, re.M)) > 20
    assert printed.count("[X] ML P(long) 0.723, STRONG_BUY, VERY_HIGH") == len(run.trades) > 20
    traded(bars, ml=False)
    assert capsys.readouterr().out == ""


def test_with_majority_voting_the_points_follow_the_vote(bars):
    half = given(bars.index, 0.55)  # the mean says little; two of three members say yes
    votes = np.stack([1 - half.probability_up, half.probability_up], axis=1)[:, None]
    no = votes[..., ::-1]
    members = {"two of three": [votes, votes, no], "all": [votes] * 3, "one": [votes, no, no]}
    for name, points in (("two of three", 1), ("all", 2), ("one", -1)):
        model = replace(
            half,
            votes=np.concatenate(members[name], axis=1),
            members=("a", "b", "c"),
            weights=np.ones(3) / 3,
            voting="majority",
        )
        cerebro = cerebro_with(BarsData(dataname=bars[:300]))
        cerebro.addstrategy(HybridScoring, model=model, log_entries=False)
        ran = cerebro.run()[0]
        assert set(np.array(ran.symbols[0].score.ml_points.array)[50:]) == {points}, name


def test_thresholds_out_of_order_are_refused(bars):
    with pytest.raises(OptionError, match="must rise"):
        traded(bars[:100], ml=False, ml_entry_threshold=0.8)


def test_without_a_sizer_the_account_is_shared_out(bars):
    cerebro = cerebro_with(BarsData(dataname=bars[:100]))
    cerebro.addstrategy(HybridScoring, ml=False)
    assert isinstance(cerebro.run()[0].getsizer(), EquityShare)


def test_a_saved_model_speaks_bar_by_bar_too(bars, saved):
    model, folder = saved
    rows = bars[560:700]
    cerebro = cerebro_with(BarsData(dataname=rows), preload=False)
    cerebro.addstrategy(HybridScoring, model=folder)
    ml = cerebro.run()[0].ml
    expected = model.predict(rows).probability_up
    assert np.isfinite(expected).sum() == 100
    np.testing.assert_allclose(np.array(ml.probability.array), expected, atol=1e-6)
    assert ml.levels(0.8) == "VERY_HIGH"
