"""Each model of a managed trade on trades it did not learn from."""

from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from bt_fusion import Ensemble, ManagedModel
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge
from bt_fusion.report.terminal.managed import trade_tables
from bt_fusion.trade_models.evaluation import evaluate_later_models, evaluate_trades
from bt_fusion.trade_models.position_model import Advice
from bt_fusion.trade_models.trade_plan import TradeModels, TradePlan


@pytest.fixture(scope="module")
def fitted():
    members = Ensemble(["lgb"], voting="majority")
    model = ManagedModel(["wick_balance", "return_1"], "triple_barrier", members, min_trades=20)
    bars = planted_edge(2_600, seed=4, auc=0.7)
    return model.fit(bars[:1_800]), bars


def test_all_three_are_judged_on_unseen_trades(fitted):
    model, bars = fitted
    found = evaluate_later_models(model, bars)
    assert found["trades"] > 40
    exits, held = found["position"]["exits"], found["position"]["held"]
    assert 0 < exits["count"] <= found["trades"] and 0 <= exits["right"] <= 1
    assert exits["share"] == exits["count"] / found["trades"] and held["count"] > 0
    stops = found["stops"]
    assert [(row["stop"], row["target"]) for row in stops["with"]] == [
        (None, None),
        (1.5, 1.5),
        (1.0, 2.0),
    ]
    assert 0.1 < stops["stop_reached"] < 0.45 and 0.1 < stops["target_reached"] < 0.45
    sizes = found["risk"]["multiplier"]
    assert 0.1 <= sizes["lowest"] <= sizes["mean"] <= sizes["highest"] <= 1.25


class ForeseesLosses:
    """Advises to leave whatever will end worse than it stands; knows the future."""

    def __init__(self, rest):
        self.rest = iter(rest)

    def advise(self, X):
        return np.array([Advice.EXIT if next(self.rest) < 0 else Advice.HOLD for _ in X])


def test_an_exit_that_knows_saves_and_one_that_is_wrong_costs(fitted):
    from bt_fusion.trade_models.simulated_trades import simulate
    from bt_fusion.trade_models.trade_state import held_bars

    model, bars = fitted
    plan, arrays, recipe = model.predict(bars), BarArrays.of(bars), model.recipe()
    side = np.sign(np.nan_to_num(plan.signal()))
    trades = simulate(arrays, side, plan.atr, recipe.stop, recipe.target, recipe.hold_bars)
    trade, held = held_bars(trades)
    at = trades.entry[trade] + held
    rest = trades.side[trade] * (trades.exit_price[trade] - arrays.open[at + 1])
    for sign in (1, -1):
        knows = replace(plan, models=(TradeModels(position=ForeseesLosses(sign * rest)),))
        exits = evaluate_trades(knows, arrays, recipe)["position"]["exits"]
        assert exits["right"] == (sign > 0) and exits["mean"] * sign > 0


def test_neutral_models_are_reported(fitted, capsys):
    model, bars = fitted
    plan = replace(model.predict(bars), models=(TradeModels(),))
    assert isinstance(plan, TradePlan)
    found = evaluate_trades(plan, BarArrays.of(bars), model.recipe())
    assert found["position"] is found["stops"] is found["risk"] is None
    Console(width=100).print(trade_tables(found))
    assert capsys.readouterr().out.count("neutral: fewer past trades than it needs") == 3
    Console(width=100).print(trade_tables(evaluate_later_models(model, bars)))
    shown = capsys.readouterr().out
    assert "EXIT, saved against holding" in shown and "all the mean" in shown
