"""Files as users have them: read rightly, or refused with the row and the remedy."""

import gzip
import io
import zipfile

import numpy as np
import pandas as pd
import pytest

from bt_fusion import BarsError, read_bars, tidy_bars

HEADER = "date,open,high,low,close,volume\n"
ROWS = [f"2024-01-0{day},10,12,9,11,100\n" for day in (1, 2, 3)]
PLAIN = HEADER + "".join(ROWS)
DAYS = ["2024-01-01", "2024-01-02", "2024-01-03"]
MINUTES = ["2025-03-01 00:00", "2025-03-01 00:01"]


@pytest.fixture
def saved(tmp_path):
    def save(content, name="bars.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return save


def assert_bars(bars, stamps, row=(10, 12, 9, 11, 100)):
    assert bars.index.tolist() == [pd.Timestamp(stamp) for stamp in stamps]
    assert bars.index.tz is None and bars.index.unit == "ns"
    assert bars.to_numpy().tolist() == [list(row)] * len(stamps)


def zipped(*contents):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"{number}.csv", content)
    return data.getvalue()


ENCRYPTED = bytearray(zipped(PLAIN))
for place in (6, ENCRYPTED.index(b"PK\1\2") + 8):
    ENCRYPTED[place] |= 1  # the flag of encryption, in the file's header and in the directory
ENCRYPTED = bytes(ENCRYPTED)

WAYS = {
    "plain": PLAIN,
    "names in any case, with spaces": PLAIN.replace(HEADER, " Date ,OPEN,High,lOw, Close,VOLUME\n"),
    "adjusted close and more": "Date,Open,High,Low,Close,Adj Close,Volume,Note\n"
    + "".join(row.replace("11,100\n", "11,8,100,x\n") for row in ROWS),
    "byte order mark": "\ufeff" + PLAIN,
    "semicolons": PLAIN.replace(",", ";"),
    "tabs": PLAIN.replace(",", "\t"),
    "bars": PLAIN.replace(",", "|"),
    "quotes": '"' + PLAIN.replace(",", '","').replace("\n", '"\n"')[:-1],
    "Windows line ends": PLAIN.replace("\n", "\r\n"),
    "a comma at the end of each line": PLAIN.replace("\n", ",\n"),
    "no header, ISO dates": "".join(ROWS),
    "an index without a name": PLAIN.replace("date", ""),
    "row numbers beside the dates": ",date,open,high,low,close,volume\n"
    + "".join(f"{number},{row}" for number, row in enumerate(ROWS)),
    "whole numbers as dates": PLAIN.replace("2024-01-", "202401"),
    "dots in dates": PLAIN.replace("2024-01-", "2024.01."),
    "names of months": PLAIN.replace("2024-01-", "Jan 2024 "),
    "zone named Z": PLAIN.replace(",10,", "T00:00:00Z,10,"),
    "brackets, date and time apart": "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<VOLUME>\n"
    + "".join(row.replace(",10,", ",00:00,10,").replace(",", "\t") for row in ROWS),
    "Yahoo's two levels": "Price,Close,High,Low,Open,Volume\nTicker,SPY,SPY,SPY,SPY,SPY\n"
    + "Date,,,,,\n"
    + "".join(row.replace("10,12,9,11,", "11,12,9,10,") for row in ROWS),
    "Yahoo's two levels, symbol first": "Ticker,SPY,SPY,SPY,SPY,SPY\n"
    + "Price,Open,High,Low,Close,Volume\nDate,,,,,\n" + "".join(ROWS),
    "gzip": gzip.compress(PLAIN.encode()),
    "zip": zipped(PLAIN),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_bars_are_read_however_they_are_written(saved, way):
    assert_bars(read_bars(saved(WAYS[way])), DAYS)


@pytest.mark.parametrize(
    "name",
    ["open_time", "Open time", "OpenTime", "datetime", "Date", "TIMESTAMP", "time", "index", ""],
)
def test_time_columns_by_their_usual_names(saved, name):
    assert_bars(read_bars(saved(PLAIN.replace("date", name))), DAYS)


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000, 1_000_000_000])
@pytest.mark.parametrize("year", [2017, 2025])
def test_epochs_of_every_unit_in_kline_dumps(saved, unit, header, year):
    start = int(pd.Timestamp(f"{year}-03-01").timestamp())
    names = "Open time,Open,High,Low,Close,Volume,Close time,Quote asset volume,Trades,a,b,Ignore\n"
    text = "".join(
        f"{(start + s) * unit},10,12,9,11,100,{(start + s + 59) * unit},999.5,7,3.5,4.5,0\n"
        for s in (0, 60)
    )
    bars = read_bars(saved((names if header else "") + text))
    assert_bars(bars, [f"{year}-03-01 00:00", f"{year}-03-01 00:01"])


