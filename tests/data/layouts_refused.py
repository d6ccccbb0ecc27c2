"""Files that cannot be read, or could be read in two ways, and what the error says."""

from tests.data.layout_cases import Refused, gzipped, zipped

HEADER = "date,open,high,low,close,volume\n"
ROWS = "2024-01-30,482.5,485.0,480.1,484.2,1200\n2024-01-31,484.2,486.6,482.0,482.9,1500\n"
TABLE = HEADER + ROWS
THREE = ((100, 12, 9, 10, 11, 500), (160, 13, 10, 11, 12, 600), (220, 14, 11, 12, 13, 700))


def headerless(order):
    """Return rows of stamp, high, low, open, close, volume in another order."""
    return "".join(
        f"{1_706_659_000 + row[0]}," + ",".join(str(row[place]) for place in order) + "\n"
        for row in THREE
    )


REFUSED = {
    "an empty file": Refused("", "the file is empty; give a CSV"),
    "a web page saved as CSV": Refused(
        "<!DOCTYPE html>\n<html><body>Just a moment...</body></html>\n",
        r"a web page, not a table \(<!DOCTYPE html>\); download the file itself",
    ),
    "an error of a server": Refused(
        '{\n "Note": "Thank you for using Alpha Vantage! Our standard API rate limit is 25"\n}\n',
        "JSON, not a table .*error of the server: download it again",
    ),
    "candles as JSON, called CSV": Refused("[[1,2,3,4,5,6]]", "JSON, not a table .*call it .json"),
    "JSON of objects": Refused(
        '[{"t":1706659200000,"o":1}]', "row 0 is .*a list of lists .stamp, open", "a.json"
    ),
    "JSON of an error": Refused(
        '{"code":-1121,"msg":"Invalid symbol."}', "not a list .*a list of lists", "a.json"
    ),
    "JSON cut off": Refused(
        "[[1706659200000,10,12,9,11,1],[1706659260000,10,12",
        "the list breaks off after row 0 .*,10,12'.; get it again",
        "a.json",
    ),
    "JSON with a word": Refused(
        '[[1706659200000,10,12,9,11,"many"]]', "a value after row 0 is not a number", "a.json"
    ),
    "Excel, renamed": Refused(
        zipped(**{"[Content_Types].xml": "<x/>", "xl/workbook.xml": "<x/>"}),
        "an Excel workbook, whatever its name; save it as CSV",
    ),
    "old Excel, renamed": Refused(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an Excel workbook, whatever its name"
    ),
    "a ZIP file of two tables": Refused(
        zipped(a_DOT_csv=TABLE, b_DOT_csv=TABLE), "a ZIP file of 2 files; unpack it"
    ),
    "half a gzip": Refused(gzipped(TABLE)[:-12], "cannot be read .*give a CSV", "a.csv.gz"),
    "UTF-16 without its mark": Refused(TABLE.encode("utf-16-le"), "not a text file"),
    "Latin-1": Refused((TABLE + "# \u00e9\n").encode("latin-1"), "not a text file in UTF-8"),
    "Feather that is none": Refused(TABLE, "cannot be read .*give a CSV, Parquet", "a.feather"),
    "days or months, throughout": Refused(
        TABLE.replace("2024-01-30", "01/02/2020").replace("2024-01-31", "02/02/2020"),
        r"column date may be day/month or month/day: '01/02/2020' in row 0 is 2020-02-01 or "
        r"2020-01-02, and no row tells which; write ISO dates, 2024-01-31",
    ),
    "days or months, with dashes and times": Refused(
        TABLE.replace("2024-01-30", "03-02-2020 00:00").replace("2024-01-31", "04-02-2020 00:00"),
        "'03-02-2020 00:00' in row 0 is 2020-02-03 or 2020-03-02",
    ),
    "years of two digits": Refused(
        TABLE.replace("2024-01-30", "10/11/12").replace("2024-01-31", "10/12/12"),
        "year/month/day or day/month/year or month/day/year: '10/11/12' in row 0 is 2010-11-12 or "
        "2012-11-10 or 2012-10-11",
    ),
    "a day that no reading has": Refused(
        TABLE.replace("2024-01-30", "31/01/2024").replace("2024-01-31", "31/13/2024"),
        r"column date holds no time in row 1 \('31/13/2024'\)",
    ),
    "a zone by its abbreviation": Refused(
        TABLE.replace("2024-01-30", "2024-01-30 09:30 EST").replace(
            "2024-01-31", "2024-01-31 09:30 EST"
        ),
        r"names the time zone EST in row 0 \('2024-01-30 09:30 EST'\).*with an offset",
    ),
    "local time in the hour that comes twice": Refused(
        HEADER + "".join(
            f"2024-10-27 {time},10,12,9,11,5\n" for time in ("01:30", "02:00", "02:30", "02:00")
        ),
        r"bars out of order in row 3 \(2024-10-27 02:00:00\); sort them",
    ),
    "thousands or decimal commas": Refused(
        TABLE.replace(",", ";").replace("482.5", "1,234").replace("485.0", "1,250")
        .replace("480.1", "1,200").replace("484.2", "1,240").replace("486.6", "1,260")
        .replace("482.0", "1,210").replace("482.9", "1,220"),
        r"numbers such as '1,234' may be 1234 \(thousands\) or 1.234 \(decimal comma\)",
    ),
    "decimal commas and points": Refused(
        TABLE.replace(",", ";").replace("485.0", "485,0"),
        r"no plain number such as 1234.5 in column high \('485,0'\) in row 0 \(2024-01-30",
    ),
    "decimal commas, and points that may be thousands": Refused(
        TABLE.replace(",", ";").replace(".", ",").replace("1200", "1.200"),
        r"column volume \('1.200, but numbers are written as 1234,5'\) in row 0 \(2024-01-30",
    ),
    "decimal commas between commas": Refused(
        HEADER + "2024-01-30,482,5,485,0,480,1,484,2,1200\n", "line 2 has 10 values for 6 columns"
    ),
    "a value too many in the middle": Refused(
        TABLE + "2024-02-01,482.9,485,480,481,1,200\n", "Expected 6 fields in line 4, saw 7"
    ),
    "a value in a column without a name": Refused(
        TABLE.replace("1200\n", "1200,\n").replace("1500\n", "1,500\n"),
        r"line 3 has 7 values for 6 columns \(2024-01-31,.*name every column",
    ),
    "a line below the table": Refused(
        TABLE + "Data provided by X\n", r"holds no time in row 2 \('Data provided by X'\).*--repair"
    ),
    "a line of commas": Refused(TABLE + ",,,,,\n", r"no time in row 2 \(NaT\); .*--repair"),
    "a comment in the middle": Refused(
        TABLE + "# gap\n" + "2024-02-02,1,1,1,1,1\n", r"holds no time in row 2 \('# gap'\)"
    ),
    "null, as Yahoo wrote": Refused(
        TABLE.replace("482.5,485.0,480.1,484.2,1200", "null,null,null,null,null"),
        r"NaN in column open in row 0 \(2024-01-30",
    ),
    "no volume": Refused(
        "date,open,high,low,close\n2024-01-30,1,2,1,2\n",
        r"lack the column\(s\) volume; .*where no volume is known, set it to 0",
    ),
    "no volume and no header": Refused(
        "2024.01.31,00:00,1.0843,1.0851,1.0840,1.0848\n",
        "no header and 6 column.*a kline dump has at least 7: date, time, open",
    ),
    "ticks of MetaTrader": Refused(
        "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\n2024.01.31\t00:00:00.1\t1\t2\t1\t0\n",
        r"lack the column\(s\) open, high, low, close",
    ),
    "two volumes, no symbol": Refused(
        "date,open,high,low,close,Volume BTC,Volume ETH\n2024-01-30,1,2,1,2,3,4\n",
        r"2 columns may be the volume \(volume btc, volume eth\); call one of them volume",
    ),
    "two symbols in one table": Refused(
        "date,symbol,open,high,low,close,volume\n2024-01-30,SPY,1,2,1,2,3\n2024-01-30,QQQ,1,2,1,2,3\n",
        r"column symbol holds several symbols \(SPY, QQQ\); write one file for each",
    ),
    "yfinance, two symbols": Refused(
        "Price,Close,Close,Open,Open\nTicker,SPY,QQQ,SPY,QQQ\nDate,,,,\n2024-01-01,1,1,1,1\n",
        r"several symbols \(SPY, QQQ\)",
    ),
    "Coinbase's API, no header": Refused(
        headerless((2, 1, 3, 4, 5)), r"look like time, low, high, open, close, volume \(Coinbase\)"
    ),
    "Bitfinex's API, no header": Refused(
        headerless((3, 4, 1, 2, 5)), r"look like time, open, close, high, low, volume \(Bitfinex"
    ),
    "Kraken's API, no header": Refused(
        "".join(f"{1_706_659_200 + 60 * i},10,12,9,11,10.5,3,7\n" for i in range(4)),
        "the sixth column lies between low and high in every row, as an average price does",
    ),
    "a header in another language": Refused(
        "Datum;Schluss;Er\u00f6ffnung;Hoch;Tief;St\u00fccke\n" + ROWS.replace(",", ";"),
        "no time column among datum, schluss, er\u00f6ffnung, hoch, tief, st\u00fccke; call it",
    ),
    "row numbers for time": Refused(
        TABLE.replace("2024-01-30", "0").replace("2024-01-31", "1"), r"no time in row 0 \('0'\)"
    ),
}  # fmt: skip
