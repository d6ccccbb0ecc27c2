"""Excursions by hand."""

import numpy as np
import pandas as pd
import pytest

from bt_fusion.data.bars import BarArrays
from bt_fusion.statistics.excursions import excursions, quality_by


def test_excursions_by_hand():
    time = np.arange(4).astype("datetime64[h]").astype("datetime64[ns]")
    high, low, close = ([100, 110, 104, 99], [100, 98, 90, 97], [100, 105, 95, 98])
    columns = (np.array(values, dtype=float) for values in (close, high, low, close, [1] * 4))
    bars = BarArrays(time, *columns)
    table = excursions(bars, np.array([1, -1, 1, 1]), horizon=2)
    # bar 0, long from 100: up to 110, down to 90, 95 at the end
    assert table.iloc[0].tolist() == pytest.approx([0.10, -0.10, -0.05])
    # bar 1, short from 105: down to 90, never above 104, 98 at the end
    assert table.iloc[1].tolist() == pytest.approx([15 / 105, 0.0, 7 / 105])
    assert table.iloc[2:].isna().all(axis=None)
    assert excursions(bars, np.ones(4), horizon=9).isna().all(axis=None)


def test_quality_counts_every_signal_and_rates_those_that_are_over():
    signals = pd.DataFrame(
        {
            "signal": ["BUY", "BUY", "BUY", "SELL"],
            "hit": [1.0, 0.0, np.nan, np.nan],
            "favourable": [0.2, 0.0, np.nan, np.nan],
            "adverse": [-0.1, -0.3, np.nan, np.nan],
        }
    )
    figures = quality_by(signals, ["signal"])
    assert figures.loc["BUY"].tolist() == pytest.approx([3, 0.5, 0.1, -0.2])
    assert figures.loc["SELL", "count"] == 1
    assert figures.loc["SELL"].isna().tolist() == [False, True, True, True]
