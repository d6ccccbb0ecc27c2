"""ModelSpec: the model that options describe."""

import pytest

from bt_fusion.data.samples import random_walk
from bt_fusion.errors import OptionError
from bt_fusion.labels import Direction, Gain
from bt_fusion.models.model_spec import ModelSpec, training_part


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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"preset": "signal", "voting": "soft", "horizon": 3},
            "preset signal settles --voting, --horizon; leave either out",
        ),
        ({"lookahead": 5, "horizon": 3}, "--lookahead and --profit-threshold are a label"),
        ({"preset": "signl"}, "unknown preset 'signl': did you mean 'signal'"),
        ({"members": "rf,xgboost"}, "did you mean 'xgb'"),
        ({"features": "defualt"}, "did you mean 'default'"),
        ({"calibration": "platt"}, "unknown calibration 'platt'"),
    ],
)
def test_names_and_what_excludes_what_are_checked(options, message):
    with pytest.raises(OptionError, match=message):
        ModelSpec(**options).build()


def test_the_last_part_is_kept_to_judge_by():
    bars = random_walk(12)
    assert training_part(bars, 0.2).index.equals(bars.index[:10])
    assert len(training_part(bars, 0)) == 12
    with pytest.raises(OptionError, match="test-share 1 must be a fraction"):
        training_part(bars, 1)
