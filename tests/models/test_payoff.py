"""Payoff and break-even probability: each kind of label worked by hand, and known from the past."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge, random_walk
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.errors import OptionError
from bt_fusion.labels import Direction, Gain, ProfitBeforeStop, TripleBarrier, labels_of
from bt_fusion.models.payoff import BreakEven, Payoff, has_payoff
from bt_fusion.models.predictors import check_payoffs
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.walk_forward import WalkForward

NAN = np.nan


def bars_of(closes):
    """Bars from one below to one above the close: closes a point apart have true ranges of 2."""
    close = np.asarray(closes, dtype=float)
    time = np.arange(len(close)).astype("datetime64[D]").astype("datetime64[ns]")
    return BarArrays(time, close, close + 1, close - 1, close, np.ones(len(close)))


def learnt(label, bars, rows):
    return Payoff.learn(label, bars, labels_of(label, bars), np.array(rows))


def test_direction_measures_the_move_over_the_horizon_in_atr_units():
    bars = bars_of([100.0] * 16 + [100.5, 100.0, 101.0, 101.0])
    # ATR 2: moves after rows 15, 16 and 17 are .5, .5 and 1, over it .25, .25 and .5
    payoff = learnt(Direction(1), bars, [15, 16, 17])
    assert payoff.win == payoff.loss == pytest.approx(1.25 * 0.25)
    assert payoff.atr_period == 14
    found = payoff.per_bar(bars)
    assert np.isnan(found[:14]).all()
    assert found[15] == pytest.approx([0.3125 * 2 / 100] * 2)
    long, short = BreakEven(*found[15], 0.001).limits(0.6, 0.4)
    assert long == short == pytest.approx(0.5 + 0.001 / (2 * 0.00625))  # .58


def test_rows_without_a_range_do_not_count():
    bars = bars_of([100.0] * 20)
    flat = replace(bars, high=bars.close, low=bars.close)
    payoff = learnt(Direction(1), flat, [15, 16])
    assert np.isnan(payoff.win) and np.isnan(payoff.loss)
    long, short = BreakEven(payoff.win, payoff.loss, 0.001).agrees(0.99, 0.99)
    assert not long and not short


def test_gain_wins_its_threshold_and_loses_what_the_others_lost():
    bars = bars_of([100.0, 99.0, 99.0, 98.01, 120.0])
    label = Gain(horizon=1, threshold=0.05)
    # of rows 0, 1 and 2, all of class 0, the closes moved by -1 %, 0 and -1 %
    payoff = learnt(label, bars, [0, 1, 2])
    assert (payoff.win, payoff.atr_period) == (0.05, None)
    assert payoff.loss == pytest.approx(0.02 / 3)
    long, _ = BreakEven(0.05, 0.02 / 3, 0.001).limits(0.6, NAN)
    assert long == pytest.approx((0.02 / 3 + 0.001) / (0.05 + 0.02 / 3))
    assert np.isnan(learnt(label, bars, [3]).loss)  # a row of class 1 alone


def test_triple_barrier_weighs_the_other_side():
    bars = bars_of([100.0] * 20)
    payoff = learnt(TripleBarrier(target=2, stop=1, atr_period=7), bars, [10])
    assert payoff == Payoff(2, 1, 7)
    assert payoff.per_bar(bars)[15].tolist() == pytest.approx([0.04, 0.02])
    pays = BreakEven(0.04, 0.02, 0.001, classes=3)
    long, short = pays.limits(0.2, 0.3)
    assert long == pytest.approx((0.001 + 0.3 * 0.02) / 0.04)  # .175: a long at .2 pays
    assert short == pytest.approx((0.001 + 0.2 * 0.02) / 0.04)
    assert [bool(each) for each in pays.agrees(0.2, 0.6)] == [False, True]


def test_profit_before_stop_has_its_distances():
    payoff = learnt(ProfitBeforeStop(), bars_of([100.0] * 60), [50])
    assert payoff == Payoff(0.015, 0.010, None)
    pays = BreakEven(0.015, 0.010, 0.0, classes=3)
    assert pays.rule == ">"
    assert [bool(each) for each in pays.agrees(0.4, 0.6)] == [False, True]  # .4 x .015 = .6 x .010


@pytest.mark.parametrize(
    ("win", "costs", "limit"), [(0.01, 0.0, 0.5), (0.001, 0.1, 0.95), (NAN, 0.001, NAN)]
)
def test_no_costs_high_costs_and_nothing_known(win, costs, limit):
    assert BreakEven(win, win, costs).limits(0.5, 0.5)[0] == pytest.approx(limit, nan_ok=True)


@dataclass(frozen=True)
class Turn:
    """A user's label that says nothing of trades."""

    horizon: int = 1
    classes = (-1, 0, 1)
    two_sided = True

    def __call__(self, bars):
        raise NotImplementedError


