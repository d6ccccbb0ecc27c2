"""Every preset is saved, loaded, described, evaluated, asked for later bars, and traded."""

import importlib.util
import json

import numpy as np
import pytest

from bt_fusion import Backtest, SignalModel, evaluate, export_onnx, load_model, load_onnx
from bt_fusion.bundle import describe
from bt_fusion.bundle.golden import golden_rows
from bt_fusion.data.samples import planted_edge
from bt_fusion.models.presets import PRESETS
from bt_fusion.report.terminal.model_card import card_table

DEEP = all(importlib.util.find_spec(name) for name in ("torch", "skorch", "safetensors"))
ONNX = all(importlib.util.find_spec(name) for name in ("onnx", "onnxruntime", "skl2onnx"))
pytestmark = pytest.mark.slow
BARS, CUT = planted_edge(1_000, seed=2, auc=0.8, volatility=0.01), 750
MAKERS = {
    "fusion": PRESETS["fusion"],
    "discovery": PRESETS["discovery"],
    "hybrid": PRESETS["hybrid"],
    "hybrid without the lstm": lambda: PRESETS["hybrid"](lstm=False),
    "generator": PRESETS["generator"],
    "signal": PRESETS["signal"],
}
# What each has in ONNX; svm and lstm have no form there
EXPORTED = {
    "fusion": {"rf"},
    "discovery": {"xgb"},
    "hybrid": {"xgb", "rf", "lr"},
    "hybrid without the lstm": {"xgb", "rf", "lr"},
    "generator": {"best"},
    "signal": {"rf", "xgb", "lgb"},
}


@pytest.fixture(scope="module", params=MAKERS)
def preset(request):
    if request.param == "hybrid" and not DEEP:
        pytest.skip("needs the extra deep")
    return request.param


@pytest.fixture(scope="module")
def model(preset):
    return MAKERS[preset]().fit(BARS[:CUT])


@pytest.fixture(scope="module")
def folder(preset, model, tmp_path_factory):
    return model.save(tmp_path_factory.mktemp("presets") / "model", symbol="EDGE")


@pytest.fixture(scope="module")
def loaded(folder):
    return load_model(folder)


def test_the_loaded_model_predicts_later_bars_as_the_fitted_one(model, loaded):
    found, expected = loaded.predict(BARS), model.predict(BARS)
    assert found.known.sum() == expected.known.sum() >= len(BARS) - CUT
    np.testing.assert_array_equal(found.votes, expected.votes)
    np.testing.assert_array_equal(found.signal(), expected.signal())
    assert loaded.get_params().keys() == model.get_params().keys()
    assert loaded.label() == model.label() and loaded.feature_set_.names == model.feature_set_.names


def test_a_copy_of_the_loaded_model_trains_as_the_fitted_one_did(model, loaded):
    again = SignalModel(loaded.features, loaded.labels, loaded.ensemble).fit(BARS[:CUT])
    np.testing.assert_array_equal(again.predict(BARS).votes, model.predict(BARS).votes)


def test_its_ensemble_takes_features_by_name(model, loaded):
    table = loaded.feature_set_.table(BARS)[-50:]
    expected = model.ensemble_.predict_proba(model.feature_set_.transform(BARS)[-50:])
    turned = table[table.columns[::-1]]
    np.testing.assert_array_equal(loaded.ensemble_.predict_proba(turned), expected)
    likeliest = model.ensemble_.classes_[expected.argmax(axis=1)]
    np.testing.assert_array_equal(loaded.ensemble_.predict(turned), likeliest)


def test_its_card_names_its_members(folder, model):
    card = describe(folder)
    assert card["model"]["ensemble"]["members"] == list(model.ensemble.members)
    assert {part["name"] for part in card["parts"]} == set(model.ensemble_.members_)
    assert json.loads(json.dumps(card)) == card
    assert any("EDGE" in str(cell) for cell in card_table(card).columns[1].cells)


def test_its_ways_to_predict_agree(folder):
    lines = {line["way"]: line for line in describe(folder)["parity"]}
    for way in ("bar by bar", "reloaded"):
        assert lines[way]["agrees"] is True and lines[way]["bars"] == 216, lines[way]
        assert lines[way]["probability"] <= 1e-6 and lines[way]["signals"] == 0
    assert lines["ONNX"]["reason"] == "no member was exported" or not ONNX
    table = card_table(describe(folder))
    shown = dict(zip(*(list(column.cells) for column in table.columns), strict=True))
    assert shown["parity bar by bar"].startswith("agrees on 216 training bars; ")
    assert shown["parity reloaded"].startswith("agrees on 216 training bars; ")


def test_it_is_evaluated_as_the_fitted_one(model, loaded):
    found, expected = evaluate(loaded, BARS).to_dict(), evaluate(model, BARS).to_dict()
    assert found["rows"] > 200 and found["figures"]["auc"] is not None
    assert found == expected


def test_it_is_traded_as_the_fitted_one(model, loaded):
    one, two = (Backtest(made, draws=20).run(BARS, "edge").summary for made in (loaded, model))
    assert one["window"]["bars"] >= len(BARS) - CUT
    assert one["ml_off"]["trades"] > 0
    for run in ("ml_off", "ml_on"):
        assert one[run] == two[run]


@pytest.mark.skipif(not ONNX, reason="needs the extra onnx")
def test_its_onnx_forms_are_saved_and_predict_the_same(preset, model, tmp_path):
    ensemble, before = model.ensemble_, model.predict(BARS).votes
    ensemble.onnx_ = load_onnx(export_onnx(ensemble, golden_rows(model)))
    try:
        folder = model.save(tmp_path / "model")
        loaded = load_model(folder)
        lines = {line["way"]: line for line in describe(folder)["parity"]}
        assert [line["agrees"] for line in lines.values()] == [True, True, True]
        assert lines["ONNX"]["probability"] <= 1e-5 == lines["ONNX"]["tolerance"]
        assert set(loaded.ensemble_.onnx_) == EXPORTED[preset]
        np.testing.assert_array_equal(loaded.predict(BARS).votes, model.predict(BARS).votes)
        np.testing.assert_allclose(model.predict(BARS).votes, before, atol=1e-5, rtol=0)
    finally:
        ensemble.onnx_ = {}
