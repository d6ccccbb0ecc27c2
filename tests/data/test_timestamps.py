"""Stamps: the usual distance of bars."""

import numpy as np
import pandas as pd
import pytest

from bt_fusion import SignalModel, load_model, load_sample
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
