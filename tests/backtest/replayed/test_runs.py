"""Replayed runs against Backtrader's: every trade, every close and every figure, to the bit."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bt_fusion.backtest.replayed.market import Market
from bt_fusion.backtest.replayed.rule import FusionRule
from bt_fusion.backtest.replayed.runs import replayed_runs
from bt_fusion.data.samples import load_sample, planted_edge, random_walk
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import run_strategy
from bt_fusion.engine.variants import default_params, variant
from bt_fusion.errors import OptionError
from bt_fusion.models.predictions import Predictions
from bt_fusion.strategies import FusionStrategy
from tests.engine.test_engine import given as predictions_of

BARS = 500
DISTANCES = {
    "stop": st.sampled_from([None, 0.002, 0.01, 0.05]),
    "target": st.sampled_from([None, 0.002, 0.01, 0.05]),
    "atr_stop": st.sampled_from([None, 0.5, 1.5, 4.0]),
    "atr_target": st.sampled_from([None, 0.5, 2.0, 6.0]),
}


@st.composite
def parameters(draw):
    given = {
        "ema_fast": draw(st.integers(1, 20)),
        "ema_slow": draw(st.integers(2, 40)),
        "exit": draw(st.sampled_from(["renew", "horizon", "flip", "both"])),
        "hold_bars": draw(st.integers(1, 12)),
        "long_only": draw(st.booleans()),
        "ml_threshold": draw(st.sampled_from(["auto", 0.5, 0.52, 0.55, 0.6])),
        "atr_period": draw(st.sampled_from([1, 7, 14, 50])),
    }
    for fraction, units in (("stop", "atr_stop"), ("target", "atr_target")):
        name = draw(st.sampled_from([fraction, units]))
        given[name] = draw(DISTANCES[name])
    return given


ACCOUNTS = st.builds(
    Account,
    cash=st.sampled_from([100_000.0, 37.0]),
    commission=st.sampled_from([0.0, 0.0005, 0.002]),
    slippage=st.sampled_from([0.0, 0.0003, 0.003]),
    share=st.sampled_from([0.95, 0.5, 1.0]),
)


def moving(kind, seed):
    """Bars of a walk, of an edge, of one whose bars gap, or of one on a grid of whole prices."""
    if kind == "edge":
        return planted_edge(BARS, seed=seed, auc=0.7)
    bars = random_walk(BARS, seed)
    if kind == "gaps":
        jumps = np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.004, BARS)))
        bars[["open", "high", "low", "close"]] *= jumps[:, None]
    if kind == "ticks":
        bars[["open", "high", "low", "close"]] = bars[["open", "high", "low", "close"]].round()
    prices = bars[["open", "high", "low", "close"]]
    return bars.assign(high=prices.max(axis=1), low=prices.min(axis=1))


def answered(bars, seed):
    """Predictions that know nothing, some of them missing, with a payoff that moves."""
    rng = np.random.default_rng(seed)
    up = np.clip(0.5 + 0.15 * rng.standard_normal(len(bars)), 0.01, 0.99)
    up[rng.random(len(bars)) < 0.05] = np.nan
    made = predictions_of(bars.index, up)
    payoff = np.repeat(rng.uniform(0.001, 0.02, (len(bars), 1)), 2, axis=1)
    return Predictions(**{**vars(made), "payoff": payoff})


def compared(bars, predictions, account, params):
    """Compare ML off and ML on; return how many the replay left to the engine."""
    market, left = Market(bars, account, predictions), 0
    for known in (None, predictions):
        _, given = variant(FusionStrategy, params, {"hold_bars": 5}, known)
        rule = FusionRule.of(default_params(FusionStrategy) | given)
        made = run_strategy(bars, FusionStrategy, account, details=False, **given)
        ((_, replayed),) = replayed_runs(market, [rule])
        if replayed is None:
            left += 1
            assert made.figures["rejected"] or rule.has_levels
            continue
        ours = replayed.run()
        pd.testing.assert_frame_equal(ours.trades, made.trades, check_exact=True, check_dtype=False)
        pd.testing.assert_series_equal(ours.equity, made.equity, check_exact=True)
        assert list(ours.figures.items()) == list(made.figures.items())
    return left


QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LONG = settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
DESIGNS = (
    st.sampled_from(["walk", "edge", "gaps", "ticks"]),
    st.integers(0, 999),
    parameters(),
    ACCOUNTS,
)


@QUICK
@given(*DESIGNS)
def test_a_replay_is_the_engines_run_to_the_bit(kind, seed, params, account):
    bars = moving(kind, seed)
    compared(bars, answered(bars, seed), account, params)


@pytest.mark.slow
@LONG
@given(*DESIGNS)
def test_many_replays_are_the_engines_runs_to_the_bit(kind, seed, params, account):
    bars = moving(kind, seed)
    compared(bars, answered(bars, seed), account, params)


@pytest.mark.slow
@pytest.mark.parametrize("exit", ["renew", "horizon", "flip", "both"])
@pytest.mark.parametrize("levels", [{}, {"stop": 0.01}, {"atr_stop": 2.0, "target": 0.03}], ids=str)
@pytest.mark.parametrize("costs", [(0.0, 0.0), (0.0005, 0.0), (0.0005, 0.0005)], ids=str)
@pytest.mark.parametrize("name", ["sp500", "nasdaq"])
def test_replays_of_markets_are_the_engines_runs(name, costs, levels, exit):
    bars = load_sample(name)
    account = Account(commission=costs[0], slippage=costs[1])
    params = {"exit": exit, "ml_threshold": 0.52, **levels}
    for long_only in (False, True):
        left = compared(bars, answered(bars, 1), account, params | {"long_only": long_only})
        assert left == 0


def test_runs_of_many_rules_at_once_are_those_of_one_at_a_time():
    bars = moving("gaps", 3)
    market = Market(bars, Account(), answered(bars, 3))
    rules = [
        FusionRule(fast=fast, threshold=threshold)
        for fast in (3, 12, 26)  # of the last the averages are the same: it never trades
        for threshold in (None, 0.5, 0.6, 0.99)
    ]
    counts = []
    for rule, run in replayed_runs(market, rules):
        ((_, alone),) = replayed_runs(market, [rule])
        counts.append(len(run.fills.size))
        assert run.trades().equals(alone.trades())
        np.testing.assert_array_equal(run.equity, alone.equity)
    assert counts[-4:] == [0, 0, 0, 0] and len(set(counts)) > 5


def test_a_refused_order_is_left_to_the_engine():
    bars = moving("walk", 1)
    market = Market(bars, Account(share=1.0), answered(bars, 1))
    assert [run for _, run in replayed_runs(market, [FusionRule()])] == [None]


@pytest.mark.parametrize(
    "wrong",
    [{"ema_fast": 0}, {"exit": "never"}, {"stop": 2.0}, {"atr_stop": 1.0, "atr_period": 0}],
    ids=str,
)
def test_what_the_strategy_refuses_makes_no_rule(wrong):
    with pytest.raises(OptionError):
        FusionRule.of(default_params(FusionStrategy) | wrong)
