"""The answer of an exchange, and the error it becomes."""

from email.utils import parsedate_to_datetime
from typing import Any

import pandas as pd

from bt_fusion.data.online.retries import RetryableError, deepest_cause, retry_after
from bt_fusion.errors import DownloadError

__all__ = ["AnswerLog", "failed", "refused"]

REFUSED = (403, 451)
LATER = (408, 418, 425, 429)  # and from 500 on: worth another try
SHOWN = 120  # characters of an answer


class AnswerLog:
    """The last answer to a client of ccxt: its status, its headers, and every row it holds.

    ccxt silently drops rows without a time, and treats an answer that is not JSON as empty.

    Parameters
    ----------
    client : ccxt.Exchange
    """

    def __init__(self, client: Any):
        self.client = client
        self.rows: list[list[Any]] = []
        self.status: int | None = None
        self.headers: Any = {}
        client.session.hooks["response"].append(self._note)
        parse = client.parse_ohlcv

        def noted(row: Any, market: Any = None) -> list[Any]:
            if isinstance(row, str):  # ccxt treats the letters of a text as rows
                self.check_json()
            self.rows.append(parse(row, market))
            return self.rows[-1]

        client.parse_ohlcv = noted

    def clear(self) -> None:
        """Forget the last answer."""
        self.rows, self.status = [], None

    def _note(self, response: Any, *_: Any, **__: Any) -> None:
        self.status, self.headers = response.status_code, response.headers

    @property
    def wait(self) -> float | None:
        """Seconds to wait, according to the answer."""
        return None if self.status is None else retry_after(self.headers.get("Retry-After"))

    @property
    def time(self) -> pd.Timestamp | None:
        """Naive UTC time of the last answer by the server's clock; None if not given."""
        try:
            sent = parsedate_to_datetime(self.headers.get("Date") or "")
        except (TypeError, ValueError):
            return None
        return pd.Timestamp(sent).tz_convert(None).as_unit("ns")

    def check_json(self) -> None:
        """Raise RetryableError for an answer that is not JSON, such as a page that asks to wait."""
        if self.client.last_json_response is None:
            text = " ".join(str(self.client.last_http_response).split())
            raise RetryableError(f"{self.client.id} answers with no JSON: {text[:SHOWN]!r}")


def failed(error: Exception, name: str, log: AnswerLog) -> DownloadError:
    """Return our error for a ccxt error, or for an answer that ccxt could not read."""
    import ccxt

    status, cause = log.status, error.__cause__
    if isinstance(error, ccxt.RateLimitExceeded | ccxt.DDoSProtection) and status in REFUSED:
        status = 429
    if status in REFUSED:
        return refused(name, status)
    if status is not None and (status in LATER or status >= 500):
        return RetryableError(f"{name} answers HTTP {status}: {reason_of(error, log)}", log.wait)
    if isinstance(error, ccxt.NetworkError) and (status is None or status < 400):
        return RetryableError(f"{name} cannot be reached: {deepest_cause(error)}")
    if not isinstance(error, ccxt.BaseError) or (isinstance(cause, OSError) and status == 200):
        return RetryableError(f"{name} sends what cannot be read: {type(error).__name__}: {error}")
    return DownloadError(f"{name} refuses it: {reason_of(error, log)}; check symbol and dates")


def refused(name: str, status: int | None) -> DownloadError:
    """Return the error for a server that refuses requests from this location."""
    return DownloadError(
        f"{name} refuses requests from this place (HTTP {status}): its terms may leave your "
        "country or your provider out; try another exchange, another host of it (--host), or "
        "bars from elsewhere"
    )


def reason_of(error: Exception, log: AnswerLog) -> str:
    """Return the server's reason in one short line."""
    text = log.client.last_http_response if log.status else None
    return " ".join(str(text or error).split())[:SHOWN]
