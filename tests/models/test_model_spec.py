"""ModelSpec: the model that options describe."""

import pytest

from bt_fusion.data.samples import planted_edge, random_walk
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.registry import make_member
from bt_fusion.errors import BundleError, OptionError
from bt_fusion.labels import Direction, Gain, TripleBarrier
from bt_fusion.models.model_spec import ModelSpec, training_part
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.tuning.search_space import apply_parameters


def test_the_defaults():
    model = ModelSpec().build()
    assert (model.features, model.label()) == ("default", Direction(5))
    assert tuple(model.ensemble.members) == ("rf", "xgb", "lgb")
    assert (model.ensemble.voting, model.ensemble.calibration) == ("soft", None)


def test_what_was_given_reaches_the_model():
    spec = ModelSpec(
        features="gap,wick_balance", label="gain", horizon=3, members="lr,rf", voting="majority",
        calibration="sigmoid", seed=4,
    )  # fmt: skip
    model = spec.build()
    assert (model.features, model.label()) == (("gap", "wick_balance"), Gain(horizon=3))
    assert tuple(model.ensemble.members) == ("lr", "rf")
    assert (model.ensemble.voting, model.ensemble.calibration) == ("majority", "sigmoid")
    assert model.ensemble.seed == 4


def test_one_feature_is_no_name_of_a_set():
    assert ModelSpec(features="gap").build().features == ("gap",)
    assert ModelSpec(features="fusion").build().features == "fusion"


def test_a_gain_in_percent():
    assert ModelSpec(lookahead=7).build().label() == Gain(7, 0.005)  # half a percent by default
    assert ModelSpec(profit_threshold=1.5).build().label() == Gain(5, 0.015)


def test_a_preset_keeps_what_is_its_own():
    model = ModelSpec(preset="discovery", lookahead=7, calibration="isotonic").build()
    assert model.features == "mar" and list(model.ensemble.members) == ["xgb"]
    assert model.label() == Gain(7, 0.005) and model.ensemble.calibration == "isotonic"


def test_options_override_parts_of_a_preset():
    spec = ModelSpec(preset="signal", features="mar", horizon=3, members="rf,lr", voting="soft")
    model = spec.build()
    assert (model.features, model.label()) == ("mar", TripleBarrier(1.5, 1.5, horizon=3))
    ensemble = model.ensemble
    assert (ensemble.members, ensemble.voting, ensemble.calibration) == (
        ("rf", "lr"), "soft", "sigmoid",
    )  # fmt: skip
    assert ModelSpec(preset="signal", label="gain(threshold=0.01)").build().label() == Gain(5, 0.01)
    assert ModelSpec(preset="discovery", label="direction", horizon=2).build().label() == Direction(
        2
    )


@pytest.mark.filterwarnings("ignore::bt_fusion.BtFusionWarning")  # without torch
@pytest.mark.parametrize(
    ("strategy", "preset"),
    [("hybrid", "hybrid"), ("discovery", "discovery"), ("fusion", None), ("mine.py:Mine", None)],
)
def test_a_strategy_brings_its_preset(strategy, preset):
    spec = ModelSpec(strategy=strategy)
    expected = ModelSpec(preset=preset).build()
    model = spec.build()
    assert spec.chosen_preset == preset
    assert (model.features, model.label()) == (expected.features, expected.label())
    assert repr(model.new_ensemble()) == repr(expected.new_ensemble())
    assert ModelSpec(strategy=strategy, preset="fusion").chosen_preset == "fusion"


def test_the_origin_says_what_is_taken_from_where():
    options = {"label": "triple_barrier", "profit_threshold": None, "voting": "majority"}
    assert ModelSpec().origin == ModelSpec(**options).origin == ""
    assert ModelSpec(strategy="hybrid").origin == "preset hybrid, as the strategy asks"
    assert ModelSpec(preset="fusion", strategy="hybrid").origin == "preset fusion"
    assert ModelSpec(preset="hybrid", **options).origin == (
        "preset hybrid; label triple_barrier, voting majority as given"
    )
    assert ModelSpec(recipe="models/mine", strategy="hybrid", profit_threshold=1).origin == (
        "recipe of models/mine; profit-threshold 1 as given"
    )


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """A saved model whose members have settings of their own, as tuning leaves them."""
    ensemble = apply_parameters(
        Ensemble(["lgb", "lr"], weights=(3, 1), seed=7),
        {"lgb.num_leaves": 5, "lr.logisticregression__C": 0.5},
    )
    model = SignalModel(["wick_balance", "gap"], Gain(4, 0.01), ensemble)
    folder = tmp_path_factory.mktemp("models") / "tuned"
    return model.fit(planted_edge(400, auc=0.8)).save(folder, trials=9)


def test_a_recipe_has_the_settings_of_the_saved_model(tuned):
    model = ModelSpec(recipe=str(tuned)).build()
    assert (model.features, model.label()) == (("wick_balance", "gap"), Gain(4, 0.01))
    ensemble = model.new_ensemble()
    members = ensemble.make_members()
    assert members["lgb"].get_params()["num_leaves"] == 5
    assert members["lr"].get_params()["logisticregression__C"] == 0.5
    assert (ensemble.weights, ensemble.seed, model.trials_) == ([3, 1], 7, 9)
    assert not hasattr(ensemble, "members_")


def test_options_override_parts_of_a_recipe(tuned):
    spec = ModelSpec(recipe=str(tuned), members="lgb,rf", horizon=2, calibration="sigmoid")
    model = spec.build()
    ensemble = model.new_ensemble()
    members = ensemble.make_members()
    assert model.label() == Gain(2, 0.01) and ensemble.calibration == "sigmoid"
    assert members["lgb"].get_params()["num_leaves"] == 5 and ensemble.weights is None
    assert members["rf"].get_params() == make_member("rf", 7).get_params()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"preset": "signal", "recipe": "models/mine"},
            "--preset signal and --recipe models/mine both say which model is fitted; give one",
        ),
        ({"recipe": "nowhere"}, "nowhere is not a folder"),
        (
            {"label": "gain(horizon=3)", "horizon": 5},
            r"parameter horizon of label gain is given twice, in 'gain\(horizon=3\)' and as 5",
        ),
        ({"preset": "fusion", "members": "rf,best"}, "unknown member 'best'"),
        ({"lookahead": 5, "horizon": 3}, "--lookahead and --profit-threshold are a label"),
        ({"preset": "signl"}, "unknown preset 'signl': did you mean 'signal'"),
        ({"members": "rf,xgboost"}, "did you mean 'xgb'"),
        ({"features": "defualt"}, "did you mean 'default'"),
        ({"calibration": "platt"}, "unknown calibration 'platt'"),
    ],
)
def test_names_and_what_excludes_what_are_checked(options, message):
    with pytest.raises((OptionError, BundleError), match=message):
        ModelSpec(**options).build()


def test_the_last_part_is_kept_to_judge_by():
    bars = random_walk(12)
    assert training_part(bars, 0.2).index.equals(bars.index[:10])
    assert len(training_part(bars, 0)) == 12
    with pytest.raises(OptionError, match="test-share 1 must be a fraction"):
        training_part(bars, 1)
