"""A loopback exchange, a cache of its own for each test, and waiting that takes no time."""

import pytest

from benchmarks.loopback_exchange import LoopbackExchange
from bt_fusion.data.online.candles import Access
from tests.data.online.loopback_yahoo import LoopbackYahoo


@pytest.fixture(autouse=True)
def own_candles(tmp_path, monkeypatch):
    """Keep each test's candles apart, and its requests away from a proxy."""
    pytest.importorskip("ccxt")
    pytest.importorskip("yfinance")
    monkeypatch.setenv("BT_FUSION_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("BT_FUSION_HOST", raising=False)


@pytest.fixture
def waits(monkeypatch):
    """Seconds that were waited between tries, which take none here."""
    seconds = []
    monkeypatch.setattr("bt_fusion.data.online.retries.sleep", seconds.append)
    return seconds


@pytest.fixture
def exchange():
    with LoopbackExchange() as served:
        yield served


@pytest.fixture
def yahoo():
    with LoopbackYahoo() as served:
        yield served


@pytest.fixture
def messages():
    return []


@pytest.fixture
def access(exchange, messages):
    return Access(exchange.host, say=messages.append)
