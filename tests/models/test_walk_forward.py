"""Walk-forward: which rows train, when it refits, the cache, and what cannot be fitted."""

import multiprocessing
import os
import signal
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge, random_walk
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.errors import BarsError, BtFusionWarning, OptionError, TrainingError
from bt_fusion.labels import Direction, Labels, TripleBarrier
from bt_fusion.models.signal_model import SignalModel, training_rows
from bt_fusion.models.walk_forward import WalkForward, refit_schedule

QUICK = SignalModel(["return_1", "wick_balance"], Direction(5), Ensemble(("lgb",)))


def test_training_rows_by_hand():
    # horizon 3; row 0 warms up, row 2 touches early, row 4 has no label
    complete = np.array([False, True, True, True, True, True, True, True, True, True, True, True])
    y = np.zeros(12)
    y[4] = np.nan
    t1 = np.arange(12) + 3
    t1[2] = 3
    labels = Labels(y, t1)
    rows = training_rows(complete, labels, horizon=3, start=0, refit=9)
    assert rows.tolist() == [1, 2, 3, 5]  # 9 - 3 - 1 = 5 is the last
    assert training_rows(complete, labels, 3, start=2, refit=9).tolist() == [2, 3, 5]
    assert training_rows(complete, labels, 3, 0, 9, embargo=2).tolist() == [1, 2, 3]
    assert training_rows(complete, labels, 3, 0, refit=4).tolist() == []


def test_a_label_known_later_than_its_horizon_is_cut_by_t1():
    labels = Labels(np.zeros(10), np.arange(10) + 4)
    rows = training_rows(np.ones(10, bool), labels, horizon=2, start=0, refit=9)
    assert rows.tolist() == [0, 1, 2, 3, 4]  # row 5 is known at bar 9, the refit's own
    rows = training_rows(np.ones(10, bool), labels, horizon=2, start=0, refit=9, embargo=2)
    assert rows.tolist() == [0, 1, 2]


def test_an_early_touch_near_the_cut_is_left_out_like_the_time_outs_around_it():
    t1 = np.arange(10) + 4
    t1[7] = 8  # touched at once; cutting by t1 alone would keep it and drop rows 4..6, 8
    rows = training_rows(np.ones(10, bool), Labels(np.zeros(10), t1), 4, 0, refit=9)
    assert rows.tolist() == [0, 1, 2, 3, 4]


@given(
    bars=st.integers(2, 200), train=st.integers(1, 60), refit=st.integers(1, 60), grow=st.booleans()
)
def test_a_schedule_covers_every_bar_once_and_trains_before_it(bars, train, refit, grow):
    schedule = list(refit_schedule(bars, train, refit, expanding=grow))
    covered = [bar for r in schedule for bar in range(r.bar, r.stop)]
    assert covered == list(range(train, bars))
    assert all(r.start == (0 if grow else r.bar - train) for r in schedule)


def test_defaults_follow_the_number_of_bars():
    assert WalkForward().sizes(10_000) == (4_000, 500)
    assert WalkForward().sizes(100_000) == (20_000, 2_500)
    with pytest.raises(OptionError, match="give train_bars"):
        WalkForward().sizes(None)


def test_every_prediction_is_unseen(edge):
    walk = WalkForward(QUICK, 500, 250, cache=None)
    predictions = walk.predict(edge)
    assert not predictions.known[:500].any()
    assert predictions.known[500:].all()
    assert (predictions.trained_until[500:] < edge.index.values[500:]).all()
    assert [refit.bar for refit in walk.refits_] == [500, 750, 1000, 1250]
    # horizon 5: the last row is bar - 6, known at bar - 1
    until = edge.index.get_indexer([refit.trained_until for refit in walk.refits_])
    assert until.tolist() == [499, 749, 999, 1249]
    assert predictions.model[[500, 749, 750]].tolist() == [0, 0, 1]


def test_the_payoff_of_a_refit_is_that_of_the_bars_before_it(edge):
    walk = WalkForward(QUICK, 500, 500, cache=None)
    walk.predict(edge)
    before = [refit.payoff for refit in walk.refits_]
    other = edge.copy()
    wilder = np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.05, 1_000)))
    other.iloc[500:, :4] *= wilder[:, None]
    walk.predict(other)
    after = [refit.payoff for refit in walk.refits_]
    assert after[0] == before[0] and after[0].win > 0
    assert after[1] != before[1]


