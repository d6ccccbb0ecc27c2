"""Files as exchanges, platforms and vendors write them, and the bars in each."""

from tests.data.layout_cases import DAYS, HOURS, Read, gzipped, zipped

BTC = ((42941.1, 43100.5, 42800.0, 43010.2, 812.5), (43010.2, 43250.0, 42990.9, 43200.7, 640.25))
EUR = ((1.0843, 1.0851, 1.084, 1.0848, 1204), (1.0848, 1.086, 1.0845, 1.0859, 998))
NO_HEADER = "no header: columns are taken as open_time, open, high, low, close, volume"
APART = "no header: columns are taken as date, time, open, high, low, close, volume"
SERVER = f"{APART}; stamps of MetaTrader are its server's and taken as UTC"
NEWEST = "rows run from the newest to the oldest: turned round"
ADJUSTED = "prices are as traded: column adj close is not used"
TICKS = "volume counts price changes (tickvol), as vol is 0 throughout"
DUMP = """\
1706659200000,42941.1,43100.5,42800.0,43010.2,812.5,1706662799999,34912345.1,1204,401.1,17001.5,0
1706662800000,43010.2,43250.0,42990.9,43200.7,640.25,1706666399999,27612345.1,998,301.1,13001.5,0
"""
KLINES = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,"
    "taker_buy_quote_volume,ignore\n"
)

