import importlib.util

import numpy as np
import pytest

from bt_fusion.data.samples import planted_edge
from bt_fusion.ensemble.members import registry
from bt_fusion.ensemble.members.registry import make_member
from bt_fusion.errors import BtFusionWarning, OptionError
from bt_fusion.labels import LABELS
from bt_fusion.models.presets import PRESETS, STRATEGY_PRESETS, make_preset, strategy_for
from bt_fusion.models.signal_model import SignalModel

DEEP = all(importlib.util.find_spec(name) for name in ("torch", "skorch"))


def test_presets_are_the_five_systems():
    assert set(PRESETS) == {"fusion", "discovery", "hybrid", "generator", "signal", "managed"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fusion", "discovery", "hybrid", "generator", "signal"])
def test_every_preset_fits_and_predicts(name):
    if name == "hybrid" and not DEEP:
        pytest.skip("needs the extra deep")
    if name == "discovery" and "profit_before_stop" not in LABELS:
        pytest.skip("the label profit_before_stop is not there")
    bars = planted_edge(1_400, seed=2, auc=0.8, volatility=0.01)
    model = make_preset(name).fit(bars[:1_100])
    predictions = model.predict(bars)
    assert predictions.known.sum() > 250
    assert np.isfinite(predictions.proba[predictions.known]).all()


def test_hybrid_has_system_cs_weights_label_and_smote():
    model = PRESETS["hybrid"](lstm=False)
    assert model.ensemble.members == ("xgb", "rf", "svm", "lr")
    assert model.ensemble.member_weights() == pytest.approx(np.array([25, 20, 20, 15]) / 80)
    assert (model.labels.horizon, model.labels.threshold) == (5, 0.005)
    assert model.ensemble.resample == "smote"


@pytest.mark.skipif(not DEEP, reason="needs the extra deep")
def test_hybrid_with_the_lstm_has_five_members():
    ensemble = make_preset("hybrid").ensemble
    weights = dict(zip(ensemble.members, ensemble.member_weights(), strict=True))
    assert weights == pytest.approx({"xgb": 0.25, "rf": 0.2, "lstm": 0.2, "svm": 0.2, "lr": 0.15})


def test_hybrid_without_torch_goes_on_with_four_and_says_so(monkeypatch):
    monkeypatch.setattr(registry, "find_spec", lambda module: None)
    message = r"leaves out lstm: torch and skorch not installed \(pip install 'bt-fusion\[deep\]'\)"
    with pytest.warns(BtFusionWarning, match=message):
        ensemble = make_preset("hybrid").ensemble
    assert ensemble.members == ("xgb", "rf", "svm", "lr")
    assert ensemble.member_weights() == pytest.approx(np.array([25, 20, 20, 15]) / 80)
    assert ensemble.resample == "smote"


def test_members_that_are_given_ask_for_no_library_of_others(monkeypatch):
    monkeypatch.setattr(registry, "find_spec", lambda module: None)
    assert make_preset("hybrid", members=["rf", "lgb"]).ensemble.members == ("rf", "lgb")
    with pytest.raises(OptionError, match="the member lstm needs torch and skorch"):
        make_preset("hybrid", members=["rf", "lstm"]).new_ensemble().make_members()


def test_members_of_a_preset_keep_their_weights_where_all_have_one():
    own = make_preset("hybrid", members=["rf", "lr"]).ensemble
    assert own.member_weights() == pytest.approx(np.array([20, 15]) / 35)
    other = make_preset("hybrid", members=["rf", "lgb"]).ensemble
    assert other.weights is None and other.resample == "smote"


def test_members_of_a_preset_keep_their_settings():
    members = make_preset("discovery", 4, members=["xgb", "lr"]).new_ensemble().make_members()
    assert members["xgb"].get_params()["max_depth"] == 6  # the preset's, 3 is the usual one
    assert type(members["lr"]) is type(make_member("lr"))
    assert make_preset("discovery", members=["lr"]).ensemble.members == ("lr",)
    with pytest.raises(OptionError, match="members xgb, xgb: give each name once"):
        make_preset("discovery", members=["xgb", "xgb"])
    with pytest.raises(OptionError, match=r"members 'rf': give a sequence, such as \['rf'\]"):
        make_preset("discovery", members="rf")


def test_each_label_has_its_strategy():
    expected = {
        "gain": "hybrid",
        "profit_before_stop": "discovery",
        "direction": "fusion",
        "triple_barrier": "fusion",
    }
    assert {name: strategy_for(SignalModel(labels=name)) for name in LABELS} == expected


def test_a_strategys_preset_has_the_label_the_strategy_trades():
    for strategy, preset in STRATEGY_PRESETS.items():
        assert strategy_for(PRESETS[preset]()) == strategy


def test_discovery_has_system_bs_parameters():
    model = make_preset("discovery", seed=4)
    booster = model.ensemble.make_members()["xgb"].get_params()
    wanted = {"n_estimators": 200, "max_depth": 6, "learning_rate": 0.1}
    wanted |= {"subsample": 0.8, "colsample_bytree": 0.8, "random_state": 4}
    assert {name: booster[name] for name in wanted} == wanted
    assert (model.features, model.labels) == ("mar", "profit_before_stop")


def test_signal_votes_by_majority():
    ensemble = make_preset("signal").ensemble
    assert (ensemble.members, ensemble.voting) == (("rf", "xgb", "lgb"), "majority")
    assert ensemble.vote_threshold == 0.633


@pytest.mark.slow
def test_generator_weighs_classes_and_chooses_among_lr_and_rf():
    model = make_preset("generator").fit(planted_edge(1_500, seed=2, auc=0.8, horizon=1))
    best = model.ensemble_.members_["best"]
    assert set(best.scores_) == {"lr", "rf"} and len(best.scores_["rf"]) == 10
    assert type(best.estimator_) is type(make_member(best.name_))


def test_an_unknown_preset_is_named():
    with pytest.raises(OptionError, match="did you mean 'hybrid'"):
        make_preset("hybird")
