"""The five published systems: each default as its table says, part by part."""

import re
from inspect import signature

import numpy as np
import pandas as pd
import pytest

from bt_fusion.cli.train import train
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import random_walk
from bt_fusion.engine.loading import STRATEGIES
from bt_fusion.features import REGISTRY, SETS, FeatureSet
from bt_fusion.labels import Direction, Gain, ProfitBeforeStop, TripleBarrier
from bt_fusion.models.confidence import Confidence, confidence_levels
from bt_fusion.models.fused_signals import fused_signals
from bt_fusion.models.model_spec import ModelSpec
from bt_fusion.models.predictions import (
    NOT_TRAINED,
    Predictions,
    Signal,
)
from bt_fusion.models.presets import HYBRID_WEIGHTS, PRESET_PARAMS, PRESETS, STRATEGY_PRESETS
from bt_fusion.strategies import CryptoScalping, FusionStrategy, HybridScoring, SignalDiscovery
from bt_fusion.technical.entry_measures import Periods
from bt_fusion.technical.entry_score import EntryRule, MLPoints, TechnicalPoints
from bt_fusion.technical.regimes import Regime
from tests.test_readme import ROOT


def params_of(strategy):
    return dict(strategy.params._getitems())


def members_of(model):
    return model.new_ensemble().make_members()


def subset(given, expected):
    assert {name: given[name] for name in expected} == expected


def test_system_a_fusion_of_ml_and_signals():
    assert FeatureSet("fusion").names == (
        "return_1",
        "return_5",
        "rsi_14_simple",
        "sma_10_over_20",
    )
    assert Direction() == Direction(horizon=5)
    model = PRESETS["fusion"]()
    assert (model.features, model.labels) == ("fusion", Direction(horizon=5))
    scaler, forest = (step for _, step in members_of(model)["rf"].steps)
    assert type(scaler).__name__ == "StandardScaler"
    assert forest.n_estimators == 100
    subset(
        params_of(FusionStrategy),
        {
            "ema_fast": 12,
            "ema_slow": 26,
            "ml_threshold": "auto",
            "exit": "renew",
            "hold_bars": 5,
            "long_only": False,
        },
    )
    table = {name: each.default for name, each in signature(fused_signals).parameters.items()}
    subset(table, {"ml_threshold": "auto", "ema_fast": 12, "ema_slow": 26})


def test_system_a_keeps_its_threshold():
    assert PRESET_PARAMS["fusion"] == {"ml_threshold": 0.60}


def test_system_a_demo_data():
    bars = random_walk(500)
    assert bars.index[0].isoformat() == "2024-01-01T00:00:00"
    assert (bars.index[1] - bars.index[0]).total_seconds() == 60
    assert abs(bars.open.iloc[0] / 42_000 - 1) < 0.003
    prices = bars[["open", "high", "low", "close"]].to_numpy()
    assert (prices == np.round(prices)).all() and (prices >= 1).all()
    assert bars.volume.between(100, 500).all()


def test_system_b_signal_discovery():
    assert [(state.value, state.name) for state in Regime] == [
        (0, "RANGING"),
        (1, "UP"),
        (2, "DOWN"),
    ]
    assert ProfitBeforeStop() == ProfitBeforeStop(target=0.015, stop=0.010, horizon=24)
    assert ProfitBeforeStop.classes == (-1, 0, 1)
    subset(
        params_of(SignalDiscovery),
        {
            "probability_threshold": 0.60,
            "regime_filter": True,
            "regime_threshold": 20.0,
            "regime_confirm": 3,
            "target": 0.015,
            "stop": 0.010,
            "hold_bars": 24,
        },
    )
    model = PRESETS["discovery"]()
    assert (model.features, model.label()) == ("mar", ProfitBeforeStop())
    subset(
        members_of(model)["xgb"].get_params(),
        {
            "n_estimators": 200,
            "max_depth": 6,
            "learning_rate": 0.1,
            "subsample": 0.8,
            "colsample_bytree": 0.8,
        },
    )
    forbidden = {"open", "high", "low", "close", "volume", "regime"}
    assert not forbidden & set(SETS["mar"])
    for family in ("sma_ratio", "sma_spread", "slope"):  # averages, their spreads and slopes
        assert any(name.startswith(family) for name in SETS["mar"])


