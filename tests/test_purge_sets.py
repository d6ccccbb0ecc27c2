"""Random labels through all that splits rows; benchmarks/purge_sets.py makes a thousand sets."""

from collections import Counter

import numpy as np
import pytest

from benchmarks import purge_sets
from benchmarks.purge_sets import Case, Oracle
from bt_fusion.features.registry import REGISTRY
from bt_fusion.models import walk_forward
from bt_fusion.models.streaming import walk_forward_stream as streaming


def test_no_bar_is_learnt_from_and_judged_by():
    found, counts = purge_sets.run(sets=12, seed=1)
    assert found == []
    assert counts["fits"] > 300 and counts["pairs"] > 1_000_000
    assert purge_sets.POSITION not in REGISTRY


@pytest.mark.slow
def test_nor_is_it_in_a_hundred_sets():
    assert purge_sets.run(sets=100, seed=1_000)[0] == []


def all_rows(complete, labels, horizon, start, refit, embargo=0):
    return np.flatnonzero(complete & np.isfinite(labels.y) & (labels.t1 < refit))


def one_bar_late(complete, labels, horizon, start, refit, embargo=0):
    return usual(complete, labels, horizon, start, refit + 1, embargo)


usual = walk_forward.training_rows


@pytest.mark.parametrize("wrong", [all_rows, one_bar_late])
def test_it_finds_training_rows_that_are_too_many(wrong, monkeypatch):
    monkeypatch.setattr(walk_forward, "training_rows", wrong)
    found, _ = purge_sets.run(sets=3, seed=1)
    assert any("refit" in line for line in found)


def test_it_finds_folds_without_purge(monkeypatch):
    def contiguous(data, folds, embargo_bars=0):
        parts = np.array_split(data.rows, folds)
        return [(np.setdiff1d(data.rows, part), part) for part in parts]

    monkeypatch.setattr(purge_sets, "purged_folds", contiguous)
    found, _ = purge_sets.run(sets=3, seed=1)
    assert any("purged fold: bars" in line for line in found)


def test_it_finds_a_live_feed_that_forgets_the_embargo(monkeypatch):
    def forgetful(walk, seen, start):
        return streaming.fit_at(walk.__class__(walk.model, 60, 10), seen, start)

    monkeypatch.setattr(purge_sets, "fit_at", forgetful)
    case = next(case for case in map(Case.of, range(50)) if case.walk.embargo_bars)
    with purge_sets.position_registered():
        found = purge_sets.check_case(case, Counter())
    assert any("learnt other rows" in line for line in found)


def test_the_oracle_counts_in_bars():
    with purge_sets.position_registered():
        case = Case.of(0)
        oracle = Oracle(case.walk, case.symbols[0], Counter())
    row = min(oracle.ends)
    assert oracle.span(row)[0] == row and oracle.ends[row] >= row + case.walk.model.label().horizon
    oracle.note("here", {row}, {oracle.ends[row]}, labelled=False)
    oracle.note("there", {row}, {oracle.ends[row] + 1}, labelled=False)
    assert oracle.wrong == [f"here: bars [{oracle.ends[row]}] are in both"]
