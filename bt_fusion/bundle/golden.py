"""Golden predictions: check a model on rows saved with it.

They come from the members' own libraries, with and without calibration, so they do not depend on
whether onnxruntime is installed.
"""

from copy import copy
from typing import Any

import numpy as np

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.resampling import epoch_nanoseconds
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.onnx_export import TOLERANCE
from bt_fusion.ensemble.voting import combined
from bt_fusion.errors import BundleError, ModelCompatibilityError, PartError
from bt_fusion.features import FeatureSet

__all__ = [
    "check_golden_bars",
    "check_golden_votes",
    "golden_arrays",
    "golden_of",
    "golden_others",
    "golden_rows",
    "golden_sample",
    "member_votes",
]

FEATURE_TOLERANCE = 1e-5  # relative; features are float32


def golden_rows(model: Any) -> np.ndarray:
    """Return the rows to check a fitted model on, float32, shape (n_rows, n_features).

    The first are the last rows whose features follow from the golden bars alone; the others are
    spread over the training rows.
    """
    features = model.feature_set_.with_others(model.tail_others_)
    return np.concatenate([_from_bars(features, model.tail_), model.sample_])


def golden_of(model: Any) -> dict[str, Any]:
    """Return a fitted model's golden bars and rows, and its predictions for them."""
    tail, rows, ensemble = model.tail_, golden_rows(model), model.ensemble_
    raw = member_votes(ensemble, rows, calibrators_={}, onnx_={})
    votes = member_votes(ensemble, rows, onnx_={})
    return {
        "bars": _listed(tail),
        "others": [{"market": name, **_listed(bars)} for name, bars in model.tail_others_.items()],
        "rows": [[_shortest(value) for value in row] for row in rows],
        "raw": raw.reshape(len(rows), -1).tolist(),
        "votes": votes.reshape(len(rows), -1).tolist(),
        "probabilities": _combined(ensemble, votes).tolist(),
    }


def golden_others(golden: dict[str, Any]) -> dict[str, BarArrays]:
    """Return the golden bars of other markets by name."""
    return {
        each["market"]: golden_arrays({name: each[name] for name in ("time", *COLUMNS)})
        for each in golden["others"]
    }


def _listed(bars: BarArrays) -> dict[str, list[Any]]:
    columns = {name: getattr(bars, name).tolist() for name in COLUMNS}
    return {"time": epoch_nanoseconds(bars.time).tolist(), **columns}


def golden_arrays(bars: dict[str, Any]) -> BarArrays:
    """Return the golden bars as arrays."""
    time = np.array(bars["time"], dtype=np.int64).astype("datetime64[ns]")
    if {len(column) for column in bars.values()} != {len(time)} or not len(time):
        raise BundleError("golden bars have columns of different lengths")
    columns = (np.array(bars[name], dtype=np.float64) for name in COLUMNS)
    return BarArrays(time, *columns)


def golden_sample(golden: dict[str, Any], features: FeatureSet) -> np.ndarray:
    """Return the golden rows spread over the training rows."""
    from_bars = len(_from_bars(features, golden_arrays(golden["bars"])))
    return _matrix(golden["rows"], len(features))[from_bars:]


def check_golden_bars(golden: dict[str, Any], features: FeatureSet) -> None:
    """Compute the golden bars' features again and compare.

    Raises
    ------
    ModelCompatibilityError
        With the features whose values differ.
    """
    now = _from_bars(features, golden_arrays(golden["bars"]))
    rows = _matrix(golden["rows"], len(features))
    if len(rows) < len(now) or not len(now):
        raise BundleError(f"{len(rows)} golden rows are fewer than the bars give ({len(now)})")
    then = rows[: len(now)]
    same = np.isclose(now, then, rtol=FEATURE_TOLERANCE, atol=FEATURE_TOLERANCE).all(axis=0)
    if not same.all():
        wrong = [name for name, equal in zip(features.names, same, strict=True) if not equal]
        raise ModelCompatibilityError(
            f"{len(wrong)} features of the same bars come out otherwise than when the model was "
            f"saved: {', '.join(wrong[:6])}. Install the versions it was saved with, or train again"
        )


