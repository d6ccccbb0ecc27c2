"""Stops and targets in the draws: the replay against Backtrader, trade by trade."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bt_fusion.backtest.chance.chance_figures import chance_figures
from bt_fusion.backtest.chance.matched_chance import delayed_test, matched_chance
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import random_walk
from bt_fusion.verdict.placebos.agreement_chain import AgreementChain
from bt_fusion.verdict.placebos.agreement_draws import Agreements, trips_of
from bt_fusion.verdict.placebos.chain_pair import SIDES, ChainPair
from bt_fusion.verdict.placebos.entry_outcomes import trade_results
from bt_fusion.verdict.placebos.episodes import Episodes
from bt_fusion.verdict.placebos.random_agreement import Runs
from tests.backtest.chance.test_matched_chance import COSTLY, pair_of, random_predictions
from tests.engine.test_engine import given

FREE = replace(COSTLY, slippage=0.0)
SLIPS = replace(COSTLY, slippage=0.003)
CASES = [
    {"stop": 0.01},
    {"target": 0.01},
    {"stop": 0.006, "target": 0.01},
    {"atr_stop": 1.5},
    {"atr_target": 1.5},
    {"atr_stop": 1.0, "atr_target": 1.0},
    {"atr_stop": 0.4, "atr_target": 0.4},  # many bars touch both
    {"stop": 0.004, "target": 0.02, "long_only": True},
    {"stop": 0.003, "atr_target": 2.0, "hold_bars": 12},
    {"atr_stop": 2.0, "atr_period": 60},  # ready later than the EMAs are
]


def gapping(seed):
    """A random walk whose bars open away from the last close."""
    bars = random_walk(900, seed)
    jumps = np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.004, 900)))
    bars[["open", "high", "low", "close"]] *= jumps[:, None]
    return bars


@pytest.mark.slow_after(6)
@pytest.mark.parametrize("account", [FREE, SLIPS], ids=["free", "slips"])
@pytest.mark.parametrize("params", CASES, ids=str)
def test_the_replay_is_backtraders_run_trade_by_trade(params, account):
    bars = gapping(seed=22)
    pair = pair_of(bars, random_predictions(bars), account, **params)
    (one,) = pair.replay_inputs.values()
    trips, trades = one.by_rule, pair.on.trades
    assert len(trips.signal) == len(trades) > 10
    assert bars.index[trips.signal + 1].tolist() == trades.entry_time.tolist()
    assert np.where(trips.side > 0, "long", "short").tolist() == trades.side.tolist()
    levels = trades.exit_reason.isin(["stop", "target"]).to_numpy()
    assert trips.inside.tolist() == levels.tolist() and levels.sum() > 5
    closed = (trades.exit_reason != "open").to_numpy()
    left = pd.DatetimeIndex(trades.exit_time[closed])
    assert bars.index[trips.exit_bar[closed]].tolist() == left.tolist()
    filled = np.where(trips.inside, one.exits.filled[trips.signal], np.nan)
    np.testing.assert_allclose(filled[levels], trades.exit_price[levels], rtol=1e-12)
    columns = (trips.signal, trips.side, trips.exit_bar)
    net, _ = trade_results(BarArrays.of(bars), *columns, one.costs, filled)
    value = trades["size"] * trades.entry_price
    np.testing.assert_allclose(net[closed], (trades.pnl / value)[closed], atol=1e-12)
    assert one.exact


@pytest.mark.parametrize("params", [CASES[2], CASES[5]], ids=str)
def test_a_run_with_levels_is_counted_as_the_engine_made_it(params):
    bars = gapping(seed=6)
    pair = pair_of(bars, random_predictions(bars, 1), SLIPS, **params)
    chance = matched_chance(pair, 200)
    found, on = chance.together, pair.on
    assert (found.kind, chance.why, chance.untested, chance.comparable) == ("coin", "", "", True)
    assert found.real.profit[0] == pytest.approx(on.figures["final_value"] / COSTLY.cash - 1)
    assert found.real.expectancy[0] == pytest.approx(on.figures["expectancy"])
    assert found.real.win_rate[0] == pytest.approx(on.figures["win_rate"])
    assert found.real.exposure[0] == pytest.approx(on.figures["exposure"], abs=0.02)
    assert found.drawn.entries.mean() == pytest.approx(len(on.trades), rel=0.15)
    assert chance_figures(chance, pair)["win_rate"]["mean"] is not None
    assert delayed_test(pair, 20) is None


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("params", [CASES[1], CASES[5], CASES[6]], ids=str)
def test_draws_are_what_the_engine_trades(params):
    """The engine, given a draw's agreements as ML's answer, makes its trades and figures."""
    bars = gapping(seed=5)
    (one,) = pair_of(bars, random_predictions(bars), SLIPS, **params).replay_inputs.values()
    episodes, rng = Episodes.of(one.state[:-1]), np.random.default_rng(1)
    chains, hold_bars = (
        (AgreementChain(0.1, 0.2, 5), AgreementChain(0.2, 0.2, 5)),
        one.rule.hold_bars,
    )
    made = [
        Agreements.of(chain, episodes, side, 4, rng)
        for chain, side in zip(chains, SIDES, strict=True)
    ]
    drawn = trips_of(made, episodes, hold_bars, 4, one.exits)
    runs = Runs(BarArrays.of(bars), one.costs, ChainPair.of_chains(episodes, chains), one.exits)
    figures = runs.figures(drawn)
    for number in range(4):
        up = np.full(len(bars), 0.5)
        for agreements, side in zip(made, SIDES, strict=True):
            own = agreements.draw == number
            for first, last in zip(agreements.first[own], agreements.last[own], strict=True):
                up[first : last + 1] = 0.5 + 0.2 * side
        run = pair_of(bars, given(bars.index, up), SLIPS, **params).on
        entered = np.sort(drawn.trips.signal[drawn.draw == number]) + 1
        assert run.trades.entry_time.tolist() == bars.index[entered].tolist()
        assert figures.entries[number] == len(run.trades) > 20
        assert figures.expectancy[number] == pytest.approx(run.figures["expectancy"])
        value = run.figures["final_value"]
        assert figures.profit[number] == pytest.approx(value / COSTLY.cash - 1)


def test_each_of_several_symbols_is_replayed():
    bars = {"a": gapping(1), "b": gapping(2).iloc[100:]}
    predictions = {symbol: random_predictions(own) for symbol, own in bars.items()}
    pair = pair_of(bars, predictions, SLIPS, **CASES[5])
    inputs = pair.replay_inputs.values()
    assert [one.exact for one in inputs] == [True, True]
    assert sum(one.by_rule.inside.sum() for one in inputs) > 10
    assert matched_chance(pair, 20).comparable


def test_another_threshold_is_counted_with_the_same_orders():
    bars = gapping(seed=3)
    pair, other = (
        pair_of(bars, random_predictions(bars), SLIPS, ml_threshold=threshold, **CASES[5])
        for threshold in (0.6, 0.54)
    )
    (one,) = pair.replay_inputs.values()
    assert len(one.replayed(other.on.signal).signal) == len(other.on.trades) > len(pair.on.trades)


def test_other_exits_do_without_the_replay():
    bars = gapping(seed=3)
    pair = pair_of(bars, random_predictions(bars), SLIPS, exit="both", **CASES[5])
    (one,) = pair.replay_inputs.values()
    assert not one.exact and one.why_not.endswith("with the exit renew only")
