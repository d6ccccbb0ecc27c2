"""Ranges and lists as text, exact to the decimal, and their combinations."""

import numpy as np
import pytest

from bt_fusion import OptionError
from bt_fusion.sweep.grid import combinations, given_grid, parameter_grid


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.5:0.7:0.02", [0.5, 0.52, 0.54, 0.56, 0.58, 0.6, 0.62, 0.64, 0.66, 0.68, 0.7]),
        ("0.1:0.35:0.1", [0.1, 0.2, 0.3]),
        ("8:20:4", [8, 12, 16, 20]),
        ("1:2:0.5", [1.0, 1.5, 2.0]),
        ("0.7:0.6:-0.05", [0.7, 0.65, 0.6]),
        ("-2:2:2", [-2, 0, 2]),
        ("1e-3:3e-3:1e-3", [0.001, 0.002, 0.003]),
        ("5:5:1", [5]),
        ("8, 12,16", [8, 12, 16]),
        ("8:10:2,20", [8, 10, 20]),
        ("0.6", [0.6]),
        ("flip,both", ["flip", "both"]),
        ("None,2.0", [None, 2.0]),
        ("True,False", [True, False]),
        ("1,1,2", [1, 2]),
        ("(1, 2)", [(1, 2)]),
        ("10:30", None),
        ("a:b", ["a:b"]),
    ],
)
def test_values(text, values):
    if values is None:
        with pytest.raises(OptionError, match="no step; write start:stop:step"):
            parameter_grid([f"x={text}"], most=100)
        return
    found = parameter_grid([f"x={text}"], most=100)["x"]
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (["ml_threshold"], "is not KEY=VALUES"),
        (["=3"], "is not KEY=VALUES"),
        (["x="], "is not KEY=VALUES"),
        (["x=1", "x=2"], "x is given twice"),
        (["x=1:5:0"], "range 1:5:0 is empty"),
        (["x=5:1:1"], "range 5:1:1 is empty; from 5 steps of 1 never reach 1"),
        (["x=0:1:1e-9"], "has 1,000,000,001 values; --max is 100"),
        (["x=1:20:1", "y=1:20:1"], "400 combinations are more than --max 100"),
    ],
)
def test_what_makes_no_grid(pairs, message):
    with pytest.raises(OptionError, match=message):
        parameter_grid(pairs, most=100)


def test_every_combination_once():
    grid = parameter_grid(["a=1:3:1", "b=x,y", "c=0.5"], most=6)
    found = combinations(grid)
    assert len(found) == 6
    assert found[:3] == [
        {"a": 1, "b": "x", "c": 0.5},
        {"a": 1, "b": "y", "c": 0.5},
        {"a": 2, "b": "x", "c": 0.5},
    ]


def test_values_as_python_gives_them():
    given = {"a": range(2, 8, 3), "b": (1, 1, 2.5), "c": "flip", "d": np.arange(2), "e": None}
    found = given_grid(given)
    assert found == {"a": [2, 5], "b": [1, 2.5], "c": ["flip"], "d": [0, 1], "e": [None]}
    assert all(type(value) is int for value in found["d"])
    with pytest.raises(OptionError, match="param a has no value"):
        given_grid({"a": []})


def test_a_constraint_leaves_combinations_out():
    grid = {"fast": [5, 20], "slow": [10, 20]}
    kept = combinations(grid, lambda p: p.fast < p.slow)
    assert kept == [{"fast": 5, "slow": 10}, {"fast": 5, "slow": 20}]
    with pytest.raises(OptionError, match="none of 4 combinations meets the constraint"):
        combinations(grid, lambda p: p.fast > 2 * p.slow)
