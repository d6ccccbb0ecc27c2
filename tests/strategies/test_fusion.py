"""FusionStrategy and its analyzers: fills, exits, stops, statistics, by hand and against replay."""

import backtrader as bt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from bt_fusion.analyzers import TradeStats
from bt_fusion.backtest.out_of_sample import out_of_sample_window
from bt_fusion.data.samples import random_walk
from bt_fusion.engine.account import Account
from bt_fusion.engine.feed import BarsData
from bt_fusion.engine.runner import bar_length, run_strategy
from bt_fusion.errors import BarsError, OptionError
from bt_fusion.strategies import FusionStrategy
from bt_fusion.verdict.placebos.replay import ExitRule, replay
from tests.engine.test_engine import given


def steps(closes) -> pd.DataFrame:
    """Bars that open where the last one closed."""
    close = np.asarray(closes, dtype=float)
    open_ = np.r_[close[0], close[:-1]]
    return pd.DataFrame(
        {
            "open": open_,
            "high": np.maximum(open_, close),
            "low": np.minimum(open_, close),
            "close": close,
            "volume": 1.0,
        },
        index=pd.date_range("2024-01-01", periods=len(close), freq="h"),
    )


FREE = Account(commission=0.0)
FAST = {"ema_fast": 1, "ema_slow": 2}  # the state is the sign of the last move
HOLD = {**FAST, "exit": "horizon"}


def rows_of(run):
    columns = [
        "side",
        "entry_time",
        "entry_price",
        "exit_time",
        "exit_price",
        "bars",
        "exit_reason",
    ]
    return run.trades[columns].values.tolist()


def test_fills_and_horizon_by_hand():
    bars = steps([100, 101, 102, 103, 104, 105, 106, 107])
    run = run_strategy(bars, FusionStrategy, FREE, ml=False, hold_bars=2, **HOLD)
    hours = bars.index
    # the state turns 1 at bar 1; filled at the open of bar 2, 101; left at the open of bar 4
    assert rows_of(run) == [
        ["long", hours[2], 101.0, hours[4], 103.0, 2, "horizon"],
        ["long", hours[5], 104.0, hours[7], 106.0, 2, "horizon"],
    ]
    assert run.figures["won"] == 2
    assert run.figures["expectancy"] == pytest.approx((2 / 101 + 2 / 104) / 2)


def test_flip_leaves_when_the_state_turns_and_both_takes_the_first():
    bars = steps([100, 101, 102, 103, 102, 101, 100, 101])
    flip = run_strategy(bars, FusionStrategy, FREE, ml=False, exit="flip", **FAST)
    assert flip.trades.exit_reason.tolist() == ["flip", "open"]
    assert flip.trades.exit_time[0] == bars.index[5]  # the state is -1 at the close of bar 4
    both = run_strategy(bars, FusionStrategy, FREE, ml=False, exit="both", hold_bars=2, **FAST)
    assert both.trades.exit_reason[0] == "horizon"


def test_a_position_open_at_the_end_is_listed_and_not_counted():
    bars = steps([100, 101, 102, 103])
    run = run_strategy(bars, FusionStrategy, FREE, ml=False, hold_bars=9, **HOLD)
    assert rows_of(run) == [["long", bars.index[2], 101.0, bars.index[3], 103.0, 1, "open"]]
    assert run.figures["trades"] == 0
    assert run.figures["win_rate"] is None
    assert run.trades.pnl[0] == pytest.approx(0.95 * 100_000 / 101 * 2)
    assert run.figures["final_value"] == pytest.approx(100_000 + run.trades.pnl[0])


def test_short_side_and_long_only():
    bars = steps([100, 99, 98, 97, 96, 95])
    both = run_strategy(bars, FusionStrategy, FREE, ml=False, hold_bars=2, **HOLD)
    assert both.trades.side.tolist() == ["short", "short"]
    assert (both.trades.pnl > 0).all()
    assert not len(
        run_strategy(bars, FusionStrategy, FREE, ml=False, long_only=True, **FAST).trades
    )


def test_commission_and_slippage_are_paid_on_both_sides():
    bars = steps([100, 100, 101, 101, 101, 101, 101])
    account = Account(commission=0.001, slippage=0.01)
    trade = run_strategy(bars, FusionStrategy, account, ml=False, hold_bars=1, **HOLD).trades.iloc[
        0
    ]
    assert trade.entry_price <= bars.high.iloc[3]
    assert trade.exit_price <= trade.entry_price
    value = trade["size"] * (trade.entry_price + trade.exit_price)
    assert trade.commission == pytest.approx(0.001 * value)
    free = run_strategy(bars, FusionStrategy, FREE, ml=False, hold_bars=1, **HOLD).trades.iloc[0]
    assert trade.pnl < free.pnl


