import numpy as np
import pytest
from sklearn.metrics import f1_score
from sklearn.model_selection import TimeSeriesSplit

from bt_fusion.ensemble.members.best_member import BestMember
from bt_fusion.ensemble.members.registry import make_member
from bt_fusion.errors import TrainingError


def rows(kind, count=1_200, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(count, 8)).astype(np.float32)
    score = X.sum(axis=1) / 3 if kind == "line" else 2 * (X[:, 0] * X[:, 1] > 0) - 1.0
    return X, (score + rng.normal(0, 0.5, count) > 0).astype(int)


@pytest.mark.parametrize(("kind", "winner"), [("line", "lr"), ("cross", "lgb")])
def test_the_better_one_wins(kind, winner):
    X, y = rows(kind)
    best = BestMember(("lr", "lgb"), folds=4).fit(X, y, purge=5)
    assert best.name_ == winner
    out_of_sample, actual = rows(kind, seed=1)
    assert (best.predict(out_of_sample) == actual).mean() > 0.65


def test_scores_are_those_of_a_split_with_a_gap():
    X, y = rows("line", 400)
    best = BestMember(("lr",), folds=3).fit(X, y, purge=9)
    expected = []
    for before, fold in TimeSeriesSplit(3, gap=9).split(X):
        fitted = make_member("lr").fit(X[before].astype(float), y[before])
        expected.append(f1_score(y[fold], fitted.predict(X[fold].astype(float))))
    assert len(before) == 400 - 100 - 9
    assert best.scores_["lr"] == pytest.approx(expected)


def test_too_few_rows_are_refused():
    with pytest.raises(TrainingError, match="too few for 10 folds with 20 rows left out"):
        BestMember().fit(*rows("line", 150), purge=20)
