"""Members vote by class, whatever classes their rows held."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bt_fusion import Ensemble, OptionError, TrainingError
from bt_fusion.ensemble.members.registry import make_member
from bt_fusion.ensemble.sample_weights import average_uniqueness
from bt_fusion.ensemble.training import member_proba

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 3)).astype(np.float32)
Y = (X[:, 0] + 0.3 * RNG.normal(size=600) > 0).astype(float)
SEEDS = {"extra": {"random_state": 1}, "piped": {"randomforestclassifier__random_state": 1}}
OWN = {"bayes": GaussianNB(), "line": LogisticRegression()}


def test_votes_are_the_members_probabilities():
    ensemble = Ensemble(OWN).fit(X, Y)
    votes = ensemble.member_proba(X[:9])
    assert votes.shape == (9, 2, 2)
    for number, member in enumerate(OWN.values()):
        alone = clone(member).fit(X, Y.astype(int)).predict_proba(X[:9])
        np.testing.assert_allclose(votes[:, number], alone, rtol=1e-6)
    assert OWN["bayes"].__dict__.get("classes_") is None  # the user's own stays unfitted


@pytest.mark.parametrize(("weights", "share"), [(None, 0.5), ([3, 1], 0.75), ([0, 2], 0.0)])
def test_soft_votes_are_weighted_means(weights, share):
    ensemble = Ensemble(OWN, weights=weights).fit(X, Y)
    bayes, line = ensemble.member_proba(X[:20]).transpose(1, 0, 2)
    expected = share * bayes + (1 - share) * line
    np.testing.assert_allclose(ensemble.predict_proba(X[:20]), expected, atol=1e-11)
    assert (ensemble.predict(X[:20]) == expected.argmax(axis=1)).all()


def test_majority_probability_is_the_plain_mean():
    ensemble = Ensemble(OWN, voting="majority", weights=[3, 1]).fit(X, Y)
    expected = ensemble.member_proba(X[:20]).mean(axis=1)
    np.testing.assert_allclose(ensemble.predict_proba(X[:20]), expected, atol=1e-11)


@pytest.mark.parametrize("present", [(-1, 1), (0, 1), (-1, 0)])
def test_a_class_the_rows_lack_has_probability_zero(present):
    y = np.where(Y > 0, present[1], present[0])
    ensemble = Ensemble(["xgb", "lgb", "rf"]).fit(X, y, classes=(-1, 0, 1))
    votes = ensemble.member_proba(X[:30])
    assert votes.shape == (30, 3, 3)
    missing = ({-1, 0, 1} - set(present)).pop()
    assert (votes[:, :, missing + 1] == 0).all()
    np.testing.assert_allclose(votes.sum(axis=2), 1, atol=1e-6)
    column = present[1] + 1  # the class of positive X
    assert np.corrcoef(votes[:, 0, column], X[:30, 0])[0, 1] > 0.5


def test_a_single_class_cannot_be_learnt():
    with pytest.raises(TrainingError, match=r"600 training rows hold the single class 1.*longer"):
        Ensemble().fit(X, np.ones(600))
    with pytest.raises(TrainingError, match="0 training rows hold the single class none"):
        Ensemble().fit(X[:0], Y[:0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"voting": "hard"}, "unknown voting 'hard'.*majority, soft"),
        ({"members": ["rf", "knn"]}, "unknown member 'knn'"),
        ({"members": "rf"}, r"members 'rf': give a sequence, such as \['rf'\]"),
        ({"members": ["rf", "rf"]}, "give at least one, none twice"),
        ({"members": []}, "give at least one"),
        ({"weights": [1, 2]}, "give 3 numbers >= 0"),
        ({"weights": [1, -1, 1]}, "give 3 numbers >= 0"),
        ({"weights": [0, 0, 0]}, "give 3 numbers >= 0"),
        ({"weights": [1, float("nan"), 1]}, "give 3 numbers >= 0"),
        ({"vote_threshold": 0}, "vote_threshold 0 must be a share"),
        ({"vote_threshold": 63.3}, "vote_threshold 63.3 must be a share"),
    ],
)
def test_options_are_checked_before_any_fit(options, message):
    with pytest.raises(OptionError, match=message):
        Ensemble(**options).fit(X, Y)


@pytest.mark.parametrize("name", ["rf", "xgb", "lgb"])
def test_a_seed_makes_the_same_member_again(name):
    first, again = (make_member(name, seed=3).fit(X, Y).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, make_member(name, seed=4).fit(X, Y).predict_proba(X))


def test_a_classifier_without_a_seed_gets_that_of_the_ensemble():
    piped = make_pipeline(StandardScaler(), RandomForestClassifier(5))
    own = {"extra": ExtraTreesClassifier(5), "piped": piped}
    first, again, other = (
        Ensemble(own, seed=seed).fit(X, Y).predict_proba(X) for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    fixed = {name: clone(each).set_params(**SEEDS[name]) for name, each in own.items()}
    first, other = (Ensemble(fixed, seed=seed).fit(X, Y).predict_proba(X) for seed in (3, 4))
    np.testing.assert_array_equal(first, other)
    assert own["extra"].random_state is None  # the user's own stays as it is


def test_a_forest_asked_for_one_row_says_the_same():
    forest = make_member("rf").fit(X, Y)
    np.testing.assert_array_equal(member_proba(forest, X[:1]), forest.predict_proba(X[:1]))


def test_parts_of_many_rows_are_put_together(monkeypatch):
    ensemble = Ensemble(["lgb"]).fit(X, Y)
    whole = ensemble.member_proba(X)
    monkeypatch.setattr("bt_fusion.ensemble.ensemble.CHUNK_ROWS", 7)
    np.testing.assert_array_equal(ensemble.member_proba(X), whole)


def test_clone_and_optstrategy():
    ensemble = Ensemble(["rf"], voting="majority", seed=5)
    assert clone(ensemble).get_params() == ensemble.get_params()
    with pytest.raises(TypeError):
        iter(ensemble)


def training_set(count=500, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(count, 3)).astype(np.float32)
    return X, (X[:, 0] + rng.normal(size=count) > 0.5).astype(int)


def test_positions_among_bars_are_the_rows_themselves():
    X, y = training_set()
    X[:50], X[77] = np.nan, np.nan  # warm-up, and a hole
    rows = np.flatnonzero(np.isfinite(X[:, 0]))[:400]
    cut_out = Ensemble(["lgb", "lr"]).fit(X[rows], y[rows])
    among = Ensemble(["lgb", "lr"]).fit(X, y[rows], rows=rows, purge=5)
    expected = cut_out.member_proba(X[460:])
    assert among.member_proba(X, np.arange(460, 500)).tobytes() == expected.tobytes()


def test_options_weigh_the_rows_like_weights_given():
    X, y = training_set()
    t1 = np.arange(500) + np.random.default_rng(1).integers(1, 9, 500)
    weight = average_uniqueness(np.arange(500), t1)
    given = Ensemble(["lgb"]).fit(X, y, sample_weight=weight / weight.mean())
    option = Ensemble(["lgb"], sample_weights="uniqueness").fit(X, y, t1=t1)
    plain = Ensemble(["lgb"]).fit(X, y)
    assert option.member_proba(X).tobytes() == given.member_proba(X).tobytes()
    assert option.member_proba(X).tobytes() != plain.member_proba(X).tobytes()


def test_balanced_classes_and_smote_raise_the_rarer_class():
    X, y = training_set(1_000)
    plain, balanced, smote = (
        Ensemble(["lr"], **options).fit(X, y).predict_proba(X)[:, 1].mean()
        for options in ({}, {"class_weight": "balanced"}, {"resample": "smote"})
    )
    assert plain == pytest.approx(y.mean(), abs=0.01)
    assert balanced == pytest.approx(0.5, abs=0.03) and smote == pytest.approx(0.5, abs=0.03)


def test_without_calibration_there_are_no_maps():
    X, y = training_set()
    assert Ensemble(["lr"]).fit(X, y).calibrators_ == {}
    assert set(Ensemble(["lr", "lgb"], calibration="sigmoid").fit(X, y).calibrators_) == {
        "lr",
        "lgb",
    }


def test_a_class_these_rows_lack_has_probability_zero_with_a_map_too():
    X, y = training_set()
    fitted = Ensemble(["lr"], calibration="isotonic").fit(X, y, classes=(-1, 0, 1))
    votes = fitted.member_proba(X)[:, 0]
    assert (votes[:, 0] == 0).all() and votes.sum(axis=1) == pytest.approx(1)


def test_rows_too_few_for_the_purge_are_reported():
    X, y = training_set(30)
    with pytest.raises(TrainingError, match="30 training rows cannot be split in time with 25"):
        Ensemble(["lr"], calibration="sigmoid").fit(X, y, purge=25)