def test_an_atr_stop_ends_the_trade_inside_the_bar():
    closes = [*np.linspace(100, 110, 20), 111, 112, 90, 89, 88]
    run = run_strategy(
        steps(closes),
        FusionStrategy,
        FREE,
        ml=False,
        hold_bars=30,
        atr_stop=2.0,
        atr_period=3,
        **HOLD,
    )
    first = run.trades.iloc[0]
    assert first.exit_reason == "stop"
    atr = 10 / 19  # every bar so far was as long as the next
    assert first.exit_price == pytest.approx(first.entry_price - 2 * atr)


def test_renew_without_ml_holds_the_cross_until_it_flips_and_stays_flat_for_a_bar():
    bars = steps([100, 101, 102, 103, 102, 101, 100, 101])
    run = run_strategy(bars, FusionStrategy, FREE, ml=False, hold_bars=1, **FAST)
    hours = bars.index
    # the state is 1 at bars 1 to 3, -1 at bars 4 to 6, and 1 at bar 7
    assert rows_of(run) == [
        ["long", hours[2], 101.0, hours[5], 102.0, 3, "flip"],
        ["short", hours[6], 101.0, hours[7], 101.0, 1, "open"],
    ]


def test_renew_leaves_when_nothing_has_renewed_the_position_for_hold_bars():
    bars = steps(100 * np.cumprod(np.full(16, 1.01)))
    up = np.full(16, 0.5)
    up[[3, 5, 9, 10]] = 0.6
    params = {"model": given(bars.index, up), "ml_threshold": 0.6, **FAST}
    run = run_strategy(bars, FusionStrategy, FREE, hold_bars=3, **params)
    entered, left = (bars.index.get_indexer(run.trades[n]) for n in ("entry_time", "exit_time"))
    # decided at bars 3 and 9; left 3 bars after bars 5 and 10; each filled at the next open
    assert (entered.tolist(), left.tolist()) == ([4, 10], [9, 14])
    assert run.trades.exit_reason.tolist() == ["expired", "expired"]
    up[8] = 0.6  # the bar that would have left
    params["model"] = given(bars.index, up)
    assert len(run_strategy(bars, FusionStrategy, FREE, hold_bars=3, **params).trades) == 1
    assert run.funnel["lost"]["ordered"]["renews the open trade"] == 2


def test_renew_waits_for_another_state_after_a_stop():
    closes = [100, 101, 102, 103, 104, 104.5, 105, 106, 107, 106, 107, 108, 109]
    bars = steps(closes)
    bars.loc[bars.index[3], "low"] = 90
    run = run_strategy(bars, FusionStrategy, FREE, ml=False, stop=0.05, **FAST)
    hours = bars.index
    assert rows_of(run)[0][:3] + rows_of(run)[0][5:] == ["long", hours[2], 101.0, 1, "stop"]
    # no entry while the state stays 1; -1 at bar 9 enters short at bar 10, 1 at bar 10 long at 12
    assert run.trades.entry_time.tolist() == [hours[2], hours[10], hours[12]]
    assert run.funnel["lost"]["ordered"]["stopped out"] == 6


def test_ml_agrees_disagrees_or_does_not_know():
    bars = steps(100 * np.cumprod(np.full(30, 1.01)))
    for up, trades in ((0.60, True), (0.5999, False), (np.nan, False)):
        run = run_strategy(bars, FusionStrategy, FREE, model=given(bars.index, up), **FAST)
        assert bool(len(run.trades)) is trades, up
    falling = steps(100 * np.cumprod(np.full(30, 0.99)))
    run = run_strategy(falling, FusionStrategy, FREE, model=given(falling.index, 0.40), **FAST)
    assert run.trades.side.unique().tolist() == ["short"]


@pytest.mark.parametrize("exit", ["renew", "horizon", "flip", "both"])
@pytest.mark.parametrize("long_only", [False, True])
def test_replay_trades_as_the_strategy_does(exit, long_only):
    bars = random_walk(1_500, seed=9)
    params = {"exit": exit, "long_only": long_only, "hold_bars": 4}
    run = run_strategy(bars, FusionStrategy, FREE, ml=False, **params)
    trips = replay(run.signal, run.technical, ExitRule(4, exit, long_only))
    trades = run.trades
    assert len(trades) == len(trips.signal) > 10
    assert trades.entry_time.tolist() == bars.index[trips.signal + 1].tolist()
    closed = trips.exit_bar >= 0
    assert trades.exit_time[closed].tolist() == bars.index[trips.exit_bar[closed]].tolist()
    returns = trips.returns(bars.open.to_numpy())[closed]
    made = trades.pnl / (trades.entry_price * trades["size"])
    np.testing.assert_allclose(returns, made[closed], atol=1e-12)


