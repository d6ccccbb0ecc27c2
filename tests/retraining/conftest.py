"""A saved model of hourly bars, trained until the middle of March 2023."""

import shutil

import pandas as pd
import pytest

from bt_fusion import Ensemble, SignalModel
from bt_fusion.data.samples import planted_edge

TRAINED = 1_750  # bars


def hourly(frame):
    """Return bars with hourly stamps from 2023 on."""
    return frame.set_axis(pd.date_range("2023-01-01", periods=len(frame), freq="h"))


@pytest.fixture(scope="session")
def bars():
    return hourly(planted_edge(5_000, seed=1, auc=0.75))


@pytest.fixture(scope="session")
def trained(bars):
    model = SignalModel(["wick_balance", "return_5"], ensemble=Ensemble(["lr"], seed=3))
    return model.fit(bars[:TRAINED])


@pytest.fixture(scope="session")
def saved(trained, tmp_path_factory):
    return trained.save(tmp_path_factory.mktemp("saved") / "model", symbol="EDGE", trials=7)


@pytest.fixture
def folder(saved, tmp_path):
    """Return a copy of the saved model, which a test may change."""
    return shutil.copytree(saved, tmp_path / "model")
