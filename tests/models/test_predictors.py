"""What predicts which symbol, and models by symbol that do not fit the data or each other."""

import pytest

from bt_fusion import Direction, Gain, OptionError, SignalModel, WalkForward
from bt_fusion.models.predictors import check_predictor, copy_for, model_of, predictor_of

A, B = SignalModel("fusion"), SignalModel("mar")


def test_one_for_all_or_one_each():
    walk = WalkForward(A)
    assert predictor_of(A, "X") is A and predictor_of(walk, "X") is walk
    assert predictor_of({"X": A, "Y": B}, "Y") is B
    assert model_of(A) is model_of(walk) is model_of({"X": A, "Y": B}) is A


def test_a_walk_forward_is_copied_for_several():
    walk = WalkForward(A)
    assert copy_for(walk, "X", 1) is walk and copy_for(walk, "X", 2) is not walk
    assert copy_for({"X": A}, "X", 2) is A


def test_models_that_fit_pass():
    check_predictor(A, ["X", "Y"])
    check_predictor(WalkForward(A), ["X", "Y"])
    check_predictor({"X": A, "Y": B}, ["Y", "X"])
    check_predictor({"X": A, "Y": SignalModel("mar", Direction(5))}, ["X", "Y"])


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ({"X": A}, "no model is given for Y, Z, only for X; add --model Y=DIR, or give one model"),
        (
            {"X": A, "Y": B, "Z": A, "W": B},
            "a model is given for W, and no bars; the data are X, Y",
        ),
        (
            {"X": A, "Y": SignalModel("mar", Gain(3)), "Z": A},
            r"different labels \(X Direction\(horizon=5\), Y Gain\(horizon=3, .*of the same label",
        ),
    ],
)
def test_models_that_do_not_fit_are_said(models, message):
    with pytest.raises(OptionError, match=message):
        check_predictor(models, ["X", "Y", "Z"])
