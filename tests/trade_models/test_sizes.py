"""Accounts that go through the same trades with other results."""

import numpy as np

from bt_fusion.trade_models.risk_model import account_state
from bt_fusion.trade_models.sizes import Accounts


def test_each_account_is_the_one_that_is_told_trade_by_trade():
    """Step by step for many accounts, and over all trades of one: the same four numbers."""
    made = np.random.default_rng(0).normal(0, 0.05, (5, 60))
    accounts, found = Accounts(len(made)), []
    for results in made.T:
        found.append(accounts.states())
        accounts.add(results)
    for account, results in enumerate(made):
        value = np.cumprod(np.append(1.0, 1 + results))
        expected = account_state(np.diff(value), 1.0)[:-1]
        own = np.array([states[account] for states in found])
        np.testing.assert_allclose(own, expected, atol=1e-12, equal_nan=True)
