"""Samples keep to their published rules, and the planted edge is as large as it says."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from bt_fusion import Direction, FeatureSet, OptionError, check_bars, load_sample
from bt_fusion.data.samples import SAMPLES, SYNTHETIC, garch, planted_edge, random_walk

PRICES = ["open", "high", "low", "close"]


@pytest.mark.parametrize("name", list(SAMPLES))
def test_samples_are_whole_bars(name):
    bars = load_sample(name, seed=1)
    pd.testing.assert_frame_equal(check_bars(bars), bars)
    assert len(bars) == {"sp500": 5_031, "nasdaq": 5_031}.get(name, 10_000)
    assert (bars["high"] >= bars[PRICES].max(axis=1)).all()
    assert (bars["low"] <= bars[PRICES].min(axis=1)).all()


@pytest.mark.parametrize("make", [random_walk, planted_edge, garch])
def test_a_seed_makes_the_same_bars_again(make):
    pd.testing.assert_frame_equal(make(300, seed=4), make(300, seed=4))
    assert (make(300, seed=4)["close"] != make(300, seed=5)["close"]).mean() > 0.9


PRINT_BARS = """
from hashlib import sha256
from bt_fusion.data.samples import SYNTHETIC, load_sample
for name in SYNTHETIC:
    print(name, sha256(load_sample(f"{name}:3000", seed=3).to_numpy().tobytes()).hexdigest())
"""
NEWER_INSTRUCTIONS = "X86_V3 X86_V4 AVX2 FMA3 AVX512F AVX512_SKX"  # NumPy's names, new and old


@pytest.mark.slow
def test_a_seed_makes_the_same_bars_on_an_older_processor():
    older = os.environ | {"NPY_DISABLE_CPU_FEATURES": NEWER_INSTRUCTIONS}
    printed = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", PRINT_BARS],
            env=env,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for env in (os.environ, older)
    ]
    assert printed[0] == printed[1] != ""


def test_an_unknown_sample_is_refused():
    with pytest.raises(OptionError, match="unknown sample 'sp50': did you mean 'sp500'"):
        load_sample("sp50")


@pytest.mark.parametrize("name", SYNTHETIC)
def test_a_synthetic_sample_has_the_size_asked_for(name):
    bars = load_sample(f"{name}:40", seed=2)
    assert len(bars) == 40
    pd.testing.assert_frame_equal(bars, SAMPLES[name](40, seed=2))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "random-walk:",
            "sample 'random-walk:': '' is not a number of bars; write random-walk:500",
        ),
        ("planted-edge:many", "'many' is not a number of bars; write planted-edge:500"),
        ("random-walk:0", "'0' is not a number of bars"),
        ("random-walk:-5", "'-5' is not a number of bars"),
        ("random-walk:99999999999", "at most 10,000,000 bars are made; give fewer"),
        ("random-walk:1e3", "'1e3' is not a number of bars"),
        ("sp500:100", "sp500 has the bars it has; a size is for random-walk, planted-edge, garch"),
        ("random-wlk:500", "unknown sample 'random-wlk': did you mean 'random-walk'"),
    ],
)
def test_a_size_that_cannot_be_is_refused(name, message):
    with pytest.raises(OptionError, match=message):
        load_sample(name)


def test_random_walk_keeps_its_rules():
    bars = random_walk(20_000, seed=2)
    assert bars.index[0] == pd.Timestamp("2024-01-01")
    assert (np.diff(bars.index) == np.timedelta64(1, "m")).all()
    assert (bars[PRICES] % 1 == 0).all(axis=None) and (bars[PRICES] >= 1).all(axis=None)
    assert 100 <= bars["volume"].min() < 101 and 499 < bars["volume"].max() <= 500
    last = bars["close"].shift().fillna(42_000.0)
    high, low = bars[["open", "close"]].max(axis=1), bars[["open", "close"]].min(axis=1)
    drawn = {
        0.0005: (bars["open"] - last) / last,
        0.005: (bars["close"] - bars["open"]) / last,
    }
    for deviation, values in drawn.items():  # four standard errors
        assert abs(values.mean()) < 4 * deviation / np.sqrt(20_000)
        assert values.std() == pytest.approx(deviation, rel=4 / np.sqrt(2 * 20_000))
    for wick in ((bars["high"] - high) / last, (low - bars["low"]) / last):
        assert np.sqrt((wick**2).mean()) == pytest.approx(0.002, rel=0.03)


def test_garch_has_restless_spells_of_a_known_size_and_no_direction():
    made = [np.diff(np.log(garch(20_000, seed)["close"])) for seed in range(8)]
    assert np.mean([r.var() for r in made]) == pytest.approx(0.005**2, rel=0.1)
    for returns in made:
        square = returns**2
        assert abs(np.corrcoef(returns[:-1], returns[1:])[0, 1]) < 0.03
        assert abs(returns.mean()) < 4 * 0.005 / np.sqrt(20_000)
        assert np.corrcoef(square[:-1], square[1:])[0, 1] > 0.05
    walk = np.diff(np.log(random_walk(20_000)["close"])) ** 2
    assert np.corrcoef(walk[:-1], walk[1:])[0, 1] < 0.03


def test_garch_bars_open_at_the_last_close():
    bars = garch(500, seed=3)
    assert (bars["open"][1:].to_numpy() == bars["close"][:-1].to_numpy()).all()
    assert bars["open"].iloc[0] == 1_000.0


@pytest.mark.parametrize(("auc", "horizon", "persistence"), [(0.6, 5, 0.7), (0.75, 3, 0.4)])
def test_the_best_score_has_the_auc_asked_for(auc, horizon, persistence):
    found = []
    for seed in range(16):
        bars = planted_edge(8_000, seed, auc=auc, horizon=horizon, persistence=persistence)
        pressure = FeatureSet(["wick_balance"]).transform(bars)[:, 0]  # tanh(z / 2)
        y = Direction(horizon)(bars).y
        known = np.isfinite(y)
        found.append(roc_auc_score(y[known], pressure[known]))
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    assert error < 0.004
    assert abs(np.mean(found) - auc) <= 3 * error


def test_the_pressure_is_the_hidden_state_and_the_drift_its_return():
    bars = planted_edge(50_000, seed=3, auc=0.7, persistence=0.6)
    z = 2 * np.arctanh(FeatureSet(["wick_balance"]).transform(bars)[:, 0].astype(float))
    assert z.std() == pytest.approx(1.0, abs=0.03)
    assert np.corrcoef(z[1:], z[:-1])[0, 1] == pytest.approx(0.6, abs=0.02)
    returns = np.diff(np.log(bars["close"]))
    slope = (returns * z[:-1]).mean() / (z**2).mean()
    assert (returns - slope * z[:-1]).std() == pytest.approx(0.005, rel=0.02)


def test_no_edge_is_no_drift():
    bars = planted_edge(30_000, seed=1, auc=0.5)
    z = FeatureSet(["wick_balance"]).transform(bars)[:-1, 0]
    assert abs(np.corrcoef(z, np.diff(np.log(bars["close"])))[0, 1]) < 4 / np.sqrt(30_000)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"auc": 0.4}, "auc 0.4 is outside 0.5..0.9"),
        ({"auc": float("nan")}, "auc nan is outside"),
        ({"persistence": 1.0}, "persistence 1.0 is outside"),
        ({"auc": 0.9, "horizon": 50}, "no drift reaches auc 0.9.*raise the persistence"),
    ],
)
def test_impossible_edges_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        planted_edge(100, **options)
