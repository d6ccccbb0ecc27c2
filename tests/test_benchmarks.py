"""The benchmarks on sizes that say nothing of speed: that each measures, and what is written."""

import json
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import p5_walk_forward
from benchmarks.child import peak_bytes, resident_bytes
from benchmarks.environments import PeerUnavailable, run_peer
from benchmarks.p2_features import recorded, transform_memory
from benchmarks.page import PAGE, page
from benchmarks.registry import DEFAULT, HOMES, Ratio, measure
from benchmarks.timing import ROOT, in_child, slope, take_turns
from bt_fusion import FeatureSet, WalkForward
from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import random_walk
from bt_fusion.technical.array_talib import talib

TINY = {
    "P1": {"bars": 300, "repeats": 1},
    "P2": {"bars": 500, "repeats": 1},
    "P3": {"bars": 200, "repeats": 1, "peer": 0},
    "P4": {"bars": 40, "library_bars": 5},
    "P5": {"bars": 600, "repeats": 1, "train": 400},
    "P6": {"repeats": 1},
    "P7": {"least": 4_200, "most": 4_400, "steps": 2, "repeats": 1},
    "P8": {"bars": 1_200, "variants": 4},
    "P9": {"bars": 1_200, "repeats": 1, "peer": 0},
    "P10": {"bars": 1_200},
    "P11": {"bars": 1_200, "repeats": 1},
    "P12": {"bars": 1_500, "variants": 2, "repeats": 1},
    "P13": {"bars": 1_500},
    "P14": {"bars": 1_200, "variants": 50, "repeats": 1, "jobs": 1},
    "coverage": {"pairs": 8, "bars": 200, "lists": 4, "draws": 20},
    "downloads": {"trials": 1},
    "drift": {"runs": 5, "breaks": 4, "train": 2_600, "bars": 1_200, "jobs": 1},
    "edge": {"seeds": 1, "bars": 600, "train": 400, "refit": 200, "jobs": 1},
    "hub": {"kills": 2, "repeats": 1},
    "levels": {"walks": 1, "edges": 1, "bars": 600, "draws": 19},
    "live": {"bars": 30, "restarts": 1},
    "nulls": {"walks": 1, "edges": 1, "bars": 600, "draws": 19, "jobs": 1},
    "pooling": {"sets": 1},
    "power": {"walks": 1, "bars": 1_200, "draws": 30, "jobs": 1},
    "readers": {"rows": 20_000},
    "refits": {"seeds": 1, "refits": 3, "refit": 100, "train": 300},
    "retraining": {"months": 2},
    "retraining_rule": {"seeds": 1, "months": 2},
    "size": {"walks": 1, "bars": 300, "draws": 30, "jobs": 1},
    "thresholds": {"draws": 19, "bars": 900},
    "universe": {"files": 40, "bars": 700, "kills": 2, "jobs": 2},
    "walks": {"walks": 1, "bars": 300, "draws": 20},
    "windows": {"bars": 900, "draws": 20, "lgb": 1},
}
SLOW = (
    "P5",
    "P6",
    "P7",
    "P8",
    "P10",
    "P11",
    "P12",
    "P13",
    "downloads",
    "hub",
    "live",
    "power",
    "readers",
    "retraining",
    "retraining_rule",
    "size",
    "thresholds",
    "universe",
    "walks",
    "windows",
)  # processes of their own, or many runs


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in SLOW else []) for name in TINY],
)
def test_every_figure_measures_its_parts(name):
    result = measure(name, **TINY[name])
    entry = result.as_json()
    assert json.loads(json.dumps(entry)) == entry
    if TINY[name].get("peer") == 0:
        assert entry["ratio"] is None and entry["reached"] is None and entry["note"]
    else:
        assert all(isinstance(ratio.value, float) for ratio in result.ratios)
    seconds = [value for part, value in result.parts.items() if part.endswith("_s")]
    assert all(value > 0 for value in seconds)


def test_sizes_cover_every_figure():
    assert set(TINY) == set(HOMES)
    assert set(DEFAULT) == {name for name in HOMES if name.startswith("P")}


