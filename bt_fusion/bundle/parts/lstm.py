"""LSTM members as safetensors: the network's weights, its scaler and its parameters."""

import json
import struct
from typing import Any

import numpy as np

from bt_fusion.bundle.expected import Expected, check_features
from bt_fusion.bundle.manifest import read_json
from bt_fusion.errors import BundleError

__all__ = ["build", "dump", "inspect"]

INTEGERS = ("window", "hidden", "batch_rows", "max_epochs", "patience", "seed")
FRACTIONS = ("dropout", "learning_rate", "weight_decay")
LARGEST = {"window": 10_000, "hidden": 4_096}  # limits on what a file may allocate
GATES = 4  # an LSTM cell has four gates, whose weights are stacked


def dump(estimator: Any, features: tuple[str, ...]) -> bytes:
    """Return the network, scaler and parameters as one safetensors file."""
    from safetensors.numpy import save

    arrays = {f"module.{k}": v.numpy() for k, v in estimator.module_.state_dict().items()}
    arrays |= {
        "scaler.mean": estimator.scaler_.mean_,
        "scaler.scale": estimator.scaler_.scale_,
        "losses": np.asarray(estimator.losses_, dtype=np.float64),
        "classes": np.asarray(estimator.classes_, dtype=np.int64),
    }
    about = {"features": list(features), "parameters": estimator.get_params()}
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return save(contiguous, metadata={"about": json.dumps(about)})


def inspect(data: bytes, expected: Expected) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Check parameters, names, shapes and values; return parameters and arrays."""
    from safetensors.numpy import load

    (length,) = struct.unpack("<Q", data[:8])
    header = read_json(data[8 : 8 + min(length, len(data))], expected.name)
    about = read_json(str(header["__metadata__"]["about"]).encode(), expected.name)
    check_features(expected.features, tuple(map(str, about["features"])), expected.name)
    parameters = _parameters(about["parameters"], expected.name)
    arrays = load(data)
    shapes = _shapes(len(expected.features), parameters["hidden"], expected.n_classes)
    found = {name: array.shape for name, array in arrays.items() if name != "losses"}
    if found != shapes or arrays.keys() != {*shapes, "losses"}:
        raise BundleError(f"{expected.name} holds arrays {str(found)[:200]}, not {shapes}")
    for name, array in arrays.items():
        wanted = "i8" if name == "classes" else "f4" if name.startswith("module.") else "f8"
        if array.dtype != np.dtype(wanted) or not np.isfinite(array).all():
            raise BundleError(f"{expected.name}: {name} is not finite {wanted}")
    if (arrays["scaler.scale"] <= 0).any() or arrays["losses"].ndim != 1:
        raise BundleError(f"{expected.name}: its scaler or its losses are not sound")
    if arrays["classes"].tolist() != list(range(expected.n_classes)):
        raise BundleError(f"{expected.name}: classes {arrays['classes'].tolist()[:9]}")
    return parameters, arrays


def build(checked: tuple[dict[str, Any], dict[str, np.ndarray]], expected: Expected) -> Any:
    """Return the fitted classifier."""
    from bt_fusion.ensemble.members.registry import require_library

    require_library("lstm", "leave the lstm out and train again")
    import torch
    from sklearn.preprocessing import StandardScaler

    from bt_fusion.ensemble.members.lstm import LSTMClassifier
    from bt_fusion.ensemble.members.lstm_network import Network

    parameters, arrays = checked
    estimator = LSTMClassifier(**parameters)
    estimator.sizes_ = (len(expected.features), estimator.hidden, expected.n_classes)
    network = Network(*estimator.sizes_, estimator.dropout)
    weights = {k[7:]: torch.from_numpy(v) for k, v in arrays.items() if k.startswith("module.")}
    network.load_state_dict(weights)
    estimator.module_ = network.eval()
    scaler = StandardScaler()
    scaler.mean_, scaler.scale_ = arrays["scaler.mean"], arrays["scaler.scale"]
    scaler.var_, scaler.n_features_in_ = scaler.scale_**2, len(expected.features)
    estimator.scaler_, estimator.n_features_in_ = scaler, len(expected.features)
    estimator.classes_, estimator.losses_ = arrays["classes"], arrays["losses"].tolist()
    return estimator


def _parameters(given: Any, name: str) -> dict[str, Any]:
    """Check that every parameter is present, of its type and in bounds."""
    if not isinstance(given, dict) or given.keys() != {*INTEGERS, *FRACTIONS}:
        raise BundleError(f"{name}: parameters {sorted(given)[:12]} of an LSTM")
    for key in INTEGERS:
        least = 0 if key == "seed" else 1
        if type(given[key]) is not int or not least <= given[key] <= LARGEST.get(key, 2**31):
            raise BundleError(f"{name}: {key} is {str(given[key])[:40]}")
    for key in FRACTIONS:
        if type(given[key]) not in (int, float) or not 0 <= given[key] < 1e3:
            raise BundleError(f"{name}: {key} is {str(given[key])[:40]}")
    if given["dropout"] >= 1:
        raise BundleError(f"{name}: dropout {given['dropout']} is no share")
    return given


def _shapes(features: int, hidden: int, classes: int) -> dict[str, tuple[int, ...]]:
    return {
        "module.lstm.weight_ih_l0": (GATES * hidden, features),
        "module.lstm.weight_hh_l0": (GATES * hidden, hidden),
        "module.lstm.bias_ih_l0": (GATES * hidden,),
        "module.lstm.bias_hh_l0": (GATES * hidden,),
        "module.head.weight": (classes, hidden),
        "module.head.bias": (classes,),
        "scaler.mean": (features,),
        "scaler.scale": (features,),
        "classes": (classes,),
    }
