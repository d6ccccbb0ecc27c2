"""Bars in files: read back they are the same, and nothing torn is left."""

import pandas as pd
import pytest

from bt_fusion.data.readers import read_bars
from bt_fusion.data.samples import planted_edge
from bt_fusion.data.writers import check_bar_file, check_nothing_lost, write_bars
from bt_fusion.errors import FileError, OptionError

BARS = planted_edge(200)


@pytest.mark.parametrize("name", ["bars.parquet", "bars.pq", "bars.csv", "bars.PARQUET"])
def test_what_is_written_is_read_back_the_same(name, tmp_path):
    write_bars(tmp_path / name, BARS)
    pd.testing.assert_frame_equal(read_bars(tmp_path / name), BARS, check_freq=False)


def test_feather_holds_the_time_as_a_column(tmp_path):
    write_bars(tmp_path / "bars.feather", BARS)
    found = pd.read_feather(tmp_path / "bars.feather")
    assert found.columns.tolist() == ["datetime", "open", "high", "low", "close", "volume"]
    pd.testing.assert_frame_equal(found.set_index("datetime"), BARS, check_freq=False)


@pytest.mark.parametrize("name", ["bars", "bars.xlsx", "bars.csv.gz"])
def test_another_kind_is_refused_before_any_work(name, tmp_path):
    with pytest.raises(OptionError, match=r"is not one of .parquet, .pq, .csv, .feather;"):
        check_bar_file(tmp_path / name)
    with pytest.raises(OptionError):
        write_bars(tmp_path / name, BARS)


def test_what_cannot_be_written_leaves_the_older_file(tmp_path):
    path = tmp_path / "bars.csv"
    path.mkdir()
    with pytest.raises(FileError, match="cannot be written"):
        write_bars(path, BARS)
    assert list(tmp_path.iterdir()) == [path]


def test_only_an_earlier_part_of_the_same_bars_may_be_replaced(tmp_path):
    path = tmp_path / "bars.csv"
    check_nothing_lost(path, BARS)
    write_bars(path, BARS[:150])
    check_nothing_lost(path, BARS)
    with pytest.raises(OptionError, match="exists, and 50 of its 150 bars are not among the new"):
        check_nothing_lost(path, BARS[50:])
    with pytest.raises(OptionError, match="give another --out, or --overwrite to replace it"):
        check_nothing_lost(path, planted_edge(200, seed=1))
    path.write_text("notes of mine")
    with pytest.raises(OptionError, match="exists and holds no bars"):
        check_nothing_lost(path, BARS)
