"""ONNX forms inside a saved model: kept, checked on the golden rows, asked, and done without."""

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("skl2onnx")

from benchmarks.fault_kinds import read, reseal
from bt_fusion import (
    BtFusionWarning,
    BundleError,
    Ensemble,
    ModelCompatibilityError,
    OptionError,
    PartError,
    SignalModel,
    export_onnx,
    load_model,
    load_onnx,
)
from bt_fusion.bundle import describe, load_saved
from bt_fusion.bundle.golden import golden_rows
from bt_fusion.bundle.manifest import with_digest
from bt_fusion.data.samples import planted_edge
from bt_fusion.ensemble import onnx_export
from bt_fusion.ensemble.onnx_export import OnnxMember

FEATURES = ["wick_balance", "return_1", "rsi_14"]
BARS = planted_edge(1_500, seed=5, auc=0.75)
CUT = 1_000


def trained(members=("rf", "xgb", "svm"), **options):
    model = SignalModel(FEATURES, ensemble=Ensemble(members, **options)).fit(BARS[:CUT])
    exported = export_onnx(model.ensemble_, golden_rows(model))
    model.ensemble_.onnx_ = load_onnx(exported)
    return model


@pytest.fixture(scope="module")
def model():
    return trained()


@pytest.fixture(scope="module")
def kept(model, tmp_path_factory):
    return model.save(tmp_path_factory.mktemp("kept") / "model")


@pytest.fixture
def saved(kept, tmp_path):
    return Path(shutil.copytree(kept, tmp_path / "model"))


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("calibrated") / "model"
    return trained(("rf", "lgb"), calibration="sigmoid").save(folder)


@pytest.fixture
def no_runtime(monkeypatch):
    """Let onnxruntime not be installed."""
    find = onnx_export.find_spec
    hidden = lambda name: None if name == "onnxruntime" else find(name)  # noqa: E731
    monkeypatch.setattr(onnx_export, "find_spec", hidden)


def part_of(folder, role, name):
    parts = read(folder)["parts"]
    return next(p for p in parts if (p["role"], p["name"]) == (role, name))


def library_votes(model):
    """The votes of the members' own libraries on all bars."""
    forms, model.ensemble_.onnx_ = model.ensemble_.onnx_, {}
    votes = model.predict(BARS).votes
    model.ensemble_.onnx_ = forms
    return votes


def test_each_form_is_a_part_with_a_digest_and_a_size(saved, model):
    content = read(saved)
    parts = [part for part in content["parts"] if part["role"] == "onnx"]
    assert [part["name"] for part in parts] == ["rf", "xgb"]  # svm has none
    for part in parts:
        assert part["kind"] == "onnx" and part["parameters"] == {}
        assert (saved / part["file"]).read_bytes() == model.ensemble_.onnx_[part["name"]].content
        assert content["files"][part["file"]]["size"] == (saved / part["file"]).stat().st_size
    card = describe(saved)
    assert [part["role"] for part in card["parts"]].count("onnx") == 2
    assert "onnxruntime" in card["versions"] and "onnxruntime" not in card["needs"]


def test_the_loaded_model_asks_them(saved, model):
    loaded = load_model(saved)
    assert list(loaded.ensemble_.onnx_) == ["rf", "xgb"]
    assert all(isinstance(form, OnnxMember) for form in loaded.ensemble_.onnx_.values())
    votes = loaded.predict(BARS).votes
    np.testing.assert_array_equal(votes, model.predict(BARS).votes)
    libraries = library_votes(loaded)
    assert 0 < np.nanmax(np.abs(votes - libraries)) < 1e-5
    np.testing.assert_array_equal(votes[:, 2], libraries[:, 2])


def test_saved_again_they_are_kept(saved, tmp_path):
    again = load_model(saved).save(tmp_path / "again")
    names = [{n for n in read(folder)["files"] if "onnx" in n} for folder in (saved, again)]
    assert names[0] == names[1] and len(names[0]) == 2


def test_golden_votes_are_those_of_the_libraries(saved, tmp_path, model):
    forms, model.ensemble_.onnx_ = model.ensemble_.onnx_, {}
    plain = model.save(tmp_path / "plain")
    model.ensemble_.onnx_ = forms
    assert read(plain)["golden"] == read(saved)["golden"]


def test_calibrated_members_vote_by_their_libraries_and_keep_their_forms(calibrated):
    loaded = load_model(calibrated)
    assert set(loaded.ensemble_.onnx_) == {"rf", "lgb"}
    np.testing.assert_array_equal(loaded.predict(BARS).votes, library_votes(loaded))
    golden = read(calibrated)["golden"]
    assert np.abs(np.array(golden["raw"]) - np.array(golden["votes"])).max() > 1e-3
    compared = load_saved(calibrated).checks
    assert "4 of" not in compared["files"] and "member lgb in ONNX" in compared


@pytest.mark.parametrize("which", ["kept", "calibrated"])
def test_another_members_form_is_found_by_its_votes(which, request, tmp_path):
    folder = Path(shutil.copytree(request.getfixturevalue(which), tmp_path / "model"))
    other = "xgb" if which == "kept" else "lgb"
    first, second = (folder / part_of(folder, "onnx", name)["file"] for name in ("rf", other))
    first.write_bytes(second.read_bytes())
    reseal(folder)
    with pytest.raises(PartError, match=r"onnx rf|member rf in ONNX predicts .* otherwise"):
        load_model(folder)


