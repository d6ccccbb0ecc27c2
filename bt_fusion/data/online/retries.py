"""Retries: try again after a wait that grows, or as long as the server asks."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import sleep, time
from typing import Any, TypeVar

from bt_fusion.errors import DownloadError

__all__ = ["Retries", "RetryableError", "deepest_cause", "retry_after"]

Result = TypeVar("Result")
MOST_SHOWN = 200  # characters of an error without a system message
REPORTED_WAIT = 5.0  # seconds of waiting from which it is reported


class RetryableError(DownloadError):
    """An answer that may differ on another try.

    Attributes
    ----------
    wait : float or None
        Seconds the server asks to wait.
    tries : int or None
        Fewer tries than usual, if more would not help.
    """

    def __init__(self, message: str, wait: float | None = None, tries: int | None = None):
        super().__init__(message)
        self.wait, self.tries = wait, tries


@dataclass(frozen=True)
class Retries:
    """How often and after how long to ask again.

    The wait doubles with each try and is shortened by a random part, up to a half, so that many
    clients cut off together do not return together. It is at least as long as the server asks.

    Attributes
    ----------
    tries : int
        At most, the first one included.
    first, most : float
        Seconds before the second try, and the longest wait.
    patience : float
        Longest wait, in seconds, accepted when the server asks for one.
    """

    tries: int = 8
    first: float = 1.0
    most: float = 60.0
    patience: float = 300.0

    def call(self, request: Callable[[], Result], say: Callable[[str], Any] = print) -> Result:
        """Return the result of `request`, after as many tries as it takes.

        Raises
        ------
        DownloadError
            What the last try raised.
        """
        number = 1
        while True:
            try:
                return request()
            except RetryableError as error:
                if number >= min(self.tries, error.tries or self.tries):
                    raise DownloadError(f"{error}{tried(number)}") from error
                sleep(self.wait(number, error, say))
                number += 1

    def wait(self, number: int, error: RetryableError, say: Callable[[str], Any]) -> float:
        """Return the seconds to wait after try `number`; report long waits."""
        server_wait = error.wait or 0.0
        if server_wait > self.patience:
            raise DownloadError(f"{error}; it asks to wait {server_wait:,.0f} s, run it again then")
        own = min(self.most, self.first * 2 ** (number - 1)) * random.uniform(0.5, 1.0)
        wait = max(server_wait, own)
        if wait >= REPORTED_WAIT:
            say(f"Waiting    {wait:.0f} s: {error}")
        return wait


def deepest_cause(error: BaseException) -> str:
    """Return the system's message on a failed connection, else the error's own text.

    Parameters
    ----------
    error : exception
        Of requests, urllib3 or curl, whose own texts repeat the whole request.

    Examples
    --------
    >>> outer = OSError("HTTPSConnectionPool(host='api.example.com', port=443): ...")
    >>> outer.__cause__ = ConnectionRefusedError(111, "Connection refused")
    >>> deepest_cause(outer)
    'Connection refused'
    """
    text, seen = str(error)[:MOST_SHOWN], {id(error)}
    inner: BaseException | None = error
    while inner is not None:
        text = getattr(inner, "strerror", None) or text
        inner = next((e for e in inner_errors(inner) if id(e) not in seen), None)
        seen.add(id(inner))
    return text


def inner_errors(error: BaseException) -> list[BaseException]:
    """Return the errors behind an error: its cause, its context, and those it was made of."""
    behind = (error.__cause__, error.__context__, getattr(error, "reason", None), *error.args)
    return [each for each in behind if isinstance(each, BaseException)]


def tried(number: int) -> str:
    """Return the number of tries as the end of a message; empty for one try."""
    return f" ({number} tries)" if number > 1 else ""


def retry_after(text: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks to wait: a number or a date.

    >>> retry_after("120"), retry_after(None), retry_after("soon")
    (120.0, None, None)
    """
    if not text:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time())
    except (TypeError, ValueError):
        return None