def test_system_c_hybrid_scoring():
    assert CryptoScalping is HybridScoring
    subset(
        params_of(HybridScoring),
        {
            "ml": True,
            "ml_entry_threshold": 0.60,
            "ml_strong_threshold": 0.70,
            "ml_half_threshold": 0.50,
            "ml_low_threshold": 0.45,
            "min_entry_score": 6.0,
            "min_entry_score_technical": 4.0,
            "points": TechnicalPoints(),
            "periods": Periods(),
            "log_entries": True,
        },
    )
    assert Gain() == Gain(horizon=5, threshold=0.005)
    assert not Gain.two_sided
    assert HYBRID_WEIGHTS == {"xgb": 0.25, "rf": 0.20, "lstm": 0.20, "svm": 0.20, "lr": 0.15}
    model = PRESETS["hybrid"](lstm=False)
    assert (model.features, model.label()) == ("default", Gain())
    assert (model.ensemble.voting, model.ensemble.resample) == ("soft", "smote")
    assert len(SETS["default"]) >= 60
    families = {REGISTRY[name].family for name in SETS["default"]}
    wanted = {"price", "trend", "momentum", "patterns", "volume", "calendar", "volatility"}
    assert families == wanted


def test_system_c_training_options():
    model = ModelSpec(lookahead=5, profit_threshold=0.5).build()  # percent, on the command line
    assert model.label() == Gain(horizon=5, threshold=0.005)
    assert ModelSpec(profit_threshold=0.5).build().label() == model.label()


@pytest.mark.parametrize(
    ("part", "first", "second"),
    [
        ("rsi", ("rsi_limit", 30.0, 1.0), ("rsi_deep", 20.0, 2.0)),
        ("band", ("band_near", 0.005, 1.0), ("band_deep", 0.5, 2.0)),
        ("volume", ("volume_spike", 1.5, 1.0), ("volume_surge", 3.0, 2.0)),
    ],
)
def test_system_c_technical_points_of_two_steps(part, first, second):
    points = TechnicalPoints()
    for step, (threshold, value, worth) in enumerate((first, second)):
        assert getattr(points, threshold) == value
        assert getattr(points, part)[step] == worth


def test_system_c_other_points():
    points = TechnicalPoints()
    assert points.pattern == (1.0, 1.5)
    assert (points.macd, points.stochastic, points.support) == (0.5, 0.5, 0.5)
    assert points.highest == 9.0
    table = {0.70: 2.0, 0.60: 1.0, 0.50: 0.5, 0.45: 0.0, 0.449: -1.0}
    assert MLPoints()(np.array(list(table))).tolist() == list(table.values())
    assert EntryRule() == EntryRule(rsi_limit=30.0, least=6.0, least_technical=4.0)
    assert EntryRule().least_technical == EntryRule().least - max(MLPoints().points)


def test_system_c_indicator_outputs():
    names = {"STRONG_BUY", "BUY", "NEUTRAL", "SELL", "STRONG_SELL"}
    assert {signal.name for signal in Signal} == names
    levels = confidence_levels(np.array([0.54, 0.55, 0.60, 0.70]))
    assert levels.tolist() == [
        Confidence.LOW,
        Confidence.MEDIUM,
        Confidence.HIGH,
        Confidence.VERY_HIGH,
    ]