EXCHANGES = {
    "Binance Vision, spot until 2024": Read(
        zipped(BTCUSDT_DOT_csv=DUMP), HOURS, BTC, (NO_HEADER,), "BTCUSDT-1h-2024-01-31.zip"
    ),
    "Binance Vision, spot from 2025, microseconds": Read(
        zipped(x=DUMP.replace("00000,4", "00000000,4").replace("99999,", "99999999,")),
        HOURS, BTC, (NO_HEADER,),
    ),
    "Binance Vision, futures": Read(zipped(x=KLINES + DUMP), HOURS, BTC),
    "a kline dump, plain": Read(DUMP, HOURS, BTC, (NO_HEADER,)),
    "a kline dump, gzipped": Read(gzipped(DUMP), HOURS, BTC, (NO_HEADER,), "k.csv.gz"),
    "a dump that changes from ms to us": Read(
        DUMP.replace("1706662800000", "1706662800000000"), HOURS, BTC, (NO_HEADER,)
    ),
    "Bybit, for MetaTrader 4": Read(
        gzipped(
            "2024.01.31 00:00,42941.1,43100.5,42800,43010.2,812.5\n"
            "2024.01.31 01:00,43010.2,43250,42990.9,43200.7,640.25\n"
        ),
        HOURS, BTC,
        (f"{NO_HEADER}; stamps of MetaTrader are its server's and taken as UTC",),
    ),
    "Bybit, API to CSV": Read(
        "startTime,openPrice,highPrice,lowPrice,closePrice,volume,turnover\n".replace("Price", "")
        + "1706662800000,43010.2,43250,42990.9,43200.7,640.25,27e6\n"
        "1706659200000,42941.1,43100.5,42800,43010.2,812.5,34e6\n",
        HOURS, BTC, (NEWEST,),
    ),
    "OKX": Read(
        "instrument_name,open,high,low,close,vol,vol_ccy,vol_quote,open_time,confirm\n"
        "BTC-USDT,42941.1,43100.5,42800,43010.2,812.5,812.5,34912345.1,1706659200000,1\n"
        "BTC-USDT,43010.2,43250,42990.9,43200.7,640.25,640.25,27612345.1,1706662800000,1\n",
        HOURS, BTC, ("column vol is the volume",),
    ),
    "Kraken": Read(
        "1706659200,42941.1,43100.5,42800,43010.2,812.5,1204\n"
        "1706662800,43010.2,43250,42990.9,43200.7,640.25,998\n",
        HOURS, BTC, (NO_HEADER,), "XBTUSD_60.csv",
    ),
    "Coinbase, with a header": Read(
        "time,low,high,open,close,volume\n1706662800,42990.9,43250,43010.2,43200.7,640.25\n"
        "1706659200,42800,43100.5,42941.1,43010.2,812.5\n",
        HOURS, BTC, (NEWEST,),
    ),
    "Bitfinex, by CryptoDataDownload": Read(
        "https://www.CryptoDataDownload.com\n"
        "unix,date,symbol,open,high,low,close,Volume USD,Volume BTC\n"
        "1706662800000,2024-01-31 01:00:00,BTC/USD,43010.2,43250,42990.9,43200.7,27e6,640.25\n"
        "1706659200000,2024-01-31 00:00:00,BTC/USD,42941.1,43100.5,42800,43010.2,34e6,812.5\n",
        HOURS, BTC,
        ("1 line(s) before the table are not read (https://www.CryptoDataDownload.com)",
         "column volume btc is the volume", NEWEST),
    ),
    "Bitstamp, by CryptoDataDownload, hours of twelve": Read(
        "https://www.CryptoDataDownload.com\n"
        "Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USD\n"
        "2024-01-31 01-AM,BTCUSD,43010.2,43250,42990.9,43200.7,640.25,27e6\n"
        "2024-01-31 12-AM,BTCUSD,42941.1,43100.5,42800,43010.2,812.5,34e6\n",
        HOURS, BTC,
        ("1 line(s) before the table are not read (https://www.CryptoDataDownload.com)",
         "column volume btc is the volume", NEWEST),
    ),
    "Kaggle's Bitstamp": Read(
        "Timestamp,Open,High,Low,Close,Volume_(BTC),Volume_(Currency),Weighted_Price\n"
        "1706659200,42941.1,43100.5,42800,43010.2,812.5,34e6,43000\n"
        "1706662800,43010.2,43250,42990.9,43200.7,640.25,27e6,43100\n",
        HOURS, BTC, ("column volume_(btc) is the volume",),
    ),
    "CryptoCompare": Read(
        "time,high,low,open,volumefrom,volumeto,close\n"
        "1706659200,43100.5,42800,42941.1,812.5,34e6,43010.2\n"
        "1706662800,43250,42990.9,43010.2,640.25,27e6,43200.7\n",
        HOURS, BTC, ("column volumefrom is the volume",),
    ),
    "ccxt, with row numbers": Read(
        ",timestamp,open,high,low,close,volume\n"
        "0,1706659200000,42941.1,43100.5,42800.0,43010.2,812.5\n"
        "1,1706662800000,43010.2,43250.0,42990.9,43200.7,640.25\n",
        HOURS, BTC,
    ),
    "freqtrade, JSON": Read(
        "[[1706659200000,42941.1,43100.5,42800.0,43010.2,812.5],"
        "[1706662800000,43010.2,43250.0,42990.9,43200.7,640.25]]",
        HOURS, BTC, name="BTC_USDT-1h.json",
    ),
    "freqtrade, JSON gzipped": Read(
        gzipped(
            "[[1706659200000, 42941.1, 43100.5, 42800.0, 43010.2, 812.5],\n"
            " [1706662800000, 43010.2, 43250.0, 42990.9, 43200.7, 640.25]]\n"
        ),
        HOURS, BTC, name="BTC_USDT-1h.json.gz",
    ),
    "Binance's API, JSON of texts": Read(
        '[[1706659200000,"42941.1","43100.5","42800.0","43010.2","812.5",1706662799999,"3.4",1],'
        '[1706662800000,"43010.2","43250.0","42990.9","43200.7","640.25",1706666399999,"2.7",1]]',
        HOURS, BTC, name="klines.json",
    ),
}  # fmt: skip

