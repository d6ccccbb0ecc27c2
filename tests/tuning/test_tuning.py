"""Tuning: seeded, pruned, counted, and no finished trial is ever lost."""

import os
import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import optuna
import pandas as pd
import pytest

from bt_fusion import Ensemble, OptionError, SignalModel
from bt_fusion.data.samples import planted_edge, random_walk
from bt_fusion.models.splits import LabelledRows
from bt_fusion.tuning.objectives import held_equity
from bt_fusion.tuning.study import storage_url
from bt_fusion.tuning.tuning import Search, StudyOptions, tune

BARS = planted_edge(400, seed=2, auc=0.8)
TWO = StudyOptions(folds=2, seed=5)


def small(**options):
    ensemble = Ensemble(["lr"], **options)
    return SignalModel(["wick_balance", "return_1", "rsi_14"], ensemble=ensemble)


def numbers(found):
    return found.table.drop(columns="seconds")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers():
    first, again = (tune(small(), BARS, 11, TWO) for _ in range(2))
    pd.testing.assert_frame_equal(numbers(first), numbers(again))
    assert first.parameters == again.parameters
    other = tune(small(), BARS, 2, StudyOptions(seed=6, folds=2))
    assert not numbers(first)[:2].equals(numbers(other))


@pytest.mark.slow
def test_in_two_goes_as_in_one(tmp_path):
    whole = tune(small(), BARS, 12, TWO)
    place, calls = tmp_path / "new" / "tuning.db", []
    tune(small(), BARS, 6, TWO, storage=place)
    again = {"options": TWO, "storage": place}
    resumed = tune(small(), BARS, 12, on_trial=lambda *call: calls.append(call), **again)
    pd.testing.assert_frame_equal(numbers(whole), numbers(resumed))
    assert calls == [(done, 12) for done in range(6, 13)]
    assert (whole.value, whole.parameters) == (resumed.value, resumed.parameters)
    assert tune(small(), BARS, 3, **again).trials == 12  # never fewer


@pytest.mark.slow
def test_the_best_trial_is_applied_and_none_is_worse_than_untuned():
    found = tune(small(), BARS, 12)
    finished = found.table[found.table.state == "complete"]
    assert found.value == finished.value.min() <= found.untuned == found.table.value[0]
    assert found.table["lr.logisticregression__C"].isna().tolist()[:2] == [True, False]
    member = found.model.ensemble.members["lr"]
    assert (
        member.get_params()["logisticregression__C"]
        == (found.parameters["lr.logisticregression__C"])
    )
    fitted = found.model.fit(BARS[:300]).predict(BARS)
    assert fitted.known.sum() == 100


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("objective", ["log_loss", "auc", "f1", "blend"])
def test_every_objective_is_tuned_its_own_way(objective):
    found = tune(small(), BARS, 4, StudyOptions(objective))
    best = np.nanmin if objective == "log_loss" else np.nanmax
    complete = found.table[found.table.state == "complete"]
    assert found.value == best(complete.value)
    assert found.objective == objective and found.study.startswith(objective)


@pytest.mark.slow
def test_bad_trials_are_pruned_and_counted():
    found = tune(small(), BARS, 15, StudyOptions(folds=3))
    pruned = found.table[found.table.state == "pruned"]
    assert len(pruned) > 0 and (pruned.splits < 3).all()
    assert (found.table[found.table.state == "complete"].splits == 3).all()
    assert found.trials == len(found.table) == 15


@pytest.mark.slow
def test_an_interruption_keeps_what_is_finished(tmp_path):
    place = tmp_path / "tuning.db"

    def stop(done, total):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(small(), BARS, 6, storage=place, on_trial=stop)
    found = tune(small(), BARS, 6, storage=place)
    assert (found.table.state != "fail").all() and found.trials == 6


@pytest.mark.slow
def test_an_interrupted_trial_is_counted_but_not_finished(tmp_path, monkeypatch):
    place = tmp_path / "tuning.db"
    tune(small(), BARS, 2, storage=place)

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("bt_fusion.tuning.tuning.fold_proba", interrupted)
        tune(small(), BARS, 4, storage=place)
    found = tune(small(), BARS, 4, storage=place)
    assert found.table.state.tolist() == ["complete", "complete", "fail", "complete", "complete"]
    assert found.trials == 5


