"""A managed walk-forward knows nothing of bars to come: neither columns, advice nor trades."""

import numpy as np
import pytest

from bt_fusion.audit import audit
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge
from bt_fusion.engine.runner import run_strategy
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.strategies import ManagedStrategy
from bt_fusion.trade_models.learning import Learner
from bt_fusion.trade_models.managed_model import ManagedModel
from bt_fusion.trade_models.position_model import PositionModel

VOTERS = Ensemble(["lgb"], voting="majority")
COLUMNS = ("votes", "model", "trained_until", "stop", "target", "atr", "market", "X", "payoff")
BARS = planted_edge(1_500, seed=4, auc=0.75)
STATE = np.random.default_rng(0).normal(size=(len(BARS), 7)).astype(np.float32)
CUTS = np.random.default_rng(1).integers(900, 1_490, 2).tolist()


def managed_model():
    position = PositionModel(VOTERS, exit_margin=0.5, add_margin=0.7)
    given = {"causality_check": False, "min_trades": 25, "position": position}
    return ManagedModel(["wick_balance", "return_1"], "triple_barrier", VOTERS, **given)


def planned(bars):
    return WalkForward(managed_model(), 500, 200, cache=None).predict(bars)


@pytest.fixture(scope="module")
def plan():
    return planned(BARS)


def times_three(bars, rng):
    return bars * [3.0, 3.0, 3.0, 3.0, 1.0]


def noisy(bars, rng):
    return bars.mul(rng.uniform(0.7, 1.4, len(bars)), axis=0)


def values_until(plan, bars, stop):
    """All that a plan tells of the first bars, and of trades on them."""
    rows = np.arange(stop)
    found = {name: getattr(plan, name)[:stop] for name in COLUMNS}
    found["advice"] = plan.advice(rows, STATE[:stop])
    account = [0.1, 0.9, 0.4, 2.0]
    found["size"] = [plan.multiplier(bar, account) for bar in rows[500::7]]
    trades = Learner(managed_model().recipe(), BarArrays.of(bars), plan.X, plan).trades
    found["trades"] = np.column_stack([*vars(trades).values()])[trades.exit < stop]
    run = run_strategy(bars, ManagedStrategy, model=plan, ml_threshold=0.4)
    over = (run.trades.exit_time < BARS.index[stop - 1]) & (run.trades.exit_reason != "open")
    found["runs"] = run.trades[over].drop(columns="symbol").astype(str).to_numpy()
    return found


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("future", [None, times_three, noisy])
@pytest.mark.parametrize("cut", CUTS)
def test_another_future_changes_nothing_before_it(plan, cut, future):
    other = BARS[:cut]
    if future is not None:
        later = future(BARS[cut:], np.random.default_rng(cut))
        other = BARS.copy()
        other.iloc[cut:] = later
    expected, found = values_until(plan, BARS, cut), values_until(planned(other), other, cut)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)
    assert len(expected["trades"]) > 20 and len(expected["runs"]) > 10
    assert set(expected["advice"]) > {0}
    assert len(set(expected["size"])) > 1 or cut < 1_200


@pytest.mark.slow
def test_a_change_of_the_past_shows(plan):
    """The comparison can fail: one bar before the place is another one."""
    other = BARS.copy()
    other.iloc[1_000, :4] *= 1.05
    expected, found = values_until(plan, BARS, 1_400), values_until(planned(other), other, 1_400)
    for name in ("X", "votes", "atr", "stop", "runs"):
        assert not np.array_equal(found[name], expected[name], equal_nan=name != "runs"), name


@pytest.fixture(scope="module")
def fitted():
    return managed_model().fit(BARS[:1_150])


@pytest.mark.slow
def test_the_audit_finds_nothing_in_a_strategy_with_a_fitted_model(fitted):
    params = {"model": fitted, "ml_threshold": 0.4, "max_adds": 2}
    outcome = audit(ManagedStrategy, BARS[1_150:], params, cuts=6, bar_by_bar=False)
    assert outcome.findings == ()


@pytest.mark.slow
def test_nor_does_the_audit_bar_by_bar(fitted):
    params = {"model": fitted, "ml_threshold": 0.4}
    assert audit(ManagedStrategy, BARS[1_150:], params, cuts=4).findings == ()
