"""Where the difference comes from: by hand, without remainder, nothing where nothing changed."""

from dataclasses import replace
from math import fsum, log

import numpy as np
import pandas as pd
import pytest

from bt_fusion.backtest.difference.decomposition import PARTS, Decomposition, check, decompose
from bt_fusion.backtest.difference.matching import attribute_trades
from bt_fusion.data.samples import planted_edge, random_walk
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import run_strategy
from bt_fusion.strategies import FusionStrategy
from tests.backtest.test_comparison import run_of
from tests.engine.test_engine import given


def account(cash, trades, **columns):
    """A run that starts with so much cash, without a technical state."""
    run = run_of(trades, equity=np.full(40, float(cash)))
    return replace(run, trades=run.trades.assign(**columns), technical=None)


def parts_of(off, on, slippage=0.0):
    return decompose(off, on, attribute_trades(off, on), slippage)


def test_choice_mix_and_number_by_hand():
    # growth: long +ln 2, long -ln 2, short +ln 2: 100 to 200, to 100, to 200
    off = account(100, [(1, "long", 100), (5, "long", -100), (9, "short", 100)])
    # the first long again, and another short: 100 to 200, to 400
    on = account(100, [(1, "long", 100), (20, "short", 200)])
    found = parts_of(off, on)
    cash = 200 / log(2)  # the difference in cash for that in growth
    assert found.paid == found.exits == found.sizes == 0
    # one trade fewer at the mean of ln 2 / 3
    assert found.fewer_trades == pytest.approx(-cash * log(2) / 3)
    # of the longs the mean is 0, of the shorts ln 2: as many shorts, but one long fewer, is no loss
    assert found.side_mix == pytest.approx(cash * log(2) / 3)
    # left out: a long ln 2 below and a short at the mean; taken: a short at the mean
    assert found.choice == pytest.approx(200)
    assert found.costs == found.paid + found.fewer_trades
    assert list(found.parts) == list(PARTS)
    assert fsum(found.parts.values()) == pytest.approx(200)


def test_costs_by_hand():
    # each paid 10 and made 10 before them: the account stays where it is
    off = account(100, [(1, "long", 0), (5, "long", 0)], commission=10.0)
    on = account(100, [(1, "long", 0)], commission=10.0)
    found = parts_of(off, on)
    assert found.paid == pytest.approx(10) and found.fewer_trades == pytest.approx(-10)
    assert found.side_mix == found.choice == found.exits == found.sizes == 0


def test_exits_and_sizes_by_hand():
    # the same entry: 2 % of half of the account, 3 % of all of it
    off = account(1_000, [(1, "long", 20, 0.5)])
    on = account(1_000, [(1, "long", 60, 1.0)])
    found = parts_of(off, on)
    cash = 40 / log(1.06 / 1.02)
    assert found.exits == pytest.approx(cash * (log(1.06) / 2 - log(1.02)))
    assert found.sizes == pytest.approx(cash * log(1.06) / 2)
    assert found.costs == found.side_mix == found.choice == 0
    # the same return of twice the account: the exit is the same
    twice = replace(on, trades=on.trades.assign(pnl=40.0, size=2.0))
    assert parts_of(off, twice).exits == 0
    assert parts_of(off, twice).sizes == pytest.approx(20)


def test_slippage_is_a_cost():
    off = account(1_000, [(1, "long", 0), (5, "long", 0)])
    found = parts_of(off, account(1_000, [(1, "long", 0)]), slippage=0.01)
    lost = 100 * (0.01 / 1.01 + 0.01 / 0.99)  # bought and sold at 100
    assert found.paid == pytest.approx(lost) and found.fewer_trades == pytest.approx(-lost)


def test_an_account_that_is_gone_is_split_in_cash():
    off = account(100, [(1, "long", -150), (5, "long", 20)])
    found = parts_of(off, account(100, [(5, "long", 20)]))
    assert found.fewer_trades == 65  # one fewer of -65 on average
    assert found.choice == 85 and fsum(found.parts.values()) == 150


def test_without_trades_there_are_no_parts():
    none = account(100, [])
    assert set(parts_of(none, none).parts.values()) == {0.0}
    some = parts_of(none, account(100, [(1, "short", 5)]))
    assert some.choice == pytest.approx(5) and some.side_mix == 0  # nothing to compare it with


def test_the_same_run_differs_by_nothing():
    run = run_strategy(random_walk(800, seed=3), FusionStrategy, ml=False)
    assert set(parts_of(run, run).parts.values()) == {0.0}


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("exit", ["horizon", "flip"])
@pytest.mark.parametrize("cost", [0.0, 0.002])
def test_the_parts_are_the_difference_of_the_accounts(cost, exit):
    bars = planted_edge(1_500, seed=2)
    up = np.random.default_rng(1).uniform(0.3, 0.7, len(bars))
    paid = Account(commission=cost, slippage=cost / 4)
    off = run_strategy(bars, FusionStrategy, paid, ml=False, exit=exit)
    model = given(bars.index, up)
    on = run_strategy(bars, FusionStrategy, paid, model=model, ml_threshold=0.5, exit=exit)
    found = parts_of(off, on, paid.slippage)
    gained = on.equity.iloc[-1] - off.equity.iloc[-1]
    assert fsum(found.parts.values()) == pytest.approx(gained, abs=1e-4)
    assert abs(found.exits) < 1e-6 and abs(found.sizes) < 1e-6  # a filter changes neither
    assert (found.paid > 100) == (cost > 0)
    assert abs(found.choice) > 1


def test_several_symbols_at_a_time_add_up():
    bars = {name: random_walk(700, seed) for seed, name in enumerate("AB")}
    off = run_strategy(bars, FusionStrategy, ml=False)
    on = replace(off, trades=off.trades[::3].reset_index(drop=True))
    found = parts_of(off, on)
    gained = on.trades.pnl.sum() - off.trades.pnl.sum()
    assert fsum(found.parts.values()) == pytest.approx(gained) and found.exits == 0


def test_a_part_that_is_missing_is_found():
    off, on = account(100, []), account(100, [(1, "long", 5)])
    with pytest.raises(AssertionError, match=r"add up to 4\.0, not to 5\.0"):
        check(off, on, Decomposition(0.0, 0.0, 0.0, 4.0, 0.0, 0.0))


def test_retimed_entries_are_a_choice():
    off = account(1_000, [(1, "long", 10)])
    on = account(1_000, [(3, "long", 30)])
    matches = pd.DataFrame({"category": ["retimed"], "off": [0], "on": [0]})
    found = decompose(off, on, matches)
    assert found.choice == pytest.approx(20) and found.exits == found.sizes == 0