@pytest.mark.slow
def test_another_job_in_the_same_storage_is_another_study(tmp_path):
    place = tmp_path / "tuning.db"
    first = tune(small(), BARS, 2, StudyOptions(folds=2), storage=place)
    for other in (
        tune(small(), BARS[:-1], 1, StudyOptions(folds=2), storage=place),
        tune(small(seed=1), BARS, 1, StudyOptions(folds=2), storage=place),
        tune(small(), BARS, 1, StudyOptions(folds=3), storage=place),
        tune(small(), BARS, 1, StudyOptions("auc", folds=2), storage=place),
        tune(small(), BARS, 1, StudyOptions(seed=1, folds=2), storage=place),
    ):
        assert other.study != first.study and other.trials == 1
    assert tune(small(), BARS, 2, StudyOptions(folds=2), storage=place).study == first.study


def test_on_random_labels_tuning_finds_nothing_to_speak_of():
    found = tune(small(), random_walk(900, seed=1), 10, StudyOptions("auc", folds=3))
    assert abs(found.value - 0.5) < 0.08  # three standard errors of 900 rows, and the best of ten


def test_rows_past_the_training_bars_change_nothing():
    cut, garbage = 300, BARS.copy()
    garbage.iloc[cut:] = garbage.iloc[cut:].to_numpy() * 3
    first, again = (tune(small(), bars[:cut], 4, StudyOptions(folds=2)) for bars in (BARS, garbage))
    pd.testing.assert_frame_equal(numbers(first), numbers(again))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trials": 0}, "trials 0 must be 1 or more"),
        ({"options": StudyOptions("profit")}, "unknown objective 'profit'"),
        ({"options": StudyOptions(folds=1)}, "folds 1 must be 2 or more"),
        ({"storage": "nosuch://here"}, "storage 'nosuch://here' cannot be opened"),
    ],
)
def test_wrong_options_are_reported(options, message):
    with pytest.raises(OptionError, match=message):
        tune(small(), BARS, **{"trials": 1, **options})


def test_a_storage_is_a_file_or_a_url(tmp_path):
    assert storage_url(None) is None
    assert storage_url("postgresql://host/db") == "postgresql://host/db"
    assert storage_url(tmp_path / "a.db") == f"sqlite:///{tmp_path}/a.db"


CHILD = """
import sys
from bt_fusion.data.samples import planted_edge
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.tuning.tuning import tune

model = SignalModel(["wick_balance", "return_1"], ensemble=Ensemble(["lgb"]))
tune(model, planted_edge(600, seed=2, auc=0.8), 500, storage=sys.argv[1],
     on_trial=lambda done, total: print(done, flush=True))
"""


@pytest.mark.slow
def test_a_killed_study_loses_no_finished_trial(tmp_path):
    place = tmp_path / "tuning.db"
    model = SignalModel(["wick_balance", "return_1"], ensemble=Ensemble(["lgb"]))
    bars, reported = planted_edge(600, seed=2, auc=0.8), 0
    for kill in range(3):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(place)], stdout=subprocess.PIPE, text=True
        )
        for line in child.stdout:
            reported = max(reported, int(line))
            if reported >= 4 * (kill + 1):
                break
        time.sleep(0.02 * kill)  # at another moment of a trial each time
        os.kill(child.pid, signal.SIGKILL)
        reported = max([reported, *(int(line) for line in child.stdout.read().split())])
        child.wait()
        assert child.returncode == -signal.SIGKILL
        (study,) = optuna.get_all_study_summaries(storage_url(place))
        before = optuna.load_study(study_name=study.study_name, storage=storage_url(place))
        finished = [t for t in before.trials if t.state.name in ("COMPLETE", "PRUNED")]
        assert len(finished) >= reported >= 4 * (kill + 1)
    target = len(finished) + 2
    found = tune(model, bars, target, storage=place)  # same job here, so the same study
    kept = found.table.set_index("number")
    for trial in finished:
        assert kept.state[trial.number] == trial.state.name.lower()
        assert kept.value[trial.number] == trial.value
    assert kept.state.isin(["complete", "pruned"]).sum() == target
    assert found.trials == len(kept) >= target


def searched():
    model, equity = small(), partial(held_equity, BARS["close"].to_numpy(), 5)
    data = LabelledRows.of(model, BARS)
    return Search.of(model.new_ensemble(), data, equity, (1,), StudyOptions())


@pytest.mark.slow
def test_a_job_is_known_by_its_numbers_in_every_process():
    code = "from tests.tuning.test_tuning import searched; print(searched().digest)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == searched().digest
