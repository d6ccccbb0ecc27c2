"""PlanLines, StopDistance and PositionAdvice: the same in every run configuration of Backtrader."""

import backtrader as bt
import numpy as np
import pytest

from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge
from bt_fusion.engine.feed import BarsData
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.errors import OptionError
from bt_fusion.indicators import PositionAdvice, StopDistance
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.strategies import RiskSizer
from bt_fusion.trade_models.managed_model import ManagedModel
from bt_fusion.trade_models.position_model import PositionModel
from bt_fusion.trade_models.trade_plan import TradeModels
from bt_fusion.trade_models.trade_state import STATE, OpenTrades
from tests.test_parity import CONFIGURATIONS, LiveData
from tests.trade_models.made import FirstFeature, Halves, gappy_bars, plan_for

VOTERS = Ensemble(("lgb",), voting="majority")


def managed_model(**params):
    position = PositionModel(VOTERS, exit_margin=0.5, add_margin=0.7)
    features = ["wick_balance", "return_1"]
    given = {"position": position, "min_trades": 20} | params
    return ManagedModel(features, "triple_barrier", VOTERS, causality_check=False, **given)


@pytest.fixture(scope="module")
def bars():
    return planted_edge(1_500, seed=3, auc=0.8)


@pytest.fixture(scope="module")
def fitted(bars):
    return managed_model().fit(bars[:1_200])


@pytest.fixture(scope="module")
def plan(bars):
    return WalkForward(managed_model(), 500, 250, cache=None).predict(bars)


class Asks(bt.Strategy):
    '''Long or short every 20 bars, held 15, and notes what the indicators say'''

    params = (("model", None), ("first", 0))

    def __init__(self):
        self.distance = StopDistance(model=self.p.model, max_risk_pct=0.02)
        self.advice = PositionAdvice(model=self.p.model)
        self.seen, self.advised = [], {}

    def next(self):
        bar = len(self.data) - 1
        plan, row = self.distance.row()
        lines = (self.distance.stop[0], self.distance.target[0])
        advised = self.advice.now()
        assert (advised is None) == (not self.position.size)
        size = np.nan if bar % 9 else plan.multiplier(row, [0.1, 0.9, 0.4, 2.0])
        self.seen.append((*lines, self.distance.capped(5_000), self.advice.advice[0], size))
        if advised is not None:
            trade = next(iter(self._trades[self.data].values()))[-1]
            state = self.advice.state() | {"bar": bar}
            self.advised[bar] = int(advised), trade.baropen - 1, trade.size, trade.price, state
        if bar >= self.p.first and bar % 20 == 0:
            (self.buy if bar % 40 else self.sell)(size=10)
        elif bar % 20 == 15:
            self.close()


def run_with(bars, model, options=None, feed=BarsData, first=0):
    cerebro = bt.Cerebro(stdstats=False, **(options or {}))
    cerebro.adddata(feed(dataname=bars))
    cerebro.broker.setcash(1e6)
    cerebro.addstrategy(Asks, model=model, first=first)
    strategy = cerebro.run()[0]
    return np.array(strategy.seen), strategy.advised


def expected_advice(bars, plan, advised):
    """What `TradePlan.advice` gives for the states of the same trades."""
    arrays, found = BarArrays.of(bars), {}
    for bar, (_, entry, size, price, known) in advised.items():
        side = np.array([1 if size > 0 else -1])
        trade = OpenTrades(
            arrays, side, np.array([entry]), np.array([price]), plan.atr[[entry - 1]]
        )
        at = np.array([bar])
        sides = plan.probability_up, plan.probability_down
        state = trade.states(np.array([0]), at - entry, *sides)
        found[bar] = int(plan.advice(at, state)[0])
        assert known == dict(zip(STATE, state[0].tolist(), strict=True)) | {"bar": bar}
    return found


def check(bars, model, plan, first, exact, names=tuple(CONFIGURATIONS)):
    reference, advised = run_with(bars, model, first=first)
    assert {each[0] for each in advised.values()} == {-1, 0, 1}
    expected = expected_advice(bars, plan, advised)
    assert {bar: each[0] for bar, each in advised.items()} == expected
    np.testing.assert_array_equal(reference[:, 0], plan.stop * plan.atr)
    np.testing.assert_array_equal(reference[:, 1], plan.target * plan.atr)
    for name in names:
        options, preloaded = CONFIGURATIONS[name]
        feed = LiveData if name == "live feed" else BarsData
        lines, others = run_with(bars, model, options, feed, first)
        assert others.keys() == advised.keys()
        for bar, each in advised.items():
            assert others[bar][:4] == each[:4], name
            assert others[bar][4] == pytest.approx(each[4], rel=1e-5), name
        if preloaded or exact:
            assert lines.tobytes() == reference.tobytes(), name
        np.testing.assert_allclose(lines, reference, rtol=1e-6, err_msg=name)


def check_fitted(bars, fitted, *names):
    own = bars[1_150:1_400]  # the first 50 are in-sample
    plan = fitted.predict(own)
    models = plan.models[0]
    assert None not in (models.position, models.stops, models.risk)
    check(own, fitted, plan, 70, False, names)


@pytest.mark.slow
def test_a_fitted_model(bars, fitted):
    check_fitted(bars, fitted, "runonce=False", "exactbars=1")


