"""Predictions and bars that several tests of evaluations share."""

import numpy as np
import pandas as pd

from bt_fusion.models.predictions import Predictions


def predictions_of(proba, classes=(0, 1), two_sided=True):
    """Predictions of one member."""
    proba = np.array(proba, float)
    count = len(proba)
    index = pd.date_range("2024-01-01", periods=count, freq="h")
    stamps = np.full(count, np.datetime64("2023-01-01", "ns"))
    votes, weights = proba[:, None, :], np.ones(1)
    options = (("one",), weights, "soft", 0.633, np.zeros(count, int), stamps)
    return Predictions(index, classes, two_sided, votes, *options)


def few_bars():
    """Five bars whose highs and lows give round excursions."""
    high, low = [10, 12, 11, 10, 13], [9, 9, 7, 8, 10]
    close = np.array([10.0, 10, 8, 9, 12])
    index = pd.date_range("2024-01-01", periods=5, freq="h")
    columns = {"open": close, "high": high, "low": low, "close": close, "volume": 1.0}
    return pd.DataFrame(columns, index=index, dtype=float)
