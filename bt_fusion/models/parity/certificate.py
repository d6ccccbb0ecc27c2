"""The parity certificate: the comparisons made when a model is saved, and their consequences."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any
from warnings import warn

import numpy as np

from bt_fusion.ensemble.onnx_export import TOLERANCE as ONNX_TOLERANCE
from bt_fusion.ensemble.onnx_export import missing_libraries
from bt_fusion.errors import BtFusionError, BtFusionWarning, BundleError
from bt_fusion.models.parity.causes import differing_features, last_digit_bars
from bt_fusion.models.parity.compared_bars import ComparedBars, choose_bars
from bt_fusion.models.parity.comparison import (
    BAR_BY_BAR,
    ONNX,
    RELOADED,
    Comparison,
    Difference,
    joined,
    not_compared,
    stamp,
)
from bt_fusion.models.parity.ways import (
    StreamFails,
    by_libraries,
    from_bars,
    from_rows,
    in_onnx,
)
from bt_fusion.models.predictions import Predictions

__all__ = ["TOLERANCE", "certificate"]

TOLERANCE = 1e-6  # of a probability: members that compute in float32 differ with the rows of a call


def certificate(model: Any, reloaded: Any) -> list[dict[str, Any]]:
    """Compare a model's ways of predicting on some of its training bars.

    The reference is the batch: predictions from features computed over all training bars; for a
    loaded model, over the last bars saved with it.

    Parameters
    ----------
    model : SignalModel
        Fitted.
    reloaded : SignalModel
        The same model, loaded from its written files.

    Returns
    -------
    list of dict
        A line for each way, see `Comparison`, as in the manifest.

    Raises
    ------
    BundleError
        If the reloaded model predicts differently.

    Warns
    -----
    BtFusionWarning
        If it predicts differently bar by bar or in ONNX.
    """
    bars = compared_bars(model)
    batch = joined(from_rows(model, each) for each in bars)
    again = _reloaded(reloaded, bars, batch)
    lines = [_bar_by_bar(reloaded, bars, batch), again, _onnx(reloaded, bars, batch)]
    for line in lines:
        if line.agrees is False:
            warn(f"{_what_differs(line)}; {REMEDIES[line.way]}", BtFusionWarning, stacklevel=5)
    return [_plain(line) for line in lines]


def compared_bars(model: Any) -> list[ComparedBars]:
    """Return the bars to compare a model's ways on; for a loaded model its last ones."""
    kept = getattr(model, "compared_", None)
    if kept:
        return kept
    features, tail = model.feature_set_, model.tail_
    return choose_bars(tail, features.transform(tail), features, model.ensemble_.context)


def _reloaded(reloaded: Any, bars: list[ComparedBars], batch: Predictions) -> Comparison:
    """Compare the reloaded model.

    Raises
    ------
    BundleError
        With the member and the bar whose predictions differ.
    """
    try:
        found = Difference(batch, joined(from_rows(reloaded, each) for each in bars), TOLERANCE)
    except BtFusionError:
        raise
    except Exception as error:  # a member that lost data in its file may fail in any way
        raise BundleError(
            f"the reloaded model cannot predict its training bars: {type(error).__name__}: "
            f"{str(error)[:300]}; {REMEDIES[RELOADED]}"
        ) from error
    line = found.compared(RELOADED)
    if not line.agrees:
        line = replace(line, members=found.members_at(int(np.flatnonzero(found.bars)[0])))
        raise BundleError(f"{_what_differs(line)}; {REMEDIES[RELOADED]}")
    return line


def _bar_by_bar(model: Any, bars: list[ComparedBars], batch: Predictions) -> Comparison:
    try:
        found = Difference(batch, joined(from_bars(model, each) for each in bars), TOLERANCE)
    except StreamFails as fault:
        failed = not_compared(BAR_BY_BAR, *_counts(batch), f"fails: {fault}")
        return replace(failed, agrees=False, first=stamp(fault.time))
    last_digit = last_digit_bars(model, bars, found)
    line, at = found.compared(BAR_BY_BAR, last_digit), np.flatnonzero(found.bars & ~last_digit)
    if line.agrees:
        return line
    features = differing_features(model, bars, at)
    return replace(
        line, features=features, members=() if features else found.members_at(int(at[0]))
    )


def _onnx(model: Any, bars: list[ComparedBars], batch: Predictions) -> Comparison:
    ensemble = model.ensemble_
    if not ensemble.onnx_:
        return not_compared(ONNX, *_counts(batch), _why_no_onnx())
    ways: tuple[Callable[[Any, ComparedBars], Predictions], ...] = (by_libraries, in_onnx)
    libraries, forms = (joined(way(model, each) for each in bars) for way in ways)
    found = Difference(libraries, forms, ONNX_TOLERANCE)
    line, without = found.compared(ONNX), [n for n in ensemble.members_ if n not in ensemble.onnx_]
    if not line.agrees:
        line = replace(line, members=found.members_at(int(np.flatnonzero(found.bars)[0])))
    return replace(line, reason=f"no form of {', '.join(without)}" if without else None)


def _counts(batch: Predictions) -> tuple[int, int]:
    return len(batch), int((~batch.known).sum())


def _why_no_onnx() -> str:
    if missing_libraries("onnxruntime"):
        return "onnxruntime is not installed"
    return "no member was exported"


def _what_differs(line: Comparison) -> str:
    """Return a clause on what differs in a way of predicting."""
    if line.probability is None:
        return f"{line.way}, the model fails on the bar {line.first}: {line.reason}"
    which = [f"feature {name}" for name in line.features[:6]]
    which += [f"member {name}" for name in line.members[:6]]
    return (
        f"{line.way}, the model predicts {line.differing:,} of {line.bars:,} training bars "
        f"differently than in a batch, the first {line.first}: probabilities differ by up to "
        f"{line.probability:.2g} ({line.tolerance:.0e} allowed), {line.signals:,} signals differ"
        + (f"; {', '.join(which)}" if which else "")
    )


def _plain(line: Comparison) -> dict[str, Any]:
    return {**asdict(line), "features": list(line.features), "members": list(line.members)}


REMEDIES = {
    BAR_BY_BAR: (
        "it was saved anyway. Declare a longer memory for the features named here "
        "(check_causality says how long), and let members predict each row by itself"
    ),
    RELOADED: (
        "nothing was saved. A member must keep all it needs to predict in attributes that its fit "
        "sets; train again, or leave the member out"
    ),
    ONNX: "it was saved anyway. Save it without ONNX to predict with the libraries",
}