def test_a_form_off_by_more_than_the_tolerance_is_refused(saved):
    golden = read(saved)["golden"]
    golden["raw"] = [[value + 2e-7 for value in row] for row in golden["raw"]]
    (saved / "manifest.json").write_bytes(with_digest(read(saved) | {"golden": golden}))
    with pytest.raises(PartError, match=r"member \w+ before calibration predicts"):
        load_model(saved)  # the libraries' own votes are held to 1e-9 and 1e-6


@pytest.mark.parametrize(
    "change",
    [
        {"role": "member"},
        {"role": "calibrator"},
        {"role": "code"},
        {"kind": "sklearn"},
        {"name": "lgb"},
        {"name": "xgb"},
    ],
)
def test_only_members_of_the_manifest_have_forms(change, saved):
    content = read(saved)
    part = next(p for p in content["parts"] if (p["role"], p["name"]) == ("onnx", "rf"))
    part.update(change)
    (saved / "manifest.json").write_bytes(with_digest(content))
    with pytest.raises(BundleError, match="are not those of the members"):
        load_model(saved)


def test_a_form_that_the_manifest_does_not_list_is_never_read(saved):
    content = read(saved)
    content["parts"] = [part for part in content["parts"] if part["role"] != "onnx"]
    (saved / "manifest.json").write_bytes(with_digest(content))
    assert load_model(saved).ensemble_.onnx_ == {}


@pytest.mark.parametrize("role", ["member", "onnx"])
@pytest.mark.parametrize("fault", ["missing", "cut", "longer", "another model's"])
def test_a_part_that_is_missing_or_foreign_does_not_fit(role, fault, saved, tmp_path):
    path = saved / part_of(saved, role, "xgb")["file"]
    if fault == "missing":
        path.unlink()
    elif fault == "cut":
        path.write_bytes(path.read_bytes()[:-1])
    elif fault == "longer":
        path.write_bytes(path.read_bytes() + b" ")
    else:
        other = trained(("xgb",), seed=7).save(tmp_path / "other")
        path.write_bytes((other / part_of(other, role, "xgb")["file"]).read_bytes())
    for kind in (PartError, BundleError, ModelCompatibilityError):
        with pytest.raises(kind, match=path.name):
            load_model(saved)


@pytest.mark.parametrize("role", ["member", "onnx"])
def test_a_foreign_part_with_its_digest_set_right_is_found_by_its_votes(role, saved, tmp_path):
    other = trained(("xgb",), seed=7).save(tmp_path / "other")
    foreign = (other / part_of(other, role, "xgb")["file"]).read_bytes()
    (saved / part_of(saved, role, "xgb")["file"]).write_bytes(foreign)
    reseal(saved)
    with pytest.raises(PartError, match=r"member xgb .*another model's"):
        load_model(saved)


def test_without_the_runtime_the_libraries_predict_and_it_is_reported_once(saved, no_runtime):
    with pytest.warns(BtFusionWarning, match=r"forms of rf, xgb, .*bt-fusion\[onnx\]") as caught:
        loaded = load_model(saved)
    assert len(caught) == 1
    assert loaded.ensemble_.onnx_ == {}
    np.testing.assert_array_equal(loaded.predict(BARS).votes, library_votes(loaded))
    with pytest.warns(BtFusionWarning):
        checks = load_saved(saved).checks
    assert "not run" in checks["part onnx rf"] and "member rf in ONNX" not in checks


def test_without_the_runtime_files_are_inspected_all_the_same(saved, no_runtime):
    path = saved / part_of(saved, "onnx", "rf")["file"]
    path.write_bytes(path.read_bytes()[:-20])
    reseal(saved)
    with pytest.raises(BundleError, match="onnx rf"):
        load_model(saved)


def test_calibrated_members_miss_nothing_without_the_runtime(calibrated, no_runtime):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = load_model(calibrated)
    assert loaded.ensemble_.onnx_ == {}


def test_a_form_of_no_member_is_not_saved(tmp_path):
    model = trained(("xgb",))
    model.ensemble_.onnx_["rf"] = model.ensemble_.onnx_["xgb"]
    with pytest.raises(OptionError, match=r"onnx_ holds \['rf'\], members \['xgb'\]"):
        model.save(tmp_path / "model")


def test_something_else_than_a_form_is_not_saved(tmp_path):
    model = trained(("xgb",))
    model.ensemble_.onnx_ = {"xgb": model.ensemble_.members_["xgb"]}
    with pytest.raises(BundleError, match="are not those of the members"):
        model.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_the_checks_name_everything_that_was_compared(saved):
    checks = load_saved(saved).checks
    compared = [what for what in checks if what.startswith(("member", "the"))]
    members = ("rf", "xgb", "svm")
    assert compared == [
        *(f"member {name}" for name in members),
        *(f"member {name} before calibration" for name in members),
        *(f"member {name} in ONNX" for name in ("rf", "xgb")),
        "the ensemble",
    ]
    assert checks["manifest"].endswith(describe(saved)["digest"])
    assert checks["files"].startswith("5 files") and "1e-05 allowed" in checks["member rf in ONNX"]
    assert json.dumps(checks)
