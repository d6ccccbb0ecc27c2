"""Every parameter that a run used, given or default."""

import json

from bt_fusion import Ensemble, SignalModel
from bt_fusion.engine.used_parameters import add_parameters
from bt_fusion.strategies import FusionStrategy


def test_defaults_given_values_and_members_are_listed():
    summary = {}
    model = SignalModel(["gap"], ensemble=Ensemble(["lr", "lgb"]))
    add_parameters(summary, FusionStrategy, {"ema_fast": 8}, model)
    strategy, members = summary["parameters"]["strategy"], summary["parameters"]["members"]
    assert strategy["ema_fast"] == 8 and strategy["ema_slow"] == 26
    assert strategy["exit"] == "renew" and strategy["hold_bars"] == 5
    assert not {"ml", "model", "log_entries"} & set(strategy)
    assert list(members) == ["lr", "lgb"] and members["lgb"]["n_jobs"] == 1
    assert any(name.endswith("__C") for name in members["lr"])
    json.dumps(summary, allow_nan=False)


def test_another_name_of_a_parameter_counts_as_its_own():
    summary = {}
    add_parameters(summary, FusionStrategy, {"ml_entry_threshold": 0.7}, SignalModel(["gap"]))
    strategy = summary["parameters"]["strategy"]
    assert strategy["ml_threshold"] == 0.7 and "ml_entry_threshold" not in strategy
