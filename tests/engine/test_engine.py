"""How the parts sit in Backtrader: feeds, several feeds, resampling, optimising, btrun, plots."""

from contextlib import nullcontext
from dataclasses import replace

import backtrader as bt
import matplotlib
import numpy as np
import pandas as pd
import pytest

from benchmarks.opinions import predictions_of
from bt_fusion.analyzers import broker_guard
from bt_fusion.data.samples import random_walk
from bt_fusion.engine.feed import BarsData
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.errors import BarsError, BtFusionWarning, OptionError
from bt_fusion.indicators import EMACross, FusedSignal, MLEnsemble, ml_ensemble
from bt_fusion.indicators.line_arrays import float_days, stamps
from bt_fusion.labels import Direction
from bt_fusion.models.predictions import Predictions
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.strategies import FusionStrategy, discovery, fusion, hybrid


def cerebro_with(*feeds, **options):
    cerebro = bt.Cerebro(stdstats=False, **options)
    for feed in feeds:
        cerebro.adddata(feed)
    return cerebro


def given(index, up) -> Predictions:
    """Predictions with these probabilities of up, and a break-even one of .60 at any costs."""
    up = np.broadcast_to(np.asarray(up, float), len(index))
    payoff = np.tile([2e15, 3e15], (len(index), 1))  # (3 + costs) / 5, and costs are nothing
    return replace(predictions_of(index, up), payoff=payoff)


class OrderTypes(bt.Strategy):
    """Uses every order type that looks at ticks, and notes every fill."""

    def __init__(self):
        self.cross = bt.ind.CrossOver(bt.ind.EMA(period=5), bt.ind.EMA(period=12))
        self.fills = []

    def notify_order(self, order):
        if order.status == order.Completed:
            fill = order.executed
            self.fills.append((fill.dt, fill.price, fill.size, self.broker.getvalue()))

    def next(self):
        close = self.data.close[0]
        if self.cross[0] > 0:
            self.buy_bracket(
                exectype=bt.Order.Market, stopprice=close * 0.99, limitprice=close * 1.01
            )
        elif self.cross[0] < 0:
            self.sell(exectype=bt.Order.Close)


@pytest.mark.parametrize("options", [{}, {"runonce": False}, {"preload": False}, {"exactbars": 1}])
def test_bars_data_trades_as_pandas_data(options):
    bars = random_walk(600, seed=4)
    fills = []
    for feed in (BarsData, bt.feeds.PandasData):
        cerebro = cerebro_with(feed(dataname=bars), **options)
        cerebro.addstrategy(OrderTypes)
        cerebro.broker.setcash(1e6)
        fills.append(cerebro.run()[0].fills)
    assert len(fills[0]) > 20
    assert fills[0] == fills[1]


def test_bars_data_honours_dates_and_refuses_broken_bars():
    bars = random_walk(100)
    cerebro = cerebro_with(BarsData(dataname=bars, fromdate=bars.index[10], todate=bars.index[19]))
    cerebro.addstrategy(bt.Strategy)
    assert cerebro.run()[0].data.buflen() == 10
    broken = bars.copy()
    broken.iloc[7, 3] = np.nan
    cerebro = cerebro_with(BarsData(dataname=broken))
    with pytest.raises(BarsError, match=r"NaN in column close in row 7"):
        cerebro.run()


def test_float_days_are_backtraders_to_the_bit():
    index = pd.date_range("1999-01-01", "2030-01-01", periods=20_000).round("us")
    minutes = pd.date_range("2024-03-09 22:00", periods=3_000, freq="min")
    for stamp in (index, minutes):
        expected = [bt.date2num(time) for time in stamp.to_pydatetime()]
        assert float_days(stamp.values.astype("datetime64[ns]")).tolist() == expected
    np.testing.assert_array_equal(stamps(float_days(minutes.values)), minutes.values)


class TwoFeeds(bt.Strategy):
    """Notes, for each feed, the stamps and probabilities it sees."""

    params = (("models", ()),)

    def __init__(self):
        self.ml = [MLEnsemble(d, model=m) for d, m in zip(self.datas, self.p.models, strict=True)]
        self.seen = []

    def prenext(self):
        self.next()

    def next(self):
        now = stamps(self.datetime[0])[()]
        for data, ml in zip(self.datas, self.ml, strict=True):
            if len(data):
                self.seen.append((now, stamps(data.datetime[0])[()], ml.probability[0]))