PLATFORMS = {
    "MetaTrader 5": Read(
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\r\n"
        "2024.01.31\t00:00:00\t1.0843\t1.0851\t1.0840\t1.0848\t1204\t0\t8\r\n"
        "2024.01.31\t01:00:00\t1.0848\t1.0860\t1.0845\t1.0859\t998\t0\t8\r\n",
        HOURS, EUR, (TICKS, "column tickvol is the volume"),
    ),
    "MetaTrader 5, days, volume traded": Read(
        "<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\r\n"
        "2024.01.30\t1.0843\t1.0851\t1.0840\t1.0848\t55\t1204\t8\r\n"
        "2024.01.31\t1.0848\t1.0860\t1.0845\t1.0859\t44\t998\t8\r\n",
        DAYS, EUR, ("column vol is the volume",),
    ),
    "MetaTrader 5, by its Python package": Read(
        "time,open,high,low,close,tick_volume,spread,real_volume\n"
        "1706659200,1.0843,1.0851,1.084,1.0848,1204,8,0\n"
        "1706662800,1.0848,1.086,1.0845,1.0859,998,8,0\n",
        HOURS, EUR,
        ("volume counts price changes (tick_volume), as real_volume is 0 throughout",
         "column tick_volume is the volume"),
    ),
    "MetaTrader, written by a script in UTF-16": Read(
        ("\ufeff" + "Date\tOpen\tHigh\tLow\tClose\tVolume\r\n"
         "2024.01.31 00:00\t1.0843\t1.0851\t1.084\t1.0848\t1204\r\n"
         "2024.01.31 01:00\t1.0848\t1.086\t1.0845\t1.0859\t998\r\n").encode("utf-16-le"),
        HOURS, EUR,
    ),
    "MetaTrader 4": Read(
        "2024.01.31,00:00,1.0843,1.0851,1.0840,1.0848,1204\r\n"
        "2024.01.31,01:00,1.0848,1.0860,1.0845,1.0859,998\r\n",
        HOURS, EUR, (SERVER,), "EURUSD60.csv",
    ),
    "Backtrader, date and time apart": Read(
        "Date,Time,Open,High,Low,Close,Volume,OpenInterest\n"
        "2024-01-31,00:00:00,1.0843,1.0851,1.084,1.0848,1204,0\n"
        "2024-01-31,01:00:00,1.0848,1.086,1.0845,1.0859,998,0\n",
        HOURS, EUR,
    ),
    "Backtrader, a header one name short": Read(
        "Date,Open,High,Low,Close,Volume,OpenInterest\n"
        "2024-01-31,00:00:00,1.0843,1.0851,1.084,1.0848,1204,0\n"
        "2024-01-31,01:00:00,1.0848,1.086,1.0845,1.0859,998,0\n",
        HOURS, EUR, ("the header is one name short: column 2 is taken as time",),
    ),
    "R, whose row names have no header": Read(
        '"open","high","low","close","volume"\n'
        '"2024-01-30",1.0843,1.0851,1.084,1.0848,1204\n"2024-01-31",1.0848,1.086,1.0845,1.0859,998\n',
        DAYS, EUR, ("the header is one name short: column 1 is taken as date",),
    ),
    "NinjaTrader, minutes": Read(
        "20240131 000000;1.0843;1.0851;1.084;1.0848;1204\n"
        "20240131 010000;1.0848;1.086;1.0845;1.0859;998\n",
        HOURS, EUR, (NO_HEADER,), "EURUSD.Last.txt",
    ),
    "NinjaTrader, days": Read(
        "20240130;1.0843;1.0851;1.084;1.0848;1204\n20240131;1.0848;1.086;1.0845;1.0859;998\n",
        DAYS, EUR, (NO_HEADER,),
    ),
    "HistData, a ZIP file with its report": Read(
        zipped(
            DAT_ASCII_EURUSD_M1_DOT_csv="20240131 000000;1.0843;1.0851;1.084;1.0848;1204\n"
            "20240131 010000;1.0848;1.086;1.0845;1.0859;998\n",
            DAT_ASCII_EURUSD_M1_DOT_txt="Gap of 120s found between 20240101170012 and ...\n",
        ),
        HOURS, EUR,
        ("DAT_ASCII_EURUSD_M1.csv of the ZIP file; not read: DAT_ASCII_EURUSD_M1.txt", NO_HEADER),
    ),
    "TradingView, ISO with an offset": Read(
        "time,open,high,low,close,Volume,Volume MA\n"
        "2024-01-30T19:00:00-05:00,1.0843,1.0851,1.084,1.0848,1204,\n"
        "2024-01-30T20:00:00-05:00,1.0848,1.086,1.0845,1.0859,998,1100\n",
        HOURS, EUR,
    ),
    "TradingView, UNIX time, plots of the same name": Read(
        "time,open,high,low,close,Plot,Plot,Volume\n"
        "1706659200,1.0843,1.0851,1.084,1.0848,1,2,1204\n"
        "1706662800,1.0848,1.086,1.0845,1.0859,1,2,998\n",
        HOURS, EUR,
    ),
    "Sierra Chart": Read(
        "Date, Time, Open, High, Low, Last, Volume, NumberOfTrades, BidVolume, AskVolume\n"
        "2024/1/31, 00:00:00.0, 1.0843, 1.0851, 1.084, 1.0848, 1204, 9, 600, 604\n"
        "2024/1/31, 01:00:00.0, 1.0848, 1.086, 1.0845, 1.0859, 998, 8, 500, 498\n",
        HOURS, EUR, ("column last is the close",),
    ),
    "Finam": Read(
        "<TICKER>;<PER>;<DATE>;<TIME>;<OPEN>;<HIGH>;<LOW>;<CLOSE>;<VOL>\n"
        "EURUSD;60;20240131;000000;1.0843;1.0851;1.084;1.0848;1204\n"
        "EURUSD;60;20240131;010000;1.0848;1.086;1.0845;1.0859;998\n",
        HOURS, EUR, ("column vol is the volume",),
    ),
    "Dukascopy, GMT": Read(
        "Gmt time,Open,High,Low,Close,Volume\n"
        "31.01.2024 00:00:00.000,1.0843,1.0851,1.084,1.0848,1204\n"
        "31.01.2024 01:00:00.000,1.0848,1.086,1.0845,1.0859,998\n",
        HOURS, EUR,
    ),
    "Dukascopy, local time": Read(
        "Local time,Open,High,Low,Close,Volume\n"
        "31.01.2024 01:00:00.000 GMT+0100,1.0843,1.0851,1.084,1.0848,1204\n"
        "31.01.2024 02:00:00.000 GMT+0100,1.0848,1.086,1.0845,1.0859,998\n",
        HOURS, EUR,
    ),
    "Dukascopy, no day above 12": Read(
        "Gmt time,Open,High,Low,Close,Volume\n"
        "01.02.2024 00:00:00.000,1.0843,1.0851,1.084,1.0848,1204\n"
        "01.02.2024 01:00:00.000,1.0848,1.086,1.0845,1.0859,998\n",
        ("2024-02-01 00:00", "2024-02-01 01:00"), EUR,
        ("dates with dots are day.month.year (01.02.2024 00:00:00.000 is 2024-02-01)",),
    ),
}  # fmt: skip

