"""Matched chance of real runs: draws against the engine trade for trade, kinds, and the verdict."""

from dataclasses import replace

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from bt_fusion import Backtest, Direction, Ensemble, OptionError, SignalModel, WalkForward
from bt_fusion.backtest.chance.chance_figures import chance_figures, placebo_figures
from bt_fusion.backtest.chance.entry_ranking import ranking_figures, ranking_of, ranking_test
from bt_fusion.backtest.chance.label_placebo import label_placebo
from bt_fusion.backtest.chance.matched_chance import delayed_test, matched_chance
from bt_fusion.backtest.chance.placebo_inputs import trade_paths_of
from bt_fusion.backtest.out_of_sample import OutOfSample
from bt_fusion.backtest.pair_verdict import edge_figures, evidence_of
from bt_fusion.backtest.run_pair import RunPair
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge, random_walk
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import run_strategy
from bt_fusion.engine.variants import variant
from bt_fusion.strategies import FusionStrategy, HybridScoring
from bt_fusion.technical.ema_state import ema_state
from bt_fusion.verdict.placebos.agreement_draws import drawn_trips
from bt_fusion.verdict.placebos.chain_pair import ChainPair
from bt_fusion.verdict.placebos.random_agreement import matched, random_agreement
from bt_fusion.verdict.rules import judge
from tests.engine.test_engine import given

HORIZON, EXITS = 5, {"hold_bars": 5}
COSTLY = Account(cash=50_000.0, commission=0.001, slippage=0.0004, share=0.8)


def pair_of(bars, predictions, account=COSTLY, strategy=FusionStrategy, **params):
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