def test_it_predicts_as_a_model_fitted_by_hand(edge):
    predictions = WalkForward(QUICK, 500, 250, cache=None).predict(edge)
    by_hand = SignalModel(**QUICK.get_params(deep=False))
    by_hand.fit_arrays(BarArrays.of(edge[:750]), start=250)
    np.testing.assert_array_equal(
        by_hand.predict(edge).votes[750:1000], predictions.votes[750:1000]
    )


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    "members", [("rf", "xgb", "lgb"), ("lgb", "lr")], ids=["threads", "processes"]
)
def test_jobs_change_nothing(members, edge):
    model = SignalModel(["return_1", "wick_balance"], Direction(5), Ensemble(members))
    one = WalkForward(model, 500, 250, cache=None).predict(edge)
    two = WalkForward(model, 500, 250, cache=None, jobs=2).predict(edge)
    np.testing.assert_array_equal(one.votes, two.votes)


def test_the_same_seed_gives_the_same_numbers_and_another_others(edge):
    def votes(seed):
        model = SignalModel("fusion", Direction(5), Ensemble(seed=seed))
        return WalkForward(model, 600, 450, cache=None).predict(edge).votes[600:]

    np.testing.assert_array_equal(votes(1), votes(1))
    assert not np.array_equal(votes(1), votes(2))


def test_an_embargo_ends_training_earlier(edge):
    walk = WalkForward(QUICK, 500, 500, embargo_bars=7, cache=None)
    walk.predict(edge)
    assert edge.index.get_loc(walk.refits_[0].trained_until) == 499 - 7


def test_the_cache_gives_the_same_predictions_and_says_so(edge, tmp_path):
    walk = WalkForward(QUICK, 500, 250, cache=tmp_path)
    first = walk.predict(edge)
    assert [refit.cached for refit in walk.refits_] == [False] * 4
    again = walk.predict(edge)
    assert [refit.cached for refit in walk.refits_] == [True] * 4
    np.testing.assert_array_equal(first.votes, again.votes)
    np.testing.assert_array_equal(first.trained_until, again.trained_until)


@pytest.mark.parametrize(
    "change",
    [
        {"model": SignalModel(["return_1", "gap"], Direction(5), Ensemble(("lgb",)))},
        {"model": SignalModel(["return_1", "wick_balance"], Direction(4), Ensemble(("lgb",)))},
        {"model": SignalModel(QUICK.features, Direction(5), Ensemble(("lgb",), seed=1))},
        {"model": SignalModel(QUICK.features, Direction(5), Ensemble(("xgb",)))},
        {"embargo_bars": 1},
    ],
)
def test_whatever_changes_the_numbers_misses_the_cache(change, edge, tmp_path):
    options = {"model": QUICK, "train_bars": 500, "refit_bars": 500, "cache": tmp_path}
    WalkForward(**options).predict(edge)
    walk = WalkForward(**{**options, **change})
    walk.predict(edge)
    assert not any(refit.cached for refit in walk.refits_)


def test_changed_bars_miss_the_cache_where_they_matter(edge, tmp_path):
    walk = WalkForward(QUICK, 500, 250, cache=tmp_path)
    walk.predict(edge)
    other = edge.copy()
    other.iloc[1300:, :4] *= 1.01  # a gap inside the last block only
    walk.predict(other)
    assert [refit.cached for refit in walk.refits_] == [True, True, True, False]


def test_other_labels_of_the_same_rows_miss_the_cache(edge, tmp_path):
    walk = WalkForward(QUICK, 500, 500, cache=tmp_path)
    walk.predict(edge)
    walk.predict(edge, relabel=lambda refit, y: 1 - y)
    assert not any(refit.cached for refit in walk.refits_)


def test_other_features_of_the_training_rows_miss_the_cache(edge, tmp_path):
    walk = WalkForward(QUICK, 500, 500, cache=tmp_path)
    walk.predict(edge)
    other = edge.copy()
    other.iloc[100, other.columns.get_loc("high")] *= 1.01  # labels and blocks are of other rows
    walk.predict(other)
    assert [refit.cached for refit in walk.refits_] == [False, True]