SPY = ((482.5, 485.0, 480.1, 484.2, 1200), (484.2, 486.6, 482.0, 482.9, 1500))
STOCKS = "2024-01-30,482.5,485.0,480.1,484.2,1200\n2024-01-31,484.2,486.6,482.0,482.9,1500\n"
FIELDS = "Close,High,Low,Open,Volume\n"
VALUES = "2024-01-30,484.2,485.0,480.1,482.5,1200\n2024-01-31,482.9,486.6,482.0,484.2,1500\n"

VENDORS = {
    "Yahoo, its old CSV": Read(
        "Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-30,482.5,485,480.1,484.2,470,1200\n"
        "2024-01-31,484.2,486.6,482,482.9,469,1500\n",
        DAYS, SPY, (ADJUSTED,), "SPY.csv",
    ),
    "yfinance, three lines": Read(
        f"Price,{FIELDS}Ticker,SPY,SPY,SPY,SPY,SPY\nDate,,,,,\n{VALUES}", DAYS, SPY
    ),
    "yfinance, two lines": Read(
        f"Price,{FIELDS}Ticker,SPY,SPY,SPY,SPY,SPY\n{VALUES}", DAYS, SPY
    ),
    "yfinance, symbols first": Read(
        f"Ticker,SPY,SPY,SPY,SPY,SPY\nPrice,{FIELDS}Date,,,,,\n{VALUES}", DAYS, SPY
    ),
    "yfinance, names of levels left out": Read(
        f",{FIELDS},7203.T,7203.T,7203.T,7203.T,7203.T\nDate,,,,,\n{VALUES}", DAYS, SPY
    ),
    "yfinance, hours of New York": Read(
        "Datetime,Open,High,Low,Close,Adj Close,Volume\n"
        "2024-01-30 19:00:00-05:00,482.5,485,480.1,484.2,484.2,1200\n"
        "2024-01-30 20:00:00-05:00,484.2,486.6,482,482.9,482.9,1500\n",
        HOURS, SPY, (ADJUSTED,),
    ),
    "Stooq, one symbol": Read("Date,Open,High,Low,Close,Volume\r\n" + STOCKS, DAYS, SPY),
    "Stooq, in bulk": Read(
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\r\n"
        "SPY.US,D,20240130,000000,482.5,485,480.1,484.2,1200,0\r\n"
        "SPY.US,D,20240131,000000,484.2,486.6,482,482.9,1500,0\r\n",
        DAYS, SPY, ("column vol is the volume",), "spy.us.txt",
    ),
    "Alpha Vantage": Read(
        "timestamp,open,high,low,close,volume\n2024-01-31,484.2,486.6,482,482.9,1500\n"
        "2024-01-30,482.5,485,480.1,484.2,1200\n",
        DAYS, SPY, (NEWEST,),
    ),
    "Alpha Vantage, adjusted": Read(
        "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient\n"
        "2024-01-31,484.2,486.6,482,482.9,469,1500,0,1\n2024-01-30,482.5,485,480.1,484.2,470,1200,0,1\n",
        DAYS, SPY,
        ("prices are as traded: column adjusted_close is not used", NEWEST),
    ),
    "Investing.com": Read(
        '"Date","Price","Open","High","Low","Vol.","Change %"\n'
        '"01/31/2024","482.90","484.20","486.60","482.00","1.50K","-0.27%"\n'
        '"01/30/2024","484.20","482.50","485.00","480.10","1.20K","0.40%"\n',
        DAYS, SPY,
        ("signs of currencies and K, M, B for 10^3, 10^6, 10^9 (as in 1.50K)",
         "column price is the close", "column vol. is the volume", NEWEST),
    ),
    "Nasdaq.com": Read(
        "Date,Close/Last,Volume,Open,High,Low\n"
        "01/31/2024,$482.90,1500,$484.20,$486.60,$482.00\n"
        "01/30/2024,$484.20,1200,$482.50,$485.00,$480.10\n",
        DAYS, SPY,
        ("signs of currencies and K, M, B for 10^3, 10^6, 10^9 (as in $482.90)",
         "column close/last is the close", NEWEST),
    ),
    "Google Sheets": Read(
        "Date,Open,High,Low,Close,Volume\n1/30/2024 16:00:00,482.5,485,480.1,484.2,1200\n"
        "1/31/2024 16:00:00,484.2,486.6,482,482.9,1500\n",
        ("2024-01-30 16:00", "2024-01-31 16:00"), SPY,
    ),
    "Polygon, nanoseconds": Read(
        "ticker,volume,open,close,high,low,window_start,transactions\n"
        "SPY,1200,482.5,484.2,485,480.1,1706659200000000000,9\n"
        "SPY,1500,484.2,482.9,486.6,482,1706662800000000000,9\n",
        HOURS, SPY,
    ),
    "Polygon, one letter a column": Read(
        "v,vw,o,c,h,l,t,n\n1200,483,482.5,484.2,485,480.1,1706659200000,9\n"
        "1500,484,484.2,482.9,486.6,482,1706662800000,9\n",
        HOURS, SPY,
        tuple(f"column {letter} is the {name}" for letter, name in zip(
            "vochlt", ("volume", "open", "close", "high", "low", "time"), strict=True)),
    ),
    "Databento, ISO of nanoseconds": Read(
        "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n"
        "2024-01-31T00:00:00.000000000Z,34,1,17,482.5,485,480.1,484.2,1200,SPY\n"
        "2024-01-31T01:00:00.000000000Z,34,1,17,484.2,486.6,482,482.9,1500,SPY\n",
        HOURS, SPY,
    ),
    "FirstRate Data": Read(
        "2024-01-31 00:00:00,482.5,485,480.1,484.2,1200\n"
        "2024-01-31 01:00:00,484.2,486.6,482,482.9,1500\n",
        HOURS, SPY, (NO_HEADER,),
    ),
    "Kibot": Read(
        "01/31/2024,00:00,482.5,485,480.1,484.2,1200\n01/31/2024,01:00,484.2,486.6,482,482.9,1500\n",
        HOURS, SPY, (APART,),
    ),
    "Quandl, names of months": Read(
        "Date,Open,High,Low,Close,Volume\n30-Jan-24,482.5,485,480.1,484.2,1200\n"
        "31-Jan-24,484.2,486.6,482,482.9,1500\n",
        DAYS, SPY,
    ),
    "Yahoo, copied from the page": Read(
        "Date\tOpen\tHigh\tLow\tClose*\tAdj Close**\tVolume\n"
        "Jan 31, 2024\t484.20\t486.60\t482.00\t482.90\t482.90\t1,500.0\n"
        "Jan 30, 2024\t482.50\t485.00\t480.10\t484.20\t484.20\t1,200.0\n",
        DAYS, SPY,
        ("numbers are written as 1,234.5", ADJUSTED, NEWEST),
    ),
}  # fmt: skip

