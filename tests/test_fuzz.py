"""Broken input by chance, a few cases of each kind: benchmarks/fuzz.py makes many."""

from random import Random

import pytest

from benchmarks import fuzz
from bt_fusion import BarsError


def test_a_few_cases_of_each_kind_end_as_they_may():
    assert fuzz.run(cases=2, seed=0) == []


def broken(made, place, rng):
    raise KeyError("close")


def refused(made, place, rng):
    raise BarsError("no close")


def endless(made, place, rng):
    while True:
        pass


@pytest.mark.parametrize(
    ("case", "outcome"),
    [(broken, "KeyError: 'close'"), (refused, ""), (endless, "TimeoutError: no end after 1 s")],
)
def test_what_counts_as_a_finding(case, outcome, tmp_path, monkeypatch):
    monkeypatch.setattr(fuzz, "PATIENCE", 1)
    assert fuzz.outcome_of(case, tmp_path, tmp_path, Random(0)) == outcome
