"""The certificate of what is saved: who agrees, who does not and why, and what is not saved."""

import json
from copy import copy
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.fault_kinds import read, reseal
from bt_fusion import (
    BtFusionWarning,
    BundleError,
    Ensemble,
    SignalModel,
    export_onnx,
    feature,
    load_model,
    load_onnx,
    load_plugin,
    plugins,
)
from bt_fusion.bundle import describe
from bt_fusion.bundle.golden import golden_rows
from bt_fusion.bundle.manifest import with_digest
from bt_fusion.data.samples import planted_edge
from bt_fusion.ensemble.members.registry import MEMBERS
from bt_fusion.ensemble.onnx_export import missing_libraries
from bt_fusion.features import REGISTRY
from bt_fusion.models.parity.causes import last_digit_bars
from bt_fusion.models.parity.certificate import certificate, compared_bars
from bt_fusion.models.parity.comparison import Difference, joined
from bt_fusion.models.parity.ways import from_bars, from_rows
from bt_fusion.report.checks.parity import parity_lines

BARS = planted_edge(900, seed=3, auc=0.8)
MEMBER = """
import numpy as np
from sklearn.naive_bayes import GaussianNB
from bt_fusion import member


class Mine(GaussianNB):
    {body}


@member("mine")
def mine(seed):
    return Mine()
"""
# Each row is moved by the one before it in the same call: bar by bar there is none
NEIGHBOUR = """def predict_proba(self, X):
        proba = super().predict_proba(X)
        return (proba + np.vstack([proba[:1], proba[:-1]])) / 2"""
# One training row is known by heart, and its file does not keep it
BY_HEART = """def fit(self, X, y, sample_weight=None):
        self._row = X[-60].copy()
        return super().fit(X, y, sample_weight)

    def __getstate__(self):
        return {k: v for k, v in self.__dict__.items() if k != "_row"}

    def predict_proba(self, X):
        proba = super().predict_proba(X)
        known = (X == getattr(self, "_row", np.nan)).all(axis=1)
        return np.where(known[:, None], [[0.0, 1.0]], proba)"""


@pytest.fixture(autouse=True)
def registers():
    """Put the registers back as they were."""
    kept = [(register, dict(register)) for register in (REGISTRY, MEMBERS, plugins.LOADED)]
    yield
    for register, content in kept:
        register.clear()
        register.update(content)


