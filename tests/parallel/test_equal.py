"""The same numbers to the bit, whoever does the work."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("distributed", reason="needs the extra distributed")

from bt_fusion import (
    Backtest,
    Ensemble,
    ManagedModel,
    SignalModel,
    Sweep,
    WalkForward,
    load_plugin,
    plugins,
    tune,
)
from bt_fusion.backtest.chance.label_placebo import label_placebo
from bt_fusion.data.samples import planted_edge
from bt_fusion.engine.loading import load_strategy
from bt_fusion.ensemble.members.registry import MEMBERS
from bt_fusion.features import REGISTRY
from bt_fusion.labels import LABELS
from bt_fusion.parallel import scheduler
from bt_fusion.universe.universe import Universe

BACKENDS = ("threads", pytest.param("loky", marks=pytest.mark.slow), "cluster")
MODEL = SignalModel(["wick_balance", "gap"], ensemble=Ensemble(["lgb", "lr"]))


@pytest.fixture(params=BACKENDS)
def backend(request):
    """The name of a scheduler."""
    return request.getfixturevalue("cluster") if request.param == "cluster" else request.param


def job(jobs=2, **options):
    walk = WalkForward(MODEL, 500, 250, jobs=jobs, cache=None)
    return Backtest(walk, draws=50, audit=False, **options)


def by(name, make, *arguments):
    with scheduler(name, 2):
        return make(*arguments)


def assert_same(first, second):
    assert type(first) is type(second)
    if isinstance(first, np.ndarray):
        assert first.tobytes() == second.tobytes()
    elif isinstance(first, pd.DataFrame):
        pd.testing.assert_frame_equal(first, second, check_exact=True)
    else:
        assert first == second


@pytest.fixture(scope="module")
def votes(edge):
    return WalkForward(MODEL, 500, 250, cache=None).predict(edge).votes


def test_walk_forward(backend, edge, votes):
    walk = WalkForward(MODEL, 500, 250, jobs=2, cache=None)
    assert_same(votes, by(backend, lambda: walk.predict(edge).votes))


@pytest.mark.slow_after(1)
def test_sweep(backend, edge, tmp_path):
    tables = []
    for name in (None, backend):
        sweep = Sweep(job(), {"ml_threshold": [0.5, 0.55]}, jobs=1 if name is None else 2)
        tables.append(by(name, sweep.run, edge, tmp_path / str(len(tables))).table)
    assert len(tables[0]) == 2
    assert_same(*tables)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    found = {}
    for seed in range(2):
        found[f"M{seed}"] = folder / f"M{seed}.csv"
        planted_edge(900, seed=seed, auc=0.7).to_csv(found[f"M{seed}"])
    found["broken"] = folder / "broken.csv"
    found["broken"].write_text("open,close\n1,\n")
    return found


@pytest.mark.slow
def test_universe(backend, files, tmp_path):
    tables = []
    for name in (None, backend):
        universe = Universe(job(), jobs=1 if name is None else 2, keep_runs=True)
        folder = tmp_path / str(len(tables))
        tables.append(by(name, universe.run, files, folder).table)
        assert (folder / "runs" / "M0.csv" / "summary.json").is_file()
    assert len(tables[0]) == 3
    assert_same(*tables)
    rows = [(tmp_path / name / "universe_rows.parquet").read_bytes() for name in "01"]
    assert rows[0] == rows[1]


@pytest.mark.slow
def test_label_placebo(backend, edge):
    result = job().run(edge, "edge")
    drawn = [
        by(name, lambda: label_placebo(job().predictor, result_pair(result, edge), 2))
        for name in (None, backend)
    ]
    assert_same(*drawn)


def result_pair(result, edge):
    from bt_fusion.backtest.run_pair import RunPair
    from bt_fusion.labels import trade_exits

    plain = job()
    traded = (plain.params, trade_exits(MODEL.label()), plain.account, result.out_of_sample)
    runs = result.runs
    return RunPair(load_strategy("fusion"), *traded, off=runs["off"], on=runs["on"])


@pytest.mark.slow_after(1)
def test_tuning(backend, edge):
    tables = [
        by(name, lambda: tune(MODEL, edge[:700], 3, jobs=2).table.drop(columns="seconds"))
        for name in (None, backend)
    ]
    assert_same(*tables)


@pytest.mark.slow
def test_trade_models(backend):
    bars = planted_edge(2_500, auc=0.8)
    model = ManagedModel(["wick_balance"], ensemble=Ensemble(["lr"]))
    plans = [
        by(name, lambda: WalkForward(model, 1_000, 500, jobs=2, cache=None).predict(bars))
        for name in (None, backend)
    ]
    for part in ("votes", "stop", "target", "atr"):
        assert_same(*(getattr(plan, part) for plan in plans))
    assert any(each.position is not None for each in plans[0].models)


STRATEGY = """
from bt_fusion.strategies import FusionStrategy
import level_beside

class Mine(FusionStrategy):
    params = (("level", level_beside.LEVEL),)
"""
PLUGIN = """
from bt_fusion import feature

@feature(lookback=1)
def own_range(bars):
    return (bars.high - bars.low) / bars.close
"""


def test_code_that_no_worker_has_on_its_disk_travels(cluster, edge, tmp_path):
    place = tmp_path / "code"
    place.mkdir()
    (place / "level_beside.py").write_text("LEVEL = 0.0")
    (place / "mine.py").write_text(STRATEGY)
    strategy, tables = load_strategy(f"{place}/mine.py:Mine"), []
    for name in (None, cluster):
        sweep = Sweep(job(strategy=strategy), {"ml_threshold": [0.5]}, jobs=1)
        tables.append(by(name, sweep.run, edge, tmp_path / str(len(tables))).table)
        shutil.rmtree(place, ignore_errors=True)
    assert tables[0].error.isna().all()
    assert_same(*tables)


@pytest.fixture
def registers():
    """Put the registers back as they were."""
    before = [(each, dict(each)) for each in (REGISTRY, LABELS, MEMBERS, plugins.LOADED)]
    yield
    for register, kept in before:
        register.clear()
        register.update(kept)


@pytest.mark.slow
def test_a_plug_in_that_no_worker_has_travels(cluster, files, tmp_path, registers):
    place = tmp_path / "own_range.py"
    place.write_text(PLUGIN)
    load_plugin(place)
    model = SignalModel(["wick_balance", "own_range"], ensemble=Ensemble(["lgb"]))
    walk = WalkForward(model, 500, 250, cache=None)
    universe = Universe(replace(job(), model=walk), jobs=1)
    tables = []
    for name in (None, cluster):
        tables.append(by(name, universe.run, files, tmp_path / str(len(tables))).table)
        place.unlink(missing_ok=True)
    assert (tables[0].error == "").sum() == 2
    assert_same(*tables)
