"""Members as ONNX: exported, checked against the original, and run in its place.

Trees and logistic regressions, behind a scaler or not, are written from their own arrays, see
`onnx_graph`. Other estimators of scikit-learn are converted by skl2onnx, in float64: in float32 a
scaler at large prices has given probabilities that differ by 0.14. The extra ``onnx`` is needed.
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

EXPORTING = ("onnx", "onnxruntime", "skl2onnx")  # libraries of the extra that an export needs
TOLERANCE = 1e-5  # largest difference of a probability with which a member is exported
THRESHOLDS = (0.70, 0.60, 0.50, 0.40, 0.30)  # where signals and scores change
FLOAT64_ROWS = ("LGBMClassifier",)  # compare what a scaler leaves as it is; others cast it first
DIGITS = 6  # of a probability: trees add up to float32, and what is 0.60 must reach 0.60


@dataclass(frozen=True)
class Export:
    """The outcome of one member's export.

    Attributes
    ----------
    member : str
    content : bytes or None
        The ONNX file; None when the member was not exported.
    difference : float or None
        Largest difference of a probability from the original's, None where nothing was compared.
    flips : dict of float to int
        For each threshold, the probabilities on the other side of it than the original's, both
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
    """An exported member: one thread, the same numbers on every run.

    Parameters
    ----------
    content : bytes
        As `export_member` made it.

    Raises
    ------
    OptionError
        When onnxruntime is not installed, or cannot run the content.
    """

    def __init__(self, content: bytes):
        require_onnx("onnxruntime")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.use_deterministic_compute = True
        options.log_severity_level = 4  # what goes wrong is raised
        options.add_session_config_entry("session.load_model_format", "ONNX")
        self.content = content
        try:
            self._session = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its classes have no base of their own
            raise OptionError(f"no ONNX model that can be run: {error}") from error

    def __reduce__(self):
        return OnnxMember, (self.content,)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities, rounded to six digits, shape (n_rows, n_classes)."""
        rows = np.ascontiguousarray(X, dtype=np.float64)
        return self._session.run(["probabilities"], {"rows": rows})[0].round(DIGITS)


def load_member(content: bytes) -> OnnxMember:
    """Return an exported member, ready to predict; see `OnnxMember` for what it raises."""
    return OnnxMember(content)


def load_onnx(exported: Mapping[str, Export]) -> dict[str, OnnxMember]:
    """Return the members that were exported, for an ensemble's `onnx_`."""
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
        When there is no conversion for it, or the extra ``onnx`` is missing.
    """
    require_onnx(*EXPORTING)
    estimator = chosen_estimator(estimator)
    scaling, core = _taken_apart(estimator)
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
    """Export every member of a fitted ensemble that can be, and compare it with the original.

    The members themselves are exported, before calibration. ``ensemble.onnx_ =
    load_onnx(exported)`` makes an ensemble ask those that are not calibrated; saved with it,
    they become parts of the saved model.

    Parameters
    ----------
    ensemble : Ensemble
        Fitted.
    X : ndarray of shape (n_rows, n_features)
        Golden rows to compare on, finite.

    Returns
    -------
    dict of str to Export
        One for each member. A difference above `TOLERANCE` leaves it without content.
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
    """Raise an OptionError when one of the libraries of the extra ``onnx`` is missing."""
    missing = missing_libraries(*libraries)
    if missing:
        raise OptionError(
            f"ONNX needs {' and '.join(missing)}, not installed here: "
            "pip install 'bt-fusion[onnx]', or go on without ONNX"
        )


def missing_libraries(*libraries: str) -> list[str]:
    """Return those of the libraries that are not installed."""
    return [name for name in libraries if find_spec(name) is None]


def _taken_apart(estimator: Any) -> tuple[Scaling | None, Any]:
    """Return what standardises the rows, None where nothing does, and what sees them then."""
    steps = [step for _, step in getattr(estimator, "steps", [])]
    if len(steps) != 2 or type(steps[0]).__name__ != "StandardScaler":
        return None, estimator
    scaler, count = steps[0], steps[0].n_features_in_
    mean = scaler.mean_ if scaler.with_mean else np.zeros(count)
    scale = scaler.scale_ if scaler.with_std else np.ones(count)
    return Scaling(mean, scale), steps[1]


def _is_plain_regression(estimator: Any) -> bool:
    """Tell a logistic regression whose probabilities are a logistic function or a softmax."""
    if type(estimator).__name__ != "LogisticRegression":
        return False
    return len(estimator.classes_) == 2 or estimator.solver != "liblinear"


def _converted(estimator: Any, n_features: int) -> bytes:
    """Convert an estimator of scikit-learn; its graph must give probabilities itself."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import DoubleTensorType

    form = [("rows", DoubleTensorType([None, n_features]))]
    what = type(estimator).__name__
    if not hasattr(getattr(estimator, "steps", [("", estimator)])[-1][1], "predict_proba"):
        raise OptionError(f"a {what} gives no probabilities by itself")
    try:
        made = to_onnx(estimator, initial_types=form, options={"zipmap": False})
    except Exception as error:  # a converter may fail in any way on what it does not know
        raise OptionError(f"no conversion of a {what} to ONNX: {type(error).__name__}") from error
    return made.SerializeToString()
