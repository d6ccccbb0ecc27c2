"""Tables read piece by piece: what a later piece holds counts as if the whole were read at once."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bt_fusion import BarsError, read_bars
from bt_fusion.data.readers import csv_tables, json_tables
from bt_fusion.data.readers.stamps import date_parts

HEADER = "date,open,high,low,close,volume"


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(csv_tables, "ROWS", 3)
    monkeypatch.setattr(date_parts, "BLOCK", 4)
    monkeypatch.setattr(json_tables, "BLOCK", 50)


@pytest.fixture
def written(tmp_path):
    def write(lines, header=HEADER):
        path = tmp_path / "bars.csv"
        path.write_text("\n".join([header, *lines]) + "\n")
        return path

    return write


def day(number, form="%Y-%m-%d"):
    return (pd.Timestamp("2024-01-01") + pd.Timedelta(days=number)).strftime(form)


def rows(count=11, form="%Y-%m-%d"):
    return [f"{day(number, form)},10,12,9,{10 + number / 16},{number}" for number in range(count)]


def test_pieces_make_one_table(written):
    bars = read_bars(written(rows()))
    assert bars.index.equals(pd.date_range("2024-01-01", periods=11, name="datetime"))
    assert bars["close"].tolist() == [10 + number / 16 for number in range(11)]
    assert bars["volume"].tolist() == list(range(11))


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%m/%d/%Y"])
def test_a_day_above_12_in_the_last_piece_tells_how_all_dates_are_read(written, form):
    lines = rows(13, form)
    assert read_bars(written(lines)).index[-1] == pd.Timestamp("2024-01-13")
    with pytest.raises(BarsError, match="may be day/month or month/day"):
        read_bars(written(lines[:12]))


def test_a_number_that_is_none_is_named_by_its_row_in_the_file(written):
    lines = rows()
    lines[7] = lines[7].replace(",12,", ",abc,")
    with pytest.raises(BarsError, match=r"column high \('abc'\) in row 7 \(2024-01-08"):
        read_bars(written(lines))
    report = []
    assert len(read_bars(written(lines), repair=True, report=report)) == 10
    assert len(report) == 1 and "('abc') in row 7" in report[0]


def test_a_stamp_that_is_none_is_named_by_its_row_in_the_file(written):
    epochs = [f"{1_706_659_200 + 60 * number},10,12,9,11,5" for number in range(9)]
    epochs[8] = "Total,,,,,"
    with pytest.raises(BarsError, match=r"no time in row 8 \('Total'\)"):
        read_bars(written(epochs))
    assert len(read_bars(written(epochs), repair=True)) == 8


def test_long_rows_are_named_by_their_line(written):
    lines = rows()
    lines[8] += ",7"
    with pytest.raises(BarsError, match="Expected 6 fields in line 10, saw 7"):
        read_bars(written(lines))
    report = []
    assert len(read_bars(written(lines), repair=True, report=report)) == 10
    assert len(report) == 1 and "line 10" in report[0]
    commas = [f"{line}," for line in rows()]
    commas[8] += "7"
    with pytest.raises(BarsError, match="line 10 has 7 values for 6 columns"):
        read_bars(written(commas))


def test_symbols_of_different_pieces_are_several(written):
    lines = [f"{line},{'SPY' if number < 7 else 'QQQ'}" for number, line in enumerate(rows())]
    with pytest.raises(BarsError, match=r"several symbols \(SPY, QQQ\)"):
        read_bars(written(lines, HEADER + ",symbol"))


@pytest.mark.parametrize("space", ["", " ", "\n"])
def test_json_is_read_in_blocks(tmp_path, space):
    table = [[1_706_659_200_000 + 60_000 * n, 10, 12, 9, 10 + n / 32, n] for n in range(40)]
    path = tmp_path / "BTC_USDT-1m.json"
    path.write_text(json.dumps(table).replace(" ", space))
    bars = read_bars(path)
    assert bars["close"].tolist() == [row[4] for row in table]
    assert bars.index[39] == pd.Timestamp("2024-01-31 00:39")
    table[30][2] = "x"
    path.write_text(json.dumps(table))
    with pytest.raises(BarsError, match=r"a value after row \d+ is not a number"):
        read_bars(path)
    table[30] = [1, 2]
    path.write_text(json.dumps(table))
    with pytest.raises(BarsError, match=r"row 30 is \[1, 2\]; a list of lists"):
        read_bars(path)


MEASURE = """
import sys
from bt_fusion import read_bars
import bt_fusion.data.readers.reading
def peak():
    (line,) = (line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
read_bars(sys.argv[1] + "/small.csv")
before = peak()
bars = read_bars(sys.argv[1] + "/large.csv")
print((peak() - before) / bars.memory_usage().sum())
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read there")
def test_memory_is_a_few_times_that_of_the_frame_not_of_the_file(tmp_path):
    count = 600_000
    stamps = 1_577_836_800_000 + 60_000 * np.arange(count)
    wide = pd.DataFrame(np.full((count, 11), 1234.5678), columns=list("abcdefghijk"))
    wide.insert(0, "t", stamps)
    wide.to_csv(tmp_path / "large.csv", index=False, header=False)
    wide[:10].to_csv(tmp_path / "small.csv", index=False, header=False)
    words = [sys.executable, "-c", MEASURE, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert 2 < float(done.stdout) < 5  # 9 where the file was read at once
