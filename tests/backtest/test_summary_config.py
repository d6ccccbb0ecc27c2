"""What a summary keeps so that a run can be reproduced."""

from importlib import metadata

import pandas as pd

from bt_fusion import Direction, Ensemble, SignalModel, WalkForward
from bt_fusion.backtest.summary import model_config, versions
from bt_fusion.data.samples import planted_edge

MODEL = SignalModel(["gap", "wick_balance"], Direction(3), Ensemble(("lr",), seed=4))


def test_the_parts_of_the_model():
    found = model_config({"": 1_000}, WalkForward(MODEL))
    assert found["features"] == ["gap", "wick_balance"]
    assert (found["label"], found["label_parameters"]) == ("Direction", {"horizon": 3})
    assert found["ensemble"]["members"] == ("lr",) and found["ensemble"]["seed"] == 4
    assert Ensemble(**found["ensemble"]).get_params() == MODEL.ensemble.get_params()


def test_sizes_that_follow_from_the_bars_are_each_symbols_own():
    one = model_config({"A": 1_000}, WalkForward(MODEL))
    assert (one["train_bars"], one["refit_bars"]) == (400, 50)
    two = model_config({"A": 1_000, "B": 500}, WalkForward(MODEL, embargo_bars=2))
    assert two["train_bars"] == {"A": 400, "B": 200}
    assert two["refit_bars"] == {"A": 50, "B": 25}
    assert (two["window"], two["embargo_bars"]) == ("rolling", 2)


def test_a_fitted_model_tells_until_when_it_was_trained():
    bars = planted_edge(200)
    found = model_config({"A": 300, "B": 200}, MODEL.fit(bars))
    assert found["trained_until"] == pd.Timestamp(bars.index[-1])
    assert "train_bars" not in found


def test_models_by_symbol_are_told_by_symbol():
    bars = planted_edge(300)
    other = SignalModel(["gap"], Direction(3), Ensemble(("rf",))).fit(bars[:250])
    other.trials_ = 9
    own = SignalModel(["gap", "wick_balance"], Direction(3), Ensemble(("lr",))).fit(bars[:200])
    models = {"B": other, "A": own}
    found = model_config({"A": 300, "B": 300}, models)
    assert (found["label"], found["label_parameters"]) == ("Direction", {"horizon": 3})
    assert found["features"] == {"A": ["gap", "wick_balance"], "B": ["gap"]}
    assert found["trained_until"] == {"A": bars.index[199], "B": bars.index[249]}
    assert found["tuning_trials"] == {"A": 0, "B": 9}
    assert {key: each["members"] for key, each in found["ensemble"].items()} == {
        "A": ("lr",),
        "B": ("rf",),
    }
    assert model_config({"B": 300}, {"B": other}) == model_config({"B": 300}, other)


def test_a_recipe_tells_its_tuning_trials():
    recipe = SignalModel(["gap"], Direction(3), Ensemble(("lr",)))
    recipe.trials_ = 20
    assert model_config({"": 1_000}, WalkForward(recipe))["tuning_trials"] == 20
    assert "tuning_trials" not in model_config({"": 1_000}, WalkForward(MODEL))


def test_versions_of_this_installation():
    found = versions()
    assert found["backtrader"] == metadata.version("backtrader")
    assert {"bt-fusion", "scikit-learn", "lightgbm", "xgboost"} <= set(found)
