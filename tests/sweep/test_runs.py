"""A sweep's runs: what they are kept under, what is kept of them, and which need no ML."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bt_fusion import (
    Direction,
    Ensemble,
    OptionError,
    SignalModel,
    WalkForward,
    analyzers,
    indicators,
    strategies,
)
from bt_fusion.engine.account import Account
from bt_fusion.engine.loading import STRATEGIES
from bt_fusion.engine.runner import run_strategy
from bt_fusion.engine.variants import technical_params, variant
from bt_fusion.statistics.performance import equity_figures
from bt_fusion.strategies import FusionStrategy
from bt_fusion.sweep.runs import CODE, SentInputs, SweepInputs, run_task, sliced_returns
from bt_fusion.sweep.store import SweepStore

EXITS = {"hold_bars": 5}


@pytest.fixture(scope="module")
def inputs(edge):
    model = SignalModel(["wick_balance", "gap"], Direction(5), Ensemble(("lgb",)))
    predictions = WalkForward(model, 500, cache=None).predict(edge)
    return SweepInputs(
        FusionStrategy, {"edge": edge[500:]}, {"edge": predictions[500:]}, EXITS, Account(), 100
    )


def test_slices_are_equal_and_make_the_whole():
    rng = np.random.default_rng(0)
    equity = 100 * np.cumprod(1 + rng.normal(0, 0.01, 1_001))
    returns = sliced_returns(equity, 40)
    assert len(returns) == 40
    assert returns[0] == pytest.approx(equity[25] / equity[0] - 1)
    assert np.prod(1 + returns) == pytest.approx(equity[-1] / equity[0])
    assert sliced_returns(equity, 5_000) == pytest.approx(np.diff(equity) / equity[:-1])


def test_ml_off_is_one_run_for_all_thresholds(inputs):
    low, high = ({"ml_threshold": value, "ema_fast": 8} for value in (0.5, 0.6))
    assert inputs.task("off", low).key == inputs.task("off", high).key
    assert inputs.task("on", low).key != inputs.task("on", high).key
    assert inputs.task("off", {"ema_fast": 9}).key != inputs.task("off", low).key
    assert inputs.task("off", low).params == {"ema_fast": 8}


def test_the_key_holds_all_that_a_run_depends_on(inputs):
    params = {"ml_threshold": 0.5}
    keys = {run: inputs.task(run, params).key for run in ("off", "on")}
    bars, predictions = inputs.bars["edge"], inputs.predictions["edge"]
    costlier = replace(inputs, account=Account(commission=0.001))
    moved = replace(inputs, bars={"edge": bars.assign(close=bars.close + 1e-9)})
    for other in (
        costlier,
        moved,
        replace(inputs, slices=99),
        replace(inputs, exits={"hold_bars": 6}),
    ):
        assert all(other.task(run, params).key != key for run, key in keys.items())
    doubted = replace(predictions, votes=predictions.votes * 0.99)
    worth = replace(predictions, payoff=predictions.payoff * 2)  # another k: auto goes by it
    other = replace(inputs, predictions={"edge": worth})
    assert other.task("on", params).key != keys["on"]
    other = replace(inputs, predictions={"edge": doubted})
    assert other.task("off", params).key == keys["off"]
    assert other.task("on", params).key != keys["on"]


def test_the_key_knows_the_code_that_strategies_run_through():
    used = set()
    for part in (indicators, strategies, analyzers):
        for file in Path(part.__file__).parent.glob("*.py"):
            used |= set(re.findall(r"^from bt_fusion\.(\w+)", file.read_text(), re.M))
    assert {"models", "technical", "strategies"} <= used
    assert used - {"errors"} <= set(CODE)


def test_a_run_is_kept_as_the_runner_makes_it(inputs, tmp_path):
    store, params = SweepStore(tmp_path), {"ml_threshold": 0.55, "ema_fast": 8}
    tasks = [inputs.task(run, params) for run in ("off", "on")]
    for task in tasks:
        run_task(SentInputs.of(inputs), task).keep(store)
    store.gather()
    kept = store.read(task.key for task in tasks)
    for task, known in zip(tasks, (None, inputs.predictions["edge"]), strict=True):
        traded, given = variant(FusionStrategy, task.params, EXITS, known)
        run = run_strategy(inputs.bars["edge"], traded, **given)
        figures = dict(kept.figures[task.key])
        record = figures.pop("record")
        annual = equity_figures(run.equity)["sharpe"]  # also of a few days: variants are compared
        assert figures == pytest.approx(run.figures | {"sharpe": annual})
        assert kept.returns[task.key] == pytest.approx(
            sliced_returns(run.equity.to_numpy(), 100), abs=1e-7
        )
        assert record["bars"] == len(inputs.bars["edge"]) - 1


def test_a_run_that_fails_says_why_and_is_not_kept(inputs, tmp_path):
    store = SweepStore(tmp_path)
    outcome = run_task(SentInputs.of(inputs), inputs.task("on", {"ema_slow": 5_000}))
    outcome.keep(store)
    assert "fewer than the indicators" in outcome.error
    assert store.keys() == set()


CHANGED = {
    "on_missing": "raise",
    "on_drift": "stop",
    "ml_threshold": 0.9,
    "probability_threshold": 0.9,
    "regime_filter": False,
    "ml_low_threshold": 0.1,
    "ml_half_threshold": 0.2,
    "ml_entry_threshold": 0.3,
    "ml_strong_threshold": 0.4,
    "min_entry_score": 1.0,
    "position": False,
    "stops": False,
    "risk": False,
    "atr_multiplier": 2.0,
    "max_risk_pct": 0.5,
    "max_adds": 3,
}


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("name", STRATEGIES)
def test_what_is_for_ml_only_changes_nothing_without_it(name, daily):
    strategy, bars = STRATEGIES[name], daily[-1_500:]
    given = {key: CHANGED[key] for key in strategy.ml_only}
    assert technical_params(strategy, given) == {}
    plain, changed = (run_strategy(bars, strategy, ml=False, **params) for params in ({}, given))
    assert len(plain.trades) > 0
    assert plain.trades.equals(changed.trades) and plain.equity.equals(changed.equity)


def test_an_unknown_parameter_is_still_refused(daily):
    with pytest.raises(OptionError, match="did you mean 'ml_threshold'"):
        run_strategy(daily, FusionStrategy, **technical_params(FusionStrategy, {"ml_treshold": 1}))
