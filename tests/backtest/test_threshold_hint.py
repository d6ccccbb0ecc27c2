"""The hint where ML leaves few trades: its counts are those of runs with the other thresholds."""

from dataclasses import replace

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from bt_fusion.backtest.threshold_hint import (
    closed_trades,
    hint_of,
    is_thin,
    lost_side,
    threshold_hint,
)
from bt_fusion.data.samples import random_walk
from bt_fusion.engine.account import Account
from bt_fusion.engine.variants import agreement_of, has_own_rule
from bt_fusion.indicators import MLEnsemble
from bt_fusion.models.agreement import AUTO
from bt_fusion.strategies import FusionStrategy, SignalDiscovery
from tests.backtest.chance.test_matched_chance import pair_of
from tests.engine.test_engine import given

ACCOUNT = Account(commission=0.001)
FAST = {"ema_fast": 3, "ema_slow": 7}


class Turner(bt.Strategy):
    """Long above the average of five closes, else flat."""

    def __init__(self):
        self.average = bt.ind.SMA(period=5)

    def next(self):
        above = self.data.close[0] > self.average[0]
        if above and not self.position:
            self.buy()
        elif not above and self.position:
            self.close()


def known(bars, seed=0):
    """Probabilities around a half that last for six bars, worth .5 % to 4 % either way."""
    rng = np.random.default_rng(seed)
    up = np.repeat(0.5 + 0.055 * rng.normal(size=len(bars) // 6 + 1), 6)[: len(bars)]
    worth = rng.uniform(0.005, 0.04, len(bars))
    return replace(given(bars.index, up), payoff=np.stack([worth, worth], axis=1))


def hint_on(pair, **params):
    agreement = agreement_of(pair.strategy, pair.params | params, "soft", ACCOUNT.round_trip)
    return hint_of(pair, agreement)


def trades(bars, predictions, strategy, **params):
    return len(closed_trades(pair_of(bars, predictions, ACCOUNT, strategy, **params).on.trades))


@pytest.mark.parametrize(("strategy", "params"), [(FusionStrategy, FAST), (Turner, {})])
def test_it_counts_what_other_thresholds_would_trade(strategy, params):
    bars = random_walk(900, seed=2)
    predictions = known(bars)
    pair = pair_of(bars, predictions, ACCOUNT, strategy, ml_threshold=0.60, **params)
    off, on = len(closed_trades(pair.off.trades)), len(closed_trades(pair.on.trades))
    hint = hint_on(pair)
    sides = "P(up) or P(down)" if strategy is FusionStrategy else "P(up)"
    up, down = predictions.probability_up, predictions.probability_down
    reached = (up >= 0.6) | (down >= 0.6) if strategy is FusionStrategy else up >= 0.6
    assert 0.01 < reached.mean() < 0.15
    start = f"{off} trades without ML, {on} with it: {sides} reached 0.60 on "
    assert hint.startswith(start) and f"{100 * reached.mean():.0f} % of bars; " in hint
    counts = hint.partition(" by threshold: ")[2].split(", ")
    found = {name: int(text) for name, text in (each.split(": ") for each in counts)}
    others = {"0.55": 0.55, "0.50": 0.5, "auto": AUTO}
    if strategy is FusionStrategy:
        made = {
            name: trades(bars, predictions, strategy, ml_threshold=each, **params)
            for name, each in others.items()
        }
        assert found == made and "; entries by threshold: " in hint
    else:  # entries of ML-off that agree; a vetoed one may be asked for again
        closed = closed_trades(pair.off.trades)
        agreed = predictions.at(pd.DatetimeIndex(closed.signal_time).to_numpy()).probability_up
        assert "; entries of ML-off that pass, by threshold: 0.60: " in hint
        passes = {
            name: int((agreed >= each).sum()) for name, each in others.items() if each != AUTO
        }
        assert found.pop("auto") > 0
        assert found == {"0.60": int((agreed >= 0.6).sum())} | passes


def test_several_symbols_are_counted_together():
    bars = {name: random_walk(500, seed=seed) for name, seed in (("A", 3), ("B", 4))}
    predictions = {name: known(own, seed) for seed, (name, own) in enumerate(bars.items())}
    pair = pair_of(bars, predictions, ACCOUNT, ml_threshold=0.62, **FAST)
    found = int(hint_on(pair).partition("0.50: ")[2].split(",")[0])
    assert found == trades(bars, predictions, FusionStrategy, ml_threshold=0.5, **FAST)


def test_auto_is_compared_with_numbers():
    bars = random_walk(500, seed=2)
    poor = replace(known(bars), payoff=np.full((500, 2), 0.0045))  # break-even .72
    pair = pair_of(bars, poor, ACCOUNT, ml_threshold=AUTO, **FAST)
    told = "reached its break-even (median 0.722) on 0 % of bars; entries by threshold: 0.60: "
    assert told in hint_on(pair)
    assert "auto" not in hint_on(pair)


def test_other_strategies_are_told_the_share_of_bars_alone():
    bars = random_walk(500, seed=2)
    pair = pair_of(bars, known(bars), ACCOUNT, SignalDiscovery, hold_bars=3)
    hint = hint_on(pair)
    assert " trades without ML, " in hint and hint.endswith(
        'on none for a side that the strategy would enter; see "ML vetoed everything" in the docs'
    )


def test_a_side_that_ml_never_lets_pass_is_said():
    bars = random_walk(900, seed=2)
    pair = pair_of(bars, given(bars.index, 0.7), ACCOUNT, FusionStrategy, ml_threshold=0.6, **FAST)
    short = int((pair.off.trades.side == "short").sum())
    told = f"ML let no short entry pass; without ML there are {short} short trades"
    assert lost_side(pair) == told and short >= 10
    both = pair_of(bars, known(bars), ACCOUNT, FusionStrategy, ml_threshold=0.5, **FAST)
    assert lost_side(both) == ""


class OwnRule(bt.Strategy):
    """Asks ML itself, by a limit that has no name of ours."""

    params = (("ml", True), ("model", None), ("limit", 0.9))

    def __init__(self):
        self.ensemble = MLEnsemble(self.data, model=self.p.model) if self.p.ml else None

    def next(self):
        if self.position:
            self.close()
        elif not self.p.ml or self.ensemble.probability[0] > self.p.limit:
            self.buy()


def test_a_strategy_with_its_own_rule_learns_what_ml_says():
    bars = random_walk(500, seed=2)
    up = np.linspace(0.2, 0.8, len(bars))
    hint = hint_on(pair_of(bars, given(bars.index, up), ACCOUNT, OwnRule))
    assert hint.endswith(
        "0 with it, by the rule of your strategy: on 90 % of bars P(up) is from 0.23 to 0.77"
    )
    assert not has_own_rule(Turner) and not has_own_rule(FusionStrategy)


def test_no_hint_with_trades_enough_or_votes():
    bars = random_walk(500, seed=2)
    same = pair_of(bars, given(bars.index, 0.9), ACCOUNT, Turner, ml_threshold=0.5)
    assert hint_on(same) == ""
    none = pair_of(bars, given(bars.index, 0.5), ACCOUNT, Turner, ml_threshold=0.6)
    assert " trades without ML, 0 with it: " in hint_on(none)
    assert hint_of(none, agreement_of(Turner, {}, "majority")) == ""


@pytest.mark.parametrize(
    ("off", "on", "thin"),
    [(1_000, 99, True), (1_000, 100, False), (1_001, 100, True), (9, 9, False)],
)
def test_few_are_fewer_than_a_hundred_or_a_tenth(off, on, thin):
    assert is_thin(off, on) is thin


def test_shares_below_one_percent_keep_their_digits():
    assert "on 0.25 % of bars" in threshold_hint(61, 1, 0.6, 0.0025, {})
    assert threshold_hint(61, 0, AUTO, 0.0, {}).endswith("reached its break-even on 0 % of bars")
