"""The search space knows members by their estimator, and defaults lie within its bounds."""

import optuna
import pytest

from bt_fusion import Ensemble, OptionError, make_preset
from bt_fusion.ensemble.members.registry import make_member
from bt_fusion.tuning.search_space import (
    apply_parameters,
    known_spaces,
    suggest_parameters,
    tuned_members,
)

NAMES = ("rf", "xgb", "lgb", "lr", "svm")


@pytest.mark.parametrize("name", NAMES)
def test_every_member_but_the_lstm_is_tuned_around_its_defaults(name):
    (ranges,) = tuned_members(Ensemble([name])).values()
    given = make_member(name).get_params()
    for parameter, (low, high, log) in ranges.items():
        value = given[parameter]
        assert value is None or low <= value <= high
        assert low < high and (low > 0 or not log)


def test_a_presets_own_estimators_are_tuned_too():
    assert set(tuned_members(make_preset("discovery").new_ensemble())) == {"xgb"}
    found = tuned_members(make_preset("fusion").new_ensemble())
    assert set(found["rf"]) == {
        f"randomforestclassifier__{name}" for name in known_spaces()["RandomForestClassifier"]
    }


def test_nothing_to_tune_is_reported():
    with pytest.raises(OptionError, match=r"none of the members \['best'\] can be tuned"):
        tuned_members(make_preset("generator").new_ensemble())


def test_suggested_parameters_reach_the_members():
    ensemble = Ensemble(NAMES, voting="majority", seed=4)
    space = tuned_members(ensemble)
    trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1)).ask()
    suggested = suggest_parameters(trial, space)
    assert len(suggested) == sum(len(ranges) for ranges in space.values())
    tuned = apply_parameters(ensemble, suggested)
    assert tuned.voting == "majority" and list(tuned.members) == list(NAMES)
    for key, value in suggested.items():
        name, _, parameter = key.partition(".")
        assert tuned.members[name].get_params()[parameter] == value
    assert tuned.members["rf"].get_params()["random_state"] == 4
    assert isinstance(suggested["xgb.max_depth"], int)
    assert ensemble.members == NAMES  # untouched


def test_without_parameters_the_ensemble_is_as_it_was():
    ensemble = Ensemble(["lr"], seed=3)
    assert apply_parameters(ensemble, {}).get_params() == ensemble.get_params()
