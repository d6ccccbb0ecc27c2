"""What was saved before the packages were moved (schema 1, commit 91449eb) still opens."""

import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bt_fusion import ModelCompatibilityError, load_model
from bt_fusion.data.samples import planted_edge
from bt_fusion.report.draw import redraw
from bt_fusion.why.why import explain_entry

DATA = Path(__file__).parent / "saved"
EXPECTED = [0.379447716128, 0.346084465199, 0.400398311622]  # printed by that commit


@pytest.fixture
def model_folder(tmp_path):
    with tarfile.open(DATA / "model_schema_1.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "model"


def test_a_saved_model_predicts_as_it_did(model_folder):
    try:
        loaded = load_model(model_folder)
    except ModelCompatibilityError as error:
        if "saved with other versions" not in str(error):
            raise
        pytest.skip(str(error))
    found = loaded.predict(planted_edge(400, seed=1, auc=0.8)).probability_up
    assert np.isnan(found[:80]).all()
    np.testing.assert_allclose(found[-3:], EXPECTED, rtol=1e-9)


@pytest.fixture
def run_folder(tmp_path):
    with tarfile.open(DATA / "run_schema_1.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "run"


def test_a_finished_run_is_drawn_again(run_folder):
    assert [path.name for path in redraw(run_folder)] == ["report.html", "comparison.png"]
    assert all(path.stat().st_size > 10_000 for path in redraw(run_folder))


def test_a_finished_run_is_explained(run_folder):
    first = pd.read_csv(run_folder / "trades.csv").query("run == 'on'").iloc[0]
    found = explain_entry(run_folder, trade=1)
    assert found.trade["entry_price"] == first.entry_price and found.side == first.side
    assert found.technical.outcome == "ordered"
    assert found.model.probability_up == pytest.approx(found.model.stored, abs=1e-6)
