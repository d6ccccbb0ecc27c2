from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone

from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.registry import make_member
from bt_fusion.ensemble.training import time_split
from bt_fusion.labels import Direction
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.streaming.walk_forward_stream import open_stream
from bt_fusion.models.walk_forward import WalkForward

torch = pytest.importorskip("torch", reason="needs the extra deep")
from bt_fusion.ensemble.members.lstm import LSTMClassifier  # noqa: E402
from bt_fusion.ensemble.members.lstm_network import Network, Windows  # noqa: E402

SMALL = {"window": 8, "hidden": 4, "max_epochs": 2, "dropout": 0.0}
FEATURES = ["return_1", "wick_balance", "rsi_14"]


def echo(bars=1_200, delay=3, seed=0):
    """Return features and a class that only the feature `delay` bars before tells."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(bars, 2)).astype(np.float32)
    return X, (np.roll(X[:, 0], delay) > 0).astype(int)


def test_windows_end_at_their_rows_and_reach_back():
    bars = np.arange(7, dtype=np.float32)[:, None]  # two blank bars, then bars 0..4
    inputs, codes = Windows(bars, 3, np.array([0, 4]), np.array([1, 0])).__getitems__([0, 1])
    assert inputs["windows"][:, :, 0].tolist() == [[0, 1, 2], [4, 5, 6]]
    assert inputs["weight"].tolist() == [1, 1] and codes.tolist() == [1, 0]


def test_it_learns_from_bars_before_the_row():
    X, y = echo(3_000)
    model = LSTMClassifier(8, 8, dropout=0.0, learning_rate=0.02, max_epochs=15, patience=15)
    model.fit(X, y, purge=5)
    out_of_sample, actual = echo(seed=1)
    assert (model.predict(out_of_sample) == actual)[10:].mean() > 0.85


def test_the_first_unseen_rows_look_back_over_the_border():
    X, y = echo(300)
    model = LSTMClassifier(**SMALL).fit(X[:250], y[:250])
    whole = model.predict_proba(X)
    assert model.predict_proba(X, np.array([250]))[0] == pytest.approx(whole[250], abs=1e-6)
    assert model.predict_proba(X[243:], np.array([7]))[0] == pytest.approx(whole[250], abs=1e-6)
    cut_off = model.predict_proba(X[250:])
    assert abs(cut_off[0] - whole[250]).max() > 1e-4


def test_the_same_rows_give_the_same_numbers_and_leave_torch_as_it_was():
    X, y = echo(300)
    torch.manual_seed(1)
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    fits = [LSTMClassifier(**SMALL, seed=seed).fit(X, y).predict_proba(X) for seed in (0, 0, 1)]
    assert fits[0].tobytes() == fits[1].tobytes() != fits[2].tobytes()
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_scaling_is_learnt_before_the_rows_held_out():
    X, y = echo(300)
    rows = np.arange(20, 300)
    model = LSTMClassifier(**SMALL).fit(X, y[rows], rows=rows, purge=4)
    early = X[20 : 20 + round(280 * 0.8) - 4]
    assert model.scaler_.mean_ == pytest.approx(early.mean(axis=0), abs=1e-6)


def test_training_stops_early_and_keeps_the_best_state():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 2)), rng.integers(0, 2, 300)
    model = LSTMClassifier(8, 16, 0.0, 0.05, max_epochs=40, patience=2).fit(X, y)
    assert len(model.losses_) < 40
    proba = model.predict_proba(X)[240:]
    loss = -np.log(proba[np.arange(60), y[240:]]).mean()
    assert loss == pytest.approx(min(model.losses_), abs=1e-5)


def test_the_network_can_be_made_again_from_its_state():
    X, y = echo(300)
    model = LSTMClassifier(**SMALL).fit(X, y)
    again = Network(*model.sizes_).eval()
    again.load_state_dict(model.module_.state_dict())
    expected, model.module_ = model.predict_proba(X), again
    assert model.predict_proba(X).tobytes() == expected.tobytes()


def test_weights_move_the_probabilities():
    X, y = echo(300)
    plain, weighted = (
        LSTMClassifier(8, 4, 0.0, 0.01, max_epochs=8).fit(X, y, weight).predict_proba(X)[:, 1]
        for weight in (None, np.where(y == 1, 5.0, 1.0))
    )
    assert weighted.mean() > plain.mean() + 0.1


def test_features_not_known_and_wild_ones_give_finite_probabilities():
    X, y = echo(300)
    model = LSTMClassifier(**SMALL).fit(X, y)
    X[100], X[101], X[102] = np.nan, np.inf, -1e30
    assert np.isfinite(model.predict_proba(X)).all()


def ensemble():
    return Ensemble({"lgb": make_member("lgb"), "lstm": LSTMClassifier(**SMALL)})


def streamed(model, arrays, stream=None):
    stream = stream or open_stream(model)
    rows = [
        stream.push(arrays.time[t], tuple(getattr(arrays, n)[t] for n in NAMES)).votes
        for t in range(len(arrays))
    ]
    return np.concatenate(rows)


NAMES = ("open", "high", "low", "close", "volume")


@pytest.fixture(scope="module")
def bars():
    return planted_edge(1_100, seed=3, auc=0.75)


def test_a_fitted_model_streams_what_it_predicts_in_one_batch(bars):
    model = SignalModel(FEATURES, Direction(5), ensemble()).fit(bars[:600])
    arrays = BarArrays.of(bars)
    batch = model.predict_arrays(arrays).votes
    assert streamed(model, arrays) == pytest.approx(batch, abs=1e-6, nan_ok=True)
    assert np.isfinite(batch).all(axis=(1, 2)).sum() == 500


@pytest.mark.slow
def test_a_walk_forward_streams_what_it_predicts_in_one_batch(bars):
    walk = WalkForward(SignalModel(FEATURES, Direction(5), ensemble()), 400, 300, cache=None)
    arrays = BarArrays.of(bars)
    batch = walk.predict_arrays(arrays).votes
    assert streamed(walk, arrays) == pytest.approx(batch, abs=1e-6, nan_ok=True)
    assert np.isfinite(batch).all(axis=(1, 2)).sum() == 700


def test_later_bars_change_no_earlier_vote(bars):
    walk = WalkForward(SignalModel(FEATURES, Direction(5), ensemble()), 400, 300, cache=None)
    later = bars.copy()
    later.iloc[851:] = later.iloc[851:] * 1.5
    votes, others = walk.predict(bars).votes, walk.predict(later).votes
    assert votes[:851].tobytes() == others[:851].tobytes()
    assert votes[851:].tobytes() != others[851:].tobytes()


@pytest.mark.slow  # each process imports torch
def test_two_processes_fit_what_one_does(bars):
    model = SignalModel(FEATURES, Direction(5), ensemble())
    one, two = (
        WalkForward(model, 400, 350, jobs=jobs, cache=None).predict(bars).votes for jobs in (1, 2)
    )
    assert one.tobytes() == two.tobytes()


def test_the_cache_key_knows_the_context_before_the_block(bars):
    walk = WalkForward(SignalModel(FEATURES, Direction(5), ensemble()), 400, 400, cache=None)
    X = np.random.default_rng(0).normal(size=(900, 3)).astype(np.float32)

    def digests(X):
        arrays = BarArrays.of(bars[:900])
        walk.model.feature_set().transform(arrays)
        task = walk._tasks(arrays, list(walk.schedule(900)))[1]
        made = replace(task, inputs=replace(task.inputs, X=X)).with_digests().refit
        return made.trained_on, made.key

    reference = digests(X)
    first, block = 400, 800
    for row, changes in ((block - 7, True), (first - 7, True), (first - 8, False)):
        other = X.copy()
        other[row] += 1
        assert (digests(other)[1] != reference[1]) is changes
    other = X.copy()
    other[block - 1] += 1  # context alone: after the last training row
    assert digests(other)[0] == reference[0] and digests(other)[1] != reference[1]


def test_rows_held_out_choose_the_epoch_and_teach_nothing():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 3)).astype(np.float32), rng.integers(0, 2, 300)
    network = LSTMClassifier(8, 4, max_epochs=1)
    early, late = time_split(300, purge=5)
    other, flipped = X.copy(), y.copy()
    other[early.stop :] += 50
    flipped[early.stop :] = 1 - y[early.stop :]
    first = clone(network).fit(X, y, purge=5)
    for features, classes in ((X, flipped), (other, y)):
        fitted = clone(network).fit(features, classes, purge=5)
        for name, learnt in first.module_.state_dict().items():
            assert torch.equal(learnt, fitted.module_.state_dict()[name]), name
        assert fitted.losses_ != first.losses_
    assert late.start - early.stop == 5
