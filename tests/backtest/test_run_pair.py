"""The placebo of real runs: draws against the engine trade for trade, routes, and the verdict."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.replayed import replayed_run, signals_of
from bt_fusion import Direction, Ensemble, OptionError, SignalModel, WalkForward
from bt_fusion.backtest.chance.label_placebo import label_placebo
from bt_fusion.backtest.chance.placebo_inputs import trade_paths_of
from bt_fusion.backtest.comparison import compare_runs
from bt_fusion.backtest.job import Backtest
from bt_fusion.backtest.judgement import edge_figures, evidence_of, placebo_figures
from bt_fusion.backtest.out_of_sample import OutOfSample
from bt_fusion.backtest.run_pair import RunPair
from bt_fusion.data.samples import planted_edge, random_walk
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import run_strategy
from bt_fusion.engine.variants import variant
from bt_fusion.statistics.bootstrap import Bootstrap
from bt_fusion.strategies import FusionStrategy, HybridScoring
from bt_fusion.verdict.placebos.random_vetoes import random_vetoes
from bt_fusion.verdict.placebos.veto_probability import VetoProbability
from bt_fusion.verdict.rules import judge
from tests.engine.test_engine import given

HORIZON, EXITS = 5, {"hold_bars": 5}
DEAR = Account(cash=50_000.0, commission=0.001, slippage=0.0004, share=0.8)


def pair_of(bars, predictions, account=DEAR, strategy=FusionStrategy, **params):
    """Return the pair of ML-off and ML-on."""
    runs = []
    for known in (None, predictions):
        made, settings = variant(strategy, params, EXITS, known)
        runs.append(run_strategy(bars, made, account, **settings))
    several = isinstance(bars, dict)
    parts = {
        symbol: OutOfSample(own, own, known, Direction(HORIZON)(own))
        for symbol, own, known in (
            [(symbol, bars[symbol], predictions[symbol]) for symbol in bars]
            if several
            else [("", bars, predictions)]
        )
    }
    return RunPair(strategy, params, EXITS, account, parts, *runs)


def lucky(bars, seed=0):
    """Probabilities that know nothing and last for a while."""
    steps = np.random.default_rng(seed).normal(0, 1, len(bars) // 6 + 1)
    return given(bars.index, np.clip(0.5 + 0.12 * np.repeat(steps, 6)[: len(bars)], 0, 1))


@pytest.mark.parametrize("params", [{}, {"exit": "flip"}, {"exit": "both", "long_only": True}])
def test_draws_are_what_the_engine_trades(params):
    bars = random_walk(700, seed=5)
    predictions = lucky(bars)
    outcomes, trips = pair_of(bars, predictions, **params).replayed
    law = VetoProbability.matching(
        outcomes, int((trips.side > 0).sum()), int((trips.side < 0).sum())
    )
    entries = [[] for _ in range(4)]
    for who, at in law.draw(4, seed=1):
        for draw, bar in zip(who, at, strict=True):
            entries[draw].append(bar)
    drawn = random_vetoes(outcomes, trips, 4, seed=1).drawn
    for number, one in enumerate(entries):
        assert len(one) > 5
        up = np.full(len(bars), 0.5)
        up[one] = 0.5 + 0.5 * outcomes.side[one]
        run = pair_of(bars, given(bars.index, up), **params).on
        assert run.trades.entry_time.tolist() == bars.index[np.array(one) + 1].tolist()
        closed = outcomes.exit_bar[one] >= 0
        left = bars.index[outcomes.exit_bar[one][closed]]
        assert run.trades.exit_time[closed].tolist() == left.tolist()
        made = run.trades.pnl / (run.trades.entry_price * run.trades["size"])
        np.testing.assert_allclose(outcomes.net[one][closed], made[closed], atol=1e-12)
        assert drawn.entries[number] == len(run.trades)
        assert drawn.profit[number] == pytest.approx(run.figures["final_value"] / 50_000 - 1)
        assert drawn.expectancy[number] == pytest.approx(run.figures["expectancy"])


def test_the_real_run_is_counted_as_the_engine_made_it():
    bars = random_walk(900, seed=6)
    pair = pair_of(bars, lucky(bars, 1))
    on, placebo = pair.on, pair.placebo(200)
    assert placebo.kind == "veto"
    figures = placebo_figures(placebo, DEAR.cash)
    assert figures["real"] == pytest.approx(on.figures["final_value"] - DEAR.cash)
    assert figures["expectancy"]["real"] == pytest.approx(on.figures["expectancy"])
    assert figures["entries"]["real"] == len(on.trades)
    assert figures["entries"]["mean"] == pytest.approx(len(on.trades), rel=0.05)
    assert figures["low"] < figures["mean"] < figures["high"]
    assert sum(figures["histogram"]["counts"]) == figures["draws"] == 200
    assert len(figures["histogram"]["edges"]) == 41
    assert 0 < figures["p_value"] <= 1


def test_a_strategy_no_replay_knows_has_subsets_of_its_trades():
    bars = random_walk(1_200, seed=7)
    predictions = lucky(bars, 2)
    pair = pair_of(bars, predictions, atr_stop=1.0)
    on, placebo = pair.on, pair.placebo(200)
    assert (on.trades.exit_reason == "stop").any()
    assert placebo.kind == "subset"
    closed = on.trades[on.trades.exit_reason != "open"]
    assert set(placebo.drawn.entries) == {len(closed)}
    gross = (closed.pnl + closed.commission) / (closed.entry_price * closed["size"])
    path = trade_paths_of(on, bars, on.equity.index).path
    np.testing.assert_allclose(path.sum(axis=1), closed.share * gross, atol=1e-12)
    assert placebo.real.expectancy[0] == pytest.approx(on.figures["expectancy"])
    assert placebo.real.profit[0] * DEAR.cash == pytest.approx(on.figures["net_profit"], rel=1e-6)
    assert len(placebo.per_bar) == len(bars)
    pair = pair_of(bars, predictions, strategy=HybridScoring)
    assert pair.placebo(50).kind == "subset" and pair.shift() is None


def test_a_run_that_is_not_its_replay_is_not_replayed():
    """Where the broker refuses an order the rule alone no longer says what was traded."""
    bars = random_walk(400, seed=8)
    pair = pair_of(bars, lucky(bars, 3))
    refused = replace(pair, on=replace(pair.on, trades=pair.on.trades.drop(index=3)))
    assert pair.replayed is pair.replayed is not None  # made once
    assert refused.replayed is None and refused.placebo(20).kind == "subset"


def test_several_symbols_are_drawn_apart():
    bars = {"a": random_walk(500, seed=1), "b": random_walk(500, seed=2)}
    predictions = {symbol: lucky(own) for symbol, own in bars.items()}
    pair = pair_of(bars, predictions)
    placebo = pair.placebo(50)
    assert placebo.kind == "subset"
    assert len(placebo.per_bar) == len(pair.on.equity)


def test_the_verdict_of_an_edge_and_of_a_coin():
    bars = planted_edge(2_400, seed=1, auc=0.75)
    model = SignalModel(["wick_balance", "return_1"], ensemble=Ensemble(["lgb"]))
    job = Backtest(WalkForward(model, 1_000, 1_000, cache=None), draws=200)
    summary = job.run(bars).summary
    assert summary["comparison"]["verdict"] == "ML helped"
    assert summary["statistics"]["placebo"]["p_value"] == 1 / 201
    assert summary["statistics"]["shift"]["p_value"] < 0.05
    assert (
        summary["statistics"]["edge"]["dsr"]
        > 0.95
        > 0.05
        > (summary["statistics"]["edge"]["dsr_against"])
    )
    walk = random_walk(1_500, seed=3)
    pair = pair_of(walk, lucky(walk, 4))
    comparison = compare_runs(pair.off, pair.on, Bootstrap(200))
    found = evidence_of(pair, comparison, pair.placebo(200))
    assert judge(found).verdict == "no evidence" and found.in_sample == 0
    seen = replace(
        pair.predictions, trained_until=np.full(len(walk), walk.index[2].to_datetime64())
    )
    part = replace(pair.out_of_sample[""], predictions=seen)
    found = evidence_of(replace(pair, out_of_sample={"": part}), comparison, pair.placebo(200))
    assert judge(found).because.startswith("no evidence: the model was trained on 3")


def test_more_trials_make_the_edge_less_sure():
    bars = planted_edge(2_000, seed=2, auc=0.65)
    right = (bars.close.shift(-5) > bars.close).to_numpy()
    rng = np.random.default_rng(0)
    known = np.where(rng.random(2_000) < 0.1, right, rng.random(2_000) < 0.5)
    predictions = given(bars.index, np.where(rng.random(2_000) < 0.7, 0.5, 0.4 + 0.2 * known))
    placebo = pair_of(bars, predictions).placebo(20)
    one, many = (edge_figures(placebo, trials) for trials in (1, 100))
    assert 0.99 > one["dsr"] == one["psr"] > many["dsr"]
    assert one["sharpe"] == many["sharpe"] > 0
    assert one["dsr_against"] > many["dsr_against"]


def test_a_run_without_trades_is_no_evidence():
    bars = random_walk(300, seed=9)
    pair = pair_of(bars, given(bars.index, 0.5))
    placebo = pair.placebo(20)
    comparison = compare_runs(pair.off, pair.on, Bootstrap(20))
    verdict = judge(evidence_of(pair, comparison, placebo))
    assert verdict.because == "no evidence: ML-on closed no trades, 30 are asked"
    figures = placebo_figures(placebo, DEAR.cash)
    assert figures["expectancy"] == {"real": None, "mean": None, "low": None, "high": None}


def test_the_label_placebo_learns_nothing_and_says_so():
    bars = planted_edge(2_000, seed=4, auc=0.75)
    model = SignalModel(["wick_balance", "return_1"], ensemble=Ensemble(["lgb"]))
    walk = WalkForward(model, 1_000, 500, cache=None)
    result = Backtest(walk, draws=50, placebo="labels").run(bars)
    pair = RunPair(FusionStrategy, {}, EXITS, Account(), result.out_of_sample, **result.runs)
    found = label_placebo(walk, pair, repeats=3)
    listed = result.summary["statistics"]["labels"]
    assert (listed["repeats"], listed["as_good"]) == (5, 0)
    assert listed["drawn"][:3] == found["drawn"]
    assert found["as_good"] == 0
    assert found["real"]["net_profit"] == pytest.approx(
        result.runs["on"].figures["final_value"] - 100_000
    )
    assert [each["score"] < found["real"]["score"] for each in found["drawn"]] == [True] * 3
    with pytest.raises(OptionError, match="leave --model away"):
        label_placebo(model.fit(bars[:900]), pair)
    with pytest.raises(OptionError, match="take --placebo veto"):
        Backtest(model, placebo="labels").run(bars)
    with pytest.raises(OptionError, match="make both runs"):
        Backtest(walk, ml="on", placebo="labels").run(bars)


def test_replayed_runs_of_the_benchmarks_are_the_engines():
    bars = random_walk(800, seed=10)
    predictions = lucky(bars, 5)
    account = replace(DEAR, slippage=0.0)
    pair, signals = pair_of(bars, predictions, account), signals_of(bars, predictions, 0.60)
    for name, run in (("off", pair.off), ("on", pair.on)):
        again = replayed_run(bars, signals[name], signals["off"], account)
        np.testing.assert_array_equal(again.signal, np.nan_to_num(run.signal))  # warming up: 0
        np.testing.assert_allclose(again.equity, run.equity, rtol=1e-12)
        for column in ("side", "entry_time", "exit_reason"):
            assert again.trades[column].tolist() == run.trades[column].tolist()
        closed = (run.trades.exit_reason != "open").to_numpy()
        for column in ("entry_price", "size", "share"):
            pd.testing.assert_series_equal(again.trades[column], run.trades[column])
        np.testing.assert_allclose(again.trades.pnl[closed], run.trades.pnl[closed])
        for figure in ("trades", "win_rate", "expectancy", "sharpe", "total_return"):
            assert again.figures[figure] == pytest.approx(run.figures[figure]), figure
