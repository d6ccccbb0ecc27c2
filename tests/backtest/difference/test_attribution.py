"""The P&L attribution: by hand, without remainder on real runs, and refused where it is wrong."""

from math import fsum

import numpy as np
import pytest

from bt_fusion.backtest.comparison import compare_runs
from bt_fusion.backtest.difference.attribution import attribution
from bt_fusion.backtest.difference.matching import CATEGORIES, attribute_trades
from bt_fusion.data.samples import planted_edge, random_walk
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import run_strategy
from bt_fusion.statistics.bootstrap import Bootstrap
from bt_fusion.strategies import FusionStrategy
from tests.backtest.test_comparison import run_of
from tests.engine.test_engine import given


def parts_of(off, on):
    return attribution(off, on, attribute_trades(off, on))


def test_attribution_by_hand():
    # entries at 100, size 1: a gain of 3 is 3 % of the position, at a share of 0.5 1.5 % of all
    off = run_of(
        [
            (2, "long", 3, 0.5),
            (6, "long", -4, 0.5),
            (9, "short", -5, 0.5),
            (12, "long", 2, 0.5),
            (30, "long", 7, 0.5, "open"),
        ],
        technical=np.tile([1.0, -1.0], 20),  # every bar an episode of its own
    )
    on = run_of(
        [
            (2, "long", 3, 0.5),
            (12, "long", 1, 0.25),
            (20, "short", 6, 0.5),
            (30, "long", 8, 0.5, "open"),
        ],
        technical=off.technical,
    )
    parts = parts_of(off, on)
    shown = {
        name: (part["trades"], part["won"], part["lost"], part["pnl"])
        for name, part in parts.items()
    }
    assert shown == {
        "kept": (1, 1, 0, 0.0),
        "resized": (1, 1, 0, -1.0),
        "retimed": (0, 0, 0, 0.0),
        "vetoed": (2, 0, 2, 9.0),
        "added": (1, 1, 0, 6.0),
        "open": (1, 1, 0, 1.0),
    }
    assert parts["vetoed"]["losers_avoided"] == {"trades": 2, "pnl": -9.0}
    assert parts["vetoed"]["winners_missed"] == {"trades": 0, "pnl": 0.0}
    assert all(part["account"] == 0 for part in parts.values())  # both accounts stay at 100,000


def test_a_larger_account_makes_more_of_the_same_trade():
    # before the fill at bar 10 ML-on has twice what ML-off has, and makes twice as much
    equity = np.r_[np.full(10, 2e5), np.full(30, 2e5)]
    off, on = run_of([(10, "long", 50)]), run_of([(10, "long", 100)], equity=equity)
    kept = parts_of(off, on)["kept"]
    assert (kept["pnl"], kept["account"], kept["selection"]) == (50.0, 50.0, 0.0)
    # what half of the account would have lost, the other way round
    vetoed = parts_of(on, run_of([]))["vetoed"]
    assert (vetoed["pnl"], vetoed["account"], vetoed["selection"]) == (-100.0, 0.0, -100.0)
    added = parts_of(run_of([]), on)["added"]
    assert (added["pnl"], added["account"], added["selection"]) == (100.0, 50.0, 50.0)


def test_no_trades_at_all():
    parts = parts_of(run_of([]), run_of([]))
    assert set(parts) == set(CATEGORIES)
    assert all(part["trades"] == 0 and part["pnl"] == 0 for part in parts.values())


@pytest.mark.parametrize("cost", [0.0, 0.001])
@pytest.mark.parametrize("exit", ["renew", "horizon", "flip"])
def test_the_parts_are_the_difference_of_the_accounts(cost, exit):
    bars = planted_edge(1_500, seed=2)
    up = np.random.default_rng(1).uniform(0.3, 0.7, len(bars))
    account = Account(commission=cost)
    off = run_strategy(bars, FusionStrategy, account, ml=False, exit=exit)
    on = run_strategy(
        bars, FusionStrategy, account, model=given(bars.index, up), ml_threshold=0.5, exit=exit
    )
    parts = parts_of(off, on)
    gross = off.trades.pnl.abs().sum() + on.trades.pnl.abs().sum()
    gained = on.equity.iloc[-1] - off.equity.iloc[-1]
    assert fsum(part["pnl"] for part in parts.values()) == pytest.approx(gained, abs=1e-9 * gross)
    for part in parts.values():
        assert part["selection"] + part["account"] == pytest.approx(part["pnl"], abs=1e-9 * gross)
    used = sum(part["trades"] for part in parts.values())
    both = (attribute_trades(off, on)[["off", "on"]] >= 0).all(axis=1).sum()
    assert used == len(off.trades) + len(on.trades) - both
    vetoed = parts["vetoed"]
    counted = vetoed["losers_avoided"]["trades"], vetoed["winners_missed"]["trades"]
    assert counted == (vetoed["lost"], vetoed["won"])


def test_kept_trades_of_the_same_rule_differ_by_the_account_alone():
    bars = random_walk(1_500, seed=3)
    up = np.random.default_rng(2).uniform(0.3, 0.7, len(bars))
    leave = {"exit": "horizon"}
    off = run_strategy(bars, FusionStrategy, ml=False, **leave)
    on = run_strategy(bars, FusionStrategy, model=given(bars.index, up), ml_threshold=0.5, **leave)
    kept = parts_of(off, on)["kept"]
    assert kept["trades"] > 10 and abs(kept["pnl"]) > 1
    assert abs(kept["selection"]) < 0.01 * abs(kept["pnl"])


def test_a_mistake_in_matching_is_not_passed_over(monkeypatch):
    off, on = run_of([(2, "long", 3), (6, "long", -4)]), run_of([(2, "long", 3)])
    matches = attribute_trades(off, on)
    for wrong in (matches.iloc[:1], matches.assign(off=0)):
        with pytest.raises(AssertionError, match="in no category, or in two"):
            attribution(off, on, wrong)
    with pytest.raises(AssertionError, match="add up to"):
        attribution(off, on, matches.assign(category="nothing of ours"))


def test_every_comparison_is_checked(monkeypatch):
    off, on = run_of([(2, "long", 3)]), run_of([])
    lost = attribute_trades(off, on).iloc[:0]
    monkeypatch.setattr("bt_fusion.backtest.comparison.attribute_trades", lambda *runs: lost)
    with pytest.raises(AssertionError, match="in no category"):
        compare_runs(off, on, Bootstrap(10))