def of_member(body, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(MEMBER.format(body=body))
    load_plugin(file)
    return SignalModel(["wick_balance", "return_1"], ensemble=Ensemble(["lr", "mine"])).fit(BARS)


@pytest.fixture(scope="module")
def model():
    ensemble = Ensemble(["lr", "lgb", "rf"])
    return SignalModel(["wick_balance", "return_1", "rsi_14"], ensemble=ensemble).fit(BARS)


def lines_of(folder):
    return {line["way"]: line for line in read(folder)["parity"]}


def test_an_honest_model_agrees_in_every_way_that_is_there(model, tmp_path):
    folder = model.save(tmp_path / "model")
    lines = lines_of(folder)
    assert list(lines) == ["bar by bar", "reloaded", "ONNX"]
    for way in ("bar by bar", "reloaded"):
        line = lines[way]
        assert line["agrees"] is True and line["bars"] == 216 and line["unknown"] == 7
        assert line["probability"] <= line["tolerance"] == 1e-6
        assert (line["signals"], line["differing"], line["first"]) == (0, 0, None)
    assert lines["ONNX"]["agrees"] is None and lines["ONNX"]["probability"] is None
    assert describe(folder)["parity"] == read(folder)["parity"]
    assert len(load_model(folder).predict(BARS, allow_in_sample=True)) == len(BARS)


def test_a_loaded_model_is_compared_on_the_bars_that_it_has(model, tmp_path):
    again = load_model(model.save(tmp_path / "model")).save(tmp_path / "again")
    lines = lines_of(again)
    assert lines["bar by bar"]["bars"] == len(model.tail_) == 15 + 16
    assert lines["bar by bar"]["agrees"] is lines["reloaded"]["agrees"] is True


@pytest.mark.slow
def test_a_memory_that_is_too_short_is_reported_with_its_feature_and_first_bar(tmp_path):
    @feature("drifting", lookback=1, memory=3)
    def drifting(bars):
        return np.cumsum(bars.close - bars.open)

    options = {"ensemble": Ensemble(["lr"]), "causality_check": False}
    model = SignalModel(["wick_balance", drifting], **options).fit(BARS)
    with pytest.warns(BtFusionWarning, match="feature drifting; it was saved anyway"):
        folder = model.save(tmp_path / "model")
    line = lines_of(folder)["bar by bar"]
    assert line["agrees"] is False and line["features"] == ["drifting"] and not line["members"]
    assert line["probability"] > 1e-3 and line["differing"] > 150
    times = {str(time) for time in BARS.index}
    assert line["first"] in times
    assert lines_of(folder)["reloaded"]["agrees"] is True
    text = parity_lines(describe(folder)["parity"])["parity bar by bar"]
    assert text.startswith(f"DIFFERS on {line['differing']} of 216 training bars, the first ")
    assert text.endswith("; features drifting")
    assert load_model(folder).n_rows_ == model.n_rows_


def test_a_feature_that_fails_bar_by_bar_is_reported(tmp_path):
    @feature("two_bars", lookback=1)
    def two_bars(bars):
        return np.append(np.diff(bars.close), 0) / np.diff(bars.close)[0]

    options = {"ensemble": Ensemble(["lr"]), "causality_check": False}
    model = SignalModel([two_bars], **options).fit(BARS)
    with pytest.warns(BtFusionWarning, match="bar by bar, the model fails on the bar .*IndexErr"):
        folder = model.save(tmp_path / "model")
    line = lines_of(folder)["bar by bar"]
    assert line["agrees"] is False and line["first"] == str(BARS.index[0])
    text = parity_lines(describe(folder)["parity"])["parity bar by bar"]
    assert text.startswith(f"DIFFERS: on the bar {BARS.index[0]} it fails: IndexError: index 0 is")


def test_a_member_that_looks_at_its_neighbours_is_named(tmp_path):
    model = of_member(NEIGHBOUR, tmp_path)
    with pytest.warns(BtFusionWarning, match="member mine; it was saved anyway"):
        folder = model.save(tmp_path / "model")
    line = lines_of(folder)["bar by bar"]
    assert line["agrees"] is False and line["members"] == ["mine"] and not line["features"]
    assert line["probability"] > 0.01


def test_a_member_that_loses_something_in_its_file_is_not_saved(tmp_path):
    model = of_member(BY_HEART, tmp_path)
    row = model.ensemble_.members_["mine"]._row
    assert not (golden_rows(model) == row).all(axis=1).any()  # what loading checks cannot see it
    target = tmp_path / "model"
    before = SignalModel(["gap"], ensemble=Ensemble(["lr"])).fit(BARS).save(target)
    kept = {path.name: path.read_bytes() for path in before.iterdir()}
    with pytest.raises(
        BundleError, match=r"reloaded, .* 1 of 216 .*member mine; nothing was saved"
    ):
        model.save(target)
    assert {path.name: path.read_bytes() for path in target.iterdir()} == kept
    assert [path.name for path in tmp_path.iterdir() if "saving" in path.name] == []


def test_another_model_in_place_of_the_reloaded_one_is_refused(model):
    other = SignalModel(model.features, ensemble=Ensemble(["lr", "lgb", "rf"], seed=1))
    other.fit(BARS[:600])
    with pytest.raises(BundleError, match=r"training bars differently .*; member \w+"):
        certificate(model, other)


@pytest.mark.slow_after(1)
@pytest.mark.skipif(
    bool(missing_libraries("onnx", "onnxruntime", "skl2onnx")), reason="needs the extra onnx"
)
@pytest.mark.parametrize("calibration", [None, "sigmoid"])
def test_onnx_forms_are_compared_and_a_wrong_one_is_named(calibration, tmp_path):
    ensemble = Ensemble(["lr", "lgb", "svm"], calibration=calibration)
    model = SignalModel(["wick_balance", "return_1"], ensemble=ensemble).fit(BARS)
    forms = load_onnx(export_onnx(model.ensemble_, golden_rows(model)))
    model.ensemble_.onnx_ = forms
    line = lines_of(model.save(tmp_path / "model"))["ONNX"]
    assert line["agrees"] is True and line["bars"] == 216 and line["tolerance"] == 1e-5
    assert line["reason"] == "no form of svm" and 0 <= line["probability"] <= 1e-6
    wrong = copy(model)
    wrong.ensemble_ = copy(model.ensemble_)
    wrong.ensemble_.onnx_ = {"lr": forms["lr"], "lgb": forms["lr"]}
    with pytest.warns(BtFusionWarning, match="ONNX, the model predicts .* member lgb"):
        (*_, line) = certificate(wrong, wrong)
    assert line["agrees"] is False and line["members"] == ["lgb"]


def test_an_altered_part_or_certificate_does_not_load(model, tmp_path):
    folder = model.save(tmp_path / "model")
    manifest = folder / "manifest.json"
    text = manifest.read_text()
    manifest.write_text(text.replace('"agrees": true', '"agrees": null', 1))
    for ask in (load_model, describe):
        with pytest.raises(BundleError, match="altered"):
            ask(folder)
    content = json.loads(text)
    content["parity"][0]["agrees"] = "yes"
    manifest.write_bytes(with_digest(content))
    with pytest.raises(BundleError, match=r"parity\[0\]\.agrees is 'yes', not bool or NoneType"):
        load_model(folder)
    manifest.write_text(text)
    other = SignalModel(model.features, ensemble=Ensemble(["lr", "lgb", "rf"], seed=1))
    other.fit(BARS[:600]).save(tmp_path / "other")
    next(folder.glob("member-lgb.*")).write_bytes(
        next((tmp_path / "other").glob("member-lgb.*")).read_bytes()
    )
    reseal(folder)
    with pytest.raises(BundleError, match="member lgb predicts"):
        load_model(folder)


@pytest.mark.slow
def test_a_model_without_a_certificate_loads_and_says_so(model, tmp_path):
    folder = model.save(tmp_path / "model")
    content = read(folder)
    for name in ("parity", "kind", "later", "spacing", "reference"):  # came with schema 5, or in it
        del content[name]
    del content["golden"]["later"], content["golden"]["others"]
    content["schema"] = 4
    (folder / "manifest.json").write_bytes(with_digest(content))
    assert load_model(folder).n_rows_ == model.n_rows_
    lines = parity_lines(describe(folder)["parity"])
    assert lines == {"parity": "not compared (saved by an earlier version)"}


def test_a_last_digit_is_told_from_a_wrong_feature(model):
    """Let the batch see other last digits, so that trees at thresholds give other votes."""
    bars = [replace(part, X=part.X.copy()) for part in compared_bars(model)]
    streamed = joined(from_bars(model, each) for each in bars)
    known = np.flatnonzero(streamed.known)
    first, second = known[40], known[90]
    position = bars[1].rows[second - bars[0].count]
    bars[1].X[position] += 1.0  # a wrong row
    edge = bars[1].rows[first - bars[0].count]
    bars[1].X[edge] = np.nextafter(bars[1].X[edge], np.float32(np.inf))
    batch = joined(from_rows(model, each) for each in bars)
    batch.votes[first] = batch.votes[first][:, ::-1]  # as if a threshold lay between the two
    found = Difference(batch, streamed, 1e-6)
    assert found.bars[[first, second]].all() and found.bars.sum() == 2
    alike = last_digit_bars(model, bars, found)
    assert np.flatnonzero(alike).tolist() == [first]
    line = found.compared("bar by bar", alike)
    assert (line.last_digit, line.differing, line.agrees) == (1, 1, False)
    assert line.first == str(batch.index[second])