@pytest.mark.slow
def test_two_feeds_of_any_layout_never_show_the_future():
    """300 layouts of start, length and gaps; each probability tells the bar it belongs to."""
    rng = np.random.default_rng(0)
    base = random_walk(60, seed=1)
    from_future, compared = 0, 0
    for layout in range(300):
        feeds, models, truth = [], [], []
        for _ in range(2):
            start, count = rng.integers(0, 25), rng.integers(20, 35)
            bars = base.iloc[start : start + count]
            bars = bars[rng.random(len(bars)) > rng.choice([0.0, 0.3])]
            number = np.arange(len(bars)) / 1_000  # the bar's own number, as a probability
            feeds.append(BarsData(dataname=bars))
            models.append(given(bars.index, number))
            truth.append(dict(zip(bars.index.values, number, strict=True)))
        cerebro = cerebro_with(*feeds, runonce=layout % 3 != 0, preload=layout % 5 != 0)
        cerebro.addstrategy(TwoFeeds, models=[m for m in models])
        for now, stamp, probability in cerebro.run()[0].seen:
            known = [table[stamp] for table in truth if stamp in table]
            from_future += stamp > now or not any(abs(probability - k) < 1e-12 for k in known)
            compared += 1
    assert compared > 10_000
    assert from_future == 0


def test_fused_signal_refuses_two_feeds():
    class Mixed(bt.Strategy):
        def __init__(self):
            ml = MLEnsemble(self.data1, model=given(random_walk(60).index, 0.7))
            FusedSignal(EMACross(self.data0).state, ml)

    bars = random_walk(60)
    cerebro = cerebro_with(BarsData(dataname=bars), BarsData(dataname=bars))
    cerebro.addstrategy(Mixed)
    with pytest.raises(OptionError, match="two data feeds"):
        cerebro.run()


class Resampled(bt.Strategy):
    """MLEnsemble on the larger bars, noted at each of the smaller ones."""

    params = (("model", None),)

    def __init__(self):
        self.ml = MLEnsemble(self.datas[-1], model=self.p.model)
        self.seen = {}
        self.calls = []

    def prenext(self):
        self.next()

    def next(self):
        if len(self.datas[-1]):
            self.seen[len(self.datas[-1])] = self.ml.probability[0]
            self.calls.append((len(self.datas[0]), len(self.datas[-1]), self.ml.probability[0]))


def resampled_run(bars, model, method):
    cerebro = bt.Cerebro(stdstats=False)
    data = BarsData(dataname=bars, timeframe=bt.TimeFrame.Minutes)
    if method == "resample":
        cerebro.adddata(data)
    getattr(cerebro, f"{method}data")(data, timeframe=bt.TimeFrame.Minutes, compression=5)
    cerebro.addstrategy(Resampled, model=model)
    return cerebro.run()[0]


@pytest.fixture(scope="module")
def five_minutes():
    """1-minute bars, the same as 5-minute bars by the stamp of their end, and a model of these."""
    bars = random_walk(1_501, seed=6)  # ends on the edge of a larger bar
    rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    large = bars.resample("5min", closed="right", label="right").agg(rules)
    model = SignalModel(["return_1", "rsi_7"], Direction(3), Ensemble(("lgb",))).fit(large[:150])
    return bars, large, model


@pytest.mark.parametrize("method", ["resample", "replay"])
def test_resampled_and_replayed_feeds_end_in_the_batch(method, five_minutes):
    bars, large, model = five_minutes
    ran = resampled_run(bars, model, method)
    expected = model.predict(large).probability_up
    seen = np.array([ran.seen.get(n + 1, np.nan) for n in range(len(large) - 1)])
    assert np.isfinite(seen).sum() > 100
    np.testing.assert_allclose(seen, expected[: len(seen)], atol=1e-6)


def test_an_indicator_on_a_resampled_feed_never_shows_an_unfinished_bar(five_minutes):
    bars, large, model = five_minutes
    expected = model.predict(large).probability_up
    for small_bars, large_bars, probability in resampled_run(bars, model, "resample").calls:
        finished = np.searchsorted(large.index, bars.index[small_bars - 1], side="right")
        assert large_bars <= finished
        np.testing.assert_allclose(probability, expected[large_bars - 1], atol=1e-6)