def test_a_dump_may_change_from_milli_to_microseconds(saved):
    text = "1735689540000,10,12,9,11,100\n1735689600000000,10,12,9,11,100\n"
    assert_bars(read_bars(saved(text)), ["2024-12-31 23:59", "2025-01-01 00:00"])


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        (["1740787200.25", "1740787260.5"], ["2025-03-01 00:00:00.25", "2025-03-01 00:01:00.5"]),
        (["1740787200.0", "1740787260.0"], MINUTES),
        (["1740787200000.5", "1740787260000.0"], ["2025-03-01 00:00:00.0005", MINUTES[1]]),
        (["1.7407872e9", "1.74078726e9"], MINUTES),
    ],
)
def test_epochs_with_fractions(saved, stamps, expected):
    text = HEADER + "".join(f"{stamp},10,12,9,11,100\n" for stamp in stamps)
    assert_bars(read_bars(saved(text)), expected)


def test_zones_become_utc_also_across_the_clock_change(saved):
    stamps = ("2024-03-31T01:30:00+01:00", "2024-03-31T03:30:00+02:00")
    text = HEADER + "".join(f"{stamp},10,12,9,11,100\n" for stamp in stamps)
    assert_bars(read_bars(saved(text)), ["2024-03-31 00:30", "2024-03-31 01:30"])


@pytest.mark.parametrize("dates", ["{day:02}/01/2024", "01/{day:02}/2024"])
def test_one_day_past_the_twelfth_tells_days_from_months(saved, dates):
    rows = [dates.format(day=day) + ",10,12,9,11,100\n" for day in (11, 12, 13)]
    expected = ["2024-01-11", "2024-01-12", "2024-01-13"]
    assert_bars(read_bars(saved(HEADER + "".join(rows))), expected)


@pytest.fixture
def frame():
    return read_bars_of(PLAIN)


def read_bars_of(text):
    return pd.read_csv(io.StringIO(text), index_col=0, parse_dates=True).astype(float)


TABLES = {
    "time as index": lambda bars: bars,
    "an index without a name": lambda bars: bars.rename_axis(None),
    "time as column": lambda bars: bars.reset_index(names="Date"),
    "days as objects": lambda bars: bars.assign(date=bars.index.date).reset_index(drop=True),
    "zone in the index": lambda bars: bars.tz_localize("UTC").tz_convert("America/New_York"),
    "zone in a column": lambda bars: bars.tz_localize("UTC").tz_convert("Asia/Tokyo").reset_index(),
    "epoch as index": lambda bars: bars.set_axis(bars.index.as_unit("ms").asi8),
    "text as index": lambda bars: bars.set_axis(bars.index.strftime("%Y-%m-%d")),
    "float32": lambda bars: bars.astype("float32"),
    "nullable": lambda bars: bars.convert_dtypes(),
    "field over symbol": lambda bars: pd.concat({"SPY": bars}, axis=1).swaplevel(axis=1),
    "symbol over field": lambda bars: pd.concat({"SPY": bars.rename(columns=str.title)}, axis=1),
}


@pytest.mark.parametrize("table", TABLES)
def test_parquet_and_frames_in_any_arrangement(frame, tmp_path, table):
    arranged = TABLES[table](frame)
    arranged.to_parquet(tmp_path / "bars.parquet")
    assert_bars(read_bars(tmp_path / "bars.parquet"), DAYS)
    before = arranged.copy()
    assert tidy_bars(arranged).index.tolist() == [pd.Timestamp(day) for day in DAYS]
    pd.testing.assert_frame_equal(arranged, before)


