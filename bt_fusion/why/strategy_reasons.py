"""A strategy's reasons at one bar, from a run that ends there."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
from backtrader import Strategy

from bt_fusion.backtest.summary import one_or_all
from bt_fusion.engine.runner import run_strategy
from bt_fusion.engine.variants import variant
from bt_fusion.indicators.line_arrays import float_days, stamps
from bt_fusion.labels import trade_exits
from bt_fusion.models.agreement import Agreement
from bt_fusion.strategies import OnePosition, Threshold
from bt_fusion.strategies.entry_reasons import ml_thresholds
from bt_fusion.why.rebuilt_run import RebuiltRun

__all__ = ["StrategyReasons", "strategy_reasons_of"]

SIDES = {1: "long", -1: "short", 0: ""}
OF_ML = ("probability", "class", "level")  # facts given in full by `ModelReasons`


@dataclass(frozen=True, eq=False)
class StrategyReasons:
    """A strategy's reasons at one bar.

    Attributes
    ----------
    side : str
        Side of its technical state, or of its order; "" for none.
    stages : tuple of (str, str)
        The stages the bar reached, each with the reason it was lost there, or "". Empty for a
        strategy that does not list them.
    outcome : str
        Outcome of the signal: "ordered", "vetoed", why not, or "" without one.
    facts : dict
        Facts of the entry, by name.
    thresholds : tuple of Threshold
    """

    side: str = ""
    stages: tuple[tuple[str, str], ...] = ()
    outcome: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    thresholds: tuple[Threshold, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return everything by name, each threshold with `passed` and its margin."""
        thresholds = [
            {**row._asdict(), "passed": bool(row.passed), "margin": row.margin}
            for row in self.thresholds
        ]
        return {**vars(self), "thresholds": thresholds}


def strategy_reasons_of(
    rebuilt: RebuiltRun, bars: dict[str, pd.DataFrame], symbol: str, bar: pd.Timestamp, run: str
) -> StrategyReasons:
    """Run the strategy again, with or without ML, and collect its reasons at a bar.

    It gets all bars of the original run, because symbols that start later also affect the account
    and the warm-up. The run ends at the bar.
    """
    config = rebuilt.config
    known = {name: rebuilt.predictions(name, own) for name, own in bars.items()}
    windows = {
        name: own.loc[known[name].index[0] : known[name].index[-1]] for name, own in bars.items()
    }
    predictions = one_or_all(known) if run == "on" else None
    traded, params = variant(
        rebuilt.strategy, config["params"], trade_exits(rebuilt.label), predictions
    )
    found: list[StrategyReasons] = []
    recording = recording_strategy(traded, symbol, bar, found)
    run_strategy(windows, recording, rebuilt.account, details=False, **params)
    return found[0]


def recording_strategy(
    strategy: type[Strategy], name: str, bar: pd.Timestamp, found: list[StrategyReasons]
) -> type[Strategy]:
    """Return a subclass that records its reasons at a feed's bar, and ends the run."""
    (when,) = float_days(np.array([bar.to_datetime64()]))

    def collect(self: Any) -> None:
        data = self.getdatabyname(name)
        if not found and len(data) and data.datetime[0] == when:
            ours = isinstance(self, OnePosition)
            reasons_of = reasons_of_ours if ours else reasons_of_any
            found.append(reasons_of(self, name))
            self.env.runstop()

    class Recording(strategy):
        def prenext(self):
            super().prenext()
            collect(self)

        def nextstart(self):
            super().nextstart()
            collect(self)

        def next(self):
            super().next()
            collect(self)

    Recording.__name__ = strategy.__name__
    return Recording


def reasons_of_ours(strategy: Any, name: str) -> StrategyReasons:
    """Return the reasons of one of our strategies at the current bar of a feed."""
    symbol = next(each for each in strategy.symbols if each.name == name)
    state, stages = symbol.technical.state[0], tuple(reached(strategy.stages(symbol)))
    if state != state:  # the indicators warm up
        return StrategyReasons(stages=stages)
    facts = strategy.entry_facts(symbol)
    side = strategy.side(symbol) or int(state > 0) - int(state < 0)
    return StrategyReasons(
        side=SIDES[side],
        stages=stages,
        outcome=symbol.outcome,
        facts={name: facts[name] for name in facts if name not in OF_ML},
        thresholds=tuple(strategy.thresholds(symbol)),
    )


def reached(stages: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the stages a bar reached: up to the first at which it was lost."""
    for name, lost in stages:
        yield name, lost
        if lost:
            return


def reasons_of_any(strategy: Any, name: str) -> StrategyReasons:
    """Return the reasons of any strategy at the current bar of a feed: its entry or veto."""
    data = strategy.getdatabyname(name)
    now = data.datetime[0]
    facts = {"price": data.close[0], **position_of(strategy, data), **indicators_of(strategy)}
    ml = getattr(strategy, "ml_filter", None)
    vetoes = [veto for veto in ml.vetoes if veto.time == stamps(now)[()]] if ml else []
    vetoes = [veto for veto in vetoes if veto.data == name]
    orders = [each for each in strategy.broker.orders if each.data is data]
    entries = [order for order in orders if order.created.dt == now and is_entry(strategy, order)]
    side, outcome = "", ""
    if vetoes:
        side, outcome = vetoes[-1].side, "vetoed"
    elif entries:
        side, outcome = SIDES[int(np.sign(entries[-1].created.size))], "ordered"
    ensemble = ml and ml.ensembles.get(data)
    if ensemble is None:
        return StrategyReasons(side, (), outcome, facts)
    agreement = Agreement(strategy.p.ml_threshold, voting=ensemble.voting)
    sides = [own for own, name in SIDES.items() if own and side in ("", name)]
    limits = [limit for own in sides for limit in ml_thresholds(ensemble, agreement, own)]
    return StrategyReasons(side, (), outcome, facts, tuple(limits))


def position_of(strategy: Any, data: Any) -> dict[str, Any]:
    """Return the position in a feed, empty for none."""
    held = strategy.getposition(data)
    return {"position": held.size, "entered at": held.price} if held.size else {}


def indicators_of(strategy: Any) -> dict[str, float]:
    """Return the value of each line of the indicators a strategy keeps, by attribute."""
    found: dict[str, float] = {}
    for name, kept in vars(strategy).items():
        if not isinstance(kept, bt.Indicator) or name.startswith("_") or not len(kept):
            continue
        lines = kept.lines.getlinealiases()
        named = [name] if len(lines) == 1 else [f"{name}.{line}" for line in lines]
        found |= {each: kept.lines[place][0] for place, each in enumerate(named)}
    return found


def is_entry(strategy: Any, order: Any) -> bool:
    """Return whether a new order opens or reverses a position; a stop or target does not."""
    held, size = strategy.getposition(order.data).size, order.created.size
    return order.parent is None and (held * size >= 0 or abs(size) > abs(held))
