"""with_ml: an ML ensemble filters the entries of any strategy; exits stay unchanged."""

import copyreg
from functools import cache
from math import isnan, nan
from typing import NamedTuple

import backtrader as bt
import numpy as np

from bt_fusion.errors import OptionError, unknown_name
from bt_fusion.indicators import MLEnsemble, find_ensembles
from bt_fusion.indicators.line_arrays import feed_names, stamps
from bt_fusion.indicators.trade_costs import costs_of
from bt_fusion.models.agreement import AUTO, DEFAULT_THRESHOLD, Agreement
from bt_fusion.strategies.open_orders import OpenOrders
from bt_fusion.strategies.parameters import renaming

__all__ = ["MLFilter", "Veto", "with_ml"]

ML_PARAMS = (
    ("ml_model", None),
    ("ml_threshold", DEFAULT_THRESHOLD),
    ("ml_on_unknown", "veto"),
    ("ml_on_missing", "warn"),
    ("ml_on_drift", "ignore"),
)
ML_ALIASES = {"ml_model_path": "ml_model", "ml_entry_threshold": "ml_threshold"}
ON_UNKNOWN = ("veto", "allow")
ORDER_ARGUMENTS = (
    "data",
    "size",
    "price",
    "plimit",
    "exectype",
    "valid",
    "tradeid",
    "oco",
    "trailamount",
    "trailpercent",
    "parent",
    "transmit",
)
PRICING = ("price", "exectype", "valid", "tradeid", "trailamount", "trailpercent")


@cache
def with_ml(strategy):
    """
    Return a subclass of a strategy whose entries an ML ensemble may veto. The class itself is not
    changed; ``next``, indicators and minimum period stay the same.

    Params added to those of the class:
      - ``ml_model`` (default None): what ``MLEnsemble`` takes, such as the folder of a saved model,
        for every data feed; or a dictionary of models by feed name (data0, data1 without names);
        entries on other feeds are then not filtered
      - ``ml_threshold`` (default auto): lowest probability of its side that lets an entry pass;
        with majority voting the lowest share of votes, in addition to the signal. ``auto`` is the
        lowest probability that covers the broker's costs, see ``MLEnsemble.threshold``
      - ``ml_on_unknown`` (default veto): ``veto`` or ``allow`` entries if the probability is NaN:
        no model yet, warm-up, an in-sample bar, or a short on a one-sided label
      - ``ml_on_missing`` (default warn): without a usable model, ``warn`` and let all orders
        pass, or ``raise``
      - ``ml_on_drift`` (default ignore): a model that has drifted, see ``ModelHealth``: ``ignore``,
        ``warn``, or ``stop``: from that bar on all orders pass, until the model is replaced

    Note:
      A vetoed ``buy`` or ``sell`` returns a cancelled order that is falsy; the next
      ``notify_order`` reports it, as if the broker had cancelled it. ``self.ml_filter.vetoes``
      lists them. See ``MLFilter`` for the definition of an entry.
    """
    check_class(strategy)

    class Filtered(strategy, metaclass=pickled(type(strategy))):
        params = ML_PARAMS
        aliases = {**getattr(strategy, "aliases", {}), **ML_ALIASES}
        unfiltered = strategy

        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.ml_filter = MLFilter(self)

        def buy(self, *args, **kwargs):
            return self.ml_filter.place(super().buy, 1, args, kwargs)

        def sell(self, *args, **kwargs):
            return self.ml_filter.place(super().sell, -1, args, kwargs)

        def cancel(self, order):
            if not isinstance(order, Vetoed):  # the broker never saw it
                super().cancel(order)

    Filtered.__name__ = Filtered.__qualname__ = f"{strategy.__name__}WithML"
    Filtered.__doc__ = strategy.__doc__
    return Filtered


class Veto(NamedTuple):
    """An entry that was not placed, or the entry part of an order."""

    time: np.datetime64
    data: str
    side: str
    size: float
    probability: float