def test_a_library_of_another_version_misses_the_cache(edge, tmp_path, monkeypatch):
    walk = WalkForward(QUICK, 500, 500, cache=tmp_path)
    walk.predict(edge)
    monkeypatch.setattr("bt_fusion.fingerprint.metadata.version", lambda name: "99")
    walk.predict(edge)
    assert not any(refit.cached for refit in walk.refits_)


def test_a_broken_cache_file_counts_as_absent(edge, tmp_path):
    walk = WalkForward(QUICK, 500, 500, cache=tmp_path)
    first = walk.predict(edge)
    for path in tmp_path.glob("*/*.npy"):
        path.write_bytes(path.read_bytes()[:50])
    again = walk.predict(edge)
    assert not any(refit.cached for refit in walk.refits_)
    np.testing.assert_array_equal(first.votes, again.votes)


def _long_walk(folder):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell runs us behind
    bars = planted_edge(6_000, seed=1)
    model = SignalModel("default", Direction(5), Ensemble())
    WalkForward(model, 2_000, 200, cache=folder).predict(bars)


@pytest.mark.slow
def test_an_interrupted_walk_keeps_its_finished_refits(tmp_path):
    process = multiprocessing.get_context("spawn").Process(target=_long_walk, args=(tmp_path,))
    process.start()
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("*/*.npy"))) < 2:
        assert time.monotonic() < deadline and process.is_alive()
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGINT)
    process.join(30)
    kept = len(list(tmp_path.glob("*/*.npy")))
    assert process.exitcode not in (0, None)
    assert 2 <= kept < 20
    assert list(tmp_path.glob("*/*.tmp")) == []
    walk = WalkForward(SignalModel("default", Direction(5), Ensemble()), 2_000, 200, cache=tmp_path)
    hits = []
    walk.predict(
        planted_edge(6_000, seed=1)[:2_600], lambda done, total: hits.append((done, total))
    )
    # the same bars but fewer of them: whole blocks are found again
    assert hits[0][0] >= 2


def test_progress_counts_up_to_the_number_of_refits(edge, tmp_path):
    seen = []
    walk = WalkForward(QUICK, 500, 250, cache=tmp_path)
    walk.predict(edge, lambda done, total: seen.append((done, total)))
    assert seen == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    seen.clear()
    walk.predict(edge, lambda done, total: seen.append((done, total)))
    assert seen == [(4, 4)]


def test_a_window_of_one_class_has_no_model_and_says_so():
    bars = random_walk(900, seed=1)
    bars.iloc[:450, :4] = 42_000.0  # flat: never up
    with pytest.warns(BtFusionWarning, match=r"no model for bars 400\.\.599: .* single class 0"):
        predictions = WalkForward(QUICK, 400, 200, cache=None).predict(bars)
    assert not predictions.known[:600].any()
    assert predictions.known[600:].all()


def test_a_class_missing_in_a_window_gets_probability_zero():
    # every bar rises, a few touch no barrier within the horizon: class -1 is never seen
    close = 1_000 * np.exp(np.cumsum(np.abs(np.random.default_rng(0).normal(0, 0.01, 600))))
    bars = pd.DataFrame(
        {
            "open": close,
            "high": close * 1.001,
            "low": close * 0.9999,
            "close": close,
            "volume": 1.0,
        },
        index=pd.date_range("2024-01-01", periods=600, freq="h"),
    )
    model = SignalModel(["return_1", "return_2"], TripleBarrier(3, 3, horizon=4), Ensemble(("rf",)))
    predictions = WalkForward(model, 400, 100, cache=None).predict(bars)
    assert predictions.proba.shape == (600, 3)
    assert (predictions.probability_down[400:] == 0).all()
    np.testing.assert_allclose(predictions.proba[400:].sum(axis=1), 1)