def check_golden_votes(
    golden: dict[str, Any], ensemble: Ensemble, tolerances: list[float], n_features: int
) -> dict[str, tuple[float, float]]:
    """Predict the golden rows again and compare: members, ONNX forms, and combined votes.

    Parameters
    ----------
    golden : dict
    ensemble : Ensemble
    tolerances : list of float
        One per member.
    n_features : int

    Returns
    -------
    dict of str to (float, float)
        For everything compared, the largest difference and the allowed one.

    Raises
    ------
    PartError
        With the member and the largest difference.
    BundleError
        For golden numbers that do not belong to these members.
    """
    rows, names = _matrix(golden["rows"], n_features), tuple(ensemble.members_)
    votes = member_votes(ensemble, rows, onnx_={})
    allowed = dict(zip(names, tolerances, strict=True))
    found = _compare("member {}", ensemble, votes, golden["votes"], allowed)
    if golden["raw"] is not None:
        raw = member_votes(ensemble, rows, calibrators_={}, onnx_={})
        found |= _compare("member {} before calibration", ensemble, raw, golden["raw"], allowed)
        in_onnx = member_votes(ensemble, rows, calibrators_={})
        allowed = dict.fromkeys(ensemble.onnx_, TOLERANCE)
        found |= _compare("member {} in ONNX", ensemble, in_onnx, golden["raw"], allowed)
    probabilities = _combined(ensemble, votes)
    then = _matrix(golden["probabilities"], probabilities.shape[1], np.float64)
    difference = _difference(probabilities, then)
    _check_close("the ensemble", difference, max(tolerances), BundleError)
    return {**found, "the ensemble": (difference, max(tolerances))}


def member_votes(ensemble: Ensemble, rows: np.ndarray, **instead: Any) -> np.ndarray:
    """Return the votes of an ensemble with some fitted attributes replaced."""
    other = copy(ensemble)
    for name, value in instead.items():
        setattr(other, name, value)
    return other.member_proba(rows)


def _combined(ensemble: Ensemble, votes: np.ndarray) -> np.ndarray:
    return combined(votes, ensemble.member_weights(), ensemble.voting)


def _compare(
    form: str,
    ensemble: Ensemble,
    now: np.ndarray,
    stored: list[Any],
    allowed: dict[str, float],
) -> dict[str, tuple[float, float]]:
    """Compare the votes of the members in `allowed` with the stored ones."""
    then = _matrix(stored, now[0].size, np.float64).reshape(now.shape)
    found = {}
    for number, name in enumerate(ensemble.members_):
        if name in allowed:
            difference = _difference(now[:, number], then[:, number])
            _check_close(form.format(name), difference, allowed[name], PartError)
            found[form.format(name)] = difference, allowed[name]
    return found


def _difference(now: np.ndarray, then: np.ndarray) -> float:
    valid = now.shape == then.shape and np.isfinite(now).all()
    return float(np.abs(now - then).max()) if valid else np.inf


def _check_close(whose: str, difference: float, allowed: float, error: type[BundleError]) -> None:
    if not difference <= allowed:
        raise error(
            f"{whose} predicts the golden rows otherwise than when it was saved, by up to "
            f"{difference:.2g} ({allowed:.0e} allowed): it is damaged or another model's; train or "
            "save the model again"
        )


def _from_bars(features: FeatureSet, bars: BarArrays) -> np.ndarray:
    """Return the complete rows of features computed from these bars alone."""
    X = features.transform(bars)
    return np.ascontiguousarray(X[np.isfinite(X).all(axis=1)])


def _matrix(rows: list[Any], width: int, dtype: Any = np.float32) -> np.ndarray:
    if not rows or {len(row) for row in rows} != {width}:
        raise BundleError(f"golden rows do not all hold {width} numbers")
    with np.errstate(over="ignore"):
        return np.array(rows, dtype=np.float64).astype(dtype)


def _shortest(value: np.float32) -> float:
    """Return the float64 with the fewest digits that rounds to this float32."""
    short = float(str(value))
    return short if np.float32(short) == value else float(value)
