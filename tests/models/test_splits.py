"""No row to learn from shares a bar with a row to judge by."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bt_fusion import Ensemble, OptionError, SignalModel, TrainingError
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge
from bt_fusion.labels import Labels
from bt_fusion.models.splits import LabelledRows, fold_proba, purged_folds, time_series_folds


def labelled(rows, t1, horizon, count=None):
    """Rows of bare labels: splits look at nothing else."""
    count = count or int(max(t1)) + 1
    values, known = np.full(count, np.nan), np.full(count, -1)
    values[rows], known[rows] = np.arange(len(rows)) % 2, t1
    empty = np.zeros(count)
    arrays = BarArrays(empty.astype("datetime64[ns]"), *[empty] * 5)
    X = np.zeros((count, 1), np.float32)
    return LabelledRows(arrays, X, Labels(values, known), np.asarray(rows), horizon, (0, 1))


def listed(splits):
    return [(train.tolist(), test.tolist()) for train, test in splits]


def test_twelve_rows_in_three_folds():
    rows = np.arange(12)
    # a label known two bars on: row 3 of the first fold ends at bar 5, so 6 is the first free one
    assert listed(purged_folds(labelled(rows, rows + 2, 2), 3)) == [
        ([6, 7, 8, 9, 10, 11], [0, 1, 2, 3]),
        ([0, 1, 10, 11], [4, 5, 6, 7]),
        ([0, 1, 2, 3, 4, 5], [8, 9, 10, 11]),
    ]


@pytest.mark.parametrize(("embargo", "first"), [(0, 6), (1, 7), (2, 8)])
def test_the_embargo_counts_bars_after_the_last_label(embargo, first):
    rows = np.arange(12)
    (train, test), *_ = purged_folds(labelled(rows, rows + 2, 2), 3, embargo)
    assert (test.tolist(), train.tolist()) == ([0, 1, 2, 3], list(range(first, 12)))


def test_early_touches_beside_a_fold_are_left_out_like_its_time_outs():
    rows = np.arange(12)
    early = labelled(rows, rows + 1, 3, 16)  # all known after one bar, of a horizon of three
    late = labelled(rows, rows + 3, 3, 16)
    assert listed(purged_folds(early, 2)) == listed(purged_folds(late, 2))


def test_rows_are_positions_among_bars():
    rows = np.r_[5:11, 20:26]
    (train, test), _ = purged_folds(labelled(rows, rows + 1, 1), 2)
    assert (test.tolist(), train.tolist()) == ([*range(5, 11)], [*range(20, 26)])


def test_time_series_folds_learn_from_the_past_alone():
    rows = np.arange(12)
    assert listed(time_series_folds(labelled(rows, rows + 1, 1), 3)) == [
        ([0, 1], [3, 4, 5]),
        ([0, 1, 2, 3, 4], [6, 7, 8]),
        ([0, 1, 2, 3, 4, 5, 6, 7], [9, 10, 11]),
    ]


@given(
    gaps=st.lists(st.integers(1, 4), min_size=60, max_size=90),
    spans=st.lists(st.integers(1, 5), min_size=90, max_size=90),
    folds=st.integers(2, 5),
    embargo=st.integers(0, 4),
)
def test_no_spans_overlap_whatever_the_labels(gaps, spans, folds, embargo):
    rows = np.cumsum(gaps)
    t1 = rows + np.array(spans[: len(rows)])
    data = labelled(rows, t1, 5)
    end = dict(zip(rows.tolist(), t1.tolist(), strict=True))
    test_rows = []
    for train, test in purged_folds(data, folds, embargo):
        test_rows += test.tolist()
        first, last = test[0], max(end[row] for row in test.tolist())
        before, after = train[train < first], train[train > test[-1]]
        assert len(before) + len(after) == len(train)
        assert all(end[row] < first for row in before.tolist())
        assert (after > last + embargo).all()
    assert test_rows == rows.tolist()
    for train, test in time_series_folds(data, folds):
        assert all(end[row] < test[0] for row in train.tolist())


def test_too_few_rows_or_folds_are_reported():
    rows = np.arange(12)
    with pytest.raises(OptionError, match="folds 1 must be 2 or more"):
        purged_folds(labelled(rows, rows + 1, 1), 1)
    with pytest.raises(OptionError, match="embargo_bars -1"):
        purged_folds(labelled(rows, rows + 1, 1), 2, -1)
    with pytest.raises(TrainingError, match=r"12 labelled rows are too few for 3 folds.*4 bars"):
        purged_folds(labelled(rows, rows + 4, 4), 3)
    with pytest.raises(TrainingError, match="nothing to learn from"):
        purged_folds(labelled(rows, rows + 2, 2), 2, embargo_bars=9)


def test_labelled_rows_are_those_a_model_fits_on():
    bars = planted_edge(400)
    model = SignalModel("fusion", ensemble=Ensemble(["lr"])).fit(bars)
    data = LabelledRows.of(model, bars)
    assert len(data.rows) == model.n_rows_
    assert data.rows[-1] == 394  # 400 bars, horizon 5
    assert len(data.since(model.trained_until_).rows) == 0
    assert data.since(data.arrays.time[data.rows[3]]).rows[0] == data.rows[4]
    for bar in (200, 400):
        fitted = SignalModel("fusion", ensemble=Ensemble(["lr"])).fit(bars[:bar])
        rows = data.before(bar)
        assert (len(rows), rows[-1]) == (fitted.n_rows_, bar - 6)
    with pytest.raises(TrainingError, match="no labelled rows among 20 bars"):
        LabelledRows.of(model, bars[:20])


def test_rows_before_a_bar_are_cut_by_horizon_and_by_t1():
    rows = np.arange(12)
    assert labelled(rows, rows + 1, 3, 16).before(8).tolist() == [0, 1, 2, 3, 4]
    assert labelled(rows, rows + 4, 3, 16).before(8).tolist() == [0, 1, 2, 3]


def test_a_fold_is_judged_by_a_fit_on_the_others():
    bars = planted_edge(400, auc=0.8)
    model = SignalModel(["wick_balance"], ensemble=Ensemble(["lr"]))
    data = LabelledRows.of(model, bars)
    train, test = split = purged_folds(data, 2)[1]
    until = bars.iloc[: train[-1] + 6]  # the last label is known five bars on
    predicted = model.fit(until).predict(bars).probability_up[test]
    np.testing.assert_allclose(fold_proba(model.new_ensemble(), data, split)[:, 1], predicted)
