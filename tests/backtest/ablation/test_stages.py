"""The ablation: one model after the other over the same bars."""

import pytest

from bt_fusion import OptionError
from bt_fusion.backtest.ablation.stages import COMPARED, STAGES, ablation
from bt_fusion.engine.runner import run_strategy
from bt_fusion.statistics.bootstrap import Bootstrap
from bt_fusion.strategies import ManagedStrategy


def test_each_row_is_a_run_of_the_strategy_with_its_switches(planned, ablated):
    bars, plan = planned
    assert [row["name"] for row in ablated.rows] == [*STAGES]
    off = run_strategy(bars, ManagedStrategy, ml=False)
    full = run_strategy(bars, ManagedStrategy, model=plan)
    assert ablated.rows[0]["net_profit"] == off.figures["net_profit"]
    assert ablated.rows[-1]["net_profit"] == full.figures["net_profit"]
    profits = [row["net_profit"] for row in ablated.rows]
    assert len(set(profits)) == 5  # each model has a say


def test_a_row_is_held_against_the_one_above(ablated):
    first, *others = ablated.rows
    assert first["against"] is first["chance"] is first["verdict"] is None
    for above, row in zip(ablated.rows, others, strict=False):
        assert row["against"].keys() == {*COMPARED}
        change = row["against"]["net_profit"]
        assert (change["off"], change["on"]) == (above["net_profit"], row["net_profit"])
        assert row["chance"]["draws"] == 99 and 0 < row["chance"]["p_value"] <= 1
        assert (row["verdict"] == "helped") == (row["chance"]["p_value"] <= 0.005)


@pytest.mark.slow
def test_a_signal_with_an_edge_helps(planned):
    found = ablation(*planned, bootstrap=Bootstrap(999))
    assert found.rows[1]["verdict"] == "helped" and found.rows[1]["chance"]["found"] > 3


def test_equity_of_every_row_and_exits_that_add_up(planned, ablated):
    bars, _ = planned
    assert ablated.equity.shape == (len(bars), 5)
    for row in ablated.rows:
        closed = sum(count for reason, count in row["exits"].items() if reason != "open")
        assert closed == row["trades"]
    assert "advice" in ablated.rows[2]["exits"] and "advice" not in ablated.rows[1]["exits"]


def test_what_the_rows_differ_in_cannot_be_given(planned):
    with pytest.raises(OptionError, match="the ablation sets parameter position itself"):
        ablation(*planned, params={"position": False})


@pytest.mark.slow
def test_the_same_seed_gives_the_same_rows(planned, ablated):
    again = ablation(*planned, bootstrap=Bootstrap(99))
    assert again.rows == ablated.rows
