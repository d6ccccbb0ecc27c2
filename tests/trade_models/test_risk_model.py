"""RiskModel: a multiplier between its limits whatever it is asked, and the account's state."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bt_fusion.trade_models.risk_model import (
    LEAST_SIZE,
    MOST_SIZE,
    RISK_FEATURES,
    RiskModel,
    account_state,
)

WIDTH = len(RISK_FEATURES)
X = np.random.default_rng(0).normal(size=(200, WIDTH))


def fitted(result):
    return RiskModel().fit(X, result)


MODELS = [fitted(X[:, 0] + 0.5), fitted(X[:, 0] - 5), fitted(np.zeros(200))]


def test_the_features_of_the_design():
    assert (
        *("drawdown_pct", "equity_ratio", "win_rate_recent", "consecutive_losses"),
        *("volatility_20", "atr_14", "hour"),
    ) == RISK_FEATURES


@pytest.mark.parametrize("model", MODELS)
@given(rows=arrays(np.float64, st.tuples(st.integers(1, 12), st.just(WIDTH)), elements=st.floats()))
def test_a_multiplier_within_its_limits(model, rows):
    multipliers = model.multipliers(rows)
    assert multipliers.shape == (len(rows),)
    assert ((multipliers >= LEAST_SIZE) & (multipliers <= MOST_SIZE)).all()


def test_trades_that_lose_are_small_and_good_ones_large():
    rows = np.zeros((2, WIDTH))
    rows[:, 0] = -2, 2
    small, large = MODELS[0].multipliers(rows)
    assert small == LEAST_SIZE and large == MOST_SIZE
    assert (MODELS[1].multipliers(X) == LEAST_SIZE).all()


def naive_state(results, start):
    """Drawdown, ratio, recent wins and losses in a row after these trades, one by one."""
    value = top = start
    losses = 0
    for made in results:
        value += made
        top = max(top, value)
        losses = 0 if made > 0 else losses + 1
    recent = results[-20:]
    rate = np.mean([made > 0 for made in recent]) if recent else np.nan
    return [1 - value / top, value / start, rate, losses]


@given(
    results=st.lists(st.floats(-50, 50), max_size=60),
    start=st.floats(10, 1e6),
)
def test_the_state_of_the_account_trade_by_trade(results, start):
    found = account_state(results, start)
    assert found.shape == (len(results) + 1, 4)
    for number in range(len(results) + 1):
        expected = naive_state(results[:number], start)
        np.testing.assert_allclose(found[number], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("start", [0.0, -10.0])
def test_an_account_that_begins_with_nothing_has_no_ratios(start):
    state = account_state([1.0, -2.0], start)
    assert np.isnan(state[:, :2]).all()
    assert state[:, 3].tolist() == [0, 0, 1]
