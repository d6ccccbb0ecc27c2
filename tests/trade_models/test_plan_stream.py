"""PlanStream: bar by bar what the batch says of the same bars."""

import numpy as np
import pytest

from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.trade_models.managed_model import ManagedModel
from bt_fusion.trade_models.plan_stream import PlanStream
from bt_fusion.trade_models.position_model import PositionModel

VOTERS = Ensemble(["lgb", "xgb"], voting="majority")
BARS = BarArrays.of(planted_edge(1_300, seed=6, auc=0.8))


@pytest.fixture(scope="module")
def model():
    given = {"causality_check": False, "min_trades": 20, "position": PositionModel(VOTERS)}
    return ManagedModel("fusion", "triple_barrier", VOTERS, **given).fit_arrays(BARS[:900])


def bar_values(bar):
    columns = (BARS.open, BARS.high, BARS.low, BARS.close, BARS.volume)
    return BARS.time[bar], tuple(each[bar] for each in columns)


def test_each_bar_as_the_batch_has_it(model):
    plan, stream = model.predict_arrays(BARS), PlanStream(model)
    assert plan.models[0].stops is not None
    for bar in range(300, 1_300):
        stream.push(*bar_values(bar)) if bar < 1_299 else None
        if bar < 880 or bar == 1_299:
            continue
        now = stream.current()
        assert len(now) == len(now.X) == len(now.market) == 1
        assert now.known[0] == plan.known[bar] == (bar >= 900)
        for name in ("votes", "stop", "target", "atr", "market", "X"):
            expected = getattr(plan, name)[bar]
            np.testing.assert_allclose(getattr(now, name)[0], expected, rtol=1e-5, err_msg=name)
        assert now.models == plan.models


def test_a_bar_that_still_changes(model):
    """A replayed bar takes its last values, whatever it was before."""
    stream, once = PlanStream(model), PlanStream(model)
    for bar in range(500, 950):
        time, values = bar_values(bar)
        once.push(time, values)
        stream.push(time, tuple(1.01 * each for each in values))
        stream.replace(time, values)
        if bar % 50 == 0:
            for name in ("votes", "stop", "atr", "market", "X"):
                pair = (getattr(each.current(), name) for each in (stream, once))
                np.testing.assert_array_equal(*pair)


def test_the_first_bars_as_the_batch_has_them(model):
    stream = PlanStream(model, allow_in_sample=True)
    plan = model.predict_arrays(BARS[:30], allow_in_sample=True)
    for bar in range(30):
        now = stream.push(*bar_values(bar))
        assert now.known[0] == plan.known[bar]
        for name in ("stop", "target", "atr", "market"):
            expected = getattr(plan, name)[bar]
            np.testing.assert_allclose(getattr(now, name)[0], expected, rtol=1e-5, err_msg=name)
    assert not plan.known[0] and plan.known[29]
    assert np.isnan(plan.market[19, 0]) and np.isfinite(plan.market[20, 0])