@pytest.mark.parametrize("cpus", [1, 2])
def test_optstrategy_makes_one_run_a_threshold_and_trains_once(cpus, edge, tmp_path):
    walk = WalkForward(
        SignalModel("fusion", Direction(5), Ensemble(("lgb",))), 600, 300, cache=tmp_path
    )
    cerebro = cerebro_with(BarsData(dataname=edge), maxcpus=cpus)
    cerebro.optstrategy(FusionStrategy, model=walk, ml_threshold=[0.5, 0.55, 0.6, 0.65])
    runs = cerebro.run()
    assert [run[0].params.ml_threshold for run in runs] == [0.5, 0.55, 0.6, 0.65]
    entries = list(tmp_path.glob("*/*.npy"))
    assert len(entries) == 3  # one a refit
    written = {path: path.stat().st_mtime_ns for path in entries}
    walk.predict(edge)
    assert all(refit.cached for refit in walk.refits_)
    assert written == {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/*.npy")}


def test_a_model_is_one_value_to_optstrategy(edge):
    walk = WalkForward(SignalModel("fusion"))
    for value in (walk, SignalModel(), Ensemble(), given(edge.index, 0.5)):
        assert bt.Cerebro.iterize([value]) == [(value,)]


def test_plot_draws_the_indicators_headless(edge):
    cerebro = bt.Cerebro()
    cerebro.adddata(BarsData(dataname=edge[:300]))
    cerebro.addstrategy(FusionStrategy, model=given(edge.index, 0.7))
    cerebro.run()
    import backtrader.plot  # noqa: F401  (asks for a screen, whatever MPLBACKEND says)

    matplotlib.use("Agg")
    figure = cerebro.plot(iplot=False)[0][0]
    legends = [
        text.get_text()
        for axis in figure.axes
        for text in (axis.get_legend().get_texts() if axis.get_legend() else [])
    ]
    figure.canvas.draw()
    assert any("MLEnsemble" in text for text in legends), legends
    assert any("FusedSignal" in text for text in legends), legends


@pytest.mark.parametrize(
    ("parts", "expectation"),
    [
        (
            ["--indicator", f"{ml_ensemble.__file__}:MLEnsemble"],
            pytest.warns(BtFusionWarning, match="model is None"),
        ),
        (["--strategy", f"{fusion.__file__}:FusionStrategy:ml=False"], nullcontext()),
        (["--strategy", f"{hybrid.__file__}:HybridScoring:ml=False"], nullcontext()),
        (["--strategy", f"{discovery.__file__}:SignalDiscovery:ml=False"], nullcontext()),
        (["--analyzer", f"{broker_guard.__file__}:BrokerGuard:leverage=2.0"], nullcontext()),
    ],
)
@pytest.mark.filterwarnings("ignore:the load_module:DeprecationWarning")  # Backtrader's own
def test_btrun_loads_our_classes(parts, expectation, tmp_path, edge, capsys):
    from backtrader.btrun import btrun

    path = tmp_path / "bars.csv"
    edge[:300].assign(openinterest=0).to_csv(path, date_format="%Y-%m-%d %H:%M:%S")
    argv = ["--csvformat", "btcsv", "--data", str(path), "--timeframe", "minutes", *parts]
    with expectation:
        btrun(argv)
    assert "Failed" not in capsys.readouterr().out


def test_an_indicator_without_a_usable_model_warns_once_and_stays_nan(edge):
    class Watching(bt.Strategy):
        def __init__(self):
            self.ml = MLEnsemble(self.data, model="nowhere")

    cerebro = cerebro_with(BarsData(dataname=edge))
    cerebro.addstrategy(Watching)
    with pytest.warns(BtFusionWarning, match="nowhere") as caught:
        ran = cerebro.run()[0]
    assert len(caught) == 1
    assert np.isnan(np.array(ran.ml.probability.array)).all()
    assert not ran.ml.usable


def test_on_missing_raise_stops(edge):
    cerebro = cerebro_with(BarsData(dataname=edge))
    cerebro.addstrategy(FusionStrategy, model=None, on_missing="raise")
    with pytest.raises(OptionError, match="model is None"):
        cerebro.run()


def test_a_member_that_fails_in_the_middle_leaves_the_technical_side(edge, monkeypatch):
    model = SignalModel("fusion", Direction(5), Ensemble(("lgb",))).fit(edge[:600])
    calls = []
    healthy = type(model.ensemble_).member_proba

    def failing(self, X, *rows):
        calls.append(len(X))
        if len(calls) > 100:
            raise RuntimeError("the member broke")
        return healthy(self, X, *rows)

    monkeypatch.setattr(type(model.ensemble_), "member_proba", failing)
    cerebro = cerebro_with(BarsData(dataname=edge), preload=False)
    cerebro.addstrategy(FusionStrategy, model=model)
    with pytest.warns(BtFusionWarning, match="the member broke"):
        ran = cerebro.run()[0]
    probability = np.array(ran.ml.probability.array)
    last = np.flatnonzero(np.isfinite(probability))[-1]
    assert np.isfinite(probability).sum() == 100
    state, fused = np.array(ran.technical.state.array), np.array(ran.signal.array)
    np.testing.assert_array_equal(fused[last + 1 :], state[last + 1 :])
    assert not np.array_equal(fused[: last + 1], state[: last + 1])
