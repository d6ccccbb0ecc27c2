"""LSTM members in saved models: the same predictions, and no broken file gets as far as torch."""

import json
import struct

import numpy as np
import pytest

pytest.importorskip("skorch")
pytest.importorskip("safetensors")

from bt_fusion import Direction, Ensemble, SignalModel
from bt_fusion.bundle.expected import Expected
from bt_fusion.bundle.parts.registry import build_part, dump_part
from bt_fusion.errors import BundleError, ModelCompatibilityError

FEATURES = ("return_1", "wick_balance")


@pytest.fixture(scope="module")
def model(edge):
    ensemble = Ensemble(("lstm", "lr"), calibration="sigmoid")
    return SignalModel(FEATURES, Direction(5), ensemble).fit(edge[:900])


@pytest.fixture(scope="module")
def part(model):
    return dump_part(model.ensemble_.members_["lstm"], "member lstm", FEATURES)


def read(kind, data, features=FEATURES, classes=2):
    expected = Expected("member lstm", features, classes)
    return build_part(kind, kind.build, build_part(kind, kind.inspect, data, expected), expected)


def rewritten(data, change):
    """The file with its header changed."""
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data[8 + length :]


def set_about(header, key, value):
    about = json.loads(header["__metadata__"]["about"])
    about["parameters"][key] = value
    header["__metadata__"]["about"] = json.dumps(about)


def test_saved_and_loaded_it_predicts_the_same(model, edge, tmp_path):
    loaded = SignalModel.load(model.save(tmp_path / "model"))
    assert list(loaded.ensemble_.members_) == ["lstm", "lr"]
    np.testing.assert_array_equal(loaded.predict(edge).votes, model.predict(edge).votes)


def test_the_part_alone(part, model):
    kind, data = part
    member = read(kind, data)
    X = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    original = model.ensemble_.members_["lstm"]
    np.testing.assert_array_equal(member.predict_proba(X), original.predict_proba(X))
    assert member.get_params() == original.get_params()
    assert kind.dump(member, FEATURES) == data


def test_other_features_are_named(part):
    with pytest.raises(ModelCompatibilityError, match="missing: gap; extra: wick_balance"):
        read(*part, features=("return_1", "gap"))


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header.pop("__metadata__"),
        lambda header: header.pop("module.head.bias"),
        lambda header: header.update(extra=header["scaler.mean"]),
        lambda header: header["scaler.mean"].update(dtype="F32"),
        lambda header: header["scaler.mean"].update(shape=[200_000_000_000]),
        lambda header: header["scaler.mean"].update(data_offsets=[0, 10**15]),
        lambda header: set_about(header, "hidden", 10**9),
        lambda header: set_about(header, "hidden", 8),
        lambda header: set_about(header, "window", 0),
        lambda header: set_about(header, "window", 10**12),
        lambda header: set_about(header, "dropout", 1.0),
        lambda header: set_about(header, "seed", "0"),
        lambda header: set_about(header, "code", "x"),
    ],
)
def test_an_edited_header_is_refused(change, part):
    kind, data = part
    with pytest.raises(BundleError):
        read(kind, rewritten(data, change))


def test_another_number_of_classes_is_refused(part):
    with pytest.raises(BundleError, match="holds arrays"):
        read(*part, classes=3)


def test_damage_anywhere_is_our_error_or_changes_finite_weights_only(part):
    kind, data = part
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        broken = bytearray(data)
        style = rng.integers(3)
        at = int(rng.integers(len(data)))
        if style == 0:
            broken[at] ^= 1 << int(rng.integers(8))
        elif style == 1:
            del broken[at:]
        else:
            broken[at : at + 64] = bytes(64)
        try:
            member = read(kind, bytes(broken))
        except (BundleError, ModelCompatibilityError):
            refused += 1
        else:  # a digest guards the weights' values; what is read must still be sound
            assert np.isfinite(member.predict_proba(np.zeros((3, 2), np.float32))).all()
    assert refused > 100
