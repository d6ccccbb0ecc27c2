"""Models beside the first one: a bundle keeps them without knowing what they are for."""

import numpy as np
import pytest

from benchmarks.fault_kinds import read
from bt_fusion import BundleError, Ensemble, ModelCompatibilityError, SignalModel
from bt_fusion.bundle import LaterModel, describe, load_saved
from bt_fusion.bundle.later.kinds import CLASSES, model_class
from bt_fusion.bundle.manifest import with_digest
from bt_fusion.data.samples import planted_edge

X = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)


class Pair(SignalModel):
    """A signal with a calibrated ensemble beside it."""

    kind = "pair"

    def later_models(self):
        ensemble = Ensemble(["lr", "svm"], calibration="sigmoid").fit(X, Y, classes=(0, 1))
        facts, sample = {"rows": len(X)}, X[:20].astype(float)
        other = LaterModel("idle", ("one",), {}, {"rows": 0})
        return [
            LaterModel("second", ("one", "two"), {"a": 0.5}, facts, ensemble, {}, sample),
            other,
        ]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setitem(CLASSES, "pair", (__name__, "Pair"))
    model = Pair(["wick_balance"], ensemble=Ensemble(["lr"])).fit(planted_edge(400))
    return model.save(tmp_path / "model")


def test_what_was_saved_comes_back(folder):
    saved = load_saved(folder)
    second, idle = saved.later
    assert (saved.kind, second.name, second.columns) == ("pair", "second", ("one", "two"))
    assert (second.options, second.facts) == ({"a": 0.5}, {"rows": 300})
    fresh = Ensemble(["lr", "svm"], calibration="sigmoid").fit(X, Y, classes=(0, 1))
    np.testing.assert_allclose(second.ensemble.predict_proba(X), fresh.predict_proba(X), atol=1e-12)
    np.testing.assert_array_equal(second.sample, X[:20])
    assert second.fitted and not idle.fitted and idle.predicted() == {}
    for name in ("lr", "svm"):
        assert saved.checks[f"second: member {name}"] == "the same on 20 stored rows"
        assert f"part second calibrator {name}" in saved.checks


def test_it_is_loaded_as_its_own_class(folder):
    assert type(SignalModel.load(folder)) is Pair
    card = describe(folder)
    assert [each["libraries"] for each in card["later"]] == [["numpy", "scikit-learn", "skops"], []]


def test_an_unknown_kind_is_reported(folder, monkeypatch):
    monkeypatch.delitem(CLASSES, "pair")
    with pytest.raises(ModelCompatibilityError, match="kind 'pair'; known here: signal, man"):
        SignalModel.load(folder)


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "No Name", "its name or its columns cannot be"),
        ("columns", [], "its name or its columns cannot be"),
        ("options", {"a": [1]}, "a are no numbers"),
        ("options", {"[red]": 1}, r"\[red\] are no numbers"),
        ("facts", {"a": 1e300}, "a are no numbers"),
        ("facts", {f"n{number}": 1 for number in range(99)}, "too many are no numbers"),
        ("ensemble", [], "of no ensemble"),
        ("size", 3, r"extra \['size'\]"),
    ],
)
def test_entries_that_cannot_be_are_refused_by_card_and_load(field, value, message, folder):
    content = read(folder)
    content["later"][0][field] = value
    (folder / "manifest.json").write_bytes(with_digest(content))
    for ask in (describe, load_saved):
        with pytest.raises(BundleError, match=message):
            ask(folder)


def test_kinds_are_subclasses_of_the_signal_model():
    assert all(issubclass(model_class(kind), SignalModel) for kind in CLASSES)
