"""A folder or a glob as many symbols: named by their files, twins and strangers refused or said."""

import pytest

from bt_fusion import BarsError
from bt_fusion.data.folders import files_of, holds_many, one_file
from bt_fusion.errors import OptionError


@pytest.fixture
def folder(tmp_path):
    def made(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("x")
        return tmp_path

    return made


NAMES = {
    "BTC_USDT-5m.feather": "BTC/USDT",
    "BTC_USDT_USDT-1h-futures.feather": "BTC/USDT:USDT",
    "ADA_BTC-1d.json": "ADA/BTC",
    "ETH_USDT-4h.json.gz": "ETH/USDT",
    "1INCH_USDT-1M.parquet": "1INCH/USDT",
    "BTCUSDT-1h-2024-01.zip": "BTCUSDT",
    "ETHUSDT_1h.csv": "ETHUSDT",
    "SPY.CSV": "SPY",
    "aapl.us.txt": "aapl.us",
    "EURUSD_M15.csv": "EURUSD",
    "EURUSD_H1_202001020000_202401312300.csv": "EURUSD",
    "BTC_USDT.csv": "BTC_USDT",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_symbol_by_the_name_of_its_file(folder, name):
    place = folder(name)
    assert files_of(str(place)) == {NAMES[name]: place / name}


def test_a_folder_is_sorted_by_symbol_and_says_what_it_skips(folder):
    candles = ("ETH_USDT-5m.feather", "BTC_USDT-5m.feather", "XRP_USDT-5m.feather")
    others = ("BTC_USDT-trades.feather", "config.json", "notes.md", ".BTC-abc.csv", "sub/A.csv")
    marks = ("BTC_USDT_USDT-1h-mark.feather", "BTC_USDT_USDT-8h-funding_rate.feather")
    place, messages = folder(*candles, *others, *marks), []
    found = files_of(f"{place}/", messages.append)
    assert list(found) == ["BTC/USDT", "ETH/USDT", "XRP/USDT"]
    assert len(messages) == 1
    assert messages[0].startswith(
        f"Skipped    5 of {place}/, no candles: BTC_USDT-trades.feather, "
    )


def test_globs_choose_and_go_into_folders(folder):
    place = folder("A-1h.csv", "B-1h.csv", "A-1d.csv", "deep/C-1h.csv")
    assert list(files_of(f"{place}/*-1h.csv")) == ["A", "B"]
    assert list(files_of(f"{place}/**/*-1h.csv")) == ["A", "B", "C"]
    assert list(files_of(f"{place}/[A]-1d.csv")) == ["A"]
    assert files_of(str(place / "B-1h.csv")) == {"B": place / "B-1h.csv"}


def test_a_file_whose_name_looks_like_a_glob_is_a_file(folder):
    place = folder("bars[1].csv", "bars1.csv")
    assert not holds_many(str(place / "bars[1].csv"))
    assert one_file(str(place / "bars[1].csv")) == str(place / "bars[1].csv")
    assert files_of(str(place / "bars[1].csv")) == {"bars[1]": place / "bars[1].csv"}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("BTC_USDT-5m.feather", "BTC_USDT-1h.feather"),
         r"BTC_USDT-1h.feather and .*BTC_USDT-5m.feather are both of BTC/USDT; choose by a glob, "
         r"such as '.*/\*-5m.feather'"),
        (("BTC_USDT-5m.feather", "BTC_USDT-5m.json"), r"both of BTC/USDT; .*/\*-5m.json'"),
        (("ETH_1h.csv", "ETH_1d.csv"), r"ETH_1d.csv and .*ETH_1h.csv are both of ETH"),
        (("BTCUSDT-1h-2024-01.zip", "BTCUSDT-1h-2024-02.zip"), "parts of one symbol: join them"),
    ],
)  # fmt: skip
def test_two_files_of_a_symbol_are_refused_with_both_names(folder, names, message):
    with pytest.raises(OptionError, match=message):
        files_of(str(folder(*names)))


def test_nothing_there_is_an_error(folder):
    place = folder("notes.md")
    with pytest.raises(BarsError, match=r"no file matches .*/\*.csv; give a folder or a glob"):
        files_of(f"{place}/*.csv")
    with pytest.raises(BarsError, match=r"holds no data file \(notes.md is none\); files end in"):
        files_of(str(place))
    with pytest.raises(BarsError, match="no file matches"):
        files_of(str(place / "nope.csv"))


def test_one_symbol_is_asked_for(folder):
    place = folder("A.csv", "B.csv", "C.csv", "D.csv", "E.md")
    messages = []
    with pytest.raises(OptionError, match=r"4 symbols \(A, B, C and 1 more\) and one is asked .*A"):
        one_file(str(place))
    assert one_file(f"{place}/A*", messages.append) == str(place / "A.csv") and messages == []
    assert one_file(f"{place}/[DE]*", messages.append) == str(place / "D.csv")
    assert messages == [f"Skipped    1 of {place}/[DE]*, no candles: E.md"]
