"""A sweep by replay: the rows of the engine, eleven variants compared, and when it falls back."""

from dataclasses import replace

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from bt_fusion import Backtest, Direction, Ensemble, SignalModel, WalkForward
from bt_fusion.backtest.replayed.runs import ReplayedRun
from bt_fusion.data.samples import planted_edge
from bt_fusion.engine.account import Account
from bt_fusion.parallel import Shared
from bt_fusion.report.terminal.sweep import replay_lines
from bt_fusion.strategies import FusionStrategy
from bt_fusion.sweep.by_replay import MissingRuns
from bt_fusion.sweep.checks import CHECKED, Checked, check_task, checked_variants, difference
from bt_fusion.sweep.replay import SweepReplay, why_engine
from bt_fusion.sweep.runs import Outcome, SentInputs, SweepInputs, run_task
from bt_fusion.sweep.store import SweepStore
from bt_fusion.sweep.sweep import Sweep

GRID = {"ml_threshold": [0.5, 0.55, 0.6, 0.65], "ema_fast": [4, 8, 12], "hold_bars": [3, 5]}


class OtherFusion(FusionStrategy):
    """Not FusionStrategy itself: what it changes is not known."""


class Tenth(bt.Sizer):
    def _getsizing(self, comminfo, cash, data, isbuy):
        return cash / 10 / data.close[0]


@pytest.fixture(scope="module")
def inputs(edge):
    model = SignalModel(["wick_balance", "gap"], Direction(5), Ensemble(("lgb",)))
    predictions = WalkForward(model, 500, cache=None).predict(edge)
    bars = {"edge": edge[500:]}
    known = {"edge": replace(predictions[500:], label=None)}
    return SweepInputs(FusionStrategy, bars, known, {"hold_bars": 5}, Account(), 100)


def sweep(**options):
    model = SignalModel(["wick_balance", "gap"], Direction(5), Ensemble(("lgb",)))
    return Sweep(Backtest(WalkForward(model, 600, 300, cache=None)), GRID, jobs=1, **options)


@pytest.fixture(scope="module")
def replayed(edge, tmp_path_factory):
    folder = tmp_path_factory.mktemp("replayed")
    return sweep().run(edge, "edge", out=folder), folder


@pytest.fixture(scope="module")
def by_engine(edge, tmp_path_factory):
    return sweep(replay=False).run(edge, "edge", out=tmp_path_factory.mktemp("engine"))


def without_counts(summary):
    return {name: summary[name] for name in summary if name not in ("runs", "timing")}


def test_a_sweep_by_replay_is_the_one_by_the_engine(replayed, by_engine):
    found, folder = replayed
    pd.testing.assert_frame_equal(found.table, by_engine.table, check_exact=True)
    assert without_counts(found.summary) == without_counts(by_engine.summary)
    runs, engines = found.summary["runs"], by_engine.summary["runs"]
    assert (runs["total"], runs["made"], runs["kept"]) == (24 + 6, 30, 0)
    assert (runs["checked"], runs["differing"], runs["engine_why"]) == (CHECKED, 0, None)
    assert runs["replayed"] + runs["engine"] == 30 and 11 < runs["engine"] <= 11 + 6
    assert (engines["replayed"], engines["engine"], engines["checked"]) == (0, 30, 0)
    assert not (folder / "sweep_parts").exists()


def test_the_terminal_tells_how_many_were_replayed(replayed, by_engine):
    runs = replayed[0].summary["runs"]
    (line,) = replay_lines(runs)
    assert f"{runs['replayed']} runs without Backtrader, {runs['engine']} in it" in line
    assert "best variant and 10 drawn ones are equal in both, trade for trade" in line
    assert replay_lines(by_engine.summary["runs"]) == []


def test_again_makes_nothing(replayed, edge):
    found, folder = replayed
    again = sweep().run(edge, "edge", out=folder)
    assert again.summary["runs"]["kept"] == 30 and again.summary["runs"]["made"] == 0
    assert again.summary["runs"]["checked"] == 0
    pd.testing.assert_frame_equal(again.table, found.table)


@pytest.mark.slow
def test_where_one_differs_every_run_is_the_engines(edge, by_engine, tmp_path, monkeypatch):
    whole = ReplayedRun.trades

    def later(self, symbol=""):
        trades = whole(self, symbol)
        return trades.assign(entry_price=trades.entry_price * (1 + 2e-9))

    monkeypatch.setattr(ReplayedRun, "trades", later)
    found = sweep().run(edge, "edge", out=tmp_path)
    runs = found.summary["runs"]
    assert (runs["replayed"], runs["engine"]) == (0, 30)
    assert (runs["checked"], runs["differing"]) == (CHECKED, CHECKED)
    assert runs["engine_why"].startswith("entry_price of trade 1: ")
    pd.testing.assert_frame_equal(found.table, by_engine.table, check_exact=True)
    (line,) = replay_lines(runs)
    assert "dropped, Backtrader made every run: 11 of the 11 variants" in line


