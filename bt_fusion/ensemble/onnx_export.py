"""Members as ONNX: exported, compared with the original, and used in its place.

Trees and logistic regressions, with or without a scaler, are written from their own arrays, see
`onnx_graph`. skl2onnx converts other scikit-learn estimators, in float64: in float32 a scaler at
large prices changed probabilities by 0.14. The extra ``onnx`` is required.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import numpy as np

from bt_fusion.ensemble.members.best_member import chosen_estimator
from bt_fusion.ensemble.onnx_forms import LARGEST
from bt_fusion.ensemble.onnx_graph import Scaling, linear_graph, tree_graph
from bt_fusion.ensemble.training import member_proba
from bt_fusion.ensemble.trees import read_trees
from bt_fusion.errors import OptionError

__all__ = [
    "EXPORTING",
    "TOLERANCE",
    "Export",
    "OnnxMember",
    "export_member",
    "export_onnx",
    "load_member",
    "load_onnx",
    "missing_libraries",
    "require_onnx",
]

EXPORTING = ("onnx", "onnxruntime", "skl2onnx")  # libraries of the extra for an export
TOLERANCE = 1e-5  # largest difference of a probability for an export to be accepted
THRESHOLDS = (0.70, 0.60, 0.50, 0.40, 0.30)  # thresholds of signals and scores
FLOAT64_ROWS = ("LGBMClassifier",)  # they compare scaled rows in float64; others cast
DIGITS = 6  # of a probability: trees add up in float32, and 0.60 must reach a threshold of 0.60


@dataclass(frozen=True)
class Export:
    """The outcome of one member's export.

    Attributes
    ----------
    member : str
    content : bytes or None
        The ONNX file; None if the member was not exported.
    difference : float or None
        Largest difference of a probability from the original, None if nothing was compared.
    flips : dict of float to int
        For each threshold, the number of probabilities on the other side than the original, both
        rounded to six digits.
    reason : str
        Why it was not exported.
    """

    member: str
    content: bytes | None = field(default=None, repr=False)
    difference: float | None = None
    flips: Mapping[float, int] = field(default_factory=dict)
    reason: str = ""


class OnnxMember:
    """An exported member: single-threaded, the same numbers on every run.

    Parameters
    ----------
    content : bytes
        From `export_member`.

    Raises
    ------
    OptionError
        If onnxruntime is not installed, or cannot run the content.
    """

    def __init__(self, content: bytes):
        require_onnx("onnxruntime")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.use_deterministic_compute = True
        options.log_severity_level = 4  # errors are raised anyway
        options.add_session_config_entry("session.load_model_format", "ONNX")
        self.content = content
        try:
            self._session = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its exception classes share no base class
            raise OptionError(f"no ONNX model that can be run: {error}") from error

    def __reduce__(self):
        return OnnxMember, (self.content,)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities, rounded to six digits, shape (n_rows, n_classes)."""
        rows = np.ascontiguousarray(X, dtype=np.float64)
        return self._session.run(["probabilities"], {"rows": rows})[0].round(DIGITS)


def load_member(content: bytes) -> OnnxMember:
    """Return an exported member, ready to predict; raises as `OnnxMember`."""
    return OnnxMember(content)


def load_onnx(exported: Mapping[str, Export]) -> dict[str, OnnxMember]:
    """Return the exported members, for an ensemble's `onnx_`."""
    return {
        name: OnnxMember(export.content)
        for name, export in exported.items()
        if export.content is not None
    }


def export_member(estimator: Any, n_features: int) -> bytes:
    """Return a fitted member as ONNX: float64 rows in, probabilities out.

    Parameters
    ----------
    estimator : classifier
        A forest, XGBoost or LightGBM, a scikit-learn pipeline or linear model, or a
        `BestMember` of these.
    n_features : int

    Raises
    ------
    OptionError
        If it cannot be converted, or the extra ``onnx`` is missing.
    """
    require_onnx(*EXPORTING)
    estimator = chosen_estimator(estimator)
    scaling, core = _scaler_and_core(estimator)
    if _is_plain_regression(core):
        return linear_graph(core.coef_, core.intercept_, scaling)
    try:
        trees = read_trees(core)
    except OptionError:
        return _converted(estimator, n_features)
    if scaling is not None and type(core).__name__ in FLOAT64_ROWS:
        return _converted(estimator, n_features)
    return tree_graph(trees, n_features, scaling)


