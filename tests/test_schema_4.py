"""A model saved before later models were kept (schema 4, commit 14af7a4) still opens."""

import numpy as np
import pytest

from benchmarks.fault_kinds import read
from bt_fusion import BundleError, load_model
from bt_fusion.bundle import describe
from bt_fusion.bundle.manifest import with_digest
from bt_fusion.data.samples import planted_edge
from bt_fusion.errors import ModelCompatibilityError
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.trade_models.managed_model import ManagedModel
from tests.cli.running import command
from tests.test_schema_1 import loaded_here, unpacked

EXPECTED = [
    0.339361337853,
    0.335018183656,
    0.34174746236,
]  # printed by that commit


@pytest.fixture
def folder(tmp_path):
    return unpacked("model_schema_4", tmp_path) / "model"


def test_it_predicts_as_it_did(folder):
    loaded = loaded_here(folder)
    assert type(loaded) is SignalModel
    found = loaded.predict(planted_edge(400, seed=1, auc=0.8)).probability_up
    np.testing.assert_allclose(found[-3:], EXPECTED, atol=1e-5)


def test_its_card_is_that_of_a_signal_model(folder, capsys):
    card = describe(folder)
    assert (card["schema"], card["model"]["kind"], card["later"]) == (4, "signal", [])
    assert command("show", folder) == 0
    assert "stop model" not in capsys.readouterr().out


def test_saved_again_it_is_still_a_signal_model(folder, tmp_path):
    again = loaded_here(folder).save(tmp_path / "again")
    assert (read(again)["schema"], read(again)["kind"], read(again)["later"]) == (5, "signal", [])
    assert type(load_model(again)) is SignalModel


def test_it_is_no_managed_model(folder):
    loaded_here(folder)
    with pytest.raises(ModelCompatibilityError, match="holds a signal model, not a managed model"):
        ManagedModel.load(folder)


@pytest.mark.parametrize("given", [{"kind": "managed"}, {"later": []}])
def test_schema_4_may_not_hold_what_came_later(given, folder):
    loaded_here(folder)
    (folder / "manifest.json").write_bytes(with_digest(read(folder) | given))
    with pytest.raises(BundleError, match="extra"):
        load_model(folder)
