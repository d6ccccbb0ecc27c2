"""Several processes on one study: no trial is made twice, one keeps the parameters as they are."""

import subprocess
import sys

import pandas as pd
import pytest

from bt_fusion.data.samples import planted_edge
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.tuning.tuning import UNTUNED, signal_search, tune
from bt_fusion.tuning.tuning import StudyOptions as Options

CHILD = """
import sys
from tests.tuning.test_shared_study import small
from bt_fusion.tuning.tuning import tune
tune(*small(), 20, storage=sys.argv[1])
"""


def small():
    model = SignalModel(["wick_balance", "return_1"], ensemble=Ensemble(["lr"]))
    return model, planted_edge(600, seed=2, auc=0.8)


@pytest.mark.slow
def test_two_processes_draw_no_trial_twice(tmp_path):
    place = tmp_path / "tuning.db"
    command = [sys.executable, "-c", CHILD, str(place)]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [each.communicate(timeout=240)[1] for each in both]
    assert [each.returncode for each in both] == [0, 0], errors
    found = tune(*small(), 20, storage=place)
    made = found.table[found.table.state.isin(["complete", "pruned"])]
    assert 20 <= len(made) == len(found.table) <= 21
    drawn = made.filter(like=".").dropna(how="all")
    assert len(drawn) == len(made) - 1  # one keeps the parameters as they are
    assert not drawn.duplicated().any()


@pytest.mark.slow
def test_alone_it_draws_what_it_always_does(tmp_path):
    tables = [
        tune(*small(), 8, storage=None if name is None else tmp_path / name, jobs=jobs).table
        for name, jobs in ((None, 1), ("a.db", 1), (None, 2))
    ]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(*(t.drop(columns="seconds") for t in (tables[0], table)))


def test_a_trial_that_never_ends_leaves_the_first_one_to_the_last(tmp_path):
    from bt_fusion.tuning.study import open_study

    search = signal_search(*small(), Options())
    study = open_study(f"log_loss-{search.digest[:16]}", search.goal, tmp_path / "a.db")
    study.ask()  # of a process that was killed
    found = tune(*small(), 3, storage=tmp_path / "a.db")
    marked = [UNTUNED in trial.user_attrs for trial in search.run(3, tmp_path / "a.db").trials]
    assert marked == [False, False, False, False, True]
    assert found.untuned >= found.value
