"""The ledger: what is one trial, what is none, and what an interruption or a rival leaves."""

import json
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from functools import partial

import numpy as np
import pandas as pd
import pytest

from bt_fusion import Backtest, Ensemble, SignalModel
from bt_fusion.backtest.trials import LEDGER, pbo_of, record_trial, trials_of
from bt_fusion.data.samples import planted_edge

SUMMARY = {
    "data": {"name": "hours", "sha256": "ab" * 32},
    "window": {"start": pd.Timestamp("2024-01-01"), "end": pd.Timestamp("2024-06-01"), "bars": 9},
    "config": {
        "strategy": "fusion",
        "params": {"ml_threshold": 0.65},
        "features": "default",
        "ensemble": {"members": ["rf"], "seed": 0},
        "ml": "both",
        "draws": 1_000,
        "versions": {"numpy": "2.0"},
    },
}


def changed(**changes):
    """The summary with some values replaced, ``config__params={}`` for one inside."""
    summary = deepcopy(SUMMARY)
    for path, value in changes.items():
        place, _, name = path.rpartition("__")
        (summary[place] if place else summary)[name] = value
    return summary


def test_a_repetition_is_no_new_trial(tmp_path):
    assert trials_of(tmp_path, SUMMARY).count == 1
    assert record_trial(tmp_path / "run", SUMMARY, 0.02)
    assert not record_trial(tmp_path / "run", SUMMARY, 0.02)
    again = changed(config__versions={"numpy": "3.0"}, config__draws=9, config__ml="on")
    assert not record_trial(tmp_path / "run", again, 0.02)
    again = changed(
        config__params={"ml_threshold": 0.65, "ema_fast": 12},  # as it is anyway
        config__source={"data": "elsewhere.csv"},
    )
    assert not record_trial(tmp_path / "run", again, 0.02)
    assert len((tmp_path / "run" / LEDGER).read_text().splitlines()) == 1
    assert trials_of(tmp_path / "run", SUMMARY).count == 1


@pytest.mark.parametrize(
    "other",
    [
        {"config__params": {"ml_threshold": 0.7}},
        {"config__strategy": "hybrid"},
        {"config__ensemble": {"members": ["rf"], "seed": 1}},
        {"window__start": pd.Timestamp("2024-02-01")},
    ],
)
def test_every_other_configuration_is_one(tmp_path, other):
    record_trial(tmp_path, SUMMARY, 0.02)
    assert trials_of(tmp_path, changed(**other), 0.03).count == 2
    record_trial(tmp_path, changed(**other), 0.03)
    assert trials_of(tmp_path, SUMMARY).count == 2
    assert sorted(trials_of(tmp_path, SUMMARY).sharpes) == [0.02, 0.03]


def test_other_bars_are_another_matter(tmp_path):
    record_trial(tmp_path, changed(data__sha256="cd" * 32), 0.02)
    later = {"start": pd.Timestamp("2024-06-02"), "end": pd.Timestamp("2024-07-01"), "bars": 9}
    record_trial(tmp_path, changed(window=later), 0.02)
    assert trials_of(tmp_path, SUMMARY).count == 1


def test_several_symbols_are_one_set_of_bars(tmp_path):
    both = {"symbols": {"a": {"sha256": "ab"}, "b": {"sha256": "cd"}}}
    record_trial(tmp_path, changed(data=both), 0.02)
    assert trials_of(tmp_path, SUMMARY).count == 1
    assert trials_of(tmp_path, changed(data=both, config__params={})).count == 2


def test_tuning_trials_of_a_model_count_once(tmp_path):
    for threshold in (0.5, 0.6, 0.7):
        config = {**SUMMARY["config"], "params": {"t": threshold}, "tuning_trials": 50}
        record_trial(tmp_path, changed(config=config), 0.01)
    assert trials_of(tmp_path, changed(config=config)).count == 53
    config = {**config, "trained_until": "2024-01-01", "tuning_trials": 20}
    assert trials_of(tmp_path, changed(config=config)).count == 74


def test_an_edited_strategy_file_is_another_variant(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("period = 10\n")
    mine = changed(config__strategy=f"{path}:Mine")
    assert record_trial(tmp_path, mine, 0.01) and not record_trial(tmp_path, mine, 0.01)
    path.write_text("period = 12\n")
    assert record_trial(tmp_path, mine, 0.02)
    assert trials_of(tmp_path, mine).count == 2


def test_a_torn_line_counts_for_nothing_and_harms_none(tmp_path):
    record_trial(tmp_path, SUMMARY, 0.02)
    path = tmp_path / LEDGER
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:40])
    assert trials_of(tmp_path, SUMMARY).count == 1
    assert record_trial(tmp_path, changed(config__params={}), None)
    assert not record_trial(tmp_path, SUMMARY, 0.02)
    assert trials_of(tmp_path, SUMMARY).count == 2
    assert len(trials_of(tmp_path, SUMMARY).sharpes) == 1
    assert json.loads(path.read_bytes().splitlines()[-1])["params"] == {}


def test_variance_needs_ten_sharpe_ratios(tmp_path):
    values = np.linspace(0, 0.09, 10)
    for number, value in enumerate(values[:9]):
        record_trial(tmp_path, changed(config__params={"number": number}), value)
    assert trials_of(tmp_path, changed(config__params={"number": 0})).variance is None
    found = trials_of(tmp_path, changed(config__params={"number": 9}), values[9])
    assert found.count == 10 and found.variance == pytest.approx(values.var(ddof=1))


def record_twenty(folder, start):
    """Record twenty trials of a process; ten of them are the other's, too."""
    return sum(
        record_trial(folder, changed(config__params={"number": start + number}), 0.01)
        for number in range(20)
    )


def test_two_processes_lose_and_double_nothing(tmp_path):
    with ProcessPoolExecutor(2) as pool:
        new = sum(pool.map(partial(record_twenty, tmp_path), (0, 10)))
    lines = [json.loads(line) for line in (tmp_path / LEDGER).read_text().splitlines()]
    assert new == len(lines) == len({line["trial"] for line in lines}) == 30


@pytest.mark.slow
def test_a_saved_model_brings_its_tuning_trials(tmp_path):
    bars = planted_edge(900, seed=1, auc=0.8)
    model = SignalModel(["return_1", "wick_balance"], ensemble=Ensemble(["lgb"])).fit(bars[:600])
    assert Backtest(model).config({"": planted_edge(900)})["tuning_trials"] == 0
    loaded = SignalModel.load(model.save(tmp_path / "model", trials=25))
    assert SignalModel.load(loaded.save(tmp_path / "again")).trials_ == 25
    result = Backtest(loaded, ml="on").run(bars)
    assert result.summary["config"]["tuning_trials"] == 25
    assert trials_of(tmp_path, result.summary).count == 26


def test_the_last_sweep_in_the_folder_says_how_much_choosing_overfits(tmp_path):
    assert pbo_of(None, SUMMARY) is None and pbo_of(tmp_path, SUMMARY) is None
    file = tmp_path / "sweep.json"
    file.write_text(json.dumps({"data": SUMMARY["data"], "pbo": 0.25}))
    assert pbo_of(tmp_path, SUMMARY) == 0.25
    assert pbo_of(tmp_path, changed(data__sha256="cd" * 32)) is None
    file.write_text("[]")
    assert pbo_of(tmp_path, SUMMARY) is None
