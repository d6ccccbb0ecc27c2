"""The order of the models: each learns from past out-of-sample trades of those before it."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge, random_walk
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.models.refit import Refit
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.trade_models.learning import Learner, Recipe
from bt_fusion.trade_models.managed_model import ManagedModel
from bt_fusion.trade_models.position_model import PositionModel
from bt_fusion.trade_models.risk_model import RiskModel
from bt_fusion.trade_models.simulated_trades import simulate
from bt_fusion.trade_models.stop_model import StopModel
from tests.trade_models.made import gappy_bars, plan_for
from tests.trade_models.test_simulated_trades import slow_trades

VOTERS = Ensemble(("lgb",), voting="majority")


class KeepsPosition(PositionModel):
    def fit(self, X, gain, seed=0, t1=None):
        self.rows_, self.gain_, self.t1_ = X, gain, t1
        return super().fit(X, gain, seed, t1)


class KeepsStops(StopModel):
    def fit(self, X, against, favour, seed=0):
        self.rows_, self.against_, self.favour_ = X, against, favour
        return super().fit(X, against, favour, seed)


class KeepsRisk(RiskModel):
    def fit(self, X, result, seed=0):
        self.rows_, self.result_ = X, result
        return super().fit(X, result, seed)


RECIPE = Recipe(
    stop=1.5,
    target=1.5,
    hold_bars=8,
    atr_period=14,
    costs=0.001,
    share=0.95,
    min_trades=20,
    position=KeepsPosition(VOTERS, 0.2, 0.3),
    stops=KeepsStops(),
    risk=KeepsRisk(),
)
REFITS = [Refit(bar - 400, bar, bar + 100) for bar in range(400, 1_000, 100)]


def learner(embargo=0, recipe=RECIPE, first=400):
    """A learner whose only feature is the number of the bar, so that rows tell where they are."""
    bars = gappy_bars(1, 1_000)
    up = np.random.default_rng(1).uniform(0, 1, len(bars))
    up[:first] = np.nan
    X = np.arange(len(bars), dtype=np.float32)[:, None]
    predictions = plan_for(bars, up=up)
    model = np.where(np.arange(len(bars)) < first, -1, (np.arange(len(bars)) - first) // 100)
    return Learner(recipe, BarArrays.of(bars), X, replace(predictions, model=model), embargo)


def past_trades(made, stop, target, start, cut):
    """Rows of slow trades that were decided from a bar on and have ended before another."""
    count = len(made.bars)
    arrays = (np.broadcast_to(each, count) for each in (stop, target))
    rows = slow_trades(made.bars, made.side, made.atr, *arrays, made.recipe.hold_bars)
    return [row for row in rows if row[0] >= start and row[2] < cut]


@pytest.mark.parametrize("embargo", [0, 25])
def test_every_row_learnt_from_is_of_a_trade_that_has_ended(embargo):
    made = learner(embargo)
    plan = made.plan(REFITS)
    learnt = [each.position for each in plan.models if each.position is not None]
    assert len(learnt) >= 3
    for refit, models in zip(REFITS, plan.models, strict=True):
        cut = refit.bar - embargo
        trades = past_trades(made, 1.5, 1.5, refit.start, cut)
        assert models.trades == len(trades)
        assert (models.position is not None) == (len(trades) >= 20)
        if models.position is None:
            assert models.stops is None and models.risk is None
            continue
        ends = [row[2] if row[-1] != "horizon" else row[2] - 1 for row in trades]
        spans = [range(row[0] + 1, end) for row, end in zip(trades, ends, strict=True)]
        bars = [bar for span in spans for bar in span]
        assert models.position.rows_[:, 0].tolist() == bars
        last = [bars.index(span[-1]) for span in spans for _ in span]
        assert models.position.t1_.tolist() == last
        gain = [
            row[1] * (row[4] - made.bars.open[bar + 1]) / made.atr[row[0]]
            for row, span in zip(trades, spans, strict=True)
            for bar in span
        ]
        np.testing.assert_allclose(models.position.gain_, gain, rtol=1e-12)
        signals = np.flatnonzero(made.side)
        known = signals[(signals >= refit.start) & (signals + 8 < cut)]
        assert models.stops.rows_[:, 0].tolist() == known.tolist()


def test_the_risk_model_learns_from_trades_with_a_stop_models_distances():
    made = learner()
    plan = made.plan(REFITS)
    by_model = np.array([each.stops is not None for each in plan.models])
    modelled = np.where(made.predictions.known, by_model[made.predictions.model], False)
    checked = 0
    for refit, models in zip(REFITS, plan.models, strict=True):
        past = past_trades(made, plan.stop, plan.target, refit.start, refit.bar)
        trades = [row for row in past if modelled[row[0]]]
        assert models.sized_trades == len(trades)
        assert (models.risk is not None) == (len(trades) >= 20)
        if models.risk is None:
            continue
        net = [row[1] * (row[4] / row[3] - 1) - 0.001 for row in trades]
        risked = [plan.stop[row[0]] * made.atr[row[0]] / row[3] for row in trades]
        np.testing.assert_allclose(models.risk.result_, np.divide(net, risked), rtol=1e-9)
        value = [1.0]
        for each in net:
            value.append(value[-1] * (1 + 0.95 * each))
        ratio, top = np.array(value[:-1]), np.maximum.accumulate(value)[:-1]
        np.testing.assert_allclose(models.risk.rows_[:, 0], 1 - ratio / top, atol=1e-9)
        np.testing.assert_allclose(models.risk.rows_[:, 1], ratio, rtol=1e-9)
        np.testing.assert_array_equal(
            models.risk.rows_[:, 4:], plan.market[[row[0] for row in trades]]
        )
        checked += 1
    assert checked >= 2


def test_a_bar_is_given_the_distances_of_the_model_before_it():
    made = learner()
    plan = made.plan(REFITS)
    for refit, models in zip(REFITS, plan.models, strict=True):
        block = np.arange(refit.bar, refit.stop)
        if models.stops is None:
            assert (plan.stop[block] == 1.5).all() and (plan.target[block] == 1.5).all()
            continue
        likelier = np.where(made.up[block] >= made.down[block], 1, -1)
        side = np.where(made.side[block] == 0, likelier, made.side[block])
        expected = models.stops.distances(np.column_stack([block, side]))
        np.testing.assert_array_equal(np.array([plan.stop[block], plan.target[block]]), expected)
    assert np.isnan(plan.stop[:400]).all()


@pytest.mark.parametrize("min_trades", [1, 10_000])
def test_few_trades_are_reported_and_leave_models_neutral(min_trades):
    made = learner(recipe=replace(RECIPE, min_trades=min_trades))
    plan = made.plan(REFITS)
    assert [each.trades for each in plan.models] == [
        len(past_trades(made, 1.5, 1.5, refit.start, refit.bar)) for refit in REFITS
    ]
    neutral = [each.position is each.stops is each.risk is None for each in plan.models]
    assert all(neutral) if min_trades > 1 else not all(neutral)
    if min_trades > 1:
        assert (plan.advice(np.arange(500, 600), np.zeros((100, 7), np.float32)) == 0).all()
        assert plan.multiplier(500, [0.5, 0.5, 0.1, 9]) == 1.0


@pytest.fixture(scope="module")
def memorising():
    """A signal model that knows the label of each row it was trained on, and of no other."""
    members = Ensemble({"memory": KNeighborsClassifier(1)}, voting="majority")
    position = KeepsPosition(VOTERS)
    return ManagedModel(["return_1", "rsi_14"], "triple_barrier", members, False, position)


def test_a_model_that_memorises_gives_the_later_ones_nothing_in_sample(memorising):
    bars = random_walk(2_000, seed=5)
    arrays = BarArrays.of(bars)
    walk = WalkForward(memorising, 600, 350, cache=None)
    plan = walk.predict(bars)
    recipe = memorising.recipe()
    made = Learner(recipe, arrays, plan.X, plan)
    assert [each.position is None for each in plan.models[:2]] == [True, False]
    for refit, models in zip(walk.refits_, plan.models, strict=True):
        past = made.trades.known_before(refit.bar, refit.start)
        assert len(past) == models.trades
        assert (past.exit < refit.bar).all() and (past.signal >= refit.start).all()
        by = [walk.refits_[plan.model[bar]] for bar in past.signal]
        assert all(each.bar <= bar for each, bar in zip(by, past.signal, strict=True))
        assert (plan.trained_until[past.signal] < arrays.time[past.signal]).all()
        if models.position is not None:
            rows = {tuple(row) for row in models.position.rows_[:, :2].tolist()}
            spans = (range(*each) for each in zip(past.entry, past.exit, strict=True))
            assert rows <= {tuple(plan.X[bar].tolist()) for span in spans for bar in span}
    model = memorising.signal_part().fit(bars)
    inside = model.predict(bars, allow_in_sample=True)
    known = Learner(recipe, arrays, plan.X, inside).trades
    assert (known.result > 0).mean() > 0.9  # what a fit on the same rows would have shown
    assert 0.35 < (made.trades.result > 0).mean() < 0.65


def test_a_fitted_model_knows_no_bar_that_its_trades_reached():
    bars = planted_edge(900, seed=2, auc=0.8)
    members = Ensemble(["lgb"], voting="majority")
    model = ManagedModel(["wick_balance", "return_1"], ensemble=members, causality_check=False)
    model.fit(bars[:800])
    assert model.trained_until_ == BarArrays.of(bars).time[799]
    assert model.predict(bars).known.sum() == 100


@pytest.mark.parametrize("seed", [0, 1])
def test_on_random_walks_all_predictions_are_finite(seed):
    bars = random_walk(1_600, seed=seed)
    members = Ensemble(["lgb"], voting="majority")
    given = {"causality_check": False, "min_trades": 25, "position": PositionModel(VOTERS)}
    model = ManagedModel(["return_1", "rsi_14"], "triple_barrier", members, **given)
    plan = WalkForward(model, 500, 300, cache=None).predict(bars)
    known = np.flatnonzero(plan.known)
    assert len(known) == 1_100
    for values in (plan.stop, plan.target, plan.atr, plan.market):
        assert np.isfinite(values[known]).all()
    assert (plan.stop[known] > 0).all()
    late = plan.models[-1]
    assert None not in (late.position, late.stops, late.risk)
    rows = known[known >= 1_400]
    assert (plan.target[rows] > plan.stop[rows]).all()
    state = np.random.default_rng(seed).normal(size=(len(rows), 7)).astype(np.float32)
    assert np.isin(plan.advice(rows, state), (-1, 0, 1)).all()
    sizes = [plan.multiplier(bar, [0.1, 0.9, 0.5, 2]) for bar in rows[::10]]
    assert all(0.10 <= size <= 1.25 for size in sizes)
    for each in plan.models:
        assert (each.position is None or each.trades >= 25) and (
            each.risk is None or each.sized_trades >= 25
        )


def test_simulated_trades_of_the_learner_are_those_of_its_signals():
    made = learner()
    trades = simulate(made.bars, made.side, made.atr, 1.5, 1.5, 8)
    np.testing.assert_array_equal(made.trades.signal, trades.signal)
    assert (np.flatnonzero(made.side) >= 400).all()


def test_the_embargo_of_a_walk_forward_counts_for_all_four():
    bars = planted_edge(1_200, seed=2, auc=0.8)
    members = Ensemble(["lgb"], voting="majority")
    model = ManagedModel(["wick_balance"], ensemble=members, causality_check=False, min_trades=999)
    walk = WalkForward(model, 400, 200, embargo_bars=60, cache=None)
    plan = walk.predict(bars)
    made = Learner(model.recipe(), BarArrays.of(bars), plan.X, plan)
    for refit, models in zip(walk.refits_, plan.models, strict=True):
        past = made.trades.known_before(refit.bar - 60, refit.start)
        assert models.trades == len(past)
    assert plan.models[-1].trades > 10
