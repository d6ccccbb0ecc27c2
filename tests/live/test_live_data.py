"""LiveData: a strategy sees the bars of a backtest, in their order."""

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from bt_fusion import BtFusionWarning, Ensemble, SignalModel, WalkForward
from bt_fusion.analyzers import TradeStats
from bt_fusion.data.samples import planted_edge
from bt_fusion.engine import BarsData
from bt_fusion.errors import BundleError
from bt_fusion.indicators import MLEnsemble
from bt_fusion.live import LiveData, ReplayedBars
from bt_fusion.strategies import FusionStrategy

TRAINED = 900
BARS = planted_edge(1_300)
LIVE = 1_150  # of them are known at the start


@pytest.fixture(scope="module")
def model():
    return SignalModel("fusion", ensemble=Ensemble(["lgb"])).fit(BARS[:TRAINED])


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "saved"
    model.save(path)
    return str(path)


class Watcher(bt.Strategy):
    """Notes what it sees."""

    params = (("model", None), ("on_missing", "warn"))

    def __init__(self):
        self.ml = MLEnsemble(self.data, model=self.p.model, on_missing=self.p.on_missing)
        self.seen, self.statuses, self.stopped = [], [], False

    def notify_data(self, data, status, *args, **kwargs):
        self.statuses.append((len(self), data._getstatusname(status)))

    def next(self):
        line = self.data
        bar = (line.open[0], line.high[0], line.low[0], line.close[0], line.volume[0])
        self.seen.append((line.datetime[0], *bar, self.ml.probability[0], self.ml.signal[0]))

    def stop(self):
        self.stopped = True


def run(feed, strategy=Watcher, **params):
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(feed)
    cerebro.addstrategy(strategy, **params)
    cerebro.addanalyzer(TradeStats, _name="trades")
    return cerebro.run()[0]


def messy(bars, seed=0):
    """Yield bars as they may come: repeated, with older ones, several at once, in disorder."""
    draw, row = np.random.default_rng(seed), 0
    while row < len(bars):
        until = row + int(draw.integers(1, 4))
        part = bars.iloc[max(0, row - int(draw.integers(0, 3))) : until]
        yield part.iloc[draw.permutation(len(part))]
        if draw.random() < 0.3:
            yield part
        row = until


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bt_fusion.errors.BtFusionWarning")
def test_a_strategy_sees_what_it_sees_in_a_backtest(model):
    tested = run(BarsData(dataname=BARS), model=model)
    source = ReplayedBars(BARS, LIVE, messy(BARS[LIVE:]))
    live = run(LiveData(dataname=source), model=model)
    expected, found = np.array(tested.seen), np.array(live.seen)
    assert found.shape == (1_300, 8)
    np.testing.assert_array_equal(np.delete(found, 6, axis=1), np.delete(expected, 6, axis=1))
    np.testing.assert_allclose(found[:, 6], expected[:, 6], atol=1e-6)
    assert np.isfinite(found[TRAINED:, 6]).all()
    assert live.statuses == [(0, "DELAYED"), (LIVE, "LIVE")]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bt_fusion.errors.BtFusionWarning")
def test_our_strategy_makes_the_trades_of_a_backtest(folder):
    params = {"model": folder, "ml_threshold": 0.52}
    tested = run(BarsData(dataname=BARS), FusionStrategy, **params)
    live = run(LiveData(dataname=ReplayedBars(BARS, LIVE)), FusionStrategy, **params)
    trades = [each.analyzers.trades.trades() for each in (tested, live)]
    assert len(trades[0]) > 5
    pd.testing.assert_frame_equal(*trades)


@pytest.mark.slow
def test_a_walk_forward_refits_as_bars_arrive():
    ensemble = Ensemble(["lr"])
    walk = WalkForward(SignalModel("fusion", ensemble=ensemble), train_bars=600, refit_bars=200)
    tested = run(BarsData(dataname=BARS), model=walk)
    live = run(LiveData(dataname=ReplayedBars(BARS, 700)), model=walk)
    expected, found = np.array(tested.seen)[:, 6], np.array(live.seen)[:, 6]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.isfinite(found).sum() > 600


def test_without_history_the_first_bar_is_live(model):
    live = run(LiveData(dataname=ReplayedBars(BARS[TRAINED:950])), model=model)
    assert live.statuses == [(0, "DELAYED"), (0, "LIVE")] and len(live.seen) == 50


def test_a_broken_model_is_refused_before_the_first_bar(folder, tmp_path):
    (tmp_path / "manifest.json").write_text("{}")
    source = ReplayedBars(BARS)
    with pytest.raises(BundleError):
        run(LiveData(dataname=source), model=str(tmp_path), on_missing="raise")
    assert source.arriving(None).index[0] == BARS.index[0]  # none has been asked for


