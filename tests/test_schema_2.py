"""A model saved before ONNX forms and choices were parts (schema 2, commit 7b1bd7c) still opens."""

import numpy as np
import pytest

from benchmarks.fault_kinds import read
from bt_fusion import BundleError, load_model
from bt_fusion.bundle import describe, load_saved
from bt_fusion.bundle.manifest import with_digest
from bt_fusion.data.samples import planted_edge
from bt_fusion.report.terminal.model_card import card_table
from tests.test_schema_1 import loaded_here, unpacked

EXPECTED = [0.379447354959, 0.346084285214, 0.400395927428]  # as in test_schema_1


@pytest.fixture
def folder(tmp_path):
    return unpacked("model_schema_2", tmp_path) / "model"


def test_it_predicts_as_it_did(folder):
    loaded = loaded_here(folder)
    found = loaded.predict(planted_edge(400, seed=1, auc=0.8)).probability_up
    assert np.isnan(found[:80]).all()
    np.testing.assert_allclose(found[-3:], EXPECTED, rtol=1e-9)
    assert loaded.ensemble_.onnx_ == {}
    assert loaded.ensemble_.feature_names_in_.tolist() == ["wick_balance", "gap"]


def test_its_card_has_no_choices_and_no_plugins(folder):
    card = describe(folder)
    assert (card["schema"], card["choices"], card["plugins"]) == (2, [], [])
    assert card_table(card).row_count > 10


def test_its_raw_votes_were_not_stored_and_are_not_checked(folder):
    loaded_here(folder)
    compared = [what for what in load_saved(folder).checks if what.startswith("member ")]
    assert compared == ["member lr", "member svm"]


def test_saved_again_it_holds_what_later_schemas_hold(folder, tmp_path):
    loaded = loaded_here(folder)
    again = loaded.save(tmp_path / "again")
    assert (read(again)["schema"], read(again)["choices"], read(again)["plugins"]) == (5, [], [])
    bars = planted_edge(400, seed=1, auc=0.8)
    found, expected = (model.predict(bars).votes for model in (load_model(again), loaded))
    np.testing.assert_array_equal(found, expected)
    assert "member svm before calibration" in load_saved(again).checks


def test_schema_2_may_not_hold_what_came_later(folder):
    loaded_here(folder)
    manifest = folder / "manifest.json"
    manifest.write_bytes(with_digest(read(folder) | {"plugins": []}))
    with pytest.raises(BundleError, match=r"extra \['plugins'\]"):
        load_model(folder)


def test_schema_2_has_no_onnx_parts(folder):
    loaded_here(folder)
    content = read(folder)
    content["parts"].append(content["parts"][0] | {"role": "onnx", "kind": "onnx"})
    (folder / "manifest.json").write_bytes(with_digest(content))
    with pytest.raises(BundleError, match="are not those of the members"):
        load_model(folder)
