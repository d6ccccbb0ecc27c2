"""Indicators over bars: the same lines in all ten run configurations, never from the future."""

from dataclasses import replace

import backtrader as bt
import matplotlib
import numpy as np
import pandas as pd
import pytest

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import random_walk
from bt_fusion.engine.feed import BarsData
from bt_fusion.errors import OptionError
from bt_fusion.indicators import (
    BarLines,
    CandlePattern,
    DiscoverySignal,
    HybridScore,
    MLEnsemble,
    Regime,
    Support,
    TechnicalScore,
    VolumeSpike,
)
from tests.engine.test_engine import cerebro_with, given
from tests.test_causality import CHANGES, changed_after
from tests.test_parity import CONFIGURATIONS, LiveData

DISCRETE = ("score", "points", "state", "regime", "pattern", "bullish", "bearish", "spike", "enter")


class Recorder(bt.Strategy):
    """Notes every line of every indicator bar by bar."""

    params = (("model", None),)

    def __init__(self):
        ml = MLEnsemble(self.data, model=self.p.model)
        score = TechnicalScore(self.data)
        regime = Regime(self.data)
        self.indicators = [
            CandlePattern(self.data),
            Support(self.data),
            VolumeSpike(self.data),
            regime,
            DiscoverySignal(regime.state, ml),
            score,
            HybridScore(score),
            HybridScore(score, ml),
        ]
        self.seen = []

    def prenext(self):
        self.next()

    def next(self):
        self.seen.append([line[0] for each in self.indicators for line in each.lines])

    def names(self):
        return [
            f"{type(each).__name__}.{name}"
            for each in self.indicators
            for name in each.getlinealiases()
        ]


def run(bars, model, configuration):
    options, _ = CONFIGURATIONS[configuration]
    feed = LiveData if configuration == "live feed" else BarsData
    cerebro = bt.Cerebro(stdstats=False, **options)
    cerebro.adddata(feed(dataname=bars))
    cerebro.addstrategy(Recorder, model=model)
    ran = cerebro.run()[0]
    return pd.DataFrame(ran.seen, columns=pd.Index(ran.names()), index=bars.index)


@pytest.fixture(scope="module", params=["soft", "majority"])
def recorded(request):
    bars = random_walk(330, seed=3)
    up = np.random.default_rng(1).uniform(0.3, 0.8, (len(bars), 3, 1))
    up[:60] = np.nan
    votes, members = np.concatenate([1 - up, up], axis=2), ("a", "b", "c")
    model = replace(
        given(bars.index, 0.5),
        votes=votes if request.param == "majority" else votes[:, :1],
        members=members if request.param == "majority" else members[:1],
        weights=np.ones(3 if request.param == "majority" else 1),
        voting=request.param,
    )
    return bars, model, run(bars, model, "default")


def test_the_lines_say_something(recorded):
    lines = recorded[2]
    assert lines.shape == (330, 39)
    assert lines.notna().sum().min() > 290
    for name in ("Regime.regime", "CandlePattern.pattern", "TechnicalScore.score"):
        assert lines[name].nunique() >= 3, name
    assert lines["DiscoverySignal.fused"].value_counts().loc[[1.0, -1.0]].min() > 3


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("configuration", list(CONFIGURATIONS)[1:])
def test_the_same_lines_in_every_configuration(configuration, recorded):
    bars, model, reference = recorded
    lines = run(bars, model, configuration)
    if CONFIGURATIONS[configuration][1]:
        assert lines.to_numpy().tobytes() == reference.to_numpy().tobytes()
        return
    pd.testing.assert_frame_equal(lines, reference, rtol=1e-9, atol=1e-6)
    discrete = [name for name in lines if name.endswith(DISCRETE)]
    assert len(discrete) > 12
    pd.testing.assert_frame_equal(lines[discrete], reference[discrete], check_exact=True)


class Lines(Recorder):
    """Keeps the whole lines, those of bars to come included."""

    def lines_of(self, count):
        return np.array([line.array[:count] for each in self.indicators for line in each.lines])


def whole_lines(arrays: BarArrays, model) -> np.ndarray:
    frame = pd.DataFrame({name: getattr(arrays, name) for name in COLUMNS}, index=arrays.time)
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame))  # BarsData would refuse the NaN
    cerebro.addstrategy(Lines, model=model)
    return cerebro.run()[0].lines_of(len(frame))


@pytest.mark.parametrize("t", [120, 300])
@pytest.mark.parametrize("change", CHANGES)
def test_no_line_up_to_t_depends_on_later_bars(change, t, recorded):
    arrays = BarArrays.of(recorded[0])
    before, after = (
        whole_lines(a, recorded[1]) for a in (arrays, changed_after(arrays, t, change))
    )
    assert before[:, : t + 1].tobytes() == after[:, : t + 1].tobytes()


