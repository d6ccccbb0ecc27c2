"""The comparison: attribution by hand, intervals by construction."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bt_fusion.backtest.comparison import (
    COMPARED,
    compare_runs,
    false_signals,
)
from bt_fusion.backtest.difference.attribution import trade_counts
from bt_fusion.backtest.difference.matching import attribute_trades
from bt_fusion.data.samples import planted_edge, random_walk
from bt_fusion.engine.runner import Run, run_strategy
from bt_fusion.statistics.bootstrap import Bootstrap
from bt_fusion.strategies import FusionStrategy
from tests.engine.test_engine import given

HOURS = pd.date_range("2024-01-01", periods=40, freq="h")


def hourly(bars):
    """The same bars an hour long, so that their window is a month and has annual figures."""
    return bars.set_axis(pd.date_range("2024-01-01", periods=len(bars), freq="h", name="datetime"))


def run_of(trades, technical=None, equity=None) -> Run:
    """A run of (entry bar, side, pnl) or (entry bar, side, pnl, share, exit reason)."""
    rows = [
        {
            "symbol": "",
            "entry_time": HOURS[bar],
            "side": side,
            "pnl": float(pnl),
            "share": rest[0] if rest else 0.95,
            "exit_reason": rest[1] if len(rest) > 1 else "horizon",
            "entry_price": 100.0,
            "size": 1.0,
            "exit_price": 100.0 + (pnl if side == "long" else -pnl),
            "exit_time": HOURS[min(bar + 4, 39)],
            "commission": 0.0,
        }
        for bar, side, pnl, *rest in trades
    ]
    columns = ["symbol", "entry_time", "side", "pnl", "share", "exit_reason", "entry_price", "size"]
    columns += ["exit_price", "exit_time", "commission"]
    lost = sum(row["pnl"] < 0 for row in rows)
    return Run(
        figures={**dict.fromkeys(COMPARED, 0.1), "trades": len(rows), "lost": lost},
        trades=pd.DataFrame(rows, columns=columns),
        equity=pd.Series(np.full(40, 1e5) if equity is None else equity, index=HOURS),
        signal=np.zeros(40),
        technical=np.ones(40) if technical is None else np.asarray(technical, float),
    )


def test_attribution_by_hand():
    technical = np.r_[np.ones(20), -np.ones(20)]  # the fill of a signal at bar 19 is at bar 20
    off = run_of(
        [
            (3, "long", 1),
            (9, "long", 2),
            (15, "long", -3),
            (22, "short", 4),
            (28, "short", -5),
            (36, "short", 6, 0.95, "open"),
        ],
        technical,
    )
    on = run_of(
        [(3, "long", 1), (11, "long", 2), (22, "short", 4, 0.5), (33, "long", 7)], technical
    )
    matches = attribute_trades(off, on)
    rows = {tuple(row) for row in matches.to_numpy().tolist()}
    assert rows == {
        ("kept", 0, 0),
        ("retimed", 1, 1),  # nearer to bar 11 than the entry at bar 15
        ("vetoed", 2, -1),
        ("resized", 3, 2),
        ("vetoed", 4, -1),
        ("open", 5, -1),
        ("added", -1, 3),  # the only long of its episode
    }
    counts = trade_counts(matches, off)
    assert counts == {
        "kept": 1,
        "resized": 1,
        "retimed": 1,
        "vetoed": 2,
        "added": 1,
        "open": 1,
        "vetoed_won": 0,
        "vetoed_lost": 2,
    }


def test_another_episode_is_no_retiming():
    technical = np.r_[np.ones(10), -np.ones(3), np.ones(27)]
    off, on = run_of([(5, "long", 1)], technical), run_of([(20, "long", 1)], technical)
    assert attribute_trades(off, on).category.tolist() == ["added", "vetoed"]


def test_without_a_technical_state_an_entry_inside_an_off_trade_is_retimed():
    # trades last four bars
    off = run_of([(1, "long", 1), (10, "long", 1), (20, "long", 1), (36, "long", 1, 0.95, "open")])
    inside = [(1, "long", 1), (12, "long", 1), (13, "long", 1), (20, "long", 1), (22, "long", 1)]
    on = run_of([*inside, (14, "long", 1), (11, "short", 1), (5, "long", 1)])
    off, on = (replace(run, technical=None) for run in (off, on))
    found = attribute_trades(off, on)
    assert [*found.itertuples(index=False, name=None)] == [
        ("kept", 0, 0),
        ("kept", 2, 3),
        ("retimed", 1, 1),
        ("added", -1, 2),  # a second one inside
        ("added", -1, 4),  # inside a trade that is kept
        ("added", -1, 5),  # the bar of its exit
        ("added", -1, 6),  # another side
        ("added", -1, 7),
        ("open", 3, -1),
    ]


def test_an_entry_outside_all_off_trades_is_added_also_where_one_left_on_its_entry_bar():
    off, on = run_of([(3, "long", 1), (5, "long", 1)]), run_of([(3, "long", 1), (30, "long", 1)])
    off, on = (
        replace(run, technical=None, trades=run.trades.assign(exit_time=run.trades.entry_time))
        for run in (off, on)
    )
    rows = {tuple(row) for row in attribute_trades(off, on).to_numpy().tolist()}
    assert rows == {("kept", 0, 0), ("added", -1, 1), ("vetoed", 1, -1)}


def test_two_entries_of_one_bar_and_side_are_two():
    off = run_of([(3, "long", 1), (3, "long", -2), *((bar, "short", 1) for bar in range(5, 20))])
    on = run_of([(3, "long", 1), *((bar, "short", 1) for bar in range(5, 20))])
    off = replace(off, technical=None)
    counts = trade_counts(attribute_trades(off, on), off)
    assert (counts["kept"], counts["vetoed"], counts["vetoed_lost"]) == (16, 1, 1)
    assert compare_runs(off, on, Bootstrap(20))["trades"] == counts


def test_every_trade_is_attributed_once():
    bars = random_walk(3_000, seed=2)
    up = np.random.default_rng(1).uniform(0.3, 0.7, len(bars))
    off = run_strategy(bars, FusionStrategy, ml=False)
    on = run_strategy(bars, FusionStrategy, model=given(bars.index, up), ml_threshold=0.55)
    matches = attribute_trades(off, on)
    assert sorted(matches.off[matches.off >= 0]) == list(range(len(off.trades)))
    assert sorted(matches.on[matches.on >= 0]) == list(range(len(on.trades)))
    assert len(matches) > 100


def test_false_signals():
    off = run_of([(1, "long", 1), (2, "long", -1), (3, "long", -1), (4, "long", -1)])
    on = run_of([(1, "long", 1), (2, "long", -1)])
    assert false_signals(off, on) == {"off": 0.75, "on": 0.5, "change": pytest.approx(-1 / 3)}
    assert false_signals(off, run_of([]))["change"] is None


def test_a_run_compared_with_itself_differs_by_nothing():
    bars = hourly(random_walk(1_000, seed=3))
    run = run_strategy(bars, FusionStrategy, ml=False)
    result = compare_runs(run, run, Bootstrap(100))
    for name in COMPARED:
        assert result[name]["delta"] == 0
        assert result[name]["ci95"] == [0, 0]
    assert result["trades"]["kept"] == len(run.trades) - result["trades"]["open"]


def test_a_perfect_second_opinion_lies_beyond_its_interval():
    bars = hourly(planted_edge(2_000, seed=4))
    up = (bars.close.shift(-5) > bars.close).astype(float) * 0.8 + 0.1  # knows the future
    off = run_strategy(bars, FusionStrategy, ml=False)
    on = run_strategy(bars, FusionStrategy, model=given(bars.index, up.to_numpy()))
    result = compare_runs(off, on, Bootstrap(300))
    for name in ("win_rate", "expectancy", "sharpe", "sortino", "net_profit", "total_return"):
        low, high = result[name]["ci95"]
        assert 0 < low < result[name]["delta"] < high, name
    assert result["false_signals"]["change"] < -0.5


def test_the_same_seed_gives_the_same_intervals():
    bars = hourly(random_walk(800, seed=5))
    off = run_strategy(bars, FusionStrategy, ml=False)
    on = run_strategy(bars, FusionStrategy, model=given(bars.index, 0.7))
    first, again, other = (compare_runs(off, on, Bootstrap(50, s)) for s in (1, 1, 2))
    assert first == again
    assert first["sharpe"]["ci95"] != other["sharpe"]["ci95"]


def test_no_trades_leave_no_interval():
    bars = random_walk(400, seed=5)
    off = run_strategy(bars, FusionStrategy, ml=False)
    on = run_strategy(bars, FusionStrategy, model=given(bars.index, 0.5))
    result = compare_runs(off, on, Bootstrap(50))
    assert result["win_rate"] == {
        "off": off.figures["win_rate"],
        "on": None,
        "delta": None,
        "ci95": None,
    }
    assert result["net_profit"]["ci95"] is not None
    assert result["trades"]["vetoed"] > 0
