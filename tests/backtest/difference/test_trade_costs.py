"""What trades paid, by hand."""

import pandas as pd
import pytest

from bt_fusion.backtest.difference.trade_costs import costs_paid, entry_values, net_returns


def trades(**columns):
    row = {"side": "long", "entry_price": 100.0, "exit_price": 110.0, "size": 2.0, "pnl": 19.0}
    row |= {"commission": 1.0, "exit_reason": "flip"}
    return pd.DataFrame([row | columns])


@pytest.mark.parametrize(
    ("columns", "lost"),
    [
        ({}, 100 / 101 + 110 / 99),  # bought at 1.01 of the open, sold at 0.99 of it
        ({"side": "short"}, 100 / 99 + 110 / 101),
        ({"exit_reason": "limit"}, 100 / 101),
        ({"exit_reason": "open"}, 100 / 101),
        ({"value": 1_000.0}, 5 * (100 / 101 + 110 / 99)),  # a future of five units a contract
    ],
)
def test_slippage_by_hand(columns, lost):
    assert costs_paid(trades(**columns), 0.01) == pytest.approx([1.0 + 2 * lost])


def test_without_slippage_it_is_the_commission():
    assert costs_paid(trades()).tolist() == [1.0]


def test_returns_are_of_the_value_at_entry():
    assert entry_values(trades()).tolist() == [200.0]
    assert net_returns(trades()).tolist() == [0.095]
    assert net_returns(trades(value=1_000.0)).tolist() == [0.019]
