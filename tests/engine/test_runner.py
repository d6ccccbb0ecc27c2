"""How a run treats the process it runs in."""

import gc

import pytest

from bt_fusion.engine.runner import rare_collections


def test_rare_collections_end_with_the_block_even_by_an_error():
    usual = gc.get_threshold()
    rare = 2 * usual[0]
    with pytest.raises(ZeroDivisionError), rare_collections(rare):
        assert gc.get_threshold() == (rare, *usual[1:])
        raise ZeroDivisionError
    assert gc.get_threshold() == usual


def test_rare_collections_leave_a_collector_that_is_off_or_rarer():
    usual = gc.get_threshold()
    try:
        for least in (0, 900_000):
            gc.set_threshold(least, *usual[1:])
            with rare_collections(50_000):
                assert gc.get_threshold()[0] == least
    finally:
        gc.set_threshold(*usual)