def export_onnx(ensemble: Any, X: np.ndarray) -> dict[str, Export]:
    """Export the members of a fitted ensemble if possible, and compare them with the originals.

    Members are exported before calibration. After ``ensemble.onnx_ = load_onnx(exported)`` the
    ensemble uses the exports of uncalibrated members; a saved model includes them as parts.

    Parameters
    ----------
    ensemble : Ensemble
        Fitted.
    X : ndarray of shape (n_rows, n_features)
        Golden rows to compare on, finite.

    Returns
    -------
    dict of str to Export
        One per member. With a difference above `TOLERANCE` it has no content.
    """
    require_onnx(*EXPORTING)
    X = np.ascontiguousarray(X, dtype=np.float32)
    return {name: _export(name, made, X) for name, made in ensemble.members_.items()}


def _export(name: str, estimator: Any, X: np.ndarray) -> Export:
    try:
        content = export_member(estimator, X.shape[1])
        if len(content) > LARGEST:
            raise OptionError(f"{len(content):,} bytes, more than {LARGEST:,}")
        now = load_member(content).predict_proba(X)
    except OptionError as error:
        return Export(name, reason=str(error))
    original = np.asarray(member_proba(estimator, X), dtype=np.float64)
    difference, flips = float(np.abs(now - original).max()), count_flips(original, now)
    if difference <= TOLERANCE:
        return Export(name, content, difference, flips)
    reason = f"differs from the original by {difference:.2g}, more than {TOLERANCE:.0e}"
    return Export(name, None, difference, flips, reason)


def count_flips(one: np.ndarray, other: np.ndarray) -> dict[float, int]:
    """Count the probabilities on different sides of each threshold, rounded to six digits.

    >>> count_flips(np.array([0.6, 0.3]), np.array([0.59999999, 0.31]))
    {0.7: 0, 0.6: 0, 0.5: 0, 0.4: 0, 0.3: 0}
    >>> count_flips(np.array([0.6, 0.3]), np.array([0.59999, 0.31]))[0.6]
    1
    """
    one, other = one.round(DIGITS), other.round(DIGITS)
    return {level: int(((one >= level) != (other >= level)).sum()) for level in THRESHOLDS}


def require_onnx(*libraries: str) -> None:
    """Raise an OptionError if a library of the extra ``onnx`` is missing."""
    missing = missing_libraries(*libraries)
    if missing:
        raise OptionError(
            f"ONNX needs {' and '.join(missing)}, not installed here: "
            "pip install 'bt-fusion[onnx]', or go on without ONNX"
        )


def missing_libraries(*libraries: str) -> list[str]:
    """Return the missing ones of the libraries."""
    return [name for name in libraries if find_spec(name) is None]


def _scaler_and_core(estimator: Any) -> tuple[Scaling | None, Any]:
    """Return the scaler, None if there is none, and the estimator after it."""
    steps = [step for _, step in getattr(estimator, "steps", [])]
    if len(steps) != 2 or type(steps[0]).__name__ != "StandardScaler":
        return None, estimator
    scaler, count = steps[0], steps[0].n_features_in_
    mean = scaler.mean_ if scaler.with_mean else np.zeros(count)
    scale = scaler.scale_ if scaler.with_std else np.ones(count)
    return Scaling(mean, scale), steps[1]


def _is_plain_regression(estimator: Any) -> bool:
    """Return whether the probabilities of a logistic regression are logistic or softmax."""
    if type(estimator).__name__ != "LogisticRegression":
        return False
    return len(estimator.classes_) == 2 or estimator.solver != "liblinear"


def _converted(estimator: Any, n_features: int) -> bytes:
    """Convert a scikit-learn estimator; its graph must return probabilities."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import DoubleTensorType

    form = [("rows", DoubleTensorType([None, n_features]))]
    what = type(estimator).__name__
    if not hasattr(getattr(estimator, "steps", [("", estimator)])[-1][1], "predict_proba"):
        raise OptionError(f"a {what} gives no probabilities by itself")
    try:
        made = to_onnx(estimator, initial_types=form, options={"zipmap": False})
    except Exception as error:  # a converter may raise anything for an unknown estimator
        raise OptionError(f"no conversion of a {what} to ONNX: {type(error).__name__}") from error
    return made.SerializeToString()
