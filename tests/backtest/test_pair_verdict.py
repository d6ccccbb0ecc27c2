"""The statistics of a run: the functions of `significance` on its returns and its trials."""

from dataclasses import replace

import numpy as np
import pytest

from bt_fusion.backtest.pair_verdict import certainty, selection_statistics
from bt_fusion.backtest.trials import Trials
from bt_fusion.data.samples import planted_edge, random_walk
from bt_fusion.engine.runner import run_strategy
from bt_fusion.files import plain
from bt_fusion.statistics.sharpe import deflated_sharpe, min_track_record, probabilistic_sharpe
from bt_fusion.strategies import FusionStrategy
from tests.engine.test_engine import given

ALONE = Trials(1, np.array([0.02]))


def test_statistics_of_a_run():
    bars = planted_edge(1_200, seed=1)
    up = (bars.close.shift(-5) > bars.close).astype(float) * 0.8 + 0.1  # knows the future
    run = run_strategy(bars, FusionStrategy, model=given(bars.index, up.to_numpy()))
    returns = run.equity.pct_change().dropna().to_numpy()
    found = selection_statistics(run, ALONE)
    assert found == {
        "placebo": None,
        "sharpe": pytest.approx(returns.mean() / returns.std(ddof=1)),
        "psr": pytest.approx(probabilistic_sharpe(returns)),
        "dsr": found["psr"],  # of a single trial
        "trials": 1,
        "pbo": None,
        "bars": 1_199,
        "min_track_record": min_track_record(returns),
        "edge": None,
    }
    assert found["psr"] > 0.99 and found["min_track_record"] < 1_199
    assert plain(found) == found


def test_trials_deflate():
    returns = np.random.default_rng(0).normal(0.0005, 0.01, 900)
    few, many = (certainty(returns, Trials(count, np.array([]))) for count in (2, 50))
    assert few["psr"] == many["psr"] > few["dsr"] > many["dsr"]
    known = Trials(50, np.random.default_rng(1).normal(0, 0.05, 30))
    wide = certainty(returns, known)["dsr"]
    assert wide == deflated_sharpe(returns, 50, known.variance) < many["dsr"]


def test_without_trades_nothing_is_known():
    bars = random_walk(300)
    run = run_strategy(bars, FusionStrategy, ml=False)
    idle = replace(run, equity=run.equity * 0 + 1e5)
    found = selection_statistics(idle, ALONE, pbo=0.4)
    assert [found[name] for name in ("sharpe", "psr", "dsr", "min_track_record")] == [None] * 4
    assert found["trials"] == 1 and found["pbo"] == 0.4
