"""Stamps: epochs of the first years, and the usual distance of bars."""

import numpy as np
import pandas as pd
import pytest

from bt_fusion import BarsError, SignalModel, load_model, load_sample
from bt_fusion.data.readers.stamps import index_by_time
from bt_fusion.data.timestamps import bar_length


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(90, "90s"), (60, "1m"), (900, "15m"), (3_600, "1h"), (86_400, "1d"), (604_800, "1w")],
)
def test_the_length_of_even_bars(seconds, text):
    stamps = pd.Timestamp("2024-01-01") + np.arange(4) * pd.Timedelta(seconds=seconds)
    assert bar_length(pd.DatetimeIndex(stamps).to_numpy()) == text


def test_gaps_do_not_count_and_one_bar_has_no_length():
    days = pd.bdate_range("2024-01-01", periods=30).to_numpy()
    assert bar_length(days) == "1d"
    assert bar_length(days[:1]) is None and bar_length(np.array([], "datetime64[ns]")) is None


def test_a_model_carries_the_length_of_its_bars(tmp_path):
    model = SignalModel(["gap", "wick_balance"]).fit(load_sample("planted-edge:400"))
    assert model.interval_ == "1m"
    assert load_model(model.save(tmp_path / "own")).interval_ == "1m"
    assert load_model(model.save(tmp_path / "given", interval="60s")).interval_ == "60s"


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("first", ["1970-02-01", "1972-01-01", "1973-03-01"])
def test_epochs_of_the_first_years_go_by_the_whole_column(unit, first):
    days = pd.date_range(first, "1974-12-31", freq="D")
    frame = pd.DataFrame({"time": days.as_unit(unit).asi8, "close": 1.0})
    found = index_by_time(frame).index
    assert len(found) > 600 and found.as_unit("ns").equals(days.rename("datetime").as_unit("ns"))


def test_one_broken_stamp_does_not_change_the_unit_of_the_others():
    frame = pd.DataFrame({"time": [1_700_000_000, 90_000_000_000, 1_700_000_120], "close": 1.0})
    with pytest.raises(BarsError, match="holds no time in row 1"):
        index_by_time(frame)
    kept = index_by_time(frame, coerce=True).index[[0, 2]]
    assert list(map(str, kept)) == ["2023-11-14 22:13:20", "2023-11-14 22:15:20"]
