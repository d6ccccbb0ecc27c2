"""Predicting several symbols: progress over all, windows, copies, and errors that name them."""

import numpy as np
import pytest

from bt_fusion import Direction, Ensemble, SignalModel, WalkForward
from bt_fusion.backtest.out_of_sample import predict_each
from bt_fusion.data.samples import planted_edge
from bt_fusion.errors import BarsError, InSampleError, OptionError

MODEL = SignalModel(["wick_balance", "gap"], Direction(5), Ensemble(("lr",)))
WALK = WalkForward(MODEL, 200, 100, cache=None)


@pytest.fixture(scope="module")
def feeds():
    return {"A": planted_edge(500, seed=1, auc=0.8), "B": planted_edge(350, seed=2, auc=0.8)}


@pytest.fixture(scope="module")
def found(feeds):
    return predict_each(WALK, feeds)


def test_progress_goes_over_the_refits_of_all_symbols(feeds):
    counts = []
    predict_each(WALK, feeds, lambda done, total: counts.append((done, total)))
    assert {total for _, total in counts} == {3 + 2}
    done = [done for done, _ in counts]
    assert done == sorted(done) and set(done) == set(range(6))


def test_each_symbol_is_walked_by_itself(feeds, found):
    for symbol, bars in feeds.items():
        alone = predict_each(WALK, {symbol: bars})[symbol]
        own = found[symbol]
        np.testing.assert_array_equal(own.predictions.votes, alone.predictions.votes)
        assert [r.trained_on for r in own.refits] == [r.trained_on for r in alone.refits]
        assert own.bars.equals(bars[200:]) and own.in_sample == 0
        assert len(own.labels.y) == len(own.bars)
        assert np.isnan(own.labels.y[-5:]).all() and not np.isnan(own.labels.y[:-5]).any()


def test_the_walk_forward_given_is_not_touched_by_several(feeds):
    walk = WalkForward(MODEL, 200, 100, cache=None)
    predict_each(walk, feeds)
    assert not hasattr(walk, "refits_")
    predict_each(walk, {"A": feeds["A"]})
    assert len(walk.refits_) == 3  # of one, its owner may look at what it did


def test_dates_cut_every_window(feeds):
    start, end = feeds["A"].index[[250, 300]]
    found = predict_each(WALK, feeds, fromdate=start, todate=end)
    assert [len(part.bars) for part in found.values()] == [50, 50]
    zoned = {"fromdate": start.tz_localize("UTC"), "todate": f"{end.isoformat()}+00:00"}
    found = predict_each(WALK, feeds, **zoned)
    assert [len(part.bars) for part in found.values()] == [50, 50]
    with pytest.raises(OptionError, match="fromdate 'soon' is no ISO date"):
        predict_each(WALK, feeds, fromdate="soon")


def test_an_error_names_the_symbol_of_several(feeds):
    short = {**feeds, "C": feeds["A"][:150]}
    with pytest.raises(BarsError, match=r"^C: 150 bars end before the first refit"):
        predict_each(WALK, short)
    with pytest.raises(BarsError, match=r"^150 bars end before"):
        predict_each(WALK, {"C": short["C"]})
    model = SignalModel(["wick_balance"], Direction(5), Ensemble(("lr",))).fit(feeds["A"][:400])
    known = {"A": feeds["A"], "B": feeds["B"]}
    with pytest.raises(InSampleError, match=r"^B: the model was trained until .* none is unseen"):
        predict_each(model, known)
    assert predict_each(model, known, allow_in_sample=True)["B"].in_sample > 300


def test_a_fitted_model_reports_no_refits(feeds):
    model = SignalModel(["wick_balance"], Direction(5), Ensemble(("lr",))).fit(feeds["A"][:100])
    calls = []
    found = predict_each(model, feeds, lambda *counts: calls.append(counts))
    assert calls == [] and all(part.refits == () for part in found.values())


def test_the_labels_are_those_of_the_walk_forward(feeds, monkeypatch):
    computed, label = [], Direction.__call__

    def counted(self, bars):
        computed.append(len(bars))
        return label(self, bars)

    monkeypatch.setattr(Direction, "__call__", counted)
    part = predict_each(WALK, {"A": feeds["A"]})["A"]
    assert computed == [500]
    expected = label(Direction(5), feeds["A"])
    np.testing.assert_array_equal(part.labels.y, expected.y[200:])
    np.testing.assert_array_equal(part.labels.t1, expected.t1[200:])
