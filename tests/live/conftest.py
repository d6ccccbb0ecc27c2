"""The loopback exchange, for candles that are polled."""

from tests.data.online.conftest import exchange, waits

__all__ = ["exchange", "waits"]
