"""Nothing fitted sees an unseen row: noise stays noise, and garbage after the cut changes nothing.

Every option of the ensemble and every member that splits, scales, selects or makes up rows is a
pipeline here. Each learns from labels that no feature can tell; what it says of unseen rows must
be worth a coin's toss. The interval allows for labels that overlap.
"""

import importlib.util

import joblib
import numpy as np
import pytest
from lightgbm import LGBMClassifier

from bt_fusion.data.samples import random_walk
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.best_member import BestMember
from bt_fusion.ensemble.members.svm import RbfSVM
from bt_fusion.features import FeatureSet
from bt_fusion.labels import Direction

HORIZON = 5
TRAIN, UNSEEN, WARM_UP = 1_500, 1_500, 300
NORMAL_999 = 3.29  # two-sided 99.9 % of a normal variable
DEEP = all(importlib.util.find_spec(name) for name in ("torch", "skorch"))


def eager(seed: int = 0) -> LGBMClassifier:
    """Return a member that learns any row by heart, so that a leak would show."""
    return LGBMClassifier(
        n_estimators=60,
        min_child_samples=5,
        learning_rate=0.2,
        n_jobs=1,
        random_state=seed,
        verbose=-1,
    )


def pipelines() -> dict[str, Ensemble]:
    members = {"lgb": eager()}
    made = {
        "plain": Ensemble(members),
        "lr": Ensemble(["lr"]),
        "svm, exact": Ensemble({"svm": RbfSVM(exact_rows=TRAIN)}),
        "svm, Nystroem": Ensemble({"svm": RbfSVM(exact_rows=0, landmarks=100)}),
        "best by F1": Ensemble({"best": BestMember(("lr", "lgb"), folds=4)}),
        "outliers": Ensemble(members, outliers="iqr"),
        "class weight": Ensemble(members, class_weight="balanced"),
        "uniqueness": Ensemble(members, sample_weights="uniqueness"),
        "decay": Ensemble(members, sample_weights="decay"),
        "SMOTE": Ensemble(members, resample="smote"),
        "sigmoid": Ensemble(members, calibration="sigmoid"),
        "isotonic": Ensemble(members, calibration="isotonic"),
        "all": Ensemble(members, resample="smote", outliers="iqr", calibration="isotonic"),
    }
    if DEEP:
        from bt_fusion.ensemble.members.lstm import LSTMClassifier

        network = LSTMClassifier(8, 8, dropout=0.0, learning_rate=0.01, max_epochs=4)
        made["lstm"] = Ensemble({"lstm": network})
        made["lstm, SMOTE"] = Ensemble({"lstm": network}, resample="smote", calibration="sigmoid")
    return made


PIPELINES = pipelines()


def noise(kind: str, seed: int):
    """Return features of a random walk, labels, and when they are known."""
    bars = random_walk(WARM_UP + TRAIN + UNSEEN + 2 * HORIZON, seed)
    X = FeatureSet("generator").transform(bars)
    labels = Direction(HORIZON)(bars)
    y = labels.y
    if kind == "coins":  # rarer than even, so that resampling has work to do
        y = np.where(np.isfinite(y), np.random.default_rng(seed).random(len(y)) < 0.3, np.nan)
    train = np.arange(WARM_UP, WARM_UP + TRAIN)
    out_of_sample = np.arange(train[-1] + HORIZON + 1, train[-1] + HORIZON + 1 + UNSEEN - HORIZON)
    return X, y, labels.t1, train, out_of_sample


def fitted(name: str, X, y, t1, rows) -> Ensemble:
    ensemble = Ensemble(**PIPELINES[name].get_params(deep=False))
    return ensemble.fit(X, y[rows], rows=rows, t1=t1[rows], purge=HORIZON)


def auc_and_error(actual: np.ndarray, predicted: np.ndarray, overlap: int) -> tuple[float, float]:
    """Return the AUC and its standard error where neighbouring rows depend on each other.

    The error is Newey and West's of the AUC's influence values (DeLong's placements): which
    share of the other class a row is ranked rightly against.
    """
    up, down = np.sort(predicted[actual == 1]), np.sort(predicted[actual == 0])

    def below(ranked, values):
        both = np.searchsorted(ranked, values) + np.searchsorted(ranked, values, side="right")
        return both / 2 / len(ranked)

    placed = np.where(actual == 1, below(down, predicted), 1 - below(up, predicted))
    auc = placed[actual == 1].mean()
    influence = (placed - auc) / np.where(actual == 1, actual.mean(), 1 - actual.mean())
    variance = influence @ influence
    for lag in range(1, overlap + 1):
        variance += 2 * (1 - lag / (overlap + 1)) * (influence[lag:] @ influence[:-lag])
    return float(auc), float(np.sqrt(variance) / len(actual))


