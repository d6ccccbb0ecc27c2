"""Golden predictions: a model is checked on rows saved with it."""

from typing import Any

import numpy as np

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import BundleError, ModelCompatibilityError
from bt_fusion.features import FeatureSet

__all__ = [
    "check_golden_bars",
    "check_golden_votes",
    "golden_arrays",
    "golden_of",
    "golden_sample",
]

FEATURE_TOLERANCE = 1e-5  # relative; features are float32


def golden_of(model: Any) -> dict[str, Any]:
    """Return a fitted model's golden bars and rows, and its predictions of them.

    The first rows are the last ones whose features the golden bars give, computed from these
    bars alone; the others are spread over the training rows.
    """
    tail = model.tail_
    rows = np.concatenate([_from_bars(model.feature_set_, tail), model.sample_])
    votes = model.ensemble_.member_proba(rows)
    bars = {name: getattr(tail, name).tolist() for name in COLUMNS}
    return {
        "bars": {"time": tail.time.astype("datetime64[ns]").astype(np.int64).tolist(), **bars},
        "rows": [[_shortest(value) for value in row] for row in rows],
        "votes": votes.reshape(len(rows), -1).tolist(),
        "probabilities": model.ensemble_.predict_proba(rows).tolist(),
    }


def golden_arrays(bars: dict[str, Any]) -> BarArrays:
    """Return the golden bars as arrays."""
    time = np.array(bars["time"], dtype=np.int64).astype("datetime64[ns]")
    if {len(column) for column in bars.values()} != {len(time)} or not len(time):
        raise BundleError("golden bars have columns of different lengths")
    columns = (np.array(bars[name], dtype=np.float64) for name in COLUMNS)
    return BarArrays(time, *columns)


def golden_sample(golden: dict[str, Any], features: FeatureSet) -> np.ndarray:
    """Return the golden rows that were spread over the training rows."""
    from_bars = len(_from_bars(features, golden_arrays(golden["bars"])))
    return _matrix(golden["rows"], len(features))[from_bars:]


def check_golden_bars(golden: dict[str, Any], features: FeatureSet) -> None:
    """Compute the golden bars' features again and compare.

    Raises
    ------
    ModelCompatibilityError
        Naming the features that come out otherwise.
    """
    now = _from_bars(features, golden_arrays(golden["bars"]))
    rows = _matrix(golden["rows"], len(features))
    if len(rows) < len(now) or not len(now):
        raise BundleError(f"{len(rows)} golden rows are fewer than the bars give ({len(now)})")
    then = rows[: len(now)]
    same = np.isclose(now, then, rtol=FEATURE_TOLERANCE, atol=FEATURE_TOLERANCE).all(axis=0)
    if not same.all():
        odd = [name for name, equal in zip(features.names, same, strict=True) if not equal]
        raise ModelCompatibilityError(
            f"{len(odd)} features of the same bars come out otherwise than when the model was "
            f"saved: {', '.join(odd[:6])}. Install the versions it was saved with, or train again"
        )


def check_golden_votes(
    golden: dict[str, Any], ensemble: Any, tolerances: list[float], n_features: int
) -> None:
    """Predict the golden rows again and compare, member by member and combined.

    Raises
    ------
    BundleError
        Naming the member and the largest difference.
    """
    rows = _matrix(golden["rows"], n_features)
    now = ensemble.member_proba(rows)
    then = _matrix(golden["votes"], now[0].size, np.float64).reshape(now.shape)
    for number, name in enumerate(ensemble.members_):
        _check_close(now[:, number], then[:, number], tolerances[number], f"member {name}")
    combined = ensemble.predict_proba(rows)
    then = _matrix(golden["probabilities"], combined.shape[1], np.float64)
    _check_close(combined, then, max(tolerances), "the ensemble")


def _check_close(now: np.ndarray, then: np.ndarray, tolerance: float, whose: str) -> None:
    sound = now.shape == then.shape and np.isfinite(now).all()
    difference = np.abs(now - then).max() if sound else np.inf
    if not difference <= tolerance:
        raise BundleError(
            f"{whose} predicts the golden rows otherwise than when it was saved, by up to "
            f"{difference:.2g} ({tolerance:.0e} allowed); train or save the model again"
        )


def _from_bars(features: FeatureSet, bars: BarArrays) -> np.ndarray:
    """Return the rows of features that these bars alone give, complete ones only."""
    X = features.transform(bars)
    return np.ascontiguousarray(X[np.isfinite(X).all(axis=1)])


def _matrix(rows: list[Any], width: int, dtype: Any = np.float32) -> np.ndarray:
    if not rows or {len(row) for row in rows} != {width}:
        raise BundleError(f"golden rows do not all hold {width} numbers")
    with np.errstate(over="ignore"):
        return np.array(rows, dtype=np.float64).astype(dtype)


def _shortest(value: np.float32) -> float:
    """Return the float64 with the fewest digits that is this float32 again."""
    short = float(str(value))
    return short if np.float32(short) == value else float(value)
