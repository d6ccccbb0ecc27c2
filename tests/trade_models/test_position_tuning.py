"""Tuning a position model: on trades out of sample, kept through saving, and told on the screen."""

import json

import numpy as np
import pytest

from bt_fusion import Ensemble, ManagedModel, TrainingError, WalkForward, load_model
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge
from bt_fusion.trade_models.learning import Learner
from bt_fusion.trade_models.position_model import PositionModel
from bt_fusion.trade_models.position_tuning import advised_equity, held_rows, tune_position
from bt_fusion.tuning.tuning import StudyOptions, tune
from tests.cli.running import command

BARS = planted_edge(1_800, seed=3, auc=0.8)


def managed(**options):
    voters = PositionModel(Ensemble(["lr", "lgb"], voting="majority"))
    features, signal = ["wick_balance", "return_1"], Ensemble(["lr"])
    return ManagedModel(features, ensemble=signal, position=voters, **options)


@pytest.fixture(scope="module")
def learner():
    model, arrays = managed(), BarArrays.of(BARS)
    predictions = WalkForward(model.signal_part(), cache=None).predict_arrays(arrays)
    return Learner(model.recipe(), arrays, model.feature_set().transform(arrays), predictions)


def test_rows_are_those_a_position_model_learns_from(learner):
    data, rest = held_rows(learner)
    fitted = learner.position(0, len(BARS))
    assert fitted.n_rows_ == len(data.rows)
    np.testing.assert_array_equal(fitted.sample_[0], data.X[data.rows[0]])
    assert np.isnan(np.delete(rest, data.rows)).all()
    trades = learner.trades
    entry = np.searchsorted(trades.entry, data.rows, side="right") - 1  # of the trade of each row
    np.testing.assert_array_equal(data.labels.t1[data.rows], trades.exit[entry])
    assert (data.labels.t1[data.rows] > data.rows).all()
    saved = (trades.exit_price[entry] - learner.bars.open[data.rows + 1]) * trades.side[entry]
    np.testing.assert_allclose(rest[data.rows], saved / trades.atr[entry])


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["log_loss", "auc", "f1", "blend"])
def test_the_best_trial_is_applied_whatever_it_aims_at(objective):
    options = StudyOptions(objective, folds=2, seed=1)
    found = tune_position(managed(), BARS, 3, options)
    best = np.nanmin if objective == "log_loss" else np.nanmax
    complete = found.table[found.table.state == "complete"]
    assert found.value == best(complete.value) and found.trials == 3
    ensemble = found.model.position.ensemble
    for name, value in found.parameters.items():
        member, _, parameter = name.partition(".")
        assert ensemble.members[member].get_params()[parameter] == value
    again = tune_position(managed(), BARS, 3, options)
    assert again.table.drop(columns="seconds").equals(found.table.drop(columns="seconds"))


@pytest.mark.slow
def test_signal_and_position_are_two_studies_in_one_storage(tmp_path):
    place, options = tmp_path / "tuning.db", StudyOptions(folds=2)
    signal = tune(managed(), BARS, 2, options, storage=place)
    position = tune_position(managed(), BARS, 2, options, storage=place)
    assert signal.study != position.study and position.trials == 2
    assert tune_position(managed(), BARS, 1, options, storage=place).trials == 2  # resumed


def test_blend_follows_the_first_advice_of_each_trade():
    rest, t1 = np.array([1.0, 2.0, 3.0, -4.0]), np.array([2, 2, 5, 5])
    rows = np.arange(4)
    held = advised_equity(rest, t1, rows, np.zeros(4))
    np.testing.assert_array_equal(held, [1.0])
    followed = advised_equity(rest, t1, rows, np.array([0, 1, 1, -1]))
    np.testing.assert_allclose(followed, [1.0, 1.02, 1.02 * 1.03])


def test_too_few_trades_are_reported():
    with pytest.raises(TrainingError, match=r"makes \d+ trades out of sample.*learns from 9999"):
        tune_position(managed(min_trades=9_999), BARS, 2)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuned")
    options = ["--data", "planted-edge:1800", "--members", "lgb", "--folds", "2"]
    options += ["--preset", "managed", "--storage", str(folder / "tuning.db")]
    assert command("tune", *options, "--json", folder / "told.json", "--trials", "2") == 0
    assert command("train", *options, "--tune", "2", "--out", folder / "model") == 0
    return folder


@pytest.mark.slow
def test_the_command_tunes_both_and_trains_on_what_it_found(trained):
    found = json.loads((trained / "told.json").read_text())
    assert found["trials"] == found["position"]["trials"] == 2
    model = load_model(trained / "model")
    assert model.trials_ == 4  # no trial was run again
    voters = model.position.ensemble.make_members()
    for name, value in found["position"]["parameters"].items():
        member, _, parameter = name.partition(".")
        assert voters[member].get_params()[parameter] == value


@pytest.mark.slow
def test_a_recipe_keeps_the_tuned_voters(trained):
    from bt_fusion.models.model_spec import ModelSpec

    model, again = load_model(trained / "model"), ModelSpec(recipe=str(trained / "model")).build()
    found = [each.position.new_ensemble().make_members() for each in (model, again)]
    assert [repr(member) for member in found[0].values()] == [
        repr(member) for member in found[1].values()
    ]
