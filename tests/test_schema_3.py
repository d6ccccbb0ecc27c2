"""A model saved before the payoff was kept (schema 3, commit 0db68cc) still opens."""

import numpy as np
import pytest

from benchmarks.fault_kinds import read
from bt_fusion import BundleError, OptionError, load_model
from bt_fusion.bundle import describe
from bt_fusion.bundle.manifest import with_digest
from bt_fusion.data.samples import planted_edge
from bt_fusion.engine.runner import run_strategy
from bt_fusion.models.fused_signals import fused_signals
from bt_fusion.models.predictors import check_payoffs
from bt_fusion.strategies import FusionStrategy
from tests.cli.running import command
from tests.test_schema_1 import loaded_here, unpacked

EXPECTED = [
    0.33879039,
    0.33117611,
    0.34296849,
]  # printed by that commit
BARS = planted_edge(400, seed=1, auc=0.8)


@pytest.fixture
def folder(tmp_path):
    return unpacked("model_schema_3", tmp_path) / "model"


def test_it_predicts_as_it_did(folder):
    loaded = loaded_here(folder)
    known = loaded.predict(BARS)
    np.testing.assert_allclose(known.probability_up[-3:], EXPECTED, atol=1e-5)
    assert loaded.payoff_ is None and known.payoff is None
    assert (fused_signals(BARS, known, ml_threshold=0.55).signal != 0).any()


def test_its_card_says_that_its_parity_was_not_compared(folder, capsys):
    assert describe(folder)["parity"] == []
    assert command("show", folder) == 0
    assert "not compared (saved by an earlier version)" in capsys.readouterr().out


def test_auto_asks_for_a_number(folder):
    loaded = loaded_here(folder)
    for ask in (
        lambda: fused_signals(BARS, loaded.predict(BARS), ml_threshold="auto"),
        lambda: run_strategy(BARS, FusionStrategy, model=loaded, ml_threshold="auto"),
        lambda: check_payoffs({"BTC": loaded}),
    ):
        with pytest.raises(OptionError, match="train it again, or give ml_threshold a number"):
            ask()


def test_saved_again_it_still_has_none(folder, tmp_path):
    again = loaded_here(folder).save(tmp_path / "again")
    assert (read(again)["schema"], read(again)["payoff"]) == (5, [])
    assert load_model(again).payoff_ is None


def test_schema_3_may_not_hold_what_came_later(folder):
    loaded_here(folder)
    (folder / "manifest.json").write_bytes(with_digest(read(folder) | {"payoff": []}))
    with pytest.raises(BundleError, match=r"extra \['payoff'\]"):
        load_model(folder)


def test_a_payoff_must_make_sense(folder, tmp_path):
    again = loaded_here(folder).save(tmp_path / "again")
    lost = {"win": 0.0, "loss": 0.1, "atr_period": None}
    (again / "manifest.json").write_bytes(with_digest(read(again) | {"payoff": [lost]}))
    with pytest.raises(BundleError, match="one win above 0 is expected"):
        load_model(again)