@pytest.mark.slow
def test_nothing_replayed_is_kept_before_the_comparison(inputs, tmp_path, monkeypatch):
    store = SweepStore(tmp_path)
    pairs, tasks = pairs_of(inputs)

    def interrupted(*args):
        raise KeyboardInterrupt

    shared = Shared(SentInputs.of(inputs))
    run = MissingRuns(inputs, shared, store, pairs, tasks, jobs=1).replayed
    monkeypatch.setattr(MissingRuns, "_compared", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(lambda done: None)
    assert store.keys() == set()
    monkeypatch.undo()
    counts = []
    found = run(counts.append)
    assert found.keys == store.keys() == {task.key for task in tasks}
    assert counts == sorted(counts) and counts[-1] == len(tasks)


def pairs_of(inputs):
    pairs = [
        (inputs.task("off", params), inputs.task("on", params))
        for params in (
            {"ema_fast": fast, "ml_threshold": threshold}
            for fast in (4, 8)
            for threshold in (0.5, 0.52, 0.54, 0.56, 0.58, 0.6, "auto")
        )
    ]
    return pairs, list({task.key: task for pair in pairs for task in pair}.values())


def test_rows_are_those_of_run_task(inputs, tmp_path):
    store, (_, tasks) = SweepStore(tmp_path), pairs_of(inputs)
    rows = {row["key"]: row for row in SweepReplay.of(inputs, tasks).rows(tasks, lambda done: None)}
    assert rows.keys() == {task.key for task in tasks}
    for task in tasks:
        run_task(SentInputs.of(inputs), task).keep(store)
    store.gather()
    made = store.read_rows(rows).to_pylist()
    assert len(made) == len(tasks)
    for row in made:
        ours = rows[row["key"]]
        assert {**ours, "returns": ours["returns"].tolist()} == row


def test_what_is_not_certain_is_left_to_the_engine(inputs):
    keys = {}
    for name, params in {
        "plain": {"ema_fast": 8},
        "stops": {"exit": "both", "atr_stop": 2.0, "target": 0.05},
        "other name": {"ml_entry_threshold": 0.55},
        "wrong": {"ema_fast": 0},
        "unknown": {"ema_fats": 8},
        "too long": {"ema_slow": 5_000},
    }.items():
        keys[name] = inputs.task("on", params)
    rules = SweepReplay.of(inputs, keys.values()).rules
    assert [name for name, task in keys.items() if task.key in rules] == [
        "plain",
        "stops",
        "other name",
    ]
    plain = replace(inputs.predictions["edge"], payoff=None)
    without = replace(inputs, predictions={"edge": plain})
    assert SweepReplay.of(without, [without.task("on", {"ml_threshold": "auto"})]).rules == {}
    assert len(SweepReplay.of(without, [without.task("on", {"ml_threshold": 0.5})]).rules) == 1


def test_what_no_replay_knows(inputs):
    assert why_engine(inputs) == ""
    assert "can be replayed, not OtherFusion" in why_engine(replace(inputs, strategy=OtherFusion))
    assert (
        why_engine(replace(inputs, account=Account(sizer=Tenth)))
        == "the sizer Tenth cannot be replayed"
    )
    two = {"A": inputs.bars["edge"], "B": inputs.bars["edge"]}
    assert "several symbols" in why_engine(replace(inputs, bars=two))


@pytest.mark.slow
def test_refused_orders_send_a_run_to_the_engine(tmp_path):
    bars = planted_edge(1_300, seed=3, auc=0.75)
    dear = replace(sweep(), job=replace(sweep().job, account=Account(share=1.0)))
    found = dear.run(bars, "edge", out=tmp_path)
    assert found.summary["runs"]["replayed"] == 0 and found.table.on_rejected.min() > 0
    assert found.summary["runs"]["engine_why"].startswith("too few variants whose every order")


def test_each_way_to_differ_is_found(inputs, tmp_path):
    store, task = SweepStore(tmp_path), inputs.task("on", {"ema_fast": 8})
    ours = SweepReplay.of(inputs, [task]).run(task).run("edge")
    made = check_task(SentInputs.of(inputs), task)
    made.outcome.keep(store)
    assert difference(ours, made) == "" and store.keys() == {task.key}
    trades, run = made.run.trades, made.run
    other = {
        "trades instead of": replace(run, trades=trades[:-1]),
        "size of trade 3": replace(run, trades=changed(trades, "size", 2, 1 + 3e-9)),
        "exit_reason of trade 2": replace(run, trades=renamed(trades, 1)),
        "value at some closes": replace(run, equity=run.equity * (1 + 3e-9)),
        "its figure sortino": replace(run, figures=run.figures | {"sortino": 99.0}),
        "names of its figures": replace(run, figures={**run.figures, "more": 1}),
    }
    for text, wrong in other.items():
        assert text in difference(ours, Checked(made.outcome, wrong)), text
    almost = replace(run, trades=changed(trades, "size", 2, 1 + 1e-10))
    assert difference(ours, Checked(made.outcome, almost)) == ""
    assert difference(ours, Checked(Outcome(task, error="no bars"), None)) == "no bars"
    assert "cannot fill" in difference(None, made)


def changed(trades, column, row, times):
    values = trades[column].to_numpy(copy=True)
    values[row] *= times
    return trades.assign(**{column: values})


def renamed(trades, row):
    reasons = trades.exit_reason.tolist()
    reasons[row] = "nobody"
    return trades.assign(exit_reason=reasons)


def test_the_best_and_ten_others_are_chosen_by_the_seed():
    sharpes = dict(enumerate(np.random.default_rng(0).normal(size=50)))
    sharpes[7] = None
    first, *others = checked_variants(sharpes, 1)
    assert sharpes[first] == max(each for each in sharpes.values() if each is not None)
    assert len(set(others) - {first}) == 10 and others == checked_variants(sharpes, 1)[1:]
    assert others != checked_variants(sharpes, 2)[1:]
