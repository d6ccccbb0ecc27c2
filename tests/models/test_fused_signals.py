"""Fused signals as a table: by hand, and the very signals that FusionStrategy trades on."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bt_fusion import fused_signals
from bt_fusion.data.samples import random_walk, sp500
from bt_fusion.engine.runner import run_strategy
from bt_fusion.errors import OptionError
from bt_fusion.models.fused_signals import signal_counts
from bt_fusion.strategies import FusionStrategy
from tests.engine.test_engine import given
from tests.models.test_predictions import predictions

NAN = np.nan
FAST = {"ema_fast": 1, "ema_slow": 2}  # the state is the sign of the last move


def bars_of(close):
    close = np.asarray(close, float)
    index = pd.date_range("2024-01-01", periods=len(close))
    prices = dict.fromkeys(("open", "high", "low", "close"), close)
    return pd.DataFrame({**prices, "volume": 1.0}, index=index)


def test_soft_voting_by_hand():
    bars = bars_of([5, 6, 7, 6, 5, 5, 6])
    known = given(bars.index, [0.9, 0.60, 0.59, 0.40, 0.41, 0.1, NAN])
    table = fused_signals(bars, known, ml_threshold=0.60, **FAST)
    assert list(table) == ["ml_proba", "ema_signal", "signal"]
    assert table.index.equals(bars.index.rename("datetime"))
    assert table.ml_proba.tolist() == pytest.approx(known.probability_up.tolist(), nan_ok=True)
    assert table.ema_signal.tolist() == [0, 1, 1, -1, -1, -1, 1]
    # warming up; agrees; .59 and .41 too low; agrees; below .4: agrees; no probability
    assert table.signal.tolist() == [0, 1, 0, -1, 0, -1, 0]
    assert signal_counts(table.signal) == {"-1": 2, "0": 4, "1": 1}


def test_predictions_are_matched_by_their_stamps():
    bars = bars_of([5, 6, 7, 8])
    later = given(bars.index[2:], 0.9)
    table = fused_signals(bars, later, **FAST)
    assert table.signal.tolist() == [0, 0, 1, 1]
    assert np.isnan(table.ml_proba[:2]).all()


def test_majority_voting_follows_the_signal():
    bars = bars_of([5, 6, 7, 8])
    # P(up) .9, .45 and .45: two of three for up, two of three for down, all for up
    votes = np.array([[0.55, 0.55, 0.55], [0.9, 0.9, 0.1], [0.4, 0.4, 0.9], [0.55, 0.55, 0.9]])
    votes = np.stack([1 - votes, votes], axis=2)
    three = predictions(votes, voting="majority")
    assert fused_signals(bars, three, **FAST).signal.tolist() == [0, 1, 0, 1]
    assert fused_signals(bars, three, ml_threshold=0.7, **FAST).signal.tolist() == [0, 0, 0, 1]


def test_a_label_of_one_side_is_never_short():
    bars = bars_of([5, 4, 3, 4])
    gain = predictions([[[0.9, 0.1]]] * 3 + [[[0.1, 0.9]]], two_sided=False)
    assert fused_signals(bars, gain, ml_threshold=0.6, **FAST).signal.tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize("bars", [sp500()[:1_200], random_walk(1_200)])
@pytest.mark.parametrize(
    "options",
    [{}, {"ml_threshold": 0.5, "ema_fast": 5, "ema_slow": 20}, {"ml_threshold": "auto"}],
)
def test_the_strategy_trades_on_the_same_signals(bars, options):
    up = np.random.default_rng(0).uniform(0.2, 0.8, len(bars))
    up[:300:7] = NAN
    move = np.random.default_rng(1).uniform(0.002, 0.02, len(bars))
    known = replace(given(bars.index, up), payoff=np.stack([move, move], axis=1))
    table = fused_signals(bars, known, **options)  # at the costs of the default account
    run = run_strategy(bars, FusionStrategy, model=known, **options)
    assert np.array_equal(np.nan_to_num(run.signal), table.signal)
    assert min(signal_counts(table.signal).values()) > 100


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ema_fast": 0}, "ema_fast 0 must be a whole number of bars, 1 or more"),
        ({"ema_slow": 2.5}, "ema_slow 2.5 must be a whole number"),
        ({"ml_threshold": 60}, "ml_threshold 60 must be a number from 0 to 1, or auto"),
    ],
)
def test_what_makes_no_sense_is_reported(options, message):
    bars = bars_of([5, 6])
    with pytest.raises(OptionError, match=message):
        fused_signals(bars, given(bars.index, 0.5), **options)


def test_a_model_is_not_taken_for_predictions():
    with pytest.raises(OptionError, match=r"give Predictions, as model.predict\(bars\) returns"):
        fused_signals(bars_of([5, 6]), "models/fusion")
