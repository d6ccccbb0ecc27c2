"""What members rest on, by their own account."""

import numpy as np
import pytest

from bt_fusion import Ensemble, SignalModel, WalkForward
from bt_fusion.data.samples import planted_edge
from bt_fusion.ensemble.importances import feature_shares


def rows(count=3_000):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(count, 4)).astype(np.float32)
    return X, (X[:, 2] + 0.3 * rng.normal(size=count) > 0).astype(int)


@pytest.mark.parametrize("member", ["rf", "xgb", "lgb", "lr"])
def test_a_member_finds_the_feature_that_decides(member):
    X, y = rows()
    shares = feature_shares(Ensemble([member]).fit(X, y), 4)
    assert shares.argmax() == 2 and shares[2] > 0.5
    assert shares.sum() == pytest.approx(1)


def test_members_count_alike_and_one_that_does_not_tell_is_left_out():
    X, y = rows()
    alone = [feature_shares(Ensemble([name]).fit(X, y), 4) for name in ("rf", "lr")]
    together = feature_shares(Ensemble(["rf", "lr", "svm"]).fit(X, y), 4)
    assert together == pytest.approx(np.mean(alone, axis=0))
    assert feature_shares(Ensemble(["svm"]).fit(X, y), 4).shape == (0,)


def test_three_classes_have_one_share_a_feature():
    X, _ = rows()
    shares = feature_shares(Ensemble(["lr"]).fit(X, np.sign(np.round(X[:, 1]))), 4)
    assert shares.argmax() == 1 and shares.shape == (4,)


@pytest.mark.parametrize("member", ["lgb", "svm"])
def test_refits_keep_them_in_the_cache(member, tmp_path):
    bars = planted_edge(600, auc=0.8)
    model = SignalModel(["wick_balance", "gap"], ensemble=Ensemble([member]))
    walk = WalkForward(model, train_bars=400, refit_bars=100, cache=tmp_path)
    fresh = walk.predict(bars)
    first = [refit.importances for refit in walk.refits_]
    again = walk.predict(bars)
    assert [refit.cached for refit in walk.refits_] == [True, True]
    np.testing.assert_array_equal(first, [refit.importances for refit in walk.refits_])
    np.testing.assert_array_equal(fresh.votes, again.votes)
    assert [len(each) for each in first] == [2 if member == "lgb" else 0] * 2
