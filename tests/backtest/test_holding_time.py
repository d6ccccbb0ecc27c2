"""The horizon that a strategy's trades without ML tell, from the first training window alone."""

import backtrader as bt
import pytest

from bt_fusion import Backtest, Direction, Ensemble, SignalModel, Sweep, WalkForward
from bt_fusion.backtest.holding_time import HoldingTime, holding_time, with_horizon
from bt_fusion.data.samples import random_walk
from bt_fusion.engine.account import Account
from bt_fusion.errors import OptionError
from bt_fusion.labels import TripleBarrier

BARS = random_walk(600, seed=1)
SMALL = SignalModel(["return_1", "wick_balance"], Direction(5), Ensemble(("lr",)))


class Every(bt.Strategy):
    """Buys every tenth bar and leaves so many bars later; the second half holds longer."""

    params = (("held", 4), ("later", 8), ("turn", 300))

    def next(self):
        bar = len(self)
        held = self.p.held if bar <= self.p.turn else self.p.later
        for data in self.datas:
            if bar % 10 == 0:
                self.buy(data=data)
            elif bar % 10 == held and self.getposition(data):
                self.close(data=data)


def job(strategy=Every, predictor=None, **options):
    walk = predictor or WalkForward(SMALL, 250, 100, cache=None)
    return Backtest(walk, strategy, draws=10, placebo="none", **options)


def test_the_median_of_closed_trades():
    # ordered on bars 10, 20, ... 240, closed four bars later: filled on both next opens
    found = holding_time(Every, {}, {"": BARS[:245]}, Account())
    assert found == HoldingTime(bars=4, trades=24, window=245)
    assert holding_time(Every, {"held": 7}, {"": BARS[:245]}, Account()).bars == 7
    assert "4 bars, the median holding time of 24 trades without ML in the first 245" in found.note


def test_the_first_training_window_alone_decides():
    resolved_job = with_horizon(job(params={"turn": 250}, horizon="auto"), {"": BARS})
    assert resolved_job.predictor.signal_model().label() == Direction(4)
    assert resolved_job.source["horizon"] == {"asked": "auto", "bars": 4}
    assert resolved_job.notes[-1].startswith("horizon auto: 4 bars")
    later = BARS.copy()
    later.iloc[250:, :4] *= 3
    same = with_horizon(job(params={"turn": 250}, horizon="auto"), {"": later})
    assert same.predictor.signal_model().label() == Direction(4)


def test_the_job_runs_with_it_and_says_so():
    summary = job(horizon="auto").run(BARS, "edge").summary
    assert summary["config"]["label_parameters"] == {"horizon": 4}
    assert summary["config"]["source"]["horizon"] == {"asked": "auto", "bars": 4}
    assert any(note.startswith("horizon auto: 4 bars") for note in summary["notes"])


def test_trades_of_several_symbols_are_pooled():
    bars = {"A": BARS, "B": random_walk(600, seed=2)}
    made = with_horizon(job(params={"turn": 250}, horizon="auto"), bars)
    assert "of 48 trades without ML in the first 250 bars" in made.notes[-1]


def test_other_parts_of_the_label_stay():
    model = SignalModel(SMALL.features, TripleBarrier(target=2, stop=1), Ensemble(("lr",)))
    made = with_horizon(job(predictor=WalkForward(model, 250, 100), horizon="auto"), {"": BARS})
    assert made.predictor.signal_model().label() == TripleBarrier(target=2, stop=1, horizon=4)
    assert model.label().horizon == 12  # as it was given


def test_fewer_than_ten_trades_are_too_few():
    walk = WalkForward(SMALL, 90, 100, cache=None)
    with pytest.raises(OptionError, match=r"closed 8 trades in the first 90 bars, and 10 are ne"):
        with_horizon(job(predictor=walk, horizon="auto"), {"": BARS})


@pytest.mark.parametrize("strategy", ["fusion", "hybrid", "discovery"])
def test_our_strategies_follow_the_label(strategy):
    with pytest.raises(
        OptionError, match="follow the label's horizon, so its trades cannot set it"
    ):
        with_horizon(job(strategy, horizon="auto"), {"": BARS})


@pytest.mark.parametrize("horizon", ["auto", 3])
def test_a_fitted_model_has_its_horizon(horizon):
    fitted = SignalModel(**SMALL.get_params(deep=False)).fit(BARS[:300])
    with pytest.raises(OptionError, match="a saved model has the horizon it was trained with"):
        with_horizon(job(predictor=fitted, horizon=horizon), {"": BARS})


def test_a_number_of_bars():
    set_to_3 = with_horizon(job("fusion", horizon=3), {"": BARS})
    assert set_to_3.predictor.signal_model().label() == Direction(3)
    assert with_horizon(set_to_3, {"": BARS}) is set_to_3
    for wrong in (0, 2.5, "long"):
        with pytest.raises(OptionError, match="must be a number of bars from 1, or 'auto'"):
            with_horizon(job(horizon=wrong), {"": BARS})


def test_every_variant_of_a_sweep_has_the_horizon_of_the_trades():
    sweep = Sweep(job(horizon="auto"), {"ml_threshold": [0.4, 0.5]}, jobs=1)
    assert sweep.run(BARS, "edge").summary["config"]["label_parameters"] == {"horizon": 4}