@pytest.mark.parametrize("level", [0, 1])
def test_several_symbols_are_refused_by_name(frame, level):
    both = pd.concat({"SPY": frame, "QQQ": frame}, axis=1)
    both = both.swaplevel(axis=1) if level else both
    with pytest.raises(
        BarsError, match=r"several symbols \(SPY, QQQ\).*xs\('SPY', axis=1"
    ) as error:
        tidy_bars(both)
    assert f"level={level}" in str(error.value)
    assert list(both.xs("SPY", axis=1, level=level).columns) == list(frame.columns)


REFUSED = {
    "empty": ("", "the file is empty"),
    "blank": ("\n \n\n", "the file is empty"),
    "a header alone": (HEADER, "0 bars are too few"),
    "binary": (bytes(range(256)) * 20, "not a text file"),
    "Latin-1": ((PLAIN + "# \xe9").encode("latin-1"), "not a text file in UTF-8"),
    "UTF-16 without its mark": (PLAIN.encode("utf-16-le"), "not a text file"),
    "a web page": ("<html><body>404 not found</body></html>", "a web page, not a table"),
    "half a gzip": (gzip.compress(PLAIN.encode())[:-20], "cannot be read"),
    "half a zip": (zipped(PLAIN)[:-20], "cannot be read"),
    "a workbook": (zipped(PLAIN, PLAIN), "a ZIP file of 2 files; unpack it"),
    "no header, five columns": ("1740787200,10,12,9,11\n", "no header and 5 column.*Add a header"),
    "no time column": (PLAIN.replace("date", "moment"), "no time column among moment, open"),
    "row numbers for time": (
        ",open,high,low,close,volume\n0,10,12,9,11,100\n",
        r"holds no time in row 0 \('0'\); write ISO dates or an epoch",
    ),
    "no close": (PLAIN.replace("close", "adj close"), r"lack the column\(s\) close; they"),
    "two closes": (PLAIN.replace("open", "Close"), "2 columns are called 'close'; keep one"),
    "decimal commas and points": (
        PLAIN.replace(",", ";").replace(";12;", ";12,5;").replace(";9;", ";9.5;"),
        r"high \('12,5'\)",
    ),
    "day or month": (
        HEADER + "01/02/2024,10,12,9,11,100\n02/02/2024,10,12,9,11,100\n",
        "day/month or month/day: '01/02/2024' in row 0 is 2024-02-01 or 2024-01-02, .*write ISO",
    ),
    "two symbols": (
        "Price,Close,Close,Open,Open\nTicker,SPY,QQQ,SPY,QQQ\nDate,,,,\n2024-01-01,1,1,1,1\n",
        r"several symbols \(SPY, QQQ\)",
    ),
    "decimal commas between commas": (
        HEADER + "2024-01-01,1,10,1,12,1,05,1,11,500\n2024-01-02,1,10,1,12,1,05,1,11,500\n",
        r"line 2 has 10 values for 6 columns \(2024-01-01,1,10,.*\); write numbers as 1234\.5",
    ),
    "thousands separators": (
        HEADER + "2024-01-01,1,2,1,2,5\n2024-01-02,1,2,1,2,1,000\n".replace("2,5", "2,5,", 1),
        "line 3 has 7 values for 6 columns",
    ),
    "an encrypted zip": (ENCRYPTED, "cannot be unpacked .*encrypted"),
    # pandas 2 has no such stamps
    "year 2500": (PLAIN.replace("2024", "2500"), "must lie in the years|no time in row 0"),
}  # fmt: skip


@pytest.mark.parametrize("repair", [False, True])
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused_with_path_and_reason(saved, case, repair):
    content, message = REFUSED[case]
    path = saved(content)
    if repair and case in ("decimal commas and points", "row numbers for time"):
        message = "no bar is left after the repair: dropped no "
    with pytest.raises(BarsError, match=message) as error:
        read_bars(path, repair=repair)
    assert str(error.value).count(str(path)) == 1
    assert "\n" not in str(error.value)


