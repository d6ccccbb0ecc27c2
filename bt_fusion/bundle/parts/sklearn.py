"""scikit-learn estimators (and the project's own based on them) in skops."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from bt_fusion.bundle.expected import Expected
from bt_fusion.bundle.parts.allowed_types import TRUSTED
from bt_fusion.bundle.parts.skops_file import checked_file, with_features
from bt_fusion.errors import BundleError

__all__ = ["build", "dump", "inspect"]

KERNELS = ("linear", "poly", "rbf", "sigmoid")


def dump(estimator: Any, features: tuple[str, ...]) -> bytes:
    """Return the estimator as a skops file, with the feature names."""
    from skops.io import dumps

    return with_features(dumps(estimator), features)


def inspect(data: bytes, expected: Expected) -> bytes:
    """Check types, contents and trees; return the file in the form that skops reads."""
    return checked_file(data, expected)


def build(data: bytes, expected: Expected) -> Any:
    """Return the estimator, after checking the data that native code will read."""
    from skops.io import get_untrusted_types, loads

    # other names are of plug-ins: `inspect` only accepts TRUSTED and these
    own = get_untrusted_types(data=data)
    estimator = loads(data, trusted=[*TRUSTED, *own])
    for part in _inside(estimator, depth=0):
        # unfitted ones are templates: they refuse to predict before calling libsvm
        if type(part).__name__ == "SVC" and hasattr(part, "support_vectors_"):
            _check_svc(part, expected.name)
        elif {"coef_", "intercept_", "classes_"} <= getattr(part, "__dict__", {}).keys():
            _check_linear(part, expected.name)
    return estimator


def _check_linear(model: Any, name: str) -> None:
    """Check that a linear model has one row of finite coefficients per class, one for two."""
    rows = 1 if len(model.classes_) == 2 else len(model.classes_)
    valid = model.coef_.shape == (rows, model.n_features_in_) and model.intercept_.shape == (rows,)
    if not (valid and np.isfinite(model.coef_).all() and np.isfinite(model.intercept_).all()):
        raise BundleError(f"{name}: coefficients of a linear model are not {rows} finite rows")


def _inside(value: Any, depth: int) -> Iterator[Any]:
    """Yield every object inside a value, itself first."""
    if depth > 60:
        raise BundleError("a part holds itself")
    inner: Any
    if isinstance(value, dict):
        inner = value.values()
    elif isinstance(value, list | tuple):
        inner = value
    elif hasattr(value, "__dict__"):
        yield value
        inner = vars(value).values()
    else:
        return
    for item in inner:
        yield from _inside(item, depth + 1)


def _check_svc(svc: Any, name: str) -> None:
    """Check every array that libsvm reads against the other counts, and its options."""
    classes, vectors = len(svc.classes_), svc.support_vectors_
    count = len(vectors)
    pairs = classes * (classes - 1) // 2
    shapes = {
        "support_": ((count,), np.int32),
        "support_vectors_": ((count, svc.n_features_in_), np.float64),
        "_n_support": ((classes,), np.int32),
        "_dual_coef_": ((classes - 1, count), np.float64),
        "_intercept_": ((pairs,), np.float64),
    }
    for key, (shape, dtype) in shapes.items():
        array = getattr(svc, key)
        if array.shape != shape or array.dtype != dtype or not np.isfinite(array).all():
            raise BundleError(
                f"{name}: {key} of its SVC is {array.shape} {array.dtype}, not {shape}"
            )
    curves = {len(svc._probA), len(svc._probB)}
    plain = svc.kernel in KERNELS and svc._sparse is False and isinstance(svc._gamma, float)
    valid = (svc._n_support >= 0).all() and svc._n_support.sum() == count and classes >= 2
    for public in ("dual_coef_", "intercept_"):  # the same numbers, some with another sign
        if not np.array_equal(np.abs(getattr(svc, public)), np.abs(getattr(svc, f"_{public}"))):
            valid = False
    if not (plain and valid and curves in ({0}, {pairs})):
        raise BundleError(f"{name}: the support vectors of its SVC do not add up")