def test_system_d_signal_generator():
    wanted = {
        "gap",  # previous close
        "high_low",
        "open_close",
        "sma_ratio_10",
        "sma_ratio_50",
        "macd",
        "macd_signal",
        "macd_hist",
        "rsi_14",
        "return_1",
        "return_5",
        "return_15",
        "atr_14",
        "bb_width_20",
        "bb_percent_20",
        "volume_log",
    }
    assert wanted <= set(SETS["generator"]) <= set(REGISTRY)
    model = PRESETS["generator"]()
    assert (model.features, model.labels) == ("generator", Direction(horizon=1))
    best = members_of(model)["best"]
    assert (tuple(best.candidates), best.folds) == (("lr", "rf"), 10)
    assert (model.ensemble.class_weight, model.ensemble.outliers) == ("balanced", "iqr")
    assert signature(train).parameters["test_share"].default == 0.2  # 80/20 in time
    label = Direction(horizon=1)  # next candle up or down
    close = np.array([1.0, 2.0, 1.0])
    arrays = BarArrays(np.arange(3).astype("datetime64[ns]"), *[close] * 4, np.ones(3))
    assert label(arrays).y[:2].tolist() == [1.0, 0.0]


def test_system_e_four_models():
    assert TripleBarrier() == TripleBarrier(target=1.5, stop=1.5, horizon=12)
    assert TripleBarrier.classes == (-1, 0, 1)
    model = PRESETS["signal"]()
    assert model.label() == TripleBarrier()
    assert tuple(members_of(model)) == ("rf", "xgb", "lgb")
    assert (model.ensemble.voting, model.ensemble.vote_threshold) == ("majority", 0.633)
    assert model.ensemble.calibration is not None
    assert Signal.HOLD == 0


@pytest.mark.parametrize(
    ("votes", "signal", "confidence", "level"),
    [
        ((1, 1, 1), Signal.STRONG_BUY, 1.0, Confidence.VERY_HIGH),
        ((1, 1, -1), Signal.BUY, 2 / 3, Confidence.HIGH),  # 2/3 -> 0.67
        ((1, 0, -1), Signal.HOLD, 1 / 3, Confidence.LOW),  # below 0.633
        ((0, 0, 1), Signal.HOLD, 2 / 3, Confidence.HIGH),  # the winner is HOLD itself
        ((-1, -1, 0), Signal.SELL, 2 / 3, Confidence.HIGH),
        ((-1, -1, -1), Signal.STRONG_SELL, 1.0, Confidence.VERY_HIGH),
    ],
)
def test_system_e_majority_vote(votes, signal, confidence, level):
    ensemble = PRESETS["signal"]().ensemble
    classes = (-1, 0, 1)
    shares = np.array([[0.8 if vote == c else 0.1 for c in classes] for vote in votes])[None]
    predictions = Predictions(
        index=pd.DatetimeIndex(["2024-01-01"]),
        classes=classes,
        two_sided=True,
        votes=shares,
        members=tuple(ensemble.members),
        weights=np.ones(3) / 3,
        voting=ensemble.voting,
        vote_threshold=ensemble.vote_threshold,
        model=np.zeros(1, dtype=np.int64),
        trained_until=np.full(1, NOT_TRAINED),
    )
    assert predictions.signal().tolist() == [signal]
    assert predictions.confidence.tolist() == [pytest.approx(confidence)]
    assert predictions.levels().tolist() == [level]


def test_the_page_names_each_system_and_how_to_run_it():
    page = (ROOT / "docs" / "systems.md").read_text()
    commands = re.findall(r"`bt-fusion (\w+) ([^`]*)`", page)
    presets = {name for _, words in commands for name in re.findall(r"--preset (\w+)", words)}
    strategies = {name for _, words in commands for name in re.findall(r"--strategy (\w+)", words)}
    assert {*presets, *(STRATEGY_PRESETS.get(name, name) for name in strategies)} >= set(PRESETS)
    assert strategies <= set(STRATEGIES)
    assert {name for name, _ in commands} == {"backtest", "train"}