@pytest.mark.slow
def test_command_writes_what_it_measured(tmp_path):
    path = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks", "P2", "P3", "--json", str(path)]
    command += ["--size", "bars=500", "--size", "repeats=1", "--size", "peer=0"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    figures = json.loads(path.read_text())
    assert set(figures) == {"P2", "P3"}
    assert figures["P2"]["ratio"] == figures["P2"]["ratios"]["time"]["value"] > 0
    assert figures["P2"]["parts"]["features"] == len(FeatureSet("default"))
    assert figures["P3"]["ratio"] is None
    assert "<= 2.5" in shown and "not asked for" in shown


@pytest.mark.slow
def test_command_keeps_the_figures_of_a_file_that_it_does_not_measure(tmp_path):
    path = tmp_path / "figures.json"
    path.write_text('{"P2": {"ratio": 9.0}, "P9": {"ratio": 0.9}}')
    command = [sys.executable, "-m", "benchmarks", "P2", "--json", str(path)]
    command += ["--size", "bars=500", "--size", "repeats=1"]
    subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    figures = json.loads(path.read_text())
    assert figures["P9"] == {"ratio": 0.9} and figures["P2"]["ratio"] != 9.0
    assert figures["P2"]["measured_on"]["cores"] >= 1


def test_the_page_is_made_of_what_was_measured():
    assert PAGE.read_text() == page()


def test_command_refuses_an_unknown_figure():
    command = [sys.executable, "-m", "benchmarks", "P77"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "P77" in done.stderr


@pytest.mark.parametrize(
    ("least", "most", "value", "reached", "reach"),
    [
        (None, 0.6, 0.6, True, "<= 0.6"),
        (None, 0.6, 0.61, False, "<= 0.6"),
        (1.7, None, 1.6, False, ">= 1.7"),
        (-0.02, 0.01, 0.0, True, "-0.02 .. 0.01"),
        (-0.02, 0.01, -0.03, False, "-0.02 .. 0.01"),
        (None, 0.6, None, None, "<= 0.6"),
        (None, None, 3.0, None, ""),
    ],
)
def test_ratio_knows_whether_it_is_reached(least, most, value, reached, reach):
    ratio = Ratio("time", value, least=least, most=most)
    assert (ratio.reached, ratio.reach) == (reached, reach)


def test_slope_is_the_exponent():
    assert slope([1_000, 10_000, 100_000], [1.0, 10.0**1.5, 10.0**3]) == 1.5


def test_works_take_turns():
    order = []
    take_turns({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, repeats=2)
    assert order == ["a", "b", "a", "b"]


def test_recorded_sees_each_call_and_puts_the_functions_back():
    before = talib.SMA
    with recorded() as calls:
        FeatureSet(["sma_ratio_5", "return_1"]).transform(random_walk(50))
    assert [(function.__name__, given[1]) for function, given, _ in calls] == [("SMA", 5)]
    assert talib.SMA is before


def test_bare_blocks_hold_the_rows_the_walk_forward_uses():
    frame = random_walk(700)
    walk = WalkForward(train_bars=400, refit_bars=150, cache=None)
    blocks = list(p5_walk_forward.bare_blocks(walk, frame))
    predictions = walk.predict(frame)
    assert [len(X) for X, _, _ in blocks] == [refit.rows for refit in walk.refits_]
    assert sum(len(out_of_sample) for _, _, out_of_sample in blocks) == predictions.known.sum()


def test_memory_of_a_child_is_its_own():
    ballast = np.ones(50_000_000)  # 400 MB, resident
    assert resident_bytes() > ballast.nbytes
    assert 0 < in_child(peak_bytes) < ballast.nbytes


@pytest.mark.slow
def test_children_see_what_they_allocate(tmp_path):
    for name in ("time", *COLUMNS):
        np.save(tmp_path / f"{name}.npy", getattr(BarArrays.of(random_walk(50_000)), name))
    memory = in_child(transform_memory, folder=str(tmp_path))
    assert memory["matrix"] == 50_000 * len(FeatureSet("default")) * 4
    assert memory["peak_growth"] > memory["matrix"] / 2


def test_peer_that_fails_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.environments.user_cache_path", lambda name: tmp_path / name)
    monkeypatch.setattr("sys.executable", str(tmp_path / "no_python"))
    with pytest.raises(PeerUnavailable, match="no_python"):
        run_peer("mlfinpy_barriers", ("mlfinpy",))
