import importlib.util
import subprocess
import sys

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.registry import MEMBERS, make_member
from bt_fusion.ensemble.training import member_proba
from bt_fusion.errors import OptionError

DEEP = all(importlib.util.find_spec(name) for name in ("torch", "skorch"))
HERE = [name for name in MEMBERS if name != "lstm" or DEEP]


def rows(count=600, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(count, 4)).astype(np.float32)
    return X, (X[:, 0] + X[:, 1] + rng.normal(0, 0.5, count) > 0).astype(int)


def test_six_members_have_names():
    assert list(MEMBERS) == ["rf", "xgb", "lgb", "lr", "svm", "lstm"]


@pytest.mark.parametrize("name", HERE)
def test_every_member_learns_and_repeats_itself(name):
    X, y = rows(2_000)
    fits = [Ensemble([name], seed=3).fit(X, y, purge=5) for _ in range(2)]
    out_of_sample, actual = rows(seed=1)
    proba = [fit.predict_proba(out_of_sample) for fit in fits]
    assert proba[0].tobytes() == proba[1].tobytes()
    assert proba[0].sum(axis=1) == pytest.approx(1, abs=1e-6)
    assert roc_auc_score(actual, proba[0][:, 1]) > 0.85


@pytest.mark.parametrize("name", HERE)
def test_one_row_says_what_it_says_among_others(name):
    X, y = rows()
    fit = Ensemble([name]).fit(X, y)
    batch = fit.member_proba(X)
    for row in (0, 40, 599):
        assert fit.member_proba(X, np.array([row]))[0] == pytest.approx(batch[row], abs=1e-6)


def test_lr_is_a_regression_on_standardised_rows():
    X, y = rows()
    made = make_member("lr")
    bare = LogisticRegression(C=made[-1].C, max_iter=1_000)
    Z = StandardScaler().fit_transform(X.astype(float))
    expected = bare.fit(Z, y).predict_proba(Z)
    assert Ensemble(["lr"]).fit(X, y).predict_proba(X) == pytest.approx(expected, abs=1e-6)


def test_a_pipelines_forest_is_asked_like_the_pipeline():
    X, y = rows()
    forest = make_pipeline(StandardScaler(), make_member("rf")).fit(X.astype(float), y)
    assert member_proba(forest, X[:5]) == pytest.approx(forest.predict_proba(X[:5].astype(float)))


@pytest.mark.parametrize("library", ["torch", "skorch"])
def test_a_missing_library_is_named_with_the_command(library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    message = rf"lstm needs .*{library}.*pip install 'bt-fusion\[deep\]'"
    with pytest.raises(OptionError, match=message):
        Ensemble(["rf", "lstm"]).make_members()


def test_an_unknown_member_is_named():
    with pytest.raises(OptionError, match="did you mean 'svm'"):
        make_member("svc")


def test_a_record_names_the_class_it_makes():
    for name in HERE:
        made = make_member(name)
        last = made[-1] if hasattr(made, "steps") else made
        assert type(last).__name__ == MEMBERS[name].estimator
        assert MEMBERS[name].space.keys() <= last.get_params().keys()


def test_the_boosters_and_the_forest_run_in_threads():
    assert [name for name in MEMBERS if MEMBERS[name].releases_lock] == ["rf", "xgb", "lgb"]


def test_the_names_are_read_without_heavy_imports():
    code = (
        "import sys; from bt_fusion.ensemble.members.registry import MEMBERS; "
        "print(len(MEMBERS), sorted({'numpy', 'pandas', 'sklearn', 'xgboost'} & {*sys.modules}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "6 []\n"
