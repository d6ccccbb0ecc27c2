"""Stages counted from whole lines after a run: the same as asked bar by bar."""

import json

import pytest

from bt_fusion.analyzers import SignalFunnel
from bt_fusion.analyzers.signal_stages import lines_are_kept
from bt_fusion.engine.feed import BarsData
from bt_fusion.engine.lean_cerebro import LeanCerebro
from bt_fusion.strategies import HybridScoring
from tests.engine.designs import design


class AskedBarByBar(SignalFunnel):
    """The funnel as it was before: on each bar it asks for the stages of that bar."""

    def start(self):
        super().start()
        self._outcomes = None

    def _stages(self, data):
        symbol = self._symbols.get(data)
        if symbol is None or "stages" in vars(type(self.strategy)):
            return super()._stages(data)
        reached = [("bars", "")]
        for stage in stages_of(self.strategy, symbol):
            reached.append(stage)
            if stage[1]:
                return tuple(reached)
        ordered = symbol.outcome == "ordered"
        return (*reached, ("ordered", "" if ordered else symbol.outcome or "not looked at"))


def stages_of(strategy, symbol):
    """The stages of a bar, written out for each strategy."""
    if isinstance(strategy, HybridScoring):
        yield from hybrid_stages(strategy, symbol)
        return
    ml = symbol.ml if symbol.ml is not None and symbol.ml.usable else None
    state = symbol.technical.state[0]
    if ml is None or strategy.p._getkwargs().get("regime_filter", True):
        yield "technical", "warming up" if state != state else "" if state else "no state"
    if ml is not None:
        up, side = ml.probability[0], strategy.side(symbol)
        agreed = side or any(ml.sides(strategy.agreement(symbol)))
        yield "confident", "no prediction" if up != up else "" if agreed else "not confident"
        yield "agreed", "" if side else "ML takes the other side"


def hybrid_stages(strategy, symbol):
    technical, rule = symbol.technical, symbol.score.p.rule
    score, rsi, limit = technical.score[0], technical.rsi[0], strategy.p.points.rsi_limit
    passed = "" if rsi < limit else f"RSI not below {limit:g}"
    with_ml = symbol.ml is not None and symbol.ml.usable
    least = rule.least - max(symbol.score.p.points.points) if with_ml else rule.least_technical
    yield "mandatory", "warming up" if score != score else passed
    yield "technical", "" if score >= least else f"technical score below {least:g}"
    if with_ml:
        p = symbol.ml.probability[0]
        why = f"{symbol.score.ml_points[0]:+g} ML points" if p == p else "no prediction"
        low = f"total below {rule.least:g}: {why}"
        yield "agreed", "" if strategy.side(symbol) > 0 else low


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [range(16), pytest.param(range(16, 240), marks=pytest.mark.slow)])
def test_counts_are_those_of_every_bar(seeds):
    later = ordered = 0
    for seed in seeds:
        cerebro = design(seed).cerebro(LeanCerebro, BarsData)
        cerebro.addanalyzer(SignalFunnel, _name="after")
        cerebro.addanalyzer(AskedBarByBar, _name="during")
        ran = cerebro.run()[0]
        after, during = (ran.analyzers.getbyname(n).get_analysis() for n in ("after", "during"))
        assert json.dumps(after) == json.dumps(during)  # the order of reasons, too
        later += lines_are_kept(ran)
        ordered += after["passed"].get("ordered", 0)
    assert 0.3 * len(seeds) < later < 0.8 * len(seeds)
    assert ordered > 10 * len(seeds)
