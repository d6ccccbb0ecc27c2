"""TradePlan: what it says of bars, of bars it does not know, and of broken numbers."""

import math

import numpy as np
import pytest

from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import random_walk
from bt_fusion.trade_models.managed_model import ManagedModel
from bt_fusion.trade_models.risk_model import RiskModel
from bt_fusion.trade_models.trade_plan import TradeModels, market_state
from tests.trade_models.made import FirstFeature, Halves, gappy_bars, plan_for

BARS = gappy_bars(0, 60)
ADDS = np.ones((60, 1), dtype=np.float32)


def advising(**parts):
    models = TradeModels(position=FirstFeature(), risk=Halves())
    return plan_for(BARS, X=ADDS, models=models, **parts)


def test_bars_it_does_not_know_are_neutral():
    other = BARS.index.insert(30, BARS.index[30] - (BARS.index[1] - BARS.index[0]) / 2)
    plan = advising().at(other.values)
    assert plan.index.equals(other)
    state = np.zeros((61, 7), dtype=np.float32)
    advice = plan.advice(np.arange(61), state)
    assert advice.tolist() == [1] * 30 + [0] + [1] * 30
    assert [plan.multiplier(bar, [0, 1, 0.5, 0]) for bar in (29, 30, 31)] == [0.5, 1.0, 0.5]
    for values in (plan.stop, plan.target, plan.atr, plan.market[:, 0]):
        assert np.isnan(values[30]) and np.isfinite(values[[29, 31]]).all()


def test_before_the_first_bar_nothing_is_predicted():
    assert advising().multiplier(-1, [0, 1, 0.5, 0]) == 1.0


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("column", range(7))
def test_a_state_with_a_broken_number_is_held(broken, column):
    state = np.zeros((2, 7), dtype=np.float32)
    state[1, column] = broken
    assert advising().advice(np.array([5, 5]), state).tolist() == [1, 0]


def test_features_that_are_not_known_are_held():
    X = ADDS.copy()
    X[7] = np.nan
    plan = plan_for(BARS, X=X, models=TradeModels(position=FirstFeature()))
    rows = np.array([6, 7, 8])
    assert plan.advice(rows, np.zeros((3, 7), dtype=np.float32)).tolist() == [1, 0, 1]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300])
def test_a_multiplier_of_broken_numbers_keeps_its_limits(value):
    rng = np.random.default_rng(0)
    risk = RiskModel().fit(rng.normal(size=(200, 7)), rng.normal(0.5, 1, 200))
    plan = plan_for(BARS, atr=np.full(60, value), models=TradeModels(risk=risk))
    for account in ([value] * 4, [0.0, 1.0, math.nan, 0.0]):
        assert 0.10 <= plan.multiplier(40, account) <= 1.25


def test_a_part_of_a_plan_says_the_same():
    plan = advising()
    part = plan[20:40]
    assert len(part) == len(part.stop) == len(part.X) == len(part.market) == 20
    state = np.zeros((1, 7), dtype=np.float32)
    assert part.advice(np.array([3]), state) == plan.advice(np.array([23]), state)


@pytest.mark.parametrize("count", [1, 20, 21, 60])
def test_the_state_of_the_market_bar_by_bar(count):
    arrays = BarArrays.of(random_walk(count))
    atr = np.linspace(1, 2, count)
    found = market_state(arrays, atr)
    for bar in range(count):
        logs = np.log(arrays.close[: bar + 1])
        returns = np.diff(logs)[-20:]
        volatility = returns.std() if len(returns) == 20 else math.nan
        hour = arrays.time[bar].astype("datetime64[s]").item().hour
        expected = [volatility, atr[bar] / arrays.close[bar], hour]
        np.testing.assert_allclose(found[bar], expected, rtol=1e-9)


def test_fifty_trades_are_asked_for():
    assert ManagedModel().recipe().min_trades == 50
