"""What was saved before the packages were moved (schema 1, commit 91449eb) still opens."""

import tarfile
from pathlib import Path

import numpy as np
import pytest

from bt_fusion import ModelCompatibilityError, load_model
from bt_fusion.data.samples import planted_edge

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