@pytest.mark.slow
def test_a_fitted_model_in_every_configuration(bars, fitted):
    check_fitted(bars, fitted, *CONFIGURATIONS)


@pytest.mark.slow
def test_a_plan_in_every_configuration(bars, plan):
    own = bars[1_200:]
    check(own, plan, plan[1_200:], 20, exact=True)


@pytest.mark.slow
def test_a_walk_forward_gives_the_lines_of_its_plan(bars, plan):
    walk = WalkForward(managed_model(), 500, 250, cache=None)
    lines, _ = run_with(bars, walk, first=520)
    np.testing.assert_array_equal(lines, run_with(bars, plan, first=520)[0])
    with pytest.raises(OptionError, match="bars arrive one by one"):
        run_with(bars[:600], walk, {"preload": False})


@pytest.mark.parametrize("model", [SignalModel(["return_1"], ensemble=VOTERS), 5])
def test_a_model_that_manages_no_trade(bars, model):
    own = model.fit(bars[:300]) if isinstance(model, SignalModel) else model
    with pytest.raises(OptionError, match="ManagedModel"):
        run_with(bars[300:400], own)


class AtTheOpen(Asks):
    '''Asks at the bar's open, when its close is not known yet'''

    def next_open(self):
        plan, row = self.distance.row()
        self.seen.append((len(self.data), plan.index[row] if row >= 0 else row))
        advised = self.advice.now()
        if advised is not None:
            self.advised[len(self.data) - 1] = int(advised)
        elif len(self.data) == 10:
            self.buy(size=1)

    nextstart_open = prenext_open = next_open

    def next(self):
        pass


@pytest.mark.parametrize("preload", [True, False])
def test_at_a_bars_open_the_bar_before_is_the_last_one_known(preload):
    own = gappy_bars(0, 40)
    X = np.where(np.arange(40) % 2, 1.0, -1.0).astype(np.float32)[:, None]
    given = plan_for(own, X=X, models=TradeModels(position=FirstFeature()))
    cerebro = bt.Cerebro(stdstats=False, cheat_on_open=True, preload=preload, runonce=preload)
    cerebro.adddata(BarsData(dataname=own))
    cerebro.broker.set_coo(True)
    cerebro.addstrategy(AtTheOpen, model=given)
    strategy = cerebro.run()[0]
    known = {length: stamp for length, stamp in strategy.seen if length > 2}
    assert known == {length: own.index[length - 2] for length in known}
    assert len(known) > 30
    assert strategy.advised == {bar: 1 if (bar - 1) % 2 else -1 for bar in strategy.advised}
    assert len(strategy.advised) > 20


class Sized(bt.Strategy):
    '''Buys once on each feed by a RiskSizer'''

    params = (("models", None),)

    def __init__(self):
        self.ordered = []

    def next(self):
        for data in self.datas:
            if len(data) == 30:
                order = self.buy(data=data)
                self.ordered.append((order.created.size, data.close[0]))


@pytest.mark.parametrize("by_name", [True, False])
def test_a_risk_sizer_with_plans_of_its_own(by_name):
    feeds = {name: gappy_bars(seed, 60) for name, seed in (("A", 1), ("B", 2))}
    plans = {name: plan_for(own, models=TradeModels(risk=Halves())) for name, own in feeds.items()}
    cerebro = bt.Cerebro(stdstats=False)
    for name, own in feeds.items():
        cerebro.adddata(BarsData(dataname=own, name=name))
    cerebro.addsizer(RiskSizer, model=plans if by_name else plans["A"], share=0.4)
    cerebro.addstrategy(Sized)
    for size, close in cerebro.run()[0].ordered:
        assert size == pytest.approx(10_000 * 0.4 * 0.5 / close)


def test_a_risk_sizer_without_a_plan():
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(BarsData(dataname=gappy_bars(1, 60)))
    cerebro.addsizer(RiskSizer)
    cerebro.addstrategy(Sized)
    with pytest.raises(OptionError, match="RiskSizer needs a TradePlan"):
        cerebro.run()


@pytest.mark.parametrize("mult", [1.0, 50.0])
def test_the_capped_stop_loses_no_more_than_its_share(mult):
    own = gappy_bars(3, 80)
    found = []

    class Capped(bt.Strategy):
        def __init__(self):
            self.distance = StopDistance(model=plan_for(own), max_risk_pct=0.01)

        def next(self):
            for size in (0.1, -3.0, 700.0):
                stop = self.distance.capped(size)
                assert stop <= self.distance.stop[0]
                found.append(stop * abs(size) * mult / self.broker.getvalue())

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(BarsData(dataname=own))
    cerebro.broker.setcommission(commission=1.0, margin=100.0, mult=mult)
    cerebro.addstrategy(Capped)
    cerebro.run()
    assert max(found) == pytest.approx(0.01)


@pytest.mark.parametrize(
    "params", [{"atr_multiplier": 0}, {"max_risk_pct": 0}, {"max_risk_pct": 2}]
)
def test_params_of_the_distance_that_are_none(params):
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(BarsData(dataname=gappy_bars(0, 20)))

    class Wrong(bt.Strategy):
        def __init__(self):
            StopDistance(model=plan_for(gappy_bars(0, 20)), **params)

    cerebro.addstrategy(Wrong)
    with pytest.raises(OptionError, match=next(iter(params))):
        cerebro.run()
