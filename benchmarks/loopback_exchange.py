"""An exchange on the loopback address that speaks Binance's public endpoints, with faults at will.

Of its documented REST interface it has what candles need: /api/v3/exchangeInfo and
/api/v3/klines with symbol, interval, startTime, endTime and limit.
"""

import json
import random
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.utils import format_datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pandas as pd

__all__ = ["FAULTS", "LoopbackExchange", "candles"]

INTERVALS = {"1m": "min", "5m": "5min", "15m": "15min", "1h": "h", "4h": "4h", "1d": "D"}
SYMBOLS = {"BTCUSDT": ("BTC", "USDT"), "ETHUSDT": ("ETH", "USDT")}
MOST = 1_000
FIRST, NOW = pd.Timestamp("2023-01-01"), pd.Timestamp("2023-06-01 12:34:56")
HTML = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
BANNED = {"code": -1003, "msg": "Too much request weight used; current limit is 6000 per MINUTE."}
PLACE = {"code": 0, "msg": "Service unavailable from a restricted location."}
# Fault: status, content
STATUS: dict[str, tuple[int, Any]] = {
    "429": (429, BANNED),
    "418": (418, BANNED),
    "451": (451, PLACE),
    "403": (403, HTML.format("403 Forbidden")),
    "500": (500, {"code": -1000, "msg": "An unknown error occurred while processing the request."}),
    "502": (502, HTML.format("502 Bad Gateway")),
    "503": (503, HTML.format("503 Service Unavailable")),
    "html": (200, HTML.format("Just a moment")),
    "empty": (200, []),
    "another shape": (200, {"rows": []}),
}
ROWS = ("short row", "text", "null", "no time", "negative", "duplicates", "disorder")
LINE = ("cut", "half", "closed")
FAULTS = (*STATUS, *ROWS, *LINE)


@cache
def candles(
    symbol: str, interval: str, first: pd.Timestamp, last: pd.Timestamp
) -> tuple[pd.DatetimeIndex, np.ndarray]:
    """Return the opens of all candles, and open, high, low, close, volume of each."""
    opens = pd.date_range(first.ceil(INTERVALS[interval]), last, freq=INTERVALS[interval])
    rng = np.random.default_rng([len(symbol), *symbol.encode(), *interval.encode()])
    close = 20_000 * np.exp(np.cumsum(rng.normal(0, 0.004, len(opens))))
    open_ = np.r_[20_000.0, close[:-1]]
    above, below = 1 + np.abs(rng.normal(0, 0.002, (2, len(opens))))
    high, low = np.maximum(open_, close) * above, np.minimum(open_, close) / below
    prices = np.round(np.column_stack([open_, high, low, close]), 2)
    return opens, np.column_stack([prices, np.round(rng.uniform(5, 500, len(opens)), 5)])


