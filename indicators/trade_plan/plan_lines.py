"""PlanLines: a managed model's plan for each bar, for indicators and sizers."""

from pathlib import Path

import backtrader as bt
import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import BtFusionError, OptionError
from bt_fusion.indicators.bar_lines import BarLines
from bt_fusion.indicators.ml_ensemble import model_for
from bt_fusion.models.signal_model import SignalModel, load_model
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.trade_models.managed_model import ManagedModel
from bt_fusion.trade_models.plan_stream import PlanStream
from bt_fusion.trade_models.trade_plan import TradePlan

__all__ = ["PlanLines", "find_plan", "planner_of"]


class PlanLines(BarLines):
    '''
    Base of indicators that show a managed model's plans. Preloaded bars are planned in one call,
    live bars one by one; the lines are the same.

    Params:
      - ``model``: a fitted ``ManagedModel`` or the folder of a saved one, a ``WalkForward`` of
        one, or an existing ``TradePlan``, matched by timestamp; or a dictionary of them
        by the name of the data feed
      - ``allow_in_sample``: also on bars the model was trained on

    Methods:
      - ``row()``: the ``TradePlan`` and the index in it of the last finished bar; -1 before the
        first
    '''

    params = (("model", None), ("allow_in_sample", False))

    def __init__(self):
        super().__init__()
        self._model = model_for(self.data, self.p.model)
        self._plan = None
        self._whole = False  # whether the plan covers all bars
        self._stream = None  # makes the plan bar by bar if bars are not preloaded

    def lines_of(self, plan):
        '''Return the lines of a plan, one array each'''
        raise NotImplementedError(f"{type(self).__name__} must say what its lines are")

    def columns(self, bars):
        self._plan, self._whole = plan_of(self._model, bars, self.p.allow_in_sample), True
        return self.lines_of(self._plan)

    def latest(self, time, values, still_open):
        if isinstance(self._model, WalkForward):
            raise OptionError(
                "bars arrive one by one: give the TradePlan that the walk-forward's predict() "
                "returns, or a fitted ManagedModel"
            )
        if isinstance(self._model, TradePlan):
            self._plan = self._model.at(np.array([time]))
        else:
            self._plan = self._streamed_plan(time, values, still_open)
        return np.array([column[-1] for column in self.lines_of(self._plan)])

    def _streamed_plan(self, time, values, still_open):
        if self._stream is None:
            self._model = managed(self._model)
            if not isinstance(self._model, ManagedModel):
                raise manages_nothing(self._model)
            self._stream = PlanStream(self._model, allow_in_sample=self.p.allow_in_sample)
        take = self._stream.replace if still_open else self._stream.push
        return take(time, values)

    def row(self):
        '''Return the plan and the index in it of the last finished bar, -1 for none'''
        if self._whole:
            return self._plan, len(self) - 1
        return self._plan, -1 if self._plan is None else 0


def find_plan(owner, data):
    """Return the first ``PlanLines`` of a data feed inside a strategy, or None"""
    inside = getattr(owner, "_lineiterators", {}).get(bt.LineIterator.IndType, ())
    return next(
        (each for each in inside if isinstance(each, PlanLines) and each.data is data), None
    )


def planner_of(model):
    """Return the model that makes plans, loaded from a path; None for a signal-only model.

    A folder that cannot be loaded is reported later, by its prediction.
    """
    if isinstance(model, str | Path):
        try:
            model = load_model(model)
        except BtFusionError:
            return None
    inner = model.signal_model() if isinstance(model, WalkForward) else model
    return model if isinstance(inner, ManagedModel | TradePlan) else None


def managed(model):
    """Return the saved model at a path; any other value that can make a plan unchanged."""
    if isinstance(model, SignalModel | WalkForward | TradePlan):
        return model
    if not isinstance(model, str | Path):
        raise OptionError(
            f"model is {model!r}; give a fitted ManagedModel or the folder of a saved one, a "
            "WalkForward of one, or the TradePlan they make"
        )
    return ManagedModel.load(model)


def plan_of(model, bars: BarArrays, allow_in_sample: bool = False) -> TradePlan:
    """Return the plan of a user's model for these bars."""
    model = managed(model)
    if isinstance(model, TradePlan):
        return model.at(bars.time)
    if isinstance(model, WalkForward):
        plan = model.predict_arrays(bars)
    else:
        plan = model.predict_arrays(bars, allow_in_sample=allow_in_sample)
    if not isinstance(plan, TradePlan):
        raise manages_nothing(model)
    return plan


def manages_nothing(model):
    """Return the error for a signal-only model."""
    return OptionError(
        f"model {type(model).__name__} predicts and manages no trade; give a ManagedModel "
        "(bt-fusion train --preset managed)"
    )
