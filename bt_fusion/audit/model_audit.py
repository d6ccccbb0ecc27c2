"""Check whether a fitted model knows the bars it predicts: training, features, predictions."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from bt_fusion.audit.comparing import Finding, stamp_text
from bt_fusion.audit.outcomes import PartsAudit
from bt_fusion.audit.parts_audit import Parts
from bt_fusion.data.bars import BarArrays
from bt_fusion.models.causality.changed_bars import CHANGES
from bt_fusion.models.predictions import Predictions
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.streaming.model_stream import ModelStream
from bt_fusion.progress import step

__all__ = ["audit_model"]

TRIED = 3_000  # last bars used to check features and label
BAR_BY_BAR, AFTER_CUT = 200, 100  # bars predicted one by one, and changed after a cut
CUTS = 3
SAME = 1e-6  # of a probability


@step("Auditing")
def audit_model(model: SignalModel | str | Path, bars: pd.DataFrame) -> PartsAudit:
    """Check whether a fitted model knows the bars it predicts.

    Its training, and that of each part, must end before the first bar. Features and label are
    checked on the last 3,000 bars; the last 200 predictions are also made bar by bar, and with
    different later bars.

    Parameters
    ----------
    model : SignalModel or path
        Fitted, or the folder of a saved one.
    bars : DataFrame
        The bars to predict or trade.

    Examples
    --------
    >>> from bt_fusion import Ensemble
    >>> from bt_fusion.data.samples import planted_edge
    >>> bars = planted_edge(900)
    >>> model = SignalModel(["wick_balance", "gap"], ensemble=Ensemble(["lr"])).fit(bars[:500])
    >>> audit_model(model, bars[500:]).passed
    True
    >>> audit_model(model, bars).findings[0].kind
    'in-sample'
    """
    known = model if isinstance(model, SignalModel) else SignalModel.load(model)
    arrays = BarArrays.of(bars)
    parts = Parts(arrays.tail(TRIED), given=len(arrays))
    parts.findings += windows(known, arrays)
    parts.names += fitted_parts(known)
    trials = getattr(known, "trials_", 0)
    if trials:
        text = f"tuning: the model does not record which bars its {trials} trials saw"
        parts.unverified.append(text)
    if known.feature_set_.markets:
        text = (
            f"other markets: the bars of {', '.join(known.feature_set_.markets)} stay as they are"
        )
        parts.unverified.append(text)
    parts.features(known.feature_set_).label(known.label())
    predictions(parts, known, arrays)
    return parts.audit()


def fitted_parts(model: SignalModel) -> list[str]:
    """Return the names of the fitted parts of a model."""
    ensemble, found = model.ensemble_, []
    for name, fitted in ensemble.members_.items():
        steps = [step for step, _ in getattr(fitted, "steps", [])]
        found.append(f"member {name}{' (' + ', '.join(steps) + ')' if steps else ''}")
        if hasattr(fitted, "candidates"):
            found.append(f"choice of {name}")
    found += [f"calibration of {name}" for name in ensemble.calibrators_]
    return found if model.payoff_ is None else [*found, "payoff"]


def windows(model: SignalModel, arrays: BarArrays) -> Iterator[Finding]:
    """Yield each part that was fitted on bars it predicts."""
    until = model.trained_until_
    known = int(np.searchsorted(arrays.time, until, side="right"))
    if known:
        text = (
            f"fitted on bars from {stamp_text(model.trained_from_)} to {stamp_text(until)}: "
            f"{known:,} of the {len(arrays):,} bars are not after that; give later bars"
        )
        for part in fitted_parts(model):
            yield Finding("in-sample", part, stamp_text(arrays.time[0]), text)


def predictions(parts: Parts, model: SignalModel, arrays: BarArrays) -> None:
    """Predict the last bars in other ways, and record differences."""
    warm_up = model.feature_set_.memory + model.ensemble_.context
    part = arrays.tail(warm_up + BAR_BY_BAR)
    whole = model.predict_arrays(part, allow_in_sample=True)
    parts.names.append("predictions")
    if not whole.known[-BAR_BY_BAR:].any():
        parts.unverified.append("predictions: the model makes none for these bars")
        return
    parts.findings += bar_by_bar(parts, model, part, whole)
    parts.findings += other_futures(parts, model, part, whole)


def bar_by_bar(
    parts: Parts, model: SignalModel, part: BarArrays, whole: Predictions
) -> Iterator[Finding]:
    """Yield the first prediction that differs bar by bar."""
    stream = ModelStream(model, allow_in_sample=True)
    columns = (part.open, part.high, part.low, part.close, part.volume)
    rows = zip(part.time, zip(*columns, strict=True), strict=True)
    streamed = np.concatenate([stream.push(time, values).proba for time, values in rows])
    kept = slice(max(0, len(part) - BAR_BY_BAR), None)
    parts.tried.count(streamed[kept])
    row = first_difference(whole.proba[kept], streamed[kept])
    if row is not None:
        row += kept.start
        text = "probability of the first class: {:.6g} in a batch, but {:.6g} bar by bar"
        values = text.format(whole.proba[row, 0], streamed[row, 0])
        yield Finding("mode", "predictions", stamp_text(part.time[row]), values)


def other_futures(
    parts: Parts, model: SignalModel, part: BarArrays, whole: Predictions
) -> Iterator[Finding]:
    """Yield the first prediction that depends on later bars."""
    for cut in np.linspace(len(part) - AFTER_CUT, len(part) - 2, CUTS).astype(int):
        for kind in ("removed", "replaced by others"):
            if cut < 1:
                continue
            changed = CHANGES[kind](part, int(cut))
            found = model.predict_arrays(changed, allow_in_sample=True).proba[: cut + 1]
            parts.tried.count(found)
            row = first_difference(whole.proba[: cut + 1], found)
            if row is not None:
                text = (
                    f"probability of the first class: {whole.proba[row, 0]:.6g} with all bars, but "
                    f"{found[row, 0]:.6g} when the bars after {stamp_text(part.time[cut])} are "
                    f"{kind}"
                )
                yield Finding("look-ahead", "predictions", stamp_text(part.time[row]), text)
                return


def first_difference(before: np.ndarray, after: np.ndarray) -> int | None:
    """Return the first row that differs, or None; NaN equals NaN."""
    near = (np.abs(before - after) <= SAME) | (np.isnan(before) & np.isnan(after))
    rows = np.flatnonzero(~near.all(axis=1))
    return int(rows[0]) if len(rows) else None