def is_noise(name: str, kind: str, seed: int, extra_rows=()) -> bool:
    X, y, t1, train, out_of_sample = noise(kind, seed)
    ensemble = fitted(name, X, y, t1, np.r_[train, extra_rows].astype(int))
    predicted = ensemble.member_proba(X, out_of_sample)[:, 0, 1]
    auc, error = auc_and_error(y[out_of_sample], predicted, 2 * HORIZON)
    assert error < 0.04  # 0 where a map has found nothing and says the same of every row
    return abs(auc - 0.5) <= NORMAL_999 * error


def test_the_error_is_that_of_independent_rows_where_they_are():
    rng = np.random.default_rng(0)
    actual, predicted = rng.integers(0, 2, 4_000), rng.random(4_000)
    n1, n0 = actual.sum(), (1 - actual).sum()
    auc, error = auc_and_error(actual, predicted, overlap=0)
    assert auc == pytest.approx(0.5, abs=0.03)
    assert error == pytest.approx(np.sqrt((n1 + n0 + 1) / (12 * n1 * n0)), rel=0.05)


@pytest.mark.slow_after(8)
@pytest.mark.parametrize("kind", ["coins", "walk"])
@pytest.mark.parametrize("name", PIPELINES)
def test_noise_stays_noise(name, kind):
    assert is_noise(name, kind, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 7))
@pytest.mark.parametrize("name", PIPELINES)
def test_noise_stays_noise_on_more_walks(name, seed):
    assert is_noise(name, "coins", seed) and is_noise(name, "walk", seed)


@pytest.mark.parametrize("kind", ["coins", "walk"])
@pytest.mark.parametrize("name", ["plain", "SMOTE", "isotonic", "all"])
def test_a_fifth_of_the_unseen_rows_among_the_training_rows_is_found(name, kind):
    out_of_sample = noise(kind, 1)[-1]
    assert not is_noise(name, kind, seed=1, extra_rows=out_of_sample[:300])


@pytest.mark.slow_after(6)
@pytest.mark.parametrize("garbage", [np.nan, 1e30])
@pytest.mark.parametrize("name", PIPELINES)
def test_garbage_after_the_training_rows_changes_nothing_fitted(name, garbage):
    X, y, t1, train, out_of_sample = noise("coins", 1)
    train = train[-500:]
    spoilt, other = X.copy(), y.copy()
    spoilt[train[-1] + 1 :], other[train[-1] + 1 :] = garbage, 1
    clean, after = (fitted(name, *data, t1, train) for data in ((X, y), (spoilt, other)))
    assert digest_of(clean) == digest_of(after)
    assert (
        clean.member_proba(X, out_of_sample).tobytes()
        == after.member_proba(X, out_of_sample).tobytes()
    )


def test_garbage_in_a_training_row_does_change_it():
    X, y, t1, train, _ = noise("coins", 1)
    spoilt = X.copy()
    spoilt[train[-1]] = 1e30
    assert digest_of(fitted("all", X, y, t1, train)) != digest_of(fitted("lr", X, y, t1, train))
    assert digest_of(fitted("lr", X, y, t1, train)) != digest_of(fitted("lr", spoilt, y, t1, train))


def digest_of(ensemble: Ensemble) -> str:
    """Hash everything the fit has left behind."""
    return joblib.hash([plain(ensemble.members_), plain(ensemble.calibrators_)])


def plain(value):
    """Turn fitted objects into what can be compared byte by byte."""
    if isinstance(value, dict):
        return {str(key): plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [plain(held) for held in value]
    if isinstance(value, LGBMClassifier):
        return value.booster_.model_to_string()
    if hasattr(value, "state_dict"):
        return {key: tensor.numpy().copy() for key, tensor in value.state_dict().items()}
    if type(value).__module__.startswith(("bt_fusion", "sklearn")) and hasattr(value, "__dict__"):
        return plain(vars(value))
    return value