class MLFilter:
    """
    Filters the orders of one strategy. The part of an order against the position is an exit and
    passes, see ``OpenOrders``; the rest opens or enlarges a position. It is an entry, and the
    ensemble of its data feed must agree with it.

    Formula:
      - an entry passes if P(up) (buy), P(down) (sell) >= ml_threshold, a number or the break-even
        probability of the bar
      - majority voting: if the signal has its side, and the winner's share of the votes is at least
        ml_threshold

    Note:
      - Orders with a ``parent`` pass or fail with it. If only the exit part of a parent passes, its
        children do not: they are the stop and target of the entry.
      - The probability is that of the feed's last finished bar.
    """

    def __init__(self, strategy):
        p = strategy.p
        check_unfiltered(strategy)
        if p.ml_on_unknown not in ON_UNKNOWN:
            raise unknown_name("ml_on_unknown", p.ml_on_unknown, ON_UNKNOWN)
        if isinstance(p.ml_threshold, str) and p.ml_threshold != AUTO:
            raise OptionError(f"ml_threshold {p.ml_threshold!r} must be a number or auto")
        self.strategy = strategy
        self.vetoes = []
        self.ensembles = {
            data: MLEnsemble(data, model=model, on_missing=p.ml_on_missing, on_drift=p.ml_on_drift)
            for data, model in models_of(strategy.datas, p.ml_model)
        }
        if p.ml_threshold == AUTO:
            for data in self.ensembles:  # raises at once if costs are not a fraction of the price
                costs_of(strategy.broker, data)
        self._names = feed_names(strategy.datas)
        self._open_orders = OpenOrders()
        self._cut = set()  # numbers of orders whose entry was vetoed and whose exit passed

    def place(self, order, side, args, kwargs):
        """Place the allowed part of an order, through ``order``, a bound buy or sell"""
        given = {**dict(zip(ORDER_ARGUMENTS, args, strict=False)), **kwargs}
        data = given["data"] = self._data(given.get("data"))
        parent = given.get("parent")
        if isinstance(parent, Vetoed) or (parent is not None and parent.ref in self._cut):
            return self._cancelled(data, side, given.get("size") or parent.size, given)
        size = given["size"] = self._size(data, side, given.get("size"))
        if parent is not None or not size:
            return order(**given)
        held = self.strategy.getposition(data).size
        exit = self._open_orders.exit_size(
            data, held, side * size, given.get("exectype"), number_of(given.get("oco"))
        )
        if exit < size and not self._agrees(data, side):
            self._note(data, side, size - exit)
            if not exit:
                return self._cancelled(data, side, size, given)
            return self._send(order, {**given, "size": exit, "transmit": True}, cut=True)
        return self._send(order, given, opens=size - exit)

    def probability(self, data, side):
        """Return the probability of a side (1, -1) on the last bar of a feed, NaN if unknown"""
        ml = self.ensembles.get(data)
        return nan if ml is None else ml.side_probability(side)

    def _data(self, data):
        if isinstance(data, str):
            return self.strategy.getdatabyname(data)
        return self.strategy.datas[0] if data is None else data

    def _size(self, data, side, size):
        return abs(self.strategy.getsizing(data, isbuy=side > 0) if size is None else size)

    def _agrees(self, data, side):
        ml = self.ensembles.get(data)
        if ml is None or not ml.usable:
            return True
        if isnan(self.probability(data, side)):
            return self.strategy.p.ml_on_unknown == "allow"
        return ml.agrees(Agreement(self.strategy.p.ml_threshold, voting=ml.voting), side)

    def _send(self, order, given, *, opens=0.0, cut=False):
        oco = given.get("oco")
        if isinstance(oco, Vetoed):  # orders that name it form a group without it
            given = {**given, "oco": oco.group_leader}
        sent = order(**given)
        if sent is None:
            return None
        if isinstance(oco, Vetoed):
            oco.group_leader = oco.group_leader or sent
        if cut:
            self._cut.add(sent.ref)
        self._open_orders.add(sent, opens, number_of(given.get("oco")))
        return sent

    def _note(self, data, side, size):
        now = max(each.datetime[0] for each in self.strategy.datas if len(each))
        name = "long" if side > 0 else "short"
        probability = self.probability(data, side)
        self.vetoes.append(Veto(stamps(now)[()], self._names[data], name, size, probability))

    def _cancelled(self, data, side, size, given):
        """Return an order the broker never sees, and notify the strategy of its cancellation"""
        known = {name: given[name] for name in PRICING if name in given}
        known["pricelimit"] = given.get("plimit")
        kind = VetoedBuy if side > 0 else VetoedSell
        order = kind(owner=self.strategy, data=data, size=abs(size), **known)
        order.addinfo(**{name: given[name] for name in given if name not in ORDER_ARGUMENTS})
        order.cancel()
        self.strategy.broker.notify(order)
        return order


class Vetoed:
    """An order that was never placed: falsy, not alive, with a valid number."""

    group_leader = None  # first order placed into the OCO group this one would have led

    def __bool__(self):
        return False


class VetoedBuy(Vetoed, bt.order.BuyOrder):
    '''A vetoed buy.'''


class VetoedSell(Vetoed, bt.order.SellOrder):
    '''A vetoed sell.'''


def number_of(order):
    """Return the number of an order, None for none"""
    return None if order is None else order.ref


def check_class(strategy):
    """Raise OptionError for a class that cannot be filtered"""
    if not (isinstance(strategy, type) and issubclass(strategy, bt.Strategy)):
        raise OptionError(f"with_ml takes a strategy class, not {strategy!r}; give bt.Strategy's")
    taken = [name for name, _ in ML_PARAMS if name in strategy.params._getkeys()]
    if taken:
        raise OptionError(
            f"{strategy.__name__} has parameters of its own called {', '.join(taken)}; it uses "
            "ML already, or they need other names"
        )


def check_unfiltered(strategy):
    """Raise OptionError for a strategy with its own MLEnsemble"""
    if find_ensembles(strategy):
        raise OptionError(own_ensemble_advice(type(strategy).unfiltered.__name__))


def own_ensemble_advice(name):
    """Return the advice for filtering a strategy that has its own MLEnsemble"""
    return (
        f"{name} has an MLEnsemble of its own, so its entries are not filtered by ML a second "
        "time. Give it the parameters ml and model, pass model to its MLEnsemble and trade without "
        "ML where ml is False; or take the MLEnsemble out and let with_ml filter the entries"
    )


def models_of(datas, model):
    """Return pairs of data feed and model"""
    if not isinstance(model, dict):
        return [(data, model) for data in datas]
    named = {name: data for data, name in feed_names(datas).items()}
    for name in model:
        if name not in named:
            raise unknown_name("data feed in ml_model", name, named)
    return [(named[name], each) for name, each in model.items()]


@cache
def pickled(metaclass):
    """Return a metaclass whose classes can be pickled, as optstrategy's processes need"""
    made = type(f"Filtered{metaclass.__name__}", (renaming(metaclass),), {})
    copyreg.pickle(made, lambda filtered: (with_ml, (filtered.unfiltered,)))
    return made