def test_a_broken_model_is_warned_of_before_the_first_bar(tmp_path):
    with pytest.warns(BtFusionWarning, match="goes on without a model"):
        live = run(LiveData(dataname=ReplayedBars(BARS[:20])), model=str(tmp_path / "none"))
    assert len(live.seen) == 20 and np.isnan(np.array(live.seen)[:, 6]).all()


@pytest.mark.slow
def test_a_model_that_fails_in_the_middle_does_not_end_the_run(model):
    failing = SignalModel("fusion", ensemble=Ensemble(["lgb"])).fit(BARS[:TRAINED])
    real, calls = failing.feature_set_.latest, []

    def latest(*given):
        calls.append(given)
        if len(calls) > 10:
            raise RuntimeError("out of order")
        return real(*given)

    failing.feature_set_.latest = latest
    with pytest.warns(BtFusionWarning, match="out of order"):
        live = run(LiveData(dataname=ReplayedBars(BARS[TRAINED - 100 :])), model=failing)
    assert len(live.seen) == 500 and live.stopped
    assert np.isfinite(np.array(live.seen)[:, 6]).sum() == 10


def test_ctrl_c_while_waiting_ends_the_run_as_the_last_bar_does(model):
    live = run(LiveData(dataname=Interrupted(BARS[TRAINED:], known=10)), model=model)
    assert live.stopped and len(live.seen) == 12


class Interrupted(ReplayedBars):
    """Ctrl-C comes on the third bar that is waited for."""

    requests = 0

    def arriving(self, last):
        self.requests += 1
        if self.requests == 3:
            raise KeyboardInterrupt
        return super().arriving(last)


class Clock(bt.Strategy):
    """Counts bars, and whether it was stopped."""

    def __init__(self):
        self.lengths, self.stopped = [], False

    def next(self):
        self.lengths.append([len(data) for data in self.datas])

    def stop(self):
        self.stopped = True


def test_one_ctrl_c_ends_a_run_of_several_feeds():
    feeds = [Interrupted(BARS, known=10), ReplayedBars(BARS, known=10)]
    cerebro = bt.Cerebro(stdstats=False)
    for each in feeds:
        cerebro.adddata(LiveData(dataname=each))
    cerebro.addstrategy(Clock)
    (strategy,) = cerebro.run()
    assert strategy.stopped and strategy.lengths[-1] == [12, 12] and feeds[0].requests == 3


def test_ctrl_c_makes_no_bar_of_an_unfinished_day():
    hours = BARS.set_axis(pd.date_range("2024-01-01", periods=len(BARS), freq="h"))
    cerebro = bt.Cerebro(stdstats=False)
    feed = LiveData(dataname=Interrupted(hours, known=50))
    cerebro.resampledata(feed, timeframe=bt.TimeFrame.Days)
    cerebro.addstrategy(Clock)
    (strategy,) = cerebro.run()
    assert strategy.stopped and strategy.lengths == [[1], [2]]
    assert (feed.p.timeframe, feed.p.compression) == (bt.TimeFrame.Minutes, 60)


def test_a_model_of_a_resampled_feed_is_loaded_before_the_first_bar(tmp_path):
    source = ReplayedBars(BARS)
    cerebro = bt.Cerebro(stdstats=False)
    data = LiveData(dataname=source)
    cerebro.adddata(data)
    cerebro.resampledata(data, timeframe=bt.TimeFrame.Minutes, compression=5)
    cerebro.addstrategy(Watcher, model=str(tmp_path / "none"), on_missing="raise")
    with pytest.raises(BundleError):
        cerebro.run()
    assert source.arriving(None).index[0] == BARS.index[0]


@pytest.mark.slow
def test_a_cerebro_runs_twice():
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(LiveData(dataname=ReplayedBars(BARS[:60], known=10)))
    cerebro.addstrategy(Clock)
    assert [len(cerebro.run()[0].lengths) for _ in range(2)] == [60, 60]


@pytest.mark.slow
def test_an_analyzer_of_a_user_s_own_strategy_works(model):
    class Own(bt.Strategy):
        def __init__(self):
            self.cross = bt.ind.CrossOver(bt.ind.EMA(period=5), bt.ind.EMA(period=20))

        def next(self):
            if self.cross > 0:
                self.buy()
            elif self.cross < 0:
                self.close()

    feeds = BarsData(dataname=BARS[:500]), LiveData(dataname=ReplayedBars(BARS[:500], 30))
    tested, live = (run(feed, Own).analyzers.trades.get_analysis() for feed in feeds)
    assert tested["trades"] > 5 and repr(live) == repr(tested)