MIDDLE = [  # what stands where the second row was, the error, the repair
    ("2024-01-02,10,,9,11,100", "NaN in column high in row 1", "dropped NaN in column high"),
    ("2024-01-02,10,inf,9,11,100", "infinity in column high in row 1", "dropped infinity"),
    ("2024-01-02,10,8,9,11,100", "high below low in row 1", "dropped high below low"),
    ("2024-01-02,13,12,9,11,100", "open outside low..high in row 1", "dropped open outside"),
    ("2024-01-02,10,12,9,8,100", "close outside low..high in row 1", "dropped close outside"),
    ("2024-01-02,0,12,9,11,100", "price <= 0 in column open in row 1", "dropped price <= 0"),
    ("2024-01-02,10,12,9,11,-1", "negative volume in row 1", "dropped negative volume"),
    ("2024-01-02,10,abc,9,11,100", r"in column high \('abc'\) in row 1", "dropped no plain number"),
    ('2024-01-02,"1,010","1,020","1,000","1,015","10,000"', r"column open \('1,010'\) in row 1",
     "dropped no plain number such as 1234.5 in column open ('1,010') in row 1 (2024-01-02"),
    ("2024-01-02,10,12", "NaN in column low in row 1", "dropped NaN in column low"),
    ("2024-01-02,10,12,9,11,100,7,8", "Expected 6 fields in line 3, saw 8.*--repair", "line 3"),
    (",10,12,9,11,100", "no time in row 1", "dropped no time in row 1"),
    ("yesterday,10,12,9,11,100", r"no time in row 1 \('yesterday'\)", "dropped no time in row 1"),
    ("2024-01-01,10,12,9,11,100", "duplicate time in row 1", "dropped duplicate time in row 0"),
    ("2023-01-01,10,12,9,11,100", "out of order in row 1", "sorted: out of order in row 1"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "error", "repair"), MIDDLE)
def test_a_broken_row_is_refused_or_repaired_and_reported(saved, line, error, repair):
    path = saved(HEADER + ROWS[0] + line + "\n" + ROWS[2])
    with pytest.raises(BarsError, match=error):
        read_bars(path)
    report = []
    repaired = read_bars(path, repair=True, report=report)
    stamps = ["2024-01-01", "2024-01-03"]
    assert_bars(repaired, ["2023-01-01", *stamps] if line.startswith("2023") else stamps)
    assert len(report) == 1 and repair in report[0]


def test_rows_of_two_lengths_without_a_header(saved):
    path = saved("1740787200,10,12,9,11,100\n1740787260,10,12,9,11,1,000\n")
    with pytest.raises(BarsError, match="Expected 6 fields in line 2, saw 7"):
        read_bars(path)


def test_a_missing_stamp_among_epochs_is_no_date_of_1970(saved):
    path = saved(HEADER + "1740787200000,10,12,9,11,100\n,10,12,9,11,100\nTotal,,,,,\n")
    with pytest.raises(BarsError, match=r"holds no time in row 2 \('Total'\)"):
        read_bars(path)
    assert_bars(read_bars(path, repair=True), MINUTES[:1])


def test_nothing_to_repair_reports_nothing(saved):
    report = []
    assert_bars(read_bars(saved(PLAIN), repair=True, report=report), DAYS)
    assert report == []


def test_no_such_file_a_folder_and_no_parquet(tmp_path, saved):
    with pytest.raises(BarsError, match=r"no file .*nope.csv; give a CSV"):
        read_bars(tmp_path / "nope.csv")
    with pytest.raises(BarsError, match="is a folder"):
        read_bars(tmp_path)
    for content in (b"", PLAIN.encode()):
        with pytest.raises(BarsError, match=r"cannot be read .*give a CSV, Parquet"):
            read_bars(saved(content, "bars.parquet"))


def test_values_come_through_to_the_last_digit(saved):
    rng = np.random.default_rng(0)
    close = np.cumprod(1 + rng.normal(0, 0.01, 50)) * 100
    index = pd.date_range("2024-01-01", periods=50, freq="min", name="open_time")
    frame = pd.DataFrame(
        {"open": close, "high": close, "low": close, "close": close, "volume": 0.0}
    )
    path = saved(frame.set_axis(index).to_csv())
    np.testing.assert_array_equal(read_bars(path)["close"], close)
