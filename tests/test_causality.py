"""No look-ahead: whatever changes after bar t, nothing known at t changes with it.

One checker for features, labels, predictions, what models were trained on, and lines. It runs
over the registers, so that whatever is added to them is covered; and planted leaks of four kinds
make it fail.
"""

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import random_walk
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.features import REGISTRY, FeatureSet, feature
from bt_fusion.indicators import EMACross, FusedSignal, MLEnsemble
from bt_fusion.labels import LABELS, Direction
from bt_fusion.models import walk_forward
from bt_fusion.models.signal_model import SignalModel, training_rows
from bt_fusion.models.walk_forward import WalkForward

BARS = 700


def noise(rest: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rest * np.exp(rng.normal(0, 0.05, rest.shape))


CHANGES = {
    "noise": noise,
    "huge": lambda rest, rng: rest * 1e9,
    "NaN": lambda rest, rng: np.full_like(rest, np.nan),
    "cut": lambda rest, rng: rest[:, :0],
}


def changed_after(arrays: BarArrays, t: int, change: str) -> BarArrays:
    values = np.array([getattr(arrays, name) for name in COLUMNS])
    rest = CHANGES[change](values[:, t + 1 :], np.random.default_rng(t))
    time = arrays.time[: t + 1 + rest.shape[1]]
    return BarArrays(
        time, *np.ascontiguousarray(np.concatenate([values[:, : t + 1], rest], axis=1))
    )


def outputs(arrays: BarArrays, model: SignalModel, walk: WalkForward):
    """Yield (name, values, bar at which each value is known)."""
    bars = np.arange(len(arrays))
    matrix = FeatureSet(list(REGISTRY)).transform(arrays)
    for column, name in enumerate(REGISTRY):
        yield f"feature {name}", matrix[:, column], bars
    for name, label in LABELS.items():
        labels = label()(arrays)
        known_at = np.where(labels.t1 < 0, len(arrays) + BARS, labels.t1)
        yield f"label {name}", labels.y, known_at
        yield f"t1 of {name}", labels.t1.astype(float), known_at
    for name, predictor in (("model", model), ("walk-forward", walk)):
        predictions = predictor.predict_arrays(arrays)
        yield f"votes of {name}", predictions.votes, bars
        yield f"signal of {name}", predictions.signal(), bars
        yield f"payoff of {name}", predictions.payoff, bars
    numbers = np.array([int(refit.trained_on[:12], 16) for refit in walk.refits_], dtype=float)
    yield "training rows", numbers, np.array([refit.bar - 1 for refit in walk.refits_])


def leaks(arrays: BarArrays, model: SignalModel, walk: WalkForward, t: int) -> set[str]:
    """Name every output that is known by bar t and changes with the bars after it."""
    reference = list(outputs(arrays, model, walk))
    found = set()
    for change in CHANGES:
        others = {
            name: (v, k) for name, v, k in outputs(changed_after(arrays, t, change), model, walk)
        }
        for name, values, known_at in reference:
            other, other_known_at = others[name]
            before = values[known_at <= t]
            after = other[other_known_at <= t]
            if name == "training rows" and change == "cut":
                before = before[: len(after)]  # a refit at bar t + 1 needs that bar to predict
            if before.shape != after.shape or before.tobytes() != after.tobytes():
                found.add(name)
    return found


@pytest.fixture(scope="module")
def small():
    """A quick model and walk-forward over every kind of member."""
    ensemble = Ensemble(("rf", "xgb", "lgb"))
    model = SignalModel(["return_1", "rsi_14", "wick_balance"], Direction(5), ensemble)
    return model, WalkForward(model, 300, 100, cache=None)


def arrays_of(bars: pd.DataFrame) -> BarArrays:
    return BarArrays.of(bars)


@pytest.mark.slow_after(3)
@pytest.mark.parametrize(
    ("source", "t"), [("real", 399), ("real", 452), ("random", 399), ("random", 611)]
)
def test_nothing_known_at_t_depends_on_later_bars(source, t, small, daily):
    bars = daily.iloc[1000 : 1000 + BARS] if source == "real" else random_walk(BARS, seed=5)
    model, walk = small
    model = SignalModel(**model.get_params(deep=False)).fit(bars.iloc[:350])
    assert leaks(arrays_of(bars), model, walk, t) == set()


@pytest.mark.filterwarnings("ignore::bt_fusion.BtFusionWarning")  # all NaN: nothing to train on
@pytest.mark.parametrize(
    ("name", "compute"),
    [
        ("future_shift", lambda bars: np.append(bars.close[1:], bars.close[-1:])),
        ("centred_window", lambda bars: np.convolve(bars.close, np.ones(5) / 5, "same")),
        ("whole_frame_scaling", lambda bars: (bars.close - bars.close.mean()) / bars.close.std()),
    ],
)
def test_a_leaking_feature_is_found(name, compute, small, daily):
    bars = daily.iloc[1000 : 1000 + BARS]
    feature(name, lookback=1)(compute)
    try:
        parts = [name, "return_1"], Direction(5), Ensemble(("lgb",))
        model = SignalModel(*parts, causality_check=False)
        walk = WalkForward(model, 300, 100, cache=None)
        fitted = SignalModel(**model.get_params(deep=False)).fit(bars.iloc[:350])
        found = leaks(arrays_of(bars), fitted, walk, t=452)
    finally:
        REGISTRY.pop(name)
    assert f"feature {name}" in found
    assert "votes of walk-forward" in found


@pytest.mark.parametrize("label", [Direction(1), Direction(5)])
def test_a_purge_one_bar_short_is_found(label, monkeypatch, daily):
    bars = daily.iloc[1000 : 1000 + BARS]
    model = SignalModel(["return_1", "rsi_14"], label, Ensemble(("lgb",)))
    walk = WalkForward(model, 300, 100, cache=None)
    fitted = SignalModel(**model.get_params(deep=False)).fit(bars.iloc[:350])
    assert leaks(arrays_of(bars), fitted, walk, t=399) == set()

    def one_short(complete, labels, horizon, start, refit, embargo=0):
        return training_rows(complete, labels, horizon, start, refit + 1, embargo)

    monkeypatch.setattr(walk_forward, "training_rows", one_short)
    assert "training rows" in leaks(arrays_of(bars), fitted, walk, t=399)


class Lines(bt.Strategy):
    """Keeps what the indicators' lines say."""

    params = (("model", None),)

    def __init__(self):
        self.ml = MLEnsemble(self.data, model=self.p.model)
        self.cross = EMACross(self.data)
        self.fused = FusedSignal(self.cross.state, self.ml, ml_threshold=0.60)
        self.auto = FusedSignal(self.cross.state, self.ml, ml_threshold="auto")

    def lines_of(self, count):
        lines = (*self.ml.lines, *self.cross.lines, *self.fused.lines, *self.auto.lines)
        return np.array([line.array[:count] for line in lines])


@pytest.mark.slow_after(3)
@pytest.mark.parametrize("t", [399, 452])
@pytest.mark.parametrize("change", CHANGES)
def test_lines_up_to_t_do_not_depend_on_later_bars(change, t, small, daily):
    arrays = arrays_of(daily.iloc[1000 : 1000 + BARS])
    before, after = (run_lines(a, small[1]) for a in (arrays, changed_after(arrays, t, change)))
    assert np.isfinite(before[0, 300 : t + 1]).all()
    assert before[:, : t + 1].tobytes() == after[:, : t + 1].tobytes()


def run_lines(arrays: BarArrays, walk: WalkForward) -> np.ndarray:
    frame = pd.DataFrame({name: getattr(arrays, name) for name in COLUMNS}, index=arrays.time)
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame))  # BarsData would refuse the NaN
    cerebro.addstrategy(Lines, model=walk)
    return cerebro.run()[0].lines_of(len(frame))
