"""Runs drawn at random: strategies, feeds, models, costs and ways to run them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import backtrader as bt
import numpy as np

from bt_fusion.data.samples import random_walk
from bt_fusion.strategies import (
    EquityShare,
    FusionStrategy,
    HybridScoring,
    ManagedStrategy,
    SignalDiscovery,
    with_ml,
)
from bt_fusion.technical.entry_score import TechnicalPoints
from tests.engine.test_engine import given
from tests.strategies.test_discovery import classes
from tests.strategies.test_managed import advised

KINDS = ("fusion", "hybrid", "discovery", "managed", "orders", "filtered", "thin", "own stages")
WAYS = ({}, {}, {}, {"cheat_on_open": True}, {"runonce": False}, {"exactbars": 1}, {"live": True})
BARS = 400
SCHEMES = ({}, {}, {"mult": 3.0}, {"interest": 0.5, "interest_long": True}, {"leverage": 4.0})
BROKERS = (
    *({}, {}, {"slip_perc": 0.001}),
    *({"shortcash": False}, {"checksubmit": False}, {"coc": True}),
)
NO_LEVELS = dict.fromkeys(("stop", "target", "atr_stop", "atr_target"))
SHARES, DISTANCES = NO_LEVELS | {"stop": 0.01}, NO_LEVELS | {"atr_stop": 1.0, "atr_target": 1.5}


class RandomOrders(bt.Strategy):
    """Orders of every kind, at random; an order's fate decides nothing but the position."""

    params = (("seed", 0),)

    def __init__(self):
        self.average = bt.ind.EMA(period=5)
        self.rng = np.random.default_rng(self.p.seed)

    def next(self):
        for data in self.datas:
            if len(data) and self.rng.random() < 0.3:
                self.act(data)

    def act(self, data):
        draw, close = self.rng.integers(10), data.close[0]
        place = self.buy if self.rng.random() < 0.5 else self.sell
        away = close * (1 + self.rng.normal(0, 0.004))
        if draw < 3:
            place(data)
        elif draw == 3:
            place(data, exectype=bt.Order.Limit, price=away, valid=timedelta(hours=30))
        elif draw == 4:
            place(data, exectype=bt.Order.Stop, price=away)
        elif draw == 5:
            place(data, exectype=bt.Order.StopTrail, trailpercent=0.01)
        elif draw == 6:
            prices = {"price": close, "stopprice": close * 0.99, "limitprice": close * 1.01}
            self.buy_bracket(data=data, exectype=bt.Order.Market, **prices)
        elif draw == 7:
            first = place(data, exectype=bt.Order.Limit, price=away)
            place(data, exectype=bt.Order.StopLimit, price=away, plimit=close, oco=first)
        elif draw == 8:
            for order in self.broker.get_orders_open():
                self.cancel(order)
        else:
            self.close(data)


class Thin(FusionStrategy):
    params = (("ema_fast", 3), ("ema_slow", 9))


class OwnStages(FusionStrategy):
    def stages(self, symbol):
        yield "awake", "asleep" if len(symbol.data) % 7 == 0 else ""
        yield from super().stages(symbol)


@dataclass
class Design:
    kind: str
    strategy: type[bt.Strategy]
    params: dict[str, Any]
    feeds: dict[str, Any]
    options: dict[str, Any]
    scheme: dict[str, Any]
    broker: dict[str, Any] = field(default_factory=dict)

    def cerebro(self, kind: Callable[..., bt.Cerebro], feed: Callable[..., Any]) -> bt.Cerebro:
        """Set the run up in a Cerebro of this kind, over feeds of this kind."""
        cerebro = kind(stdstats=False, **self.options)
        for name, bars in self.feeds.items():
            cerebro.adddata(feed(dataname=bars, name=name))
        cerebro.addstrategy(self.strategy, **self.params)
        cerebro.addsizer(EquityShare, share=0.3)
        cerebro.broker.setcash(100_000.0)
        cerebro.broker.setcommission(**self.scheme)
        for name, value in self.broker.items():
            setattr(cerebro.broker.p, name, value)
        return cerebro


def design(seed: int) -> Design:
    """Draw a run."""
    rng = np.random.default_rng(seed)
    kind, options = KINDS[seed % len(KINDS)], dict(rng.choice(WAYS))
    feeds = drawn_feeds(rng, options)
    models = {name: drawn_model(kind, bars, rng) for name, bars in feeds.items()}
    strategy, params = drawn_strategy(kind, models, rng)
    costs, future = {"commission": float(rng.choice([0.0, 0.0005]))}, {"margin": 5e3, "mult": 2.0}
    scheme = costs | dict(rng.choice([*SCHEMES, future] if kind == "orders" else SCHEMES))
    broker = dict(rng.choice(BROKERS))
    return Design(kind, strategy, params, feeds, options, scheme, broker)


def drawn_feeds(rng, options):
    if rng.random() < 0.6 or "exactbars" in options:
        return {"A": random_walk(BARS, seed=int(rng.integers(1_000)))}
    feeds = {}
    for number, name in enumerate("AB"):  # of different starts and gaps
        bars = random_walk(BARS, seed=int(rng.integers(1_000)))
        feeds[name] = bars[rng.random(BARS) < 0.8].iloc[20 * number :]
    return feeds


def drawn_model(kind, bars, rng):
    if kind == "managed":
        return advised(bars, rng)
    up = rng.uniform(0.1, 0.9, len(bars))
    up[: rng.integers(60)] = np.nan
    return classes(bars.index, up, 0.95 - up) if kind == "discovery" else given(bars.index, up)


def drawn_strategy(kind, models, rng):
    if kind == "orders":
        return RandomOrders, {"seed": int(rng.integers(1_000))}
    if kind == "filtered":
        return with_ml(RandomOrders), {"seed": int(rng.integers(1_000)), "ml_model": models}
    params = {"model": models, "ml": bool(rng.random() < 0.8), "hold_bars": int(rng.integers(2, 9))}
    if kind == "hybrid":
        points = TechnicalPoints(rsi_limit=55.0)
        return HybridScoring, params | {
            "points": points,
            "min_entry_score": 2.0,
            "min_entry_score_technical": 1.0,
            "log_entries": False,
        }
    params |= dict(rng.choice([{}, SHARES, DISTANCES]))
    params["long_only"] = bool(rng.random() < 0.2)
    if kind == "discovery":
        return SignalDiscovery, params | {"regime_filter": bool(rng.random() < 0.7)}
    if kind == "managed":
        return ManagedStrategy, params | {"ml_threshold": 0.5}
    params["exit"] = str(rng.choice(["renew", "horizon", "flip", "both"]))
    return {"fusion": FusionStrategy, "thin": Thin, "own stages": OwnStages}[kind], params