def test_a_leaking_indicator_is_found():
    class Tomorrow(BarLines):
        lines = ("close",)

        def columns(self, bars):
            return (np.append(bars.close[1:], np.nan),)

    class Strategy(bt.Strategy):
        def __init__(self):
            self.leak = Tomorrow(self.data)

    arrays = BarArrays.of(random_walk(60))
    lines = []
    for bars in (arrays, changed_after(arrays, 40, "noise")):
        frame = pd.DataFrame({name: getattr(bars, name) for name in COLUMNS}, index=bars.time)
        cerebro = cerebro_with(bt.feeds.PandasData(dataname=frame))
        cerebro.addstrategy(Strategy)
        lines.append(np.array(cerebro.run()[0].leak.close.array[:41]))
    assert lines[0][40] != lines[1][40]


def test_bars_arriving_one_by_one_need_only_the_memory():
    class Watching(bt.Strategy):
        def __init__(self):
            self.spike = VolumeSpike(self.data)

    cerebro = cerebro_with(BarsData(dataname=random_walk(900)), preload=False)
    cerebro.addstrategy(Watching)
    buffer = cerebro.run()[0].spike._buffer
    assert buffer.count == 900
    assert len(buffer.arrays()) <= 4 * 20


def test_patterns_speak_by_name_and_scores_refuse_two_feeds():
    class Named(bt.Strategy):
        def __init__(self):
            self.candles = CandlePattern(self.data, patterns=("hammer", "engulfing"))
            self.names = set()

        def next(self):
            self.names.add(self.candles.name())

    cerebro = cerebro_with(BarsData(dataname=random_walk(800)))
    cerebro.addstrategy(Named)
    assert cerebro.run()[0].names == {"", "hammer", "engulfing"}

    class Mixed(bt.Strategy):
        def __init__(self):
            ml = MLEnsemble(self.data1, model=given(random_walk(60).index, 0.7))
            HybridScore(TechnicalScore(self.data0), ml)

    bars = random_walk(60)
    cerebro = cerebro_with(BarsData(dataname=bars), BarsData(dataname=bars))
    cerebro.addstrategy(Mixed)
    with pytest.raises(OptionError, match="HybridScore was given indicators of two data feeds"):
        cerebro.run()


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("method", ["resampledata", "replaydata"])
def test_larger_bars_end_as_they_would_alone(method):
    bars = random_walk(1_001, seed=6)  # ends on the edge of a larger bar
    rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    large = bars.resample("5min", closed="right", label="right").agg(rules)

    class Watching(bt.Strategy):
        def __init__(self):
            self.score = TechnicalScore(self.datas[-1])
            self.seen = {}

        def next(self):
            if len(self.datas[-1]):
                self.seen[len(self.datas[-1])] = (self.score.score[0], self.score.rsi[0])

    cerebro = bt.Cerebro(stdstats=False)
    data = BarsData(dataname=bars, timeframe=bt.TimeFrame.Minutes)
    if method == "resampledata":
        cerebro.adddata(data)
    getattr(cerebro, method)(data, timeframe=bt.TimeFrame.Minutes, compression=5)
    cerebro.addstrategy(Watching)
    seen = cerebro.run()[0].seen
    alone = run(large, given(large.index, 0.5), "default")
    expected = alone[["TechnicalScore.score", "TechnicalScore.rsi"]].to_numpy()
    found = np.array([seen.get(n + 1, (np.nan, np.nan)) for n in range(len(large) - 1)])
    assert np.isfinite(found).all(axis=1).sum() > 100
    np.testing.assert_allclose(found, expected[: len(found)], atol=1e-6)


def test_the_lines_are_plotted_headless():
    bars = random_walk(300, seed=3)
    cerebro = bt.Cerebro()
    cerebro.adddata(BarsData(dataname=bars))
    cerebro.addstrategy(Recorder, model=given(bars.index, 0.7))
    cerebro.run()
    import backtrader.plot  # noqa: F401  (asks for a screen, whatever MPLBACKEND says)

    matplotlib.use("Agg")
    figure = cerebro.plot(iplot=False)[0][0]
    figure.canvas.draw()
    legends = [
        text.get_text()
        for axis in figure.axes
        for text in (axis.get_legend().get_texts() if axis.get_legend() else [])
    ]
    for name in (
        "CandlePattern",
        "Support",
        "VolumeSpike",
        "Regime",
        "TechnicalScore",
        "HybridScore",
    ):
        assert any(name in text for text in legends), (name, legends)
