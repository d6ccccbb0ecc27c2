"""What predicts which symbol, and models by symbol that do not fit the data or each other."""

import pytest

from bt_fusion import Direction, Ensemble, Gain, OptionError, SignalModel, WalkForward
from bt_fusion.data.samples import planted_edge
from bt_fusion.models.predictors import (
    as_predictor,
    check_predictor,
    copy_for,
    model_of,
    predictor_of,
)

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
            "W has a model and no bars; the symbols of the data are X, Y",
        ),
        (
            {"X": A, "Y": SignalModel("mar", Gain(3)), "Z": A},
            r"different labels \(X Direction\(horizon=5\), Y Gain\(horizon=3, .*of the same label",
        ),
    ],
)
def test_models_that_do_not_fit_are_reported(models, message):
    with pytest.raises(OptionError, match=message):
        check_predictor(models, ["X", "Y", "Z"])


@pytest.fixture(scope="module")
def fitted():
    model = SignalModel(["wick_balance", "gap"], ensemble=Ensemble(["lgb"]))
    return model.fit(planted_edge(500, seed=1))


def test_what_is_not_fitted_is_refitted_as_time_passes():
    walk = WalkForward(A, 500)
    assert as_predictor(walk) is walk
    assert as_predictor(A).signal_model() is A and as_predictor(A).jobs == -1
    ensemble = Ensemble(["lr"])
    assert as_predictor(ensemble).signal_model().ensemble is ensemble
    assert as_predictor("generator").signal_model().label() == Direction(1)
    assert as_predictor(None).signal_model().label() == Direction(5)
    assert as_predictor(None, "discovery").signal_model().features == "mar"
    assert as_predictor(None, seed=7).signal_model().ensemble.seed == 7


def test_fitted_and_saved_models_stay_as_they_are(fitted, tmp_path):
    assert as_predictor(fitted) is fitted
    assert as_predictor({"A": fitted}) == {"A": fitted}
    folder = fitted.save(tmp_path / "model")
    found = as_predictor({"A": str(folder), "B": folder})
    assert found["A"].trained_until_ == found["B"].trained_until_ == fitted.trained_until_
    assert as_predictor(folder).n_rows_ == fitted.n_rows_


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("hybird", "unknown preset 'hybird': did you mean 'hybrid'.*not the folder of a saved"),
        (3, "model is a int; give a WalkForward, a SignalModel, .* or a dictionary"),
        (SignalModel, "model is a ABCMeta|model is a type"),
        ({"X": A}, "the model of X is not a fitted SignalModel; fit it first"),
    ],
)
def test_what_cannot_predict_is_reported(given, message):
    with pytest.raises(OptionError, match=message):
        as_predictor(given)
