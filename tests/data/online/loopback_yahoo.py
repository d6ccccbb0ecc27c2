"""Yahoo on the loopback address: the chart endpoint that yfinance asks, with faults at will."""

import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd

NEW_YORK = "America/New_York"
OPENS = pd.Timedelta(hours=9, minutes=30)
UNKNOWN = {"code": "Not Found", "description": "No data found, symbol may be delisted"}


@dataclass
class LoopbackYahoo:
    """Two symbols of the same prices, traded from Monday to Friday until today.

    Attributes
    ----------
    dividend : tuple of (date, float) or None
        All earlier adjusted prices are lower by this share.
    late : int
        By which the volume of the last three candles has been corrected.
    status : list of int or None
        Of the next answers; None, and all after them, are right ones.
    """

    days: int = 400
    dividend: tuple[str, float] | None = None
    status: list[int] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)
    down: bool = False
    late: int = 0
    last: pd.Timestamp | None = None

    def __enter__(self):
        yahoo = self

        class Handler(Answers):
            served = yahoo

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @property
    def host(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def dates(self):
        """Return the trading days, today included where it is one."""
        today = pd.Timestamp.now(NEW_YORK).tz_localize(None).normalize()
        first = today - pd.Timedelta(days=self.days)
        return pd.bdate_range(first, self.last or today, tz=NEW_YORK)

    def stamps(self, interval):
        """Return the opens of all candles, in seconds."""
        opens = [date.tz_localize(None) + OPENS for date in self.dates()]
        if interval == "1h":
            opens = [each + pd.Timedelta(hours=hour) for each in opens for hour in range(7)]
        index = pd.DatetimeIndex(opens).tz_localize(NEW_YORK).tz_convert("UTC")
        return index[index <= pd.Timestamp.now("UTC")].as_unit("s").asi8

    def prices(self, stamps):
        """Return close and adjusted close at stamps."""
        close = np.round(400 + 20 * np.sin(stamps / 4e6) + (stamps // 3_600) % 7, 2)
        adjusted = close.copy()
        if self.dividend is not None:
            date, share = self.dividend
            earlier = stamps < pd.Timestamp(date, tz=NEW_YORK).timestamp()
            adjusted[earlier] *= 1 - share
        return close, adjusted

    def chart(self, symbol, query):
        """Return status and content of /v8/finance/chart/SYMBOL."""
        if symbol not in ("SPY", "BTC-USD"):
            return 404, {"chart": {"result": None, "error": UNKNOWN}}
        stamps = self.stamps(query.get("interval"))
        if "period1" in query:
            start, end = int(query["period1"]), int(query["period2"])
            stamps = stamps[(stamps >= start) & (stamps < end)]
        close, adjusted = self.prices(stamps)
        last = np.arange(len(stamps)) >= len(stamps) - 3
        quote = {
            "open": (close - 0.5).tolist(),
            "high": (close + 1).tolist(),
            "low": (close - 1).tolist(),
            "close": close.tolist(),
            "volume": (1_000 + stamps % 97 + self.late * last).tolist(),
        }
        indicators = {"quote": [quote], "adjclose": [{"adjclose": adjusted.tolist()}]}
        if query.get("interval") == "1h":
            del indicators["adjclose"]
        found = {"meta": self.meta(query), "timestamp": stamps.tolist(), "indicators": indicators}
        if not len(stamps):
            del found["timestamp"]
            indicators["quote"] = [{}]
        return 200, {"chart": {"result": [found], "error": None}}

    def meta(self, query):
        """Return what Yahoo tells of the symbol."""
        regular = {"timezone": "EST", "start": 0, "end": 0, "gmtoffset": -18_000}
        trading = [
            [{**regular, "start": int(stamp), "end": int(stamp) + 23_400}]
            for stamp in self.stamps("1d")
        ]
        more = {"tradingPeriods": trading} if query.get("interval") == "1h" else {}
        return {
            "currency": "USD",
            "symbol": "SPY",
            "exchangeName": "PCX",
            "instrumentType": "ETF",
            "gmtoffset": -18_000,
            "timezone": "EST",
            "exchangeTimezoneName": NEW_YORK,
            "regularMarketTime": 0,
            "firstTradeDate": 0,
            "currentTradingPeriod": {"pre": regular, "regular": regular, "post": regular},
            "dataGranularity": query.get("interval"),
            "range": "",
            "validRanges": ["1d", "5d", "1mo", "max"],
            **more,
        }


class Answers(BaseHTTPRequestHandler):
    """Answers one request."""

    served: LoopbackYahoo

    def do_GET(self):
        parts = urlsplit(self.path)
        if self.served.down:
            self.close_connection = True
            return
        if not parts.path.startswith("/v8/finance/chart/"):
            self.send(200, "crumb")  # of the cookie that yfinance asks for first
            return
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.served.requests.append(query)
        status = self.served.status.pop(0) if self.served.status else None
        if status is not None:
            self.send(status, "Too Many Requests")
            return
        self.send(*self.served.chart(parts.path.rpartition("/")[2], query))

    def send(self, status, content):
        body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        return
