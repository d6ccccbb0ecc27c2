"""One walk-forward of a managed model, and its ablation."""

import numpy as np
import pytest

from bt_fusion import Ensemble, WalkForward
from bt_fusion.backtest.ablation.stages import ablation
from bt_fusion.data.samples import planted_edge
from bt_fusion.statistics.bootstrap import Bootstrap
from bt_fusion.trade_models.managed_model import ManagedModel


@pytest.fixture(scope="session")
def managed():
    """An unfitted model that is quick, and learns from few trades."""
    members = Ensemble(["lgb"], voting="majority")
    return ManagedModel(["wick_balance", "return_1"], "triple_barrier", members, min_trades=20)


@pytest.fixture(scope="session")
def planned(managed):
    """Bars with an edge, and the plan of those a walk-forward predicts."""
    bars = planted_edge(2_400, seed=3, auc=0.7)
    plan = WalkForward(managed, 800, 200, cache=None).predict(bars)
    known = np.flatnonzero(plan.known)
    window = slice(known[0], known[-1] + 1)
    return bars.iloc[window], plan[window]


@pytest.fixture(scope="session")
def ablated(planned):
    return ablation(*planned, bootstrap=Bootstrap(99))
