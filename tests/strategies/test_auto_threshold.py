"""ml_threshold auto in strategies: by the costs of the broker, bar by bar, also through with_ml."""

from dataclasses import replace

import backtrader as bt
import numpy as np
import pytest

from bt_fusion.data.samples import random_walk
from bt_fusion.engine.account import Account
from bt_fusion.engine.feed import BarsData
from bt_fusion.engine.runner import run_strategy
from bt_fusion.errors import OptionError
from bt_fusion.indicators import DiscoverySignal, FusedSignal, MLEnsemble
from bt_fusion.models.agreement import Agreement
from bt_fusion.strategies import FusionStrategy, HybridScoring, SignalDiscovery, with_ml
from tests.engine.test_engine import given
from tests.strategies.test_fusion import FAST, steps

BARS = steps([100, 101, 102, 103, 104, 105, 106, 107])
MODES = {"once": {}, "next": {"runonce": False}, "bar by bar": {"preload": False}}


def worth(up, move, bars=BARS):
    """Predictions of P(up) that are worth `move` either way."""
    moves = np.broadcast_to(np.asarray(move, float), len(bars))
    return replace(given(bars.index, up), payoff=np.stack([moves, moves], axis=1))


def entries(model, account, strategy=FusionStrategy, **params):
    if strategy is FusionStrategy:
        params |= {"hold_bars": 1, **FAST}
    ran = run_strategy(BARS, strategy, account, model=model, ml_threshold="auto", **params)
    return [int(BARS.index.get_loc(time)) for time in ran.trades.signal_time]


@pytest.mark.parametrize(
    ("commission", "slippage", "first"),
    # P .56 always; a move of 1 %: break-even .5, .55 and .575; from bar 4 on 2 %: .5375
    [(0.0, 0.0, 1), (0.0005, 0.0, 1), (0.0005, 0.00025, 4)],
)
def test_the_costs_of_the_broker_decide(commission, slippage, first):
    model = worth(0.56, [0.01] * 4 + [0.02] * 4)
    account = Account(commission=commission, slippage=slippage)
    assert entries(model, account)[0] == first


def test_an_unknown_payoff_is_no_entry():
    assert entries(worth(0.99, [np.nan] * 3 + [0.02] * 5), Account())[0] == 3


def test_predictions_without_a_payoff_ask_for_a_number():
    with pytest.raises(OptionError, match="give ml_threshold a number"):
        entries(replace(given(BARS.index, 0.9), payoff=None), Account())


def test_without_a_usable_model_the_technical_side_goes_on():
    with pytest.warns(UserWarning, match="goes on without a model"):
        assert entries(None, Account())[0] == 1


class Always(bt.Strategy):
    """Asks for an entry on every bar."""

    def next(self):
        self.buy() if not self.position else self.close()


class Own(bt.Strategy):
    """A plain strategy that asks the ensemble itself."""

    params = (("model", None),)

    def __init__(self):
        self.ml = MLEnsemble(self.data, model=self.p.model)
        self.seen = []

    def next(self):
        given_costs = self.ml.threshold(1, costs=0.004)
        self.seen.append((self.ml.threshold(1), self.ml.threshold(-1), given_costs))


@pytest.mark.parametrize("mode", MODES)
def test_a_plain_strategy_asks_for_the_threshold(mode):
    cerebro = bt.Cerebro(stdstats=False, **MODES[mode])
    cerebro.adddata(BarsData(dataname=BARS))
    cerebro.addstrategy(Own, model=worth(0.6, 0.01))
    cerebro.broker.setcommission(commission=0.0005)
    seen = np.array(cerebro.run()[0].seen)
    np.testing.assert_allclose(seen, [[0.55, 0.55, 0.7]] * len(BARS))


@pytest.mark.parametrize("mode", MODES)
def test_a_commission_a_share_is_a_fraction_of_each_price(mode):
    cerebro = bt.Cerebro(stdstats=False, **MODES[mode])
    cerebro.adddata(BarsData(dataname=BARS))
    cerebro.addstrategy(Own, model=worth(0.6, 0.01))
    cerebro.broker.setcommission(
        commission=0.05, commtype=bt.CommInfoBase.COMM_FIXED, stocklike=True
    )
    seen = np.array(cerebro.run()[0].seen)[:, 0]
    np.testing.assert_allclose(seen, 0.5 + 2 * 0.05 / BARS.close / 0.02)


def test_with_ml_vetoes_below_the_break_even():
    model = worth(0.56, [0.01] * 4 + [0.02] * 4)
    dear = Account(commission=0.00075)  # break-even .575, then .5375
    ran = run_strategy(BARS, with_ml(Always), dear, ml_model=model, ml_threshold="auto")
    assert [int(BARS.index.get_loc(t)) for t in ran.vetoes.time] == [0, 1, 2, 3]
    assert int(BARS.index.get_loc(ran.trades.signal_time.iloc[0])) == 4


@pytest.mark.parametrize("voting", ["soft", "majority"])
@pytest.mark.parametrize("mode", MODES)
def test_every_way_to_run_gives_the_same_signals(mode, voting):
    bars = random_walk(400, seed=4)
    rng = np.random.default_rng(0)
    known = worth(rng.uniform(0.3, 0.7, 400), rng.uniform(0.002, 0.02, 400), bars)
    known = replace(known, voting=voting)

    class Signals(bt.Strategy):
        def __init__(self):
            self.state = bt.ind.CrossOver(self.data.close, bt.ind.SMA(period=2))
            self.fused = FusedSignal(
                self.state, MLEnsemble(self.data, model=known), ml_threshold="auto"
            )
            self.seen = []

        def next(self):
            self.seen.append((self.data.datetime[0], self.state[0], self.fused[0]))

    cerebro = bt.Cerebro(stdstats=False, **MODES[mode])
    cerebro.adddata(BarsData(dataname=bars))
    cerebro.addstrategy(Signals)
    cerebro.broker.setcommission(commission=0.001)
    seen = np.array(cerebro.run()[0].seen)
    agreement = Agreement("auto", voting=voting, costs=0.002)
    agrees = agreement.with_sides(known[-len(seen) :], seen[:, 1])
    np.testing.assert_array_equal(seen[:, 2], np.where(agrees, seen[:, 1], 0))
    assert 20 < (seen[:, 2] != 0).sum() < (seen[:, 1] != 0).sum()


@pytest.mark.parametrize(
    ("strategy", "params"),
    [
        (SignalDiscovery, {"probability_threshold": "auto"}),
        (SignalDiscovery, {"ml_entry_threshold": "auto"}),
        (HybridScoring, {"ml_entry_threshold": "auto"}),
    ],
)
def test_scores_have_thresholds_of_their_own(strategy, params):
    with pytest.raises(OptionError, match="auto, the break-even probability, is for ml_threshold"):
        run_strategy(BARS, strategy, model=given(BARS.index, 0.9), **params)


def test_the_discovery_signal_takes_a_number():
    class Discovery(bt.Strategy):
        def __init__(self):
            ml = MLEnsemble(self.data, model=given(BARS.index, 0.9))
            DiscoverySignal(self.data.close, ml, ml_threshold="auto")

    with pytest.raises(OptionError, match="give DiscoverySignal a number"):
        run_strategy(BARS, Discovery)


@pytest.mark.parametrize("strategy", [FusionStrategy, with_ml(Always)])
def test_another_word_is_an_error(strategy):
    with pytest.raises(OptionError, match="ml_threshold 'high' must be a number"):
        run_strategy(BARS, strategy, ml_threshold="high")