def test_a_label_without_target_and_stop_tells_nothing():
    assert [has_payoff(each) for each in (Direction(), Gain(), TripleBarrier(), Turn())] == [
        *(True, True, True),
        False,
    ]
    assert Payoff.learn(Turn(), bars_of([1.0]), None, np.array([0])) is None
    with pytest.raises(OptionError, match=r"ml_threshold auto: the label Turn.*a number, such as"):
        check_payoffs(WalkForward(SignalModel(labels=Turn())))


SMALL = SignalModel(["return_1", "wick_balance"], Direction(3), Ensemble(("lr",)))


def test_each_refit_has_its_own_measured_before_it():
    bars = random_walk(700, seed=3)
    walk = WalkForward(SMALL, 300, 100, cache=None)
    known = walk.predict(bars)
    assert len(walk.refits_) == 4 and len({refit.payoff.win for refit in walk.refits_}) == 4
    arrays = BarArrays.of(bars)
    for number, refit in enumerate(walk.refits_):
        own = known.model == number
        assert own.sum() == 100
        np.testing.assert_array_equal(known.payoff[own], refit.payoff.per_bar(arrays)[own])
        alone = SignalModel(**SMALL.get_params(deep=False))
        alone.fit_arrays(arrays[: refit.bar], refit.start)
        assert alone.payoff_ == refit.payoff
    assert np.isnan(known.payoff[:300]).all() and np.isfinite(known.payoff[300:]).all()


def test_votes_from_the_cache_have_the_same_payoff(tmp_path):
    bars = random_walk(700, seed=3)
    walks = [WalkForward(SMALL, 300, 100, cache=tmp_path) for _ in range(2)]
    fitted, cached = (walk.predict(bars) for walk in walks)
    assert all(refit.cached for refit in walks[1].refits_)
    assert fitted.payoff.tobytes() == cached.payoff.tobytes()


def test_predictions_keep_it_when_cut_and_looked_up():
    bars = random_walk(400, seed=3)
    known = SignalModel(**SMALL.get_params(deep=False)).fit(bars[:300]).predict(bars)
    assert known[350:360].payoff.tobytes() == known.payoff[350:360].tobytes()
    stamps = pd.DatetimeIndex([bars.index[350], bars.index[-1] + pd.Timedelta(days=9)])
    looked_up = known.at(stamps.to_numpy())
    assert looked_up.payoff[0].tolist() == known.payoff[350].tolist()
    assert np.isnan(looked_up.payoff[1]).all()
    with pytest.raises(OptionError, match=r"give ml_threshold a number, such as 0\.55"):
        replace(known, payoff=None).break_even(0.001)


def test_a_saved_model_keeps_it(tmp_path):
    bars = planted_edge(400, seed=1, auc=0.8)
    model = SignalModel(**SMALL.get_params(deep=False)).fit(bars[:300])
    again = SignalModel.load(model.save(tmp_path / "model"))
    assert again.payoff_ == model.payoff_ and model.payoff_.win > 0
    known = again.predict(bars)
    np.testing.assert_array_equal(known.payoff, model.predict(bars).payoff)