TABLE = "date,open,high,low,close,volume\n" + STOCKS
COMMAS = TABLE.replace(",", ";").replace(".", ",")

WRITING = {
    "UTF-8 with its mark": Read("\ufeff" + TABLE, DAYS, SPY),
    "UTF-16, big end first": Read(("\ufeff" + TABLE).encode("utf-16-be"), DAYS, SPY),
    "Windows line ends": Read(TABLE.replace("\n", "\r\n"), DAYS, SPY),
    "old Macintosh line ends": Read(TABLE.replace("\n", "\r"), DAYS, SPY),
    "commas at line ends": Read(TABLE.replace("\n", ",\n"), DAYS, SPY),
    "commas at the ends of rows alone": Read(
        TABLE.replace("00\n", "00,,\n"), DAYS, SPY
    ),
    "quoted numbers": Read('"' + TABLE.replace(",", '","').replace("\n", '"\n"')[:-1], DAYS, SPY),
    "blank lines": Read("\n\n" + TABLE.replace("\n", "\n\n \n"), DAYS, SPY),
    "comments before the header": Read(
        "# made by x, y, z\n# in UTC\n" + TABLE, DAYS, SPY,
        ("2 line(s) before the table are not read (# made by x, y, z)",),
    ),
    "a header that is a comment": Read("# " + TABLE, DAYS, SPY),
    "Excel's line of the separator": Read(
        "sep=;\n" + TABLE.replace(",", ";"), DAYS, SPY,
        ("1 line(s) before the table are not read (sep=;)",),
    ),
    "decimal commas, semicolons": Read(
        COMMAS, DAYS, SPY, ("numbers are written as 1234,5",)
    ),
    "decimal commas, tabs, four digits": Read(
        "date\topen\thigh\tlow\tclose\tvolume\n2024-01-30\t1,0843\t1,0851\t1,0840\t1,0848\t1204\n"
        "2024-01-31\t1,0848\t1,0860\t1,0845\t1,0859\t998\n",
        DAYS, EUR, ("numbers are written as 1234,5",),
    ),
    "decimal commas, points between thousands": Read(
        "date;open;high;low;close;volume\n"
        "31.01.2024 00:00;42.941,1;43.100,5;42.800,0;43.010,2;812,5\n"
        "31.01.2024 01:00;43.010,2;43.250,0;42.990,9;43.200,7;640,25\n",
        HOURS, BTC, ("numbers are written as 1.234,5",),
    ),
    "spaces between thousands": Read(
        "date;open;high;low;close;volume\n"
        "2024-01-31 00:00;42 941,1;43 100,5;42 800,0;43 010,2;812,5\n"
        "2024-01-31 01:00;43 010,2;43 250,0;42 990,9;43 200,7;640,25\n",
        HOURS, BTC, ("numbers are written as 1 234,5",),
    ),
    "quoted thousands": Read(
        'date,open,high,low,close,volume\n'
        '2024-01-31 00:00,"42,941.1","43,100.5","42,800","43,010.2",812.5\n'
        '2024-01-31 01:00,"43,010.2","43,250","42,990.9","43,200.7",640.25\n',
        HOURS, BTC, ("numbers are written as 1,234.5",),
    ),
    "days first, one above 12": Read(
        TABLE.replace("2024-01-30", "12/01/2024").replace("2024-01-31", "13/01/2024"),
        ("2024-01-12", "2024-01-13"), SPY,
    ),
    "months first, one day above 12": Read(
        TABLE.replace("2024-01-30", "01/12/2024").replace("2024-01-31", "01/13/2024"),
        ("2024-01-12", "2024-01-13"), SPY,
    ),
    "minutes without separators": Read(
        TABLE.replace("2024-01-30", "202401310000").replace("2024-01-31", "202401310100"),
        HOURS, SPY,
    ),
    "seconds without separators": Read(
        TABLE.replace("2024-01-30", "20240131000000").replace("2024-01-31", "20240131010000"),
        HOURS, SPY,
    ),
    "times with AM and PM": Read(
        TABLE.replace("2024-01-30", "1/30/2024 11:00:00 PM").replace(
            "2024-01-31", "1/31/2024 12:00:00 AM"
        ),
        ("2024-01-30 23:00", "2024-01-31 00:00"), SPY,
    ),
    "midnight without a time": Read(
        TABLE.replace("2024-01-30", "30/01/2024 23:00").replace("2024-01-31", "31/01/2024"),
        ("2024-01-30 23:00", "2024-01-31 00:00"), SPY,
    ),
    "JavaScript's dates": Read(
        TABLE.replace("2024-01-30", "Wed Jan 31 2024 01:00:00 GMT+0100 (CET)").replace(
            "2024-01-31", "Wed Jan 31 2024 02:00:00 GMT+0100 (CET)"
        ),
        HOURS, SPY,
    ),
    "offsets across the clock change": Read(
        TABLE.replace("2024-01-30", "2024-03-31T01:30:00+01:00").replace(
            "2024-01-31", "2024-03-31T03:30:00+02:00"
        ),
        ("2024-03-31 00:30", "2024-03-31 01:30"), SPY,
    ),
    "names in capitals, with spaces": Read(
        TABLE.replace("date,open,high", " DATE , Open,HIGH "), DAYS, SPY
    ),
    "a folder of a Macintosh in the ZIP file": Read(
        zipped(**{"bars.csv": TABLE, "__MACOSX/._bars.csv": "x"}), DAYS, SPY
    ),
}  # fmt: skip
