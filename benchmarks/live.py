"""live: signals and trades of bars that arrive with faults, against a backtest of the same bars."""

import os
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

from benchmarks.loopback_exchange import FAULTS, LoopbackExchange
from benchmarks.registry import Measured, Ratio
from bt_fusion import BtFusionWarning, Ensemble, SignalModel
from bt_fusion.data.online.candles import Access
from bt_fusion.engine import BarsData
from bt_fusion.live import LiveData, PolledMarket
from bt_fusion.strategies import with_ml

__all__ = ["measure"]

HOUR = pd.Timedelta(hours=1)
START = pd.Timestamp("2023-04-01")  # the exchange's first candle is three months older
FAULTY = 0.15  # share of requests that something happens to
PASSING = [fault for fault in FAULTS if fault not in ("418", "451", "403")]
HOLES = ((200, 1), (700, 6))  # hours after START, and for how many the exchange was down


def measure(bars: int = 2_000, restarts: int = 5, seed: int = 0) -> Measured:
    """Trade a market as its candles close, and compare with a backtest over the same candles.

    The exchange is on the loopback address and has a clock of its own, so that waiting takes no
    time. One request in seven goes wrong: refused, cut off, an error page, rows that are broken,
    repeated or in disorder. Twice it has no candles for some hours. The program is ended at random
    bars and begun again, with nothing kept but the model's folder and the cache of candles.
    """
    began = time.monotonic()
    draw = Random(seed)
    with exchange_of(bars, draw) as exchange, tempfile.TemporaryDirectory() as folder:
        model = saved_model(exchange, Path(folder) / "model")
        ends = [*sorted(draw.sample(range(1, bars), restarts)), bars]
        sessions = [session(exchange, model, START + end * HOUR) for end in ends]
        live = pd.concat([each.rows for each in sessions])
        tested = backtest(exchange, model)
    tested = tested[tested.index >= START]
    same = live.index.equals(tested.index)
    differing = int((~equal_rows(live, tested)).sum()) if same else max(len(live), len(tested))
    trades = int((tested["size"].diff().fillna(0) != 0).sum())
    return Measured(
        f"{bars:,} hourly candles from an exchange on the loopback address, {restarts} restarts",
        {
            "bars": len(live),
            "signals": int((tested.signal.fillna(0) != 0).sum()),
            "changes_of_position": trades,
            "requests": len(exchange.requests),
            "faults": sum(each.faults for each in sessions),
            "total_s": time.monotonic() - began,
        },
        (
            Ratio("bars missing or twice", float(0 if same else 1), most=0),
            Ratio("bars that differ", float(differing), most=0),
        ),
        f"compared bar by bar: signal, probability (to 1e-6), position; {differing} differ",
    )


@contextmanager
def exchange_of(bars: int, draw: Random) -> Iterator[LoopbackExchange]:
    """Serve an exchange with faults; candles are kept in a cache of this benchmark's own."""
    holes = [(START + at * HOUR, START + (at + count) * HOUR) for at, count in HOLES if at < bars]
    before = {name: os.environ.get(name) for name in ("BT_FUSION_CACHE", "NO_PROXY")}
    with tempfile.TemporaryDirectory() as cache, LoopbackExchange(holes=holes) as exchange:
        os.environ.update(BT_FUSION_CACHE=cache, NO_PROXY="127.0.0.1")
        exchange.clock = START
        try:
            yield exchange
        finally:
            for name, value in before.items():
                os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def saved_model(exchange: LoopbackExchange, folder: Path) -> Path:
    """Train a model on the candles before the start, and save it."""
    SignalModel(ensemble=Ensemble(["lgb", "lr"])).fit(exchange.right()).save(folder)
    return folder


class Cross(bt.Strategy):
    """Long while a fast average is above a slow one."""

    def __init__(self):
        self.cross = bt.ind.CrossOver(bt.ind.EMA(period=8), bt.ind.EMA(period=21))

    def next(self):
        if self.cross > 0 and not self.position:
            self.buy(size=0.1)
        elif self.cross < 0 and self.position:
            self.close()


class Noting(with_ml(Cross)):
    """Notes what it sees and holds on each bar."""

    def __init__(self):
        super().__init__()
        self.notes = []
        self.ml = self.ml_filter.ensembles[self.data]

    def prenext(self):
        self.note()

    def next(self):
        super().next()
        self.note()

    def note(self):
        """Note the stamp, the signal, the probability and the position."""
        time = bt.num2date(self.data.datetime[0])
        self.notes.append((time, self.ml.signal[0], self.ml.probability[0], self.position.size))


class Session:
    """What the strategy saw between two restarts.

    Attributes
    ----------
    rows : DataFrame
        signal, probability and size of the position of each bar that arrived.
    faults : int
        Requests that went wrong.
    """

    def __init__(self, rows: pd.DataFrame, faults: int):
        self.rows, self.faults = rows, faults


class Until(PolledMarket):
    """A market whose program is ended at some time."""

    end = START

    def arriving(self, last):
        return super().arriving(last) if last + 2 * HOUR <= self.end else None


def session(exchange: LoopbackExchange, model: Path, end: pd.Timestamp) -> Session:
    """Trade from now on until the candle that closes at `end`, state rebuilt from history."""
    lines: list[str] = []
    source = Until(
        "binance:BTC/USDT:1h@2023-01-01",
        Access(exchange.host, say=lines.append),
        wait=lambda seconds: move(exchange, seconds),
    )
    source.end = end
    first = exchange.right().index[-1] + HOUR
    exchange.unsteady, exchange.passing = FAULTY, PASSING
    rows = noted(LiveData(dataname=Steady(source, exchange), say=lines.append), model)
    exchange.unsteady = 0.0
    return Session(rows[rows.index >= first], sum(line.startswith("No answer") for line in lines))


class Steady:
    """A source whose history comes without faults, which would wait by the real clock."""

    def __init__(self, source: PolledMarket, exchange: LoopbackExchange):
        self.source, self.exchange = source, exchange
        self.arriving = source.arriving

    def history(self) -> pd.DataFrame:
        """Return the candles so far."""
        share, self.exchange.unsteady = self.exchange.unsteady, 0.0
        found = self.source.history()
        self.exchange.unsteady = share
        return found


def move(exchange: LoopbackExchange, seconds: float) -> None:
    """Let the exchange's clock go on."""
    exchange.clock += pd.Timedelta(seconds=seconds)


def backtest(exchange: LoopbackExchange, model: Path) -> pd.DataFrame:
    """Return the same of a backtest over all candles."""
    return noted(BarsData(dataname=exchange.right()), model)


def noted(feed: Any, model: Path) -> pd.DataFrame:
    """Run the strategy over a feed and return what it noted."""
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.broker.set_cash(100_000)
    cerebro.broker.setcommission(0.001)
    cerebro.adddata(feed)
    cerebro.addstrategy(Noting, ml_model=str(model), ml_threshold=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BtFusionWarning)  # history holds the training bars
        (strategy,) = cerebro.run()
    names = ["time", "signal", "probability", "size"]
    return pd.DataFrame(strategy.notes, columns=names).set_index("time")


def equal_rows(live: pd.DataFrame, tested: pd.DataFrame) -> np.ndarray:
    """Tell which rows are equal, the probability up to rounding."""
    exact = [name for name in live if name != "probability"]
    same = (live[exact] == tested[exact]) | (live[exact].isna() & tested[exact].isna())
    close = np.isclose(live.probability, tested.probability, rtol=0, atol=1e-6, equal_nan=True)
    return same.all(axis=1).to_numpy() & close
