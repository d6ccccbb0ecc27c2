"""Columns written beside the computing of the next ones are those written one by one."""

import numpy as np
import pytest

from bt_fusion import FeatureSet
from bt_fusion.data.samples import planted_edge
from bt_fusion.features import column_groups
from bt_fusion.features.column_groups import writer_of


def test_many_bars_give_the_matrix_of_few(monkeypatch):
    bars, features = planted_edge(600), FeatureSet("default")
    few = features.transform(bars)
    monkeypatch.setattr(column_groups, "MANY_BARS", 100)
    np.testing.assert_array_equal(features.transform(bars), few)


def test_every_column_is_written_when_the_block_ends(monkeypatch):
    monkeypatch.setattr(column_groups, "MANY_BARS", 1)
    matrix = np.zeros((3, 40), np.float32, order="F")
    with writer_of(matrix) as write:
        for column in range(40):
            write(column, np.full(3, column + 1.0))
    assert (matrix == np.arange(1, 41)).all()


def test_an_error_while_computing_is_not_lost(monkeypatch):
    monkeypatch.setattr(column_groups, "MANY_BARS", 1)
    with pytest.raises(ZeroDivisionError), writer_of(np.zeros((3, 2), np.float32)) as write:
        write(0, np.ones(3))
        write(1, 1 / 0)


def test_an_error_while_writing_is_raised(monkeypatch):
    monkeypatch.setattr(column_groups, "MANY_BARS", 1)
    with pytest.raises(ValueError, match="broadcast"), writer_of(np.zeros((3, 2))) as write:
        write(0, np.ones(4))


def test_prices_beyond_float32_make_no_warning(monkeypatch):
    monkeypatch.setattr(column_groups, "MANY_BARS", 1)
    matrix = np.zeros((2, 1), np.float32)
    with writer_of(matrix) as write:
        write(0, np.array([1e39, 1.0]))
    assert matrix[:, 0].tolist() == [np.inf, 1.0]
