"""ML off and on: strategies that ask ML themselves, a label's exits, other names of params."""

import backtrader as bt
import pytest

from bt_fusion import indicators
from bt_fusion.data.samples import planted_edge
from bt_fusion.engine.loading import system_of
from bt_fusion.engine.runner import run_strategy
from bt_fusion.engine.variants import (
    agreement_of,
    check_params,
    check_variants,
    exit_params,
    takes_ml,
    variant,
)
from bt_fusion.errors import OptionError
from bt_fusion.indicators import MLEnsemble
from bt_fusion.labels import Direction, Gain, ProfitBeforeStop, TripleBarrier, trade_exits
from bt_fusion.models.agreement import Agreement
from bt_fusion.strategies import FusionStrategy, HybridScoring, SignalDiscovery, with_ml
from tests.engine.test_engine import given


class Plain(bt.Strategy):
    params = (("period", 5), ("stop", 0.5))


class Switched(bt.Strategy):
    """Has a switch and no model: it asks a model of its own."""

    params = (("ml", True),)

    def next(self):
        if self.p.ml and not self.position:
            self.buy()


class Seed(bt.Strategy):
    """Named as the published scalper's settings are."""

    params = (("use_ml_ensemble", True), ("ml_model_path", None), ("hold_bars", 3))

    def __init__(self):
        if self.p.use_ml_ensemble:
            self.ml = MLEnsemble(self.data, model=self.p.ml_model_path)

    def next(self):
        if not self.position and (not self.p.use_ml_ensemble or self.ml.probability[0] > 0.6):
            self.buy()


class Asking(bt.Strategy):
    def __init__(self):
        self.ml = MLEnsemble(self.data, model=None)


class AskingByModule(bt.Strategy):
    def __init__(self):
        self.all = [indicators.MLEnsemble(data) for data in self.datas]


class Heir(Asking):
    def next(self):
        pass


def test_a_class_with_a_switch_is_run_with_it_off_and_on():
    known = object()
    assert takes_ml(Switched) and takes_ml(Seed) and not takes_ml(Plain)
    assert variant(Switched, {}) == (Switched, {"ml": False})
    assert variant(Switched, {}, {"hold_bars": 9}, known) == (Switched, {"ml": True})
    on = {"use_ml_ensemble": True, "ml_model_path": known}
    assert variant(Seed, {}, {"hold_bars": 9}, known) == (Seed, on)  # its own hold_bars stays


def test_the_seeds_names_reach_its_model():
    bars = planted_edge(200, seed=1)
    known = given(bars.index, 0.7)
    for predictions in (None, known):
        kind, params = variant(Seed, {}, {}, predictions)
        run = run_strategy(bars, kind, **params)
        assert len(run.trades) == len(run.entries) == 1
        assert ("probability" in run.entries) == (predictions is known)


@pytest.mark.parametrize("strategy", [Asking, AskingByModule, Heir])
def test_what_asks_ml_without_a_switch_is_not_filtered_a_second_time(strategy):
    with pytest.raises(OptionError, match=r"has an MLEnsemble of its own.*parameters ml and model"):
        check_variants(strategy, {})


def test_with_ml_refuses_it_in_ones_own_cerebro():
    bars = planted_edge(100, seed=1)

    def hidden():
        return MLEnsemble

    class Hidden(bt.Strategy):
        def __init__(self):
            hidden()(self.data, model=given(bars.index, 0.6))

    check_variants(Hidden, {})  # nothing in its methods names it
    with pytest.raises(OptionError, match="Hidden has an MLEnsemble of its own"):
        run_strategy(bars, with_ml(Hidden), ml_model=given(bars.index, 0.6))


