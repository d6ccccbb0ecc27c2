"""What a broker takes: percentages, amounts a unit, futures, and what is no fraction of a price."""

from types import SimpleNamespace

import backtrader as bt
import pytest

from bt_fusion.errors import OptionError
from bt_fusion.indicators.trade_costs import TradeCosts, costs_of


def broker(commission=0.0, **slippage):
    made = bt.brokers.BackBroker(**({"slip_open": True} | slippage))
    made.setcommission(
        **(commission if isinstance(commission, dict) else {"commission": commission})
    )
    return made


def btc_costs(given):
    return costs_of(given, SimpleNamespace(_name="BTC"))


def test_a_percentage_and_slippage_in_percent():
    found = btc_costs(broker(0.0005, slip_perc=0.0002))
    assert found.share == pytest.approx(0.0007) and found.fixed == 0
    assert found.round_trip(42.0) == pytest.approx(2 * 0.0007)


def test_a_broker_that_slips_nothing_at_the_open_takes_no_slippage():
    assert btc_costs(broker(0.001, slip_perc=0.02, slip_open=False)).share == pytest.approx(0.001)


class SellersPay(bt.CommInfoBase):
    """A tax of one side."""

    def _getcommission(self, size, price, pseudoexec):
        return abs(size) * price * (0.002 if size < 0 else 0.0)


def test_both_sides_are_counted():
    made = bt.brokers.BackBroker()
    made.addcommissioninfo(SellersPay())
    assert btc_costs(made).round_trip(100.0) == pytest.approx(0.002)


def test_no_costs():
    assert btc_costs(broker()).round_trip(100.0) == 0


def test_slippage_in_points_is_a_fraction_of_each_price():
    found = btc_costs(broker(0.001, slip_fixed=0.5))
    assert found.round_trip(100.0) == pytest.approx(2 * (0.001 + 0.005))
    assert found.round_trip(200.0) == pytest.approx(2 * (0.001 + 0.0025))


def test_a_share_at_so_much_a_unit():
    fixed = dict(commission=0.02, commtype=bt.CommInfoBase.COMM_FIXED, stocklike=True)
    assert btc_costs(broker(fixed)).round_trip(10.0) == pytest.approx(2 * 0.02 / 10)


def test_a_future_moves_so_much_money_a_point():
    future = dict(commission=2.5, margin=2_000.0, mult=50.0)
    found = btc_costs(broker(future))
    assert (found.share, found.fixed) == (pytest.approx(0), pytest.approx(0.05))
    assert found.round_trip(4_000.0) == pytest.approx(2 * 2.5 / (50 * 4_000))


class AtLeastOne(bt.CommInfoBase):
    def _getcommission(self, size, price, pseudoexec):
        return max(1.0, abs(size) * price * 0.001)


def test_a_least_amount_is_no_fraction_of_the_price():
    made = bt.brokers.BackBroker()
    made.addcommissioninfo(AtLeastOne())
    with pytest.raises(OptionError, match="AtLeastOne is not in proportion to the order"):
        btc_costs(made)


def test_it_is_the_costs_of_both_sides():
    assert TradeCosts(0.001, 0.1).round_trip(100.0) == pytest.approx(0.004)
