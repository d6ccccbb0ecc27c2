"""Kinds of fitted parts in a bundle: (dump, inspect, build) for each, selected by type."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bt_fusion.bundle.expected import Expected
from bt_fusion.bundle.parts import (
    histogram_forest as forest_part,
)
from bt_fusion.bundle.parts import (
    lightgbm as lightgbm_part,
)
from bt_fusion.bundle.parts import (
    lightgbm_regressor as regressor_part,
)
from bt_fusion.bundle.parts import (
    lstm as lstm_part,
)
from bt_fusion.bundle.parts import (
    onnx as onnx_part,
)
from bt_fusion.bundle.parts import (
    sklearn as sklearn_part,
)
from bt_fusion.bundle.parts import (
    xgboost as xgboost_part,
)
from bt_fusion.bundle.parts.allowed_types import TRUSTED
from bt_fusion.ensemble.onnx_export import TOLERANCE
from bt_fusion.errors import BtFusionError, BundleError, OptionError
from bt_fusion.plugins import user_modules

__all__ = [
    "KINDS",
    "REGRESSOR",
    "Kind",
    "build_part",
    "dump_part",
    "is_of_plugin",
    "kind_named",
    "kind_of",
    "libraries_of",
]


@dataclass(frozen=True)
class Kind:
    """How to write and read one kind of fitted part.

    Attributes
    ----------
    name, suffix : str
        In the manifest, and of the file.
    libraries : tuple of str
        Distributions whose versions matter for it.
    tolerance : float
        Largest difference of probabilities on the golden rows: 1e-9 if a library computes in
        float64, 1e-6 in float32, whose last digits differ between processors, and for ONNX the
        tolerance of its export.
    accepts : callable
        Returns whether a fitted estimator is of this kind, without importing other libraries.
    dump : callable
        Estimator and feature names to bytes.
    inspect : callable
        Bytes and `Expected` to the input of `build`, after every check possible before a native
        library reads it.
    build : callable
        The result of `inspect`, and `Expected`, to the fitted estimator.
    """

    name: str
    suffix: str
    libraries: tuple[str, ...]
    tolerance: float
    accepts: Callable[[Any], bool]
    dump: Callable[[Any, tuple[str, ...]], bytes]
    inspect: Callable[[bytes, Expected], Any]
    build: Callable[[Any, Expected], Any]


def _is(module: str, name: str) -> Callable[[Any], bool]:
    return lambda part: (type(part).__module__.split(".")[0], type(part).__name__) == (module, name)


def _is_trusted(part: Any) -> bool:
    return f"{type(part).__module__}.{type(part).__qualname__}" in TRUSTED


def is_of_plugin(part: Any) -> bool:
    """Return whether an estimator's class is in a file that has registered something."""
    return type(part).__module__ in {module.__name__ for module in user_modules().values()}


KINDS: tuple[Kind, ...] = (
    Kind(
        "xgboost",
        "json",
        ("xgboost",),
        1e-6,
        _is("xgboost", "XGBClassifier"),
        xgboost_part.dump,
        xgboost_part.inspect,
        xgboost_part.build,
    ),
    Kind(
        "histogram_forest",
        "json",
        ("xgboost",),
        1e-6,
        _is("bt_fusion", "HistogramForest"),
        forest_part.dump,
        forest_part.inspect,
        forest_part.build,
    ),
    Kind(
        "lightgbm",
        "txt",
        ("lightgbm",),
        1e-9,
        _is("lightgbm", "LGBMClassifier"),
        lightgbm_part.dump,
        lightgbm_part.inspect,
        lightgbm_part.build,
    ),
    Kind(
        "lstm",
        "safetensors",
        ("torch", "safetensors"),
        1e-6,
        _is("bt_fusion", "LSTMClassifier"),
        lstm_part.dump,
        lstm_part.inspect,
        lstm_part.build,
    ),
    Kind(
        "onnx",
        "onnx",
        (),
        TOLERANCE,
        _is("bt_fusion", "OnnxMember"),
        onnx_part.dump,
        onnx_part.inspect,
        onnx_part.build,
    ),
    Kind(
        "sklearn",
        "skops",
        ("scikit-learn", "skops", "numpy"),
        1e-9,
        lambda part: _is_trusted(part) or is_of_plugin(part),
        sklearn_part.dump,
        sklearn_part.inspect,
        sklearn_part.build,
    ),
)

# Not a kind of member: members are classifiers
REGRESSOR = Kind(
    "lightgbm_regressor",
    "txt",
    ("lightgbm",),
    1e-9,
    _is("lightgbm", "LGBMRegressor"),
    regressor_part.dump,
    regressor_part.inspect,
    regressor_part.build,
)


def kind_of(part: Any, name: str, kinds: Sequence[Kind] = KINDS) -> Kind:
    """Return the kind of a fitted part.

    Raises
    ------
    OptionError
        If no kind can hold it.
    """
    for kind in kinds:
        if kind.accepts(part):
            return kind
    raise OptionError(
        f"{name}: a {type(part).__module__}.{type(part).__name__} cannot be saved without pickle; "
        "docs/extending.md lists what can. A walk-forward needs no saving: backtest --members"
    )


def kind_named(name: str) -> Kind:
    """Return a kind by its name in a manifest."""
    for kind in KINDS:
        if kind.name == name:
            return kind
    raise BundleError(f"unknown kind of part {name!r}; known: {[kind.name for kind in KINDS]}")


def libraries_of(content: dict[str, Any]) -> list[str]:
    """Return the distributions that a manifest's parts depend on, sorted."""
    later = [part for model in content["later"] for part in model["parts"]]
    names = {part["kind"] for part in (*content["parts"], *later)}
    kinds = [REGRESSOR if name == REGRESSOR.name else kind_named(name) for name in names]
    return sorted({library for kind in kinds for library in kind.libraries})


def dump_part(
    part: Any, name: str, features: tuple[str, ...], kinds: Sequence[Kind] = KINDS
) -> tuple[Kind, bytes]:
    """Return a fitted part's kind and bytes; OptionError if it cannot be written."""
    kind = kind_of(part, name, kinds)
    try:
        return kind, kind.dump(part, features)
    except BtFusionError:
        raise
    except Exception as error:  # writing its attributes may raise anything
        raise OptionError(
            f"{name}: a {type(part).__name__} cannot be saved without pickle: {error}; what it "
            "keeps must be numbers, texts, arrays and scikit-learn's classifiers"
        ) from error


def build_part(kind: Kind, step: Callable[..., Any], data: Any, expected: Expected) -> Any:
    """Inspect or build a part; any error of a library on broken input becomes our error."""
    try:
        return step(data, expected)
    except BtFusionError:
        raise
    except Exception as error:
        raise BundleError(
            f"{expected.name} is not a sound {kind.name} part: {type(error).__name__}: "
            f"{str(error)[:300]}; train or save the model again"
        ) from error