def test_a_constant_feature_is_harmless(edge):
    model = SignalModel(["return_1", "hour_sin", "weekday_cos"], Direction(5))
    daily = edge.set_axis(pd.date_range("2000-01-03", periods=len(edge), freq="7D"))
    assert WalkForward(model, 500, 500, cache=None).predict(daily).known[500:].all()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"train_bars": 5}, BarsError, "leaves no training row"),
        ({"train_bars": 1_500}, BarsError, "end before the first refit"),
        ({"train_bars": 500, "refit_bars": 0}, OptionError, "must be 1 or more"),
        ({"train_bars": 500, "window": "roling"}, OptionError, "did you mean 'rolling'"),
        ({"train_bars": 500, "embargo_bars": -1}, OptionError, "must be 0 or more"),
        ({"train_bars": 500, "jobs": 0}, OptionError, "jobs 0 must be 1 or more, or -1"),
    ],
)
def test_sizes_that_cannot_work_are_refused(options, error, message, edge):
    with pytest.raises(error, match=message):
        WalkForward(QUICK, cache=None, **options).predict(edge)


def test_a_model_with_no_rows_to_learn_from_says_why(edge):
    with pytest.raises(TrainingError, match="no training rows among 40 bars"):
        SignalModel("default").fit(edge[:40])


def test_in_sample_bars_get_no_prediction_unless_asked_for(edge):
    model = SignalModel(**QUICK.get_params(deep=False)).fit(edge[:1_000])
    assert model.trained_until_ == edge.index.values[999]
    assert model.predict(edge).known.sum() == 500
    assert model.predict(edge, allow_in_sample=True).known.sum() == 1_499


def test_the_edge_is_found_and_a_random_walk_is_not():
    """Honest code passes 999 times in 1,000: bounds are 3.3 standard errors of seeded runs."""
    from bt_fusion.evaluation import classification_figures

    def auc(bars):
        walk = WalkForward(SignalModel(ensemble=Ensemble(("lgb",))), 2_000, 1_000, cache=None)
        return classification_figures(walk.predict(bars), Direction(5)(bars))["auc"]

    edges = [auc(planted_edge(5_000, seed=seed, auc=0.7)) for seed in range(3)]
    assert 0.65 < np.mean(edges) < 0.72
    walks = [auc(random_walk(5_000, seed=seed)) for seed in range(5)]
    # 3,000 rows whose five-bar labels overlap: about 0.02 a walk
    assert abs(np.mean(walks) - 0.5) < 3.3 * 0.02 / np.sqrt(len(walks))


def test_one_refit_fitted_again_votes_as_in_the_run(edge):
    walk = WalkForward(SignalModel(["wick_balance", "gap"], ensemble=Ensemble(["lgb"])), 600, 300)
    predictions = walk.predict(edge)
    arrays = BarArrays.of(edge)
    task = walk.task_of(arrays, 950)  # of the refits at 600, 900 and 1,200 the second
    assert (task.refit.bar, task.refit.stop) == (900, 1_200)
    _, votes = task.fit()
    np.testing.assert_array_equal(votes, predictions.votes[task.block])
    assert walk.task_of(arrays, 599) is None


def test_the_labels_of_the_last_bars_are_kept_as_they_are():
    bars = planted_edge(900, seed=1)
    walk = WalkForward(SignalModel(["return_1"], ensemble=Ensemble(["lr"])), 300, 300, cache=None)
    walk.predict(bars, relabel=lambda refit, y: 1 - y)
    expected = walk.signal_model().label()(bars)
    np.testing.assert_array_equal(walk.labels_.y, expected.y)
    np.testing.assert_array_equal(walk.labels_.t1, expected.t1)


def test_a_refit_learns_from_the_labels_it_is_given():
    bars = planted_edge(900, seed=1, auc=0.8)
    walk = WalkForward(
        SignalModel(["wick_balance"], ensemble=Ensemble(["lr"])), 300, 300, cache=None
    )
    fits = []

    def opposite(refit, y):
        fits.append((refit.bar, refit.rows, len(y)))
        return 1 - y

    real, turned = walk.predict(bars), walk.predict(bars, relabel=opposite)
    known = real.known
    np.testing.assert_allclose(
        turned.probability_up[known], 1 - real.probability_up[known], atol=1e-6
    )
    assert [bar for bar, _, _ in fits] == [300, 600]
    assert all(rows == count for _, rows, count in fits)
