"""The seven features at each trade against the broker's own records, and the sizer's sizes."""

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from bt_fusion.engine.feed import BarsData
from bt_fusion.strategies import EquityShare, RiskSizer
from bt_fusion.trade_models.risk_model import RISK_FEATURES, RiskModel
from bt_fusion.trade_models.trade_plan import TradeModels
from tests.strategies.test_managed import Checked, cerebro_of
from tests.trade_models.made import FirstFeature, gappy_bars, plan_for, random_sides

CASH = 100_000.0
COMMISSION = 0.0005


class Notes(RiskModel):
    """A risk model that keeps its inputs, and returns 0.3 to 1.2 in turn."""

    def __init__(self):
        super().__init__()
        self.inputs = []

    def multipliers(self, X):
        self.inputs += X.tolist()
        return np.full(len(X), 0.3 + 0.3 * (len(self.inputs) % 4))


def wilder_atr(bars, period=14):
    """Average true range by its definition: a mean of the first ranges, then Wilder's smoothing."""
    high, low, close = (bars[name].to_numpy() for name in ("high", "low", "close"))
    before = close[:-1]
    ranges = np.maximum(high[1:], before) - np.minimum(low[1:], before)
    found = np.full(len(bars), np.nan)
    found[period] = ranges[:period].mean()
    for t in range(period + 1, len(bars)):
        found[t] = (found[t - 1] * (period - 1) + ranges[t - 1]) / period
    return found


def round_trips(fills):
    """When each position was flat again, and what it made after commission."""
    rows, size, cash = [], 0.0, 0.0
    for stamp, amount, price in fills:
        cash -= amount * price + COMMISSION * abs(amount) * price
        size += amount
        if abs(size) < 1e-9:
            rows.append((pd.Timestamp(stamp), cash))
            size = cash = 0.0
    return rows


def features_at(bars, trips, signal):
    """The seven of one trade, from its bars and the trades that were over at its signal."""
    made = [profit for stamp, profit in trips if stamp <= bars.index[signal]]
    value = CASH + np.cumsum([0.0, *made])
    won = [profit > 0 for profit in made]
    losses = next((n for n, each in enumerate(reversed(won)) if each), len(won))
    close = bars.close.to_numpy()
    returns = [np.log(close[t] / close[t - 1]) for t in range(signal - 19, signal + 1)]
    return {
        "drawdown_pct": 1 - value[-1] / max(value),
        "equity_ratio": value[-1] / CASH,
        "win_rate_recent": np.mean(won[-20:]) if won else np.nan,
        "consecutive_losses": losses,
        "volatility_20": np.sqrt(np.mean(np.square(returns - np.mean(returns)))),
        "atr_14": wilder_atr(bars)[signal] / close[signal],
        "hour": bars.index[signal].hour,
    }


@pytest.mark.slow
@pytest.mark.parametrize("by_sizer", [False, True])
def test_the_seven_features_of_every_trade_are_the_brokers(by_sizer):
    """Several hundred trades, with additions, by the strategy itself and by the sizer."""
    bars = gappy_bars(11, 1_500)
    rng, notes = np.random.default_rng(11), Notes()
    X = rng.choice([-1.0, 0.0, 1.0], (len(bars), 1), p=[0.1, 0.8, 0.1]).astype(np.float32)
    models = TradeModels(position=FirstFeature(), risk=notes)
    plan = plan_for(bars, atr=wilder_atr(bars), X=X, models=models)
    given = {"sides": random_sides(rng, len(bars), 0.5), "model": plan, "ml_threshold": 0.5}
    entries, fills = [], []

    class Entering(Checked):
        def notify_order(self, order):
            parts = list(order.executed.iterpending())
            fills.extend((bt.num2date(each.dt), each.size, each.price) for each in parts)
            super().notify_order(order)

        def enter(self, symbol, side):
            before, outcome = len(notes.inputs), super().enter(symbol, side)
            entries.extend([len(symbol.data) - 1] * (len(notes.inputs) - before))
            return outcome

    cerebro = cerebro_of(bars, Entering, **given)
    if by_sizer:
        cerebro.sizers.clear()
        cerebro.addsizer(RiskSizer, share=0.4)
    cerebro.broker.setcash(CASH)
    strategy = cerebro.run()[0]
    trips = round_trips(fills)
    signals = bars.index.get_indexer(strategy.analyzers.stats.trades().signal_time)
    assert len(trips) > 250
    assert len(set(signals) & set(entries)) >= len(entries) - 1 > 250  # the last may be unfilled
    for signal, inputs in zip(entries, notes.inputs, strict=True):
        expected = features_at(bars, trips, signal)
        assert tuple(expected) == RISK_FEATURES
        np.testing.assert_allclose(inputs, list(expected.values()), rtol=1e-6, atol=1e-9)