def random_predictions(bars, seed=0):
    """Probabilities that know nothing and last for a while."""
    steps = np.random.default_rng(seed).normal(0, 1, len(bars) // 6 + 1)
    return given(bars.index, np.clip(0.5 + 0.12 * np.repeat(steps, 6)[: len(bars)], 0, 1))


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("params", [{}, {"long_only": True}, {"hold_bars": 2}])
def test_draws_are_what_the_engine_trades(params):
    """The engine, given a draw's agreements as ML's answer, makes its trades and figures."""
    bars = random_walk(900, seed=5)
    pair = pair_of(bars, random_predictions(bars), **params)
    (one,) = pair.replay_inputs.values()
    entries, held = matched(one.trips, len(bars))
    chains = ChainPair.matching(one.state, entries, held, one.rule.hold_bars)
    drawn = next(drawn_trips(chains, 4, seed=1))
    placebo = random_agreement(
        BarArrays.of(bars), one.state, one.trips, one.rule.hold_bars, one.costs, 4, seed=1
    )
    for number in range(4):
        own = drawn.draw == number
        signal, side, exit_bar = (
            getattr(drawn.trips, name)[own] for name in ("signal", "side", "exit_bar")
        )
        order = np.argsort(signal)
        signal, side, exit_bar = signal[order], side[order], exit_bar[order]
        assert len(signal) > 5
        run = pair_of(bars, holding(bars, signal, side, exit_bar, one), **params).on
        assert run.trades.entry_time.tolist() == bars.index[signal + 1].tolist()
        closed = exit_bar >= 0
        left = pd.DatetimeIndex(run.trades.exit_time[closed])
        assert left.tolist() == bars.index[exit_bar[closed]].tolist()
        assert placebo.drawn.entries[number] == len(run.trades)
        for name in ("expectancy", "win_rate"):
            figure = getattr(placebo.drawn, name)[number]
            assert figure == pytest.approx(run.figures[name]), name
        value = run.figures["final_value"]
        assert placebo.drawn.profit[number] == pytest.approx(value / 50_000 - 1)


def holding(bars, signal, side, exit_bar, one):
    """Predictions that agree on the bars whose decisions hold a position, as late as needed."""
    up = np.full(len(bars), 0.5)
    hold = one.rule.hold_bars
    for start, own, stop in zip(signal, side, exit_bar, strict=True):
        end = stop - 1 if stop >= 0 else len(bars)  # the bar that decides to leave
        flipped = end < len(bars) and one.state[end] != own
        last = end if flipped else max(start + 1, end - hold + 1)
        up[start:last] = 0.5 + 0.2 * own
    return given(bars.index, up)


def test_the_real_run_is_counted_as_the_engine_made_it():
    bars = random_walk(900, seed=6)
    pair = pair_of(bars, random_predictions(bars, 1))
    on, chance = pair.on, matched_chance(pair, 200)
    assert (chance.together.kind, chance.why, chance.untested) == ("coin", "", "")
    figures = placebo_figures(chance, COSTLY.cash)
    assert figures["real"] == pytest.approx(on.figures["final_value"] - COSTLY.cash)
    assert figures["expectancy"]["real"] == pytest.approx(on.figures["expectancy"])
    assert figures["entries"]["real"] == len(on.trades)
    assert figures["entries"]["mean"] == pytest.approx(len(on.trades), rel=0.05)
    assert figures["low"] < figures["mean"] < figures["high"]
    assert sum(figures["histogram"]["counts"]) == figures["draws"] == 200
    assert 0 < figures["p_value"] <= 1 and figures["misfit"] < 0.02
    column = chance_figures(chance, pair)
    assert column["exposure"]["mean"] == pytest.approx(on.figures["exposure"], rel=0.05)
    low, high = column["win_rate"]["ci95"]
    assert low < column["win_rate"]["mean"] < high
    assert column["p_value"] == figures["p_value"]
    assert column["sharpe"]["mean"] is None is on.figures["sharpe"]  # 15 hours of minutes


def test_what_no_random_filter_matches_is_named_and_its_column_empty():
    bars = random_walk(3_000, seed=6)
    up = np.full(len(bars), 0.5)
    up[::7] = 0.7  # one bar flat between two positions, as regular as a clock
    pair = pair_of(bars, given(bars.index, up), hold_bars=6)
    chance = matched_chance(pair, 20)
    assert chance.test is None and not chance.comparable
    assert "the closest have" in chance.untested and "ML-on" in chance.untested
    assert chance.remedy.endswith("each value tried counts as a variant.")
    column = chance_figures(chance, pair)
    assert column["exposure"]["mean"] is None is column["p_value"]


@pytest.mark.parametrize("exit", ["horizon", "flip", "both"])
def test_other_exits_have_vetoes_that_match_entries(exit):
    bars = random_walk(900, seed=6)
    pair = pair_of(bars, random_predictions(bars, 1), exit=exit)
    chance = matched_chance(pair, 100)
    assert chance.together.kind == "veto"
    real = chance.together.real
    assert real.profit[0] == pytest.approx(pair.on.figures["final_value"] / COSTLY.cash - 1)


def test_other_fills_and_refused_orders_are_compared_by_their_fills():
    bars = random_walk(1_200, seed=7)
    pair = pair_of(bars, random_predictions(bars, 2), atr_stop=1.0)
    later = pair.on.trades.copy()
    at = later.index[later.exit_reason == "stop"][0]
    later.loc[at, "exit_price"] *= 0.999  # by a broker who fills otherwise
    chance = matched_chance(replace(pair, on=replace(pair.on, trades=later)), 100)
    assert chance.together.kind == "coin" and not chance.comparable
    assert chance.why.startswith("the broker filled some orders otherwise")
    assert chance.together.real.expectancy[0] == pytest.approx(pair.on.figures["expectancy"])
    assert chance.untested == "" and chance_figures(chance, pair)["win_rate"]["mean"] is None
    pair = pair_of(bars, random_predictions(bars, 2), atr_stop=1.0, exit="horizon")
    chance = matched_chance(pair, 20)
    assert chance.together.kind == "subset" and "with the exit renew only" in chance.why
    pair = pair_of(bars, random_predictions(bars, 3))
    refused = replace(pair, on=replace(pair.on, trades=pair.on.trades.drop(index=3)))
    assert matched_chance(refused, 20).why == "the broker refused or resized an order"
    assert matched_chance(pair, 20).why == "" and delayed_test(pair, 20).draws == 20


def test_what_knows_one_bar_alone_is_worth_nothing_a_bar_later():
    bars = random_walk(3_000, seed=4)
    opens = bars.open.to_numpy()
    ahead = np.append(np.diff(opens)[1:], [0, 0])  # from the open after each bar to the next one
    rng = np.random.default_rng(0)
    up = np.where(rng.random(len(bars)) < 0.25, 0.5 + 0.2 * np.sign(ahead), 0.5)
    pair = pair_of(bars, given(bars.index, up), hold_bars=1)
    now, later = matched_chance(pair, 200).test, delayed_test(pair, 200)
    assert now.p_value == 1 / 201 and later.p_value > 0.05
    assert later.draws == 200


def test_a_strategy_no_replay_knows_has_subsets_of_its_trades():
    bars = random_walk(4_000, seed=7)
    pair = pair_of(bars, random_predictions(bars, 2), strategy=HybridScoring)
    on, chance = pair.on, matched_chance(pair, 100)
    assert chance.together.kind == "subset" and "no replay knows" in chance.why
    closed = on.trades[on.trades.exit_reason != "open"]
    assert set(chance.together.drawn.entries) == {len(closed)}
    gross = (closed.pnl + closed.commission) / (closed.entry_price * closed["size"])
    path = trade_paths_of(on.trades, bars, on.equity.index).path
    np.testing.assert_allclose(path.sum(axis=1), closed.share * gross, atol=1e-12)
    assert len(chance.above_chance) == len(bars)
    ranking = ranking_of(pair, 50)
    assert ranking.kind == "entries"


def test_changed_exits_are_not_judged_and_said_to_be():
    class Leaves(bt.Strategy):
        params = (("ml", True), ("model", None))

        def next(self):
            day = len(self) % 10
            if day == 1:
                self.buy()
            elif day == (4 if self.p.ml else 6):
                self.close()

    bars = random_walk(700, seed=3)
    chance = matched_chance(pair_of(bars, random_predictions(bars), strategy=Leaves), 20)
    assert chance.test is None
    assert chance.untested == (
        "ML changed the exits of 70 of 70 shared trades, and random filters change only entries"
    )


def test_identical_runs_leave_nothing_to_judge_and_almost_identical_ones_do():
    bars = random_walk(900, seed=2)
    sure = np.full(len(bars), 1.0)
    up = np.where(ema_state(bars.close.to_numpy(), 12, 26) > 0, sure, 0.0)
    same = pair_of(bars, given(bars.index, up))
    assert matched_chance(same, 20).untested.startswith("both runs made the same trades")
    at = bars.index.get_indexer(same.off.trades.entry_time)[4] - 1
    up[at] = 0.5  # one entry a bar later
    other = matched_chance(pair_of(bars, given(bars.index, up)), 20)
    assert "same trades" not in other.untested


def test_several_symbols_are_drawn_apart_and_pooled():
    bars = {"a": random_walk(1_500, seed=1), "b": random_walk(1_500, seed=2)}
    predictions = {symbol: random_predictions(own) for symbol, own in bars.items()}
    pair = pair_of(bars, predictions)
    chance = matched_chance(pair, 50)
    assert list(chance.placebos) == ["a", "b"] and chance.together.kind == "coin"
    assert chance.together.real.entries[0] == len(pair.on.trades)
    assert len(chance.above_chance) == len(pair.on.equity)
    assert chance.test.draws == 50 and 0 < chance.test.p_value < 1
    assert chance_figures(chance, pair)["profit_factor"]["mean"] is None
    assert ranking_of(pair, 50).kind == "bars"


def test_the_verdict_of_an_edge_and_of_chance():
    bars = planted_edge(2_400, seed=1, auc=0.75)
    model = SignalModel(["wick_balance", "return_1"], ensemble=Ensemble(["lgb"]))
    job = Backtest(WalkForward(model, 1_000, 1_000, cache=None), draws=200)
    summary = job.run(bars).summary
    assert summary["comparison"]["verdict"] == "ML helped"
    assert summary["statistics"]["placebo"]["p_value"] == 1 / 201
    ranking = summary["comparison"]["ranking"]
    assert ranking["p_value"] == 1 / 201 and sum(ranking["counts"]) > 1_300
    assert ranking["quartiles"][3] > 0 > ranking["quartiles"][0]
    assert summary["comparison"]["robustness"]["delay_1"]["p_value"] < 0.1
    edge = summary["statistics"]["edge"]
    assert edge["dsr"] > 0.95 > 0.05 > edge["dsr_against"]
    walk = random_walk(3_000, seed=3)
    pair = pair_of(walk, random_predictions(walk, 4))
    found = evidence_of(pair, matched_chance(pair, 200), ranking_test(ranking_of(pair, 200)))
    assert judge(found).verdict == "no evidence" and found.in_sample == 0
    seen = replace(
        pair.predictions, trained_until=np.full(len(walk), walk.index[2].to_datetime64())
    )
    part = replace(pair.out_of_sample[""], predictions=seen)
    found = evidence_of(replace(pair, out_of_sample={"": part}), matched_chance(pair, 200))
    assert judge(found).because.startswith("no evidence: the model was trained on 3")


def test_more_trials_make_the_edge_less_sure():
    bars = planted_edge(2_000, seed=2, auc=0.65)
    right = (bars.close.shift(-5) > bars.close).to_numpy()
    rng = np.random.default_rng(0)
    known = np.where(rng.random(2_000) < 0.1, right, rng.random(2_000) < 0.5)
    predictions = given(bars.index, np.where(rng.random(2_000) < 0.7, 0.5, 0.4 + 0.2 * known))
    chance = matched_chance(pair_of(bars, predictions), 20)
    one, many = (edge_figures(chance, trials) for trials in (1, 100))
    assert one["dsr"] == one["psr"] > many["dsr"]
    assert one["sharpe"] == many["sharpe"] > 0
    assert one["dsr_against"] > many["dsr_against"]


def test_a_run_without_trades_is_no_evidence():
    bars = random_walk(300, seed=9)
    pair = pair_of(bars, given(bars.index, 0.5))
    chance = matched_chance(pair, 20)
    verdict = judge(evidence_of(pair, chance))
    assert verdict.because == ("no evidence: too few trades (ML-on closed none, each run needs 30)")
    figures = placebo_figures(chance, COSTLY.cash)
    assert figures["expectancy"] == {"real": None, "mean": None, "low": None, "high": None}
    assert "is the same" in ranking_figures(ranking_of(pair, 20))["reason"]


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
    with pytest.raises(OptionError, match="leave out --model"):
        label_placebo(model.fit(bars[:900]), pair)
    with pytest.raises(OptionError, match="take --placebo veto"):
        Backtest(model, placebo="labels").run(bars)
    with pytest.raises(OptionError, match="make both runs"):
        Backtest(walk, ml="on", placebo="labels").run(bars)
