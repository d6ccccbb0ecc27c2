"""SignalDiscovery: thresholds, the regime filter, stops, targets and the horizon."""

import numpy as np
import pandas as pd
import pytest

from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import random_walk
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import run_strategy
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.errors import BtFusionWarning, OptionError
from bt_fusion.labels import ProfitBeforeStop
from bt_fusion.models.predictions import Predictions
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.strategies import SignalDiscovery
from bt_fusion.technical.regimes import Regime, regimes
from tests.engine.test_engine import given

FREE = Account(commission=0.0)


@pytest.fixture(scope="module")
def bars():
    return random_walk(1_500, seed=12)


@pytest.fixture(scope="module")
def state(bars):
    found = regimes(BarArrays.of(bars))
    return np.select([found == Regime.UP, found == Regime.DOWN], [1, -1], 0)


def classes(index, long, short) -> Predictions:
    """Predictions of three classes with these probabilities of long and short."""
    votes = np.empty((len(index), 1, 3))
    votes[:, 0, 2], votes[:, 0, 0] = long, short
    votes[:, 0, 1] = 1 - votes[:, 0, 0] - votes[:, 0, 2]
    two = given(index, 0.5)
    return Predictions(**{**vars(two), "classes": (-1, 0, 1), "votes": votes})


def run(bars, **params):
    return run_strategy(bars, SignalDiscovery, FREE, **params)


def test_classes_must_be_above_the_threshold(bars, state):
    above = np.nextafter(0.60, 1) + 1e-9
    for long, short, expected in (
        (0.60, 0.10, 0 * state),
        (above, 0.10, state == 1),
        (0.10, 0.60, 0 * state),
        (0.10, above, -1 * (state == -1)),
        (np.nan, np.nan, 0 * state),
    ):
        signal = run(bars, model=classes(bars.index, long, short)).signal
        np.testing.assert_array_equal(signal, expected)


def test_without_the_filter_the_regime_has_no_say(bars):
    free = run(bars, model=classes(bars.index, 0.7, 0.1), regime_filter=False)
    assert (free.signal == 1).all()
    both = run(
        bars,
        model=classes(bars.index, 0.45, 0.50),
        regime_filter=False,
        probability_threshold=0.4,
    )
    assert (both.signal == -1).all()  # the likelier of two that are above


def test_ml_off_trades_the_regime(bars, state):
    off = run(bars, ml=False)
    np.testing.assert_array_equal(off.signal, state)
    np.testing.assert_array_equal(off.technical, state)
    rows = bars.index.get_indexer(off.trades.entry_time) - 1
    assert set(off.trades.side) == {"long", "short"}
    np.testing.assert_array_equal(state[rows], np.where(off.trades.side == "long", 1, -1))
    assert not (run(bars, ml=False, long_only=True).trades.side == "short").any()


def test_stop_target_and_horizon_are_the_labels(bars):
    trades = run(bars, ml=False).trades
    rows, left = (bars.index.get_indexer(trades[name]) for name in ("entry_time", "exit_time"))
    opens = bars.open.to_numpy()
    assert {"stop", "target"} <= set(trades.exit_reason)
    for n, trade in enumerate(trades.itertuples()):
        side = 1 if trade.side == "long" else -1
        made = side * (trade.exit_price / trade.entry_price - 1)
        gap = side * (opens[left[n]] / trade.entry_price - 1)
        if trade.exit_reason == "target":
            assert made == pytest.approx(max(0.015, gap))
        elif trade.exit_reason == "stop":
            assert made == pytest.approx(min(-0.010, gap))
        assert left[n] - rows[n] <= 24
    label = ProfitBeforeStop()
    p = SignalDiscovery.params
    assert (p.stop, p.target, p.hold_bars) == (label.stop, label.target, label.horizon)


def test_the_horizon_ends_a_trade_that_goes_nowhere():
    # a plain uptrend, 0.01 % a bar: neither stop nor target is near
    bars = random_walk(140, seed=1)
    close = 100 * 1.0001 ** np.arange(140)
    bars = pd.DataFrame(
        {
            "open": close,
            "high": close * 1.00005,
            "low": close * 0.99995,
            "close": close,
            "volume": 1,
        },
        index=bars.index,
    )
    trades = run(bars, ml=False).trades
    closed = trades[trades.exit_reason != "open"]
    assert set(closed.exit_reason) == {"horizon"} and len(closed) >= 3
    assert set(closed.bars) == {24}


def test_stop_and_target_must_be_fractions(bars):
    with pytest.raises(OptionError, match=r"0\.01 is 1 %"):
        run(bars[:100], ml=False, stop=1.5)
    open_end = run(bars, ml=False, stop=None, target=None).trades
    assert set(open_end.exit_reason) <= {"horizon", "open"}


def test_without_a_usable_model_it_trades_the_regime(bars):
    with pytest.warns(BtFusionWarning, match="model is None"):
        on = run(bars, model=None)
    assert on.trades.equals(run(bars, ml=False).trades)


def test_a_walk_forward_of_its_own_label(edge):
    model = SignalModel("mar", ProfitBeforeStop(), Ensemble(("lgb",)))
    walk = WalkForward(model, 700, 400, cache=None)
    predictions = walk.predict(edge)
    traded = run(edge, model=walk, probability_threshold=0.5)
    chosen = run(edge, model=predictions, probability_threshold=0.5)
    assert traded.trades.equals(chosen.trades)
    assert len(traded.trades) > 5
    rows = edge.index.get_indexer(traded.trades.entry_time) - 1
    p = np.where(
        traded.trades.side == "long",
        predictions.probability_up[rows],
        predictions.probability_down[rows],
    )
    assert (p > 0.5).all()