@dataclass
class LoopbackExchange:
    """An exchange with a clock that stands still, unless it is moved.

    Attributes
    ----------
    first, clock : Timestamp
        The first open, and the time now; the candle in which it lies is unfinished.
    holes : list of (Timestamp, Timestamp)
        Spans in which it was down: no candle opens there.
    corrections : dict of Timestamp to float
        By which factor the prices of a candle have been corrected.
    faults : dict of int to str
        What goes wrong with which request for candles, counted from 0.
    always : str or None
        What goes wrong with every one.
    unsteady : float
        Share of requests that one of `passing` happens to, drawn at random.
    retry_after : str
        Header of 429 and 418.
    requests : list of dict
        The parameters of each request for candles.
    """

    first: pd.Timestamp = FIRST
    clock: pd.Timestamp = NOW
    holes: list[tuple[pd.Timestamp, pd.Timestamp]] = field(default_factory=list)
    corrections: dict[pd.Timestamp, float] = field(default_factory=dict)
    faults: dict[int, str] = field(default_factory=dict)
    always: str | None = None
    unsteady: float = 0.0
    passing: Iterable[str] = ("429", "500", "503", "cut", "half", "closed", "html", "empty")
    retry_after: str = "1"
    requests: list[dict[str, str]] = field(default_factory=list)
    down: bool = False

    def __enter__(self) -> "LoopbackExchange":
        exchange = self

        class Handler(Answers):
            served = exchange

        self.server = Server(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def host(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def right(self, symbol: str = "BTCUSDT", interval: str = "1h") -> pd.DataFrame:
        """Return all finished candles as bars."""
        opens, values = self.rows(symbol, interval)
        finished = opens + pd.Timedelta(pd.tseries.frequencies.to_offset(INTERVALS[interval]))
        kept = finished <= self.clock
        names = ["open", "high", "low", "close", "volume"]
        index = opens[kept].rename("datetime").as_unit("ns")
        return pd.DataFrame(values[kept], columns=names, index=index)

    def rows(self, symbol: str, interval: str) -> tuple[pd.DatetimeIndex, np.ndarray]:
        """Return the opens of all candles outside the holes, and their values."""
        last = pd.Timestamp("2024-01-01")  # the same candles wherever the clock stands
        opens, values = candles(symbol, interval, self.first, max(last, self.clock.normalize()))
        kept = np.asarray(opens <= self.clock)
        for start, end in self.holes:
            kept &= ~np.asarray((opens >= start) & (opens < end))
        opens, values = opens[kept], values[kept].copy()
        for stamp, factor in self.corrections.items():
            values[opens == stamp, :4] = np.round(values[opens == stamp, :4] * factor, 2)
        return opens, values

    def klines(self, query: dict[str, str]) -> tuple[int, Any]:
        """Return status and content for a request for candles."""
        symbol, interval = query.get("symbol", ""), query.get("interval", "")
        if symbol not in SYMBOLS:
            return 400, {"code": -1121, "msg": "Invalid symbol."}
        if interval not in INTERVALS:
            return 400, {"code": -1120, "msg": "Invalid interval."}
        opens, values = self.rows(symbol, interval)
        stamps = opens.as_unit("ms").asi8
        kept = stamps <= int(query.get("endTime", stamps[-1]))
        limit = min(MOST, int(query.get("limit", 500)))
        part = slice(-limit, None)
        if "startTime" in query:
            kept &= stamps >= int(query["startTime"])
            part = slice(0, limit)
        length = pd.Timedelta(pd.tseries.frequencies.to_offset(INTERVALS[interval]))
        rows = zip(stamps[kept][part], values[kept][part], strict=True)
        return 200, [kline(stamp, row, length // pd.Timedelta(1, "ms")) for stamp, row in rows]

    def next_fault(self) -> str | None:
        """Return what goes wrong with the request that was noted last."""
        if self.always is not None:
            return self.always
        if self.unsteady and random.random() < self.unsteady:
            return random.choice([*self.passing])
        return self.faults.get(len(self.requests) - 1)


def kline(stamp: int, values: np.ndarray, length: int) -> list[Any]:
    """Return a candle as documented: open time, OHLCV, close time, and five more."""
    prices = [f"{price:.8f}" for price in values]
    quoted = f"{values[3] * values[4]:.8f}"
    more = [int(stamp) + length - 1, quoted, 308, f"{values[4] / 2:.8f}", quoted, "0"]
    return [int(stamp), *prices, *more]


def spoiled(rows: list[list[Any]], fault: str) -> list[list[Any]]:
    """Return rows with one that is broken, or in another order."""
    rows = [list(row) for row in rows]
    middle = rows[len(rows) // 2] if rows else []
    if fault == "duplicates":
        return [row for row in rows for _ in range(2)]
    if fault == "disorder":
        random.shuffle(rows)
    elif fault == "short row":
        del middle[3:]
    elif fault == "text":
        middle[2:3] = ["n/a"]
    elif fault == "null":
        middle[4:5] = [None]
    elif fault == "no time":
        middle[0:1] = ["soon"]
    elif fault == "negative":
        middle[3:4] = ["-1.0"]
    return rows


def exchange_info() -> dict[str, Any]:
    """Return the markets, in the form of /api/v3/exchangeInfo."""
    return {
        "timezone": "UTC",
        "serverTime": 0,
        "rateLimits": [],
        "exchangeFilters": [],
        "symbols": [market(symbol, *parts) for symbol, parts in SYMBOLS.items()],
    }


def market(symbol: str, base: str, quote: str) -> dict[str, Any]:
    """Return one market of exchangeInfo."""
    price = {"minPrice": "0.01000000", "maxPrice": "1000000.00000000", "tickSize": "0.01000000"}
    lot = {"minQty": "0.00001000", "maxQty": "9000.00000000", "stepSize": "0.00001000"}
    return {
        "symbol": symbol,
        "status": "TRADING",
        "baseAsset": base,
        "baseAssetPrecision": 8,
        "quoteAsset": quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "MARKET"],
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": True,
        "filters": [{"filterType": "PRICE_FILTER", **price}, {"filterType": "LOT_SIZE", **lot}],
        "permissions": [],
        "permissionSets": [["SPOT"]],
    }


class Server(ThreadingHTTPServer):
    """Serves clients that may be killed."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Answers(BaseHTTPRequestHandler):
    """Answers one request."""

    served: LoopbackExchange

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if self.served.down:
            self.close_connection = True
        elif parts.path == "/api/v3/exchangeInfo":
            self.send(200, exchange_info())
        elif parts.path == "/api/v3/klines":
            self.served.requests.append(dict(parse_qsl(parts.query)))
            self.answer(self.served.requests[-1], self.served.next_fault())
        else:
            self.send(404, {"code": -1, "msg": f"no {parts.path}"})

    def answer(self, query: dict[str, str], fault: str | None) -> None:
        """Answer a request for candles, with a fault or without."""
        status, content = STATUS.get(fault or "") or self.served.klines(query)
        if fault in ROWS:
            content = spoiled(content, fault)
        if fault in LINE:
            self.send_part(json.dumps(content).encode(), fault)
        else:
            self.send(status, content)

    def send(self, status: int, content: Any) -> None:
        """Send a whole answer."""
        text = content if isinstance(content, str) else json.dumps(content)
        body = text.encode()
        self.send_response(status)
        kind = "text/html" if isinstance(content, str) else "application/json;charset=UTF-8"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status in (418, 429):
            self.send_header("Retry-After", self.served.retry_after)
        self.end_headers()
        self.wfile.write(body)

    def send_part(self, body: bytes, fault: str) -> None:
        """Break off: before the answer, in it, or in it without having said how long it is."""
        self.close_connection = True
        if fault == "closed":
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json;charset=UTF-8")
        if fault == "cut":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(self.served.clock.tz_localize("UTC").to_pydatetime(), usegmt=True)

    def log_message(self, format: str, *args: Any) -> None:
        return