@pytest.mark.parametrize("hold", [1, 5])
def test_replay_trades_as_the_strategy_does_where_ml_renews(hold):
    bars = random_walk(3_000, seed=4)
    probability = np.repeat(np.random.default_rng(0).uniform(0.3, 0.7, 1_500), 2)  # flips and gaps
    model = given(bars.index, probability)
    run = run_strategy(bars, FusionStrategy, FREE, model=model, hold_bars=hold)
    trips = replay(run.signal, run.technical, ExitRule(hold, "renew"))
    closed = trips.exit_bar >= 0
    assert {"flip", "expired"} <= set(run.trades.exit_reason)
    assert run.trades.entry_time.tolist() == bars.index[trips.signal + 1].tolist()
    assert run.trades.exit_time[closed].tolist() == bars.index[trips.exit_bar[closed]].tolist()
    assert len(trips.signal) > 100


@hypothesis_given(
    signal=st.lists(st.sampled_from([-1, 0, 1]), min_size=1, max_size=40), hold=st.integers(1, 6)
)
def test_replay_never_overlaps(signal, hold):
    signal = np.array(signal, dtype=float)
    trips = replay(signal, signal, ExitRule(hold))
    assert (trips.signal[1:] >= trips.exit_bar[:-1]).all()
    closed = trips.exit_bar >= 0
    assert (trips.exit_bar[closed] - trips.signal[closed] == hold + 1).all()


def test_trade_stats_with_scaling_and_turning():
    class Turning(bt.Strategy):
        def next(self):
            moves = {2: (self.buy, 1), 3: (self.buy, 3), 5: (self.sell, 6), 7: (self.buy, 2)}
            if len(self) in moves:
                order, size = moves[len(self)]
                order(size=size)

    bars = steps([10, 11, 12, 14, 16, 18, 20, 22, 24, 26])
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(BarsData(dataname=bars))
    cerebro.addstrategy(Turning)
    cerebro.addanalyzer(TradeStats, _name="stats")
    stats = cerebro.run()[0].analyzers.stats
    trades = stats.trades()
    # 1 at 11 and 3 at 12, all sold at 16, turned short by 2 at 16, covered at 20
    assert trades["size"].tolist() == [4, 2]
    assert trades.side.tolist() == ["long", "short"]
    assert trades.entry_price.tolist() == [(11 + 3 * 12) / 4, 16]
    assert trades.exit_price.tolist() == [16, 20]
    assert trades.pnl.tolist() == [4 * 16 - 47, -8]
    assert stats.get_analysis()["net_profit"] == 9


def test_trade_stats_without_trades_has_no_undefined_division():
    run = run_strategy(steps([100] * 40), FusionStrategy, ml=False)
    figures = run.figures
    assert figures["trades"] == 0 and figures["net_profit"] == 0
    none = ("win_rate", "profit_factor", "expectancy", "avg_win", "avg_loss", "sqn", "sharpe")
    assert all(figures[name] is None for name in none)
    assert figures["total_return"] == 0 and figures["max_drawdown"] == 0


def test_refused_orders_are_counted():
    class Greedy(bt.Strategy):
        def next(self):
            if len(self) == 3:
                self.buy(size=1e9)

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(BarsData(dataname=steps([100] * 10)))
    cerebro.addstrategy(Greedy)
    cerebro.addanalyzer(TradeStats, _name="stats")
    assert cerebro.run()[0].analyzers.stats.get_analysis()["rejected"] == 1


def test_runner_names_unknown_parameters_and_too_few_bars():
    with pytest.raises(OptionError, match="did you mean 'ema_fast'"):
        run_strategy(steps([1, 2, 3]), FusionStrategy, ml=False, ema_fats=3)
    with pytest.raises(BarsError, match="fewer than the indicators of FusionStrategy need"):
        run_strategy(steps([1, 2, 3]), FusionStrategy, ml=False)
    with pytest.raises(OptionError, match="unknown exit"):
        run_strategy(steps([1, 2, 3]), FusionStrategy, ml=False, exit="never")


def test_unseen_window():
    bars = random_walk(20)
    up = np.r_[[np.nan] * 5, [0.5] * 15]
    predictions = given(bars.index, up)
    assert out_of_sample_window(predictions) == slice(5, 20)
    assert out_of_sample_window(predictions, bars.index[8], bars.index[12]) == slice(8, 12)
    with pytest.raises(BarsError, match="no predicted bar"):
        out_of_sample_window(predictions, todate=bars.index[3])


@pytest.mark.parametrize(
    ("freq", "expected"),
    [
        ("D", (bt.TimeFrame.Days, 1)),
        ("h", (bt.TimeFrame.Minutes, 60)),
        ("5min", (bt.TimeFrame.Minutes, 5)),
        ("10s", (bt.TimeFrame.Seconds, 10)),
    ],
)
def test_bar_length(freq, expected):
    assert bar_length(pd.date_range("2024-01-01", periods=10, freq=freq)) == expected
