"""What predictions print of themselves."""

import numpy as np
import pytest

from bt_fusion import Ensemble, SignalModel, WalkForward
from bt_fusion.data.samples import planted_edge


@pytest.fixture(scope="module")
def predictions():
    model = SignalModel(["wick_balance", "gap"], ensemble=Ensemble(["lgb"]))
    return WalkForward(model, 400, 200, cache=None).predict(planted_edge(800, seed=1, auc=0.8))


def test_bars_models_probabilities_and_signals(predictions):
    title, *lines = repr(predictions).splitlines()
    rows = dict(line.strip().split(maxsplit=1) for line in lines)
    assert title == "Predictions of 800 bars, 2024-01-01 to 2024-01-01 13:19"
    assert rows["predicted"] == "400 of 800 bars, by 2 models"
    assert rows["first"] == "2024-01-01 06:40" and rows["classes"] == "Down, Up"
    up = predictions.probability_up[400:]
    assert rows["P(up)"] == f"median {np.median(up):.2f}, {up.min():.2f} to {up.max():.2f}"
    counts = [int(part.split()[0].replace(",", "")) for part in rows["signals"].split(", ")]
    assert sum(counts) == 400 and counts[3] == (predictions.signal() == 1).sum()


def test_none_known_and_no_bars(predictions):
    assert "0 of 400 bars, by 0 models" in repr(predictions[:400])
    assert repr(predictions[:0]).startswith("Predictions of 0 bars\n")
    assert "signals" not in repr(predictions[:400])
