"""The real client of yfinance against a Yahoo on the loopback address."""

import numpy as np
import pandas as pd
import pytest

from bt_fusion.data.online import yahoo as yahoo_module
from bt_fusion.data.online.candles import Access, fetch_candles, load_market
from bt_fusion.data.online.market import Market
from bt_fusion.errors import BtFusionWarning, DownloadError, OptionError

DAYS = Market.of("yahoo:SPY:1d")
PRICES = ["open", "high", "low", "close"]


@pytest.fixture
def of_yahoo(yahoo, messages):
    return Access(yahoo.host, say=messages.append)


def right_days(yahoo):
    """Return the days that are over in New York, by their dates."""
    now = pd.Timestamp.now("America/New_York")
    dates = [day for day in yahoo.dates() if day + pd.Timedelta(days=1) <= now]
    stamps = (pd.DatetimeIndex(dates) + pd.Timedelta(hours=9.5)).tz_convert("UTC")
    _, adjusted = yahoo.prices(stamps.as_unit("s").asi8)
    return pd.Series(adjusted, pd.DatetimeIndex(dates).tz_localize(None), name="close")


def test_days_are_stamped_with_their_date_without_the_one_that_is_not_over(yahoo, of_yahoo):
    found, right = fetch_candles(DAYS, of_yahoo), right_days(yahoo)
    assert list(found.index) == list(right.index)
    np.testing.assert_allclose(found.close, right)
    assert found.columns.tolist() == [*PRICES, "volume"]


def test_hours_are_stamped_with_their_open_in_utc(yahoo, of_yahoo):
    found = fetch_candles(Market.of("yahoo:SPY:1h"), of_yahoo)
    stamps = pd.to_datetime(yahoo.stamps("1h"), unit="s")
    over = stamps + pd.Timedelta(hours=1) <= pd.Timestamp.now("UTC").tz_localize(None)
    assert list(found.index) == list(stamps[over])
    assert len(yahoo.requests) >= 3  # windows of 300 days


def test_new_days_are_fetched_with_a_few_before_them(yahoo, of_yahoo, messages):
    end = right_days(yahoo).index[-5]
    yahoo.last = end
    assert fetch_candles(DAYS, of_yahoo).index[-1] == end
    yahoo.last, count = None, len(yahoo.requests)
    found = fetch_candles(DAYS, of_yahoo)
    assert list(found.index) == list(right_days(yahoo).index) and messages == []
    starts = [pd.to_datetime(int(each["period1"]), unit="s") for each in yahoo.requests[count:]]
    assert len(starts) == 1 and starts[0] > end - pd.Timedelta(days=160)


def test_a_dividend_changes_all_prices_and_so_all_are_fetched_again(yahoo, of_yahoo, messages):
    before = fetch_candles(DAYS, of_yahoo)
    yahoo.dividend = (str(before.index[-3].date()), 0.02)
    found, right = fetch_candles(DAYS, of_yahoo), right_days(yahoo)
    np.testing.assert_allclose(found.close, right)
    np.testing.assert_allclose(found.close[:-3], before.close[:-3] * 0.98)
    assert messages == ["Adjusted   yahoo has adjusted prices since: all are fetched again"]


def test_a_late_correction_is_one_and_no_adjustment(yahoo, of_yahoo, messages):
    before = fetch_candles(DAYS, of_yahoo)
    yahoo.late, count = 5, len(yahoo.requests)
    found = fetch_candles(DAYS, of_yahoo)
    assert len(yahoo.requests) == count + 1
    assert messages[0].startswith("Corrected  yahoo has changed") and len(messages) == 1
    assert (found.volume != before.volume).sum() in (2, 3)  # today's candle is not over
    pd.testing.assert_frame_equal(found[PRICES], before[PRICES], rtol=1e-6)


def test_an_interruption_while_prices_are_adjusted_mixes_none(yahoo, of_yahoo, waits, messages):
    market = Market.of("yahoo:SPY:1d")
    before = fetch_candles(market, of_yahoo)
    yahoo.dividend = (str(before.index[-3].date()), 0.02)
    yahoo.status = [None, *[500] * 60]  # the overlap comes, and then no more
    with pytest.raises(DownloadError):
        fetch_candles(market, of_yahoo)
    assert messages == ["Adjusted   yahoo has adjusted prices since: all are fetched again"]
    yahoo.status = []
    np.testing.assert_allclose(fetch_candles(market, of_yahoo).close, right_days(yahoo))


@pytest.mark.parametrize("status", [[429], [500], [502, 503], [429, 500, 503]])
def test_a_passing_fault_costs_no_candle(status, yahoo, of_yahoo, waits):
    yahoo.status = list(status)
    found = fetch_candles(DAYS, of_yahoo)
    assert list(found.index) == list(right_days(yahoo).index)
    assert yahoo.status == []
    assert len(waits) >= len(status) // 2  # yfinance itself asks twice


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (429, r"yahoo answers HTTP 429 \(4 tries\)"),
        (500, r"yahoo answers HTTP 500 \(4 tries\)"),
        (403, r"yahoo refuses requests from this place \(HTTP 403\)"),
    ],
)
def test_a_fault_that_stays_is_an_error(status, message, yahoo, of_yahoo, waits):
    yahoo.status = [status] * 60
    with pytest.raises(DownloadError, match=message):
        fetch_candles(DAYS, of_yahoo)


def test_offline_it_goes_on_with_what_is_there(yahoo, of_yahoo, waits):
    found = fetch_candles(DAYS, of_yahoo)
    yahoo.down = True
    with pytest.warns(BtFusionWarning, match=r"yahoo cannot be reached.*fetched 0 minutes ago"):
        pd.testing.assert_frame_equal(load_market(DAYS, 0.0, of_yahoo), found, check_freq=False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yahoo:SPX:1d", "yahoo has no symbol 'SPX'; its names are as SPY, BTC-USD, EURUSD=X"),
        ("yahoo:SPY:4h", "unknown timeframe of Yahoo '4h'"),
    ],
)
def test_what_yahoo_does_not_have_is_reported(text, message, of_yahoo, waits):
    with pytest.raises(OptionError, match=message):
        fetch_candles(Market.of(text), of_yahoo)


def test_short_candles_begin_where_yahoo_still_has_them(yahoo, of_yahoo, monkeypatch):
    monkeypatch.setitem(yahoo_module.DAYS, "1h", (40, 60))
    fetch_candles(Market.of("yahoo:SPY:1h"), of_yahoo)
    first = pd.to_datetime(min(int(each.get("period1", 9e9)) for each in yahoo.requests), unit="s")
    assert first >= pd.Timestamp.now().normalize() - pd.Timedelta(days=61)


def test_without_yfinance_the_remedy_is_reported(monkeypatch, of_yahoo):
    monkeypatch.setitem(__import__("sys").modules, "yfinance", None)
    with pytest.raises(OptionError, match=r"need yfinance, .*pip install 'bt-fusion\[data\]'"):
        fetch_candles(DAYS, of_yahoo)