@pytest.mark.parametrize(
    ("strategy", "label", "expected"),
    [
        (FusionStrategy, Direction(7), {"hold_bars": 7}),
        (
            FusionStrategy,
            TripleBarrier(2, 1, 9, atr_period=20),
            {
                "hold_bars": 9,
                "stop": None,
                "target": None,
                "atr_stop": 1,
                "atr_target": 2,
                "atr_period": 20,
            },
        ),
        (
            SignalDiscovery,
            ProfitBeforeStop(0.03, 0.02, 12),
            {"hold_bars": 12, "stop": 0.02, "target": 0.03, "atr_stop": None, "atr_target": None},
        ),
        (HybridScoring, Gain(4, 0.01), {"hold_bars": 4, "target": 0.01, "atr_target": None}),
        (Plain, ProfitBeforeStop(), {}),
    ],
)
def test_a_labels_horizon_stop_and_target_become_the_strategys(strategy, label, expected):
    assert exit_params(strategy, trade_exits(label), {}) == expected


def test_what_the_user_gives_wins_in_either_unit():
    exits = trade_exits(ProfitBeforeStop(0.03, 0.02, 12))
    given_atr = exit_params(SignalDiscovery, exits, {"atr_stop": 1.5, "hold_bars": 5})
    assert given_atr == {"target": 0.03, "atr_target": None}
    _, params = variant(SignalDiscovery, {"atr_stop": 1.5}, exits)
    assert params["atr_stop"] == 1.5 and "stop" not in params


def test_what_a_subclass_of_ours_says_wins_too():
    class Mine(FusionStrategy):
        params = (("hold_bars", 12), ("stop", 0.004))

    exits = trade_exits(TripleBarrier(2, 1, 9))
    assert exit_params(Mine, exits, {}) == {"target": None, "atr_target": 2, "atr_period": 14}
    assert system_of(Mine) == "fusion" and system_of(Plain) is None


def test_a_strategy_with_a_threshold_of_its_own_runs_without_ml():
    class Own(Plain):
        params = (("ml_threshold", 0.3),)

    assert variant(Own, {"ml_threshold": 0.4}) == (Own, {"ml_threshold": 0.4})
    with pytest.raises(OptionError, match="has parameters of its own called ml_threshold"):
        check_variants(Own, {})


def test_distances_are_checked():
    bars = planted_edge(120, seed=1)
    for params, message in (
        ({"stop": 1.5}, "stop 1.5 must be a fraction: 0.01 is 1 %"),
        ({"atr_target": -1}, "atr_target -1 must be a distance in ATR units"),
        ({"stop": 0.01, "atr_stop": 2}, "say two distances; give one"),
    ):
        with pytest.raises(OptionError, match=message):
            run_strategy(bars, FusionStrategy, ml=False, **params)


def test_other_names_of_params():
    bars = planted_edge(200, seed=1)
    known = given(bars.index, 0.65)
    names = {"use_ml_ensemble": True, "ml_model_path": known, "ml_entry_threshold": 0.64}
    names |= {"exit": "horizon"}
    ours = run_strategy(
        bars, FusionStrategy, ml=True, model=known, ml_threshold=0.64, exit="horizon"
    )
    theirs = run_strategy(bars, FusionStrategy, **names)
    assert ours.trades.equals(theirs.trades) and len(ours.trades) > 3
    assert variant(FusionStrategy, {"ml_entry_threshold": 0.7})[1]["ml_threshold"] == 0.7
    filtered = variant(Plain, {"ml_entry_threshold": 0.7}, {}, known)
    assert filtered == (with_ml(Plain), {"ml_threshold": 0.7, "ml_model": known})
    with pytest.raises(OptionError, match="is another name of ml_threshold"):
        variant(FusionStrategy, {"ml_entry_threshold": 0.7, "ml_threshold": 0.6})
    discovery = {"ml_entry_threshold": 0.7}
    assert agreement_of(SignalDiscovery, discovery) == Agreement(0.7, above=True)
    assert agreement_of(HybridScoring, discovery) == Agreement(0.7)
    assert agreement_of(Plain, {}, "majority") == Agreement("auto", voting="majority")


def test_text_in_place_of_a_number_is_refused():
    for text in ("20,30", "abc"):
        with pytest.raises(OptionError, match=f"ema_fast is '{text}', .* 12: give one number"):
            check_params(FusionStrategy, {"ema_fast": text})
    check_params(FusionStrategy, {"ema_fast": 20, "ml_threshold": "auto", "exit": "both"})
    check_params(SignalDiscovery, {"probability_threshold": "auto"})