class Buys(bt.Strategy):
    '''Buys and closes in turn, each time as large as the sizer says'''

    params = (("every", 7),)

    def __init__(self):
        self.sizes = []

    def next(self):
        if len(self.data) % self.p.every:
            return
        if self.position:
            self.close()
            return
        order = self.buy()
        whole = self.broker.getvalue() / self.data.close[0]
        self.sizes.append(order.created.size / whole if order else 0.0)


@pytest.mark.parametrize("params", [{}, {"most": 0.5}, {"share": 0.5, "whole": True}])
def test_sizes_are_the_share_times_what_the_model_says(params):
    bars = gappy_bars(4, 300)
    plan = plan_for(bars, models=TradeModels(risk=Notes()))
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(BarsData(dataname=bars))
    cerebro.addsizer(RiskSizer, model=plan, **params)
    cerebro.broker.setcash(1e7)
    cerebro.addstrategy(Buys)
    sizes = cerebro.run()[0].sizes
    share, most = params.get("share", 0.95), params.get("most", 0.95)
    multipliers = [0.3 + 0.3 * (number % 4) for number in range(1, len(sizes) + 1)]
    expected = [min(share * each, most) for each in multipliers]
    assert len(sizes) > 15
    np.testing.assert_allclose(sizes, expected, atol=1e-3 if params.get("whole") else 1e-9)


def test_the_account_of_a_sizer_is_that_of_all_feeds_in_order_of_exit():
    """Two feeds that trade on different bars: the state counts what either has closed."""
    feeds = {name: gappy_bars(seed, 400) for name, seed in (("A", 1), ("B", 2))}
    notes = Notes()
    plans = {name: plan_for(own, models=TradeModels(risk=notes)) for name, own in feeds.items()}
    seen = []

    class Both(bt.Strategy):
        def notify_trade(self, trade):
            if trade.isclosed:
                seen.append(trade.pnlcomm)

        def next(self):
            for each, every in ((self.data0, 7), (self.data1, 11)):
                if len(self) % every == 0:
                    held = self.getposition(each).size
                    before = len(notes.inputs)
                    if held:
                        self.close(data=each)
                        continue
                    self.buy(data=each)
                    value = CASH + np.cumsum([0.0, *seen])
                    assert len(notes.inputs) == before + 1
                    ratio = value[-1] / CASH
                    np.testing.assert_allclose(notes.inputs[-1][1], ratio, rtol=1e-9)
                    np.testing.assert_allclose(notes.inputs[-1][0], 1 - value[-1] / max(value))

    cerebro = bt.Cerebro(stdstats=False)
    for name, own in feeds.items():
        cerebro.adddata(BarsData(dataname=own, name=name))
    cerebro.addsizer(RiskSizer, model=plans, share=0.3)
    cerebro.broker.setcash(CASH)
    cerebro.addstrategy(Both)
    cerebro.run()
    assert len(seen) > 30


def test_without_a_risk_model_the_size_stays():
    bars = gappy_bars(4, 200)
    sizes = []
    for sizer, params in ((EquityShare, {}), (RiskSizer, {"model": plan_for(bars)})):
        cerebro = bt.Cerebro(stdstats=False)
        cerebro.adddata(BarsData(dataname=bars))
        cerebro.addsizer(sizer, **params)
        cerebro.addstrategy(Buys)
        sizes.append(cerebro.run()[0].sizes)
    assert sizes[0] == sizes[1]
