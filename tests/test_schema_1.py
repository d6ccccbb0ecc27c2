"""What was saved before the packages were moved (schema 1, commit 91449eb) still opens."""

import re
import tarfile
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest

from benchmarks.fault_kinds import read
from bt_fusion import BundleError, Ensemble, ModelCompatibilityError, SignalModel, load_model
from bt_fusion.bundle.manifest import with_digest
from bt_fusion.bundle.parts.allowed_types import MOVED
from bt_fusion.data.samples import planted_edge
from bt_fusion.report.draw import redraw
from bt_fusion.why.why import explain_entry

DATA = Path(__file__).parent / "saved"
EXPECTED = [0.379447354959, 0.346084285214, 0.400395927428]  # printed by that commit


def unpacked(name, folder):
    with tarfile.open(DATA / f"{name}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture
def model_folder(tmp_path):
    return unpacked("model_schema_1", tmp_path) / "model"


def loaded_here(folder):
    try:
        return load_model(folder)
    except ModelCompatibilityError as error:
        if "saved with other versions" not in str(error):
            raise
        pytest.skip(str(error))


def named_in(folder):
    """Return the modules of ours that the parts in skops name."""
    found = set()
    for path in folder.glob("*.skops"):
        with ZipFile(path) as archive:
            text = archive.read("schema.json").decode()
        found |= set(re.findall(r'"__module__": "(bt_fusion[^"]*)"', text))
    return found


def test_a_saved_model_predicts_as_it_did(model_folder):
    loaded = loaded_here(model_folder)
    found = loaded.predict(planted_edge(400, seed=1, auc=0.8)).probability_up
    assert np.isnan(found[:80]).all()
    np.testing.assert_allclose(found[-3:], EXPECTED, rtol=1e-9)


@pytest.fixture
def run_folder(tmp_path):
    with tarfile.open(DATA / "run_schema_1.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "run"


@pytest.mark.slow
def test_a_finished_run_is_drawn_again(run_folder):
    assert [path.name for path in redraw(run_folder)] == ["report.html", "comparison.png"]
    assert all(path.stat().st_size > 10_000 for path in redraw(run_folder))


def test_a_finished_run_is_explained(run_folder):
    first = pd.read_csv(run_folder / "trades.csv").query("run == 'on'").iloc[0]
    found = explain_entry(run_folder, trade=1)
    assert found.trade["entry_price"] == first.entry_price and found.side == first.side
    assert found.technical.outcome == "ordered"
    assert found.model.probability_up == pytest.approx(found.model.stored, abs=1e-6)


def test_saved_again_it_is_of_the_latest_schema_and_predicts_the_same(model_folder, tmp_path):
    loaded = loaded_here(model_folder)
    again = load_model(loaded.save(tmp_path / "again"))
    assert read(tmp_path / "again")["schema"] == 5
    bars = planted_edge(400, seed=1, auc=0.8)
    found, expected = (m.predict(bars).votes for m in (again, loaded))
    np.testing.assert_array_equal(found, expected)


def test_schema_2_may_not_name_the_modules_of_schema_1(model_folder):
    loaded_here(model_folder)  # skips where libraries have other versions
    old = {name.rpartition(".")[0] for name in MOVED}
    assert named_in(model_folder) & old
    manifest = model_folder / "manifest.json"
    manifest.write_bytes(with_digest(read(model_folder) | {"schema": 2}))
    with pytest.raises(BundleError, match="not among the types a saved model may hold"):
        load_model(model_folder)


def test_a_new_save_names_the_modules_of_today(tmp_path):
    ensemble = Ensemble(["svm"], calibration="sigmoid")
    model = SignalModel(["wick_balance", "return_1"], ensemble=ensemble).fit(planted_edge(400))
    folder = model.save(tmp_path / "model")
    assert named_in(folder) == {name.rpartition(".")[0] for name in MOVED.values()}
    assert read(folder)["schema"] == 5
