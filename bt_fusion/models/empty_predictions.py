"""The predictions of bars before any model has predicted."""

from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.models.payoff import has_payoff
from bt_fusion.models.predictions import NO_MODEL, NOT_TRAINED, Predictions

__all__ = ["empty_predictions"]


def empty_predictions(model: Any, time: np.ndarray) -> Predictions:
    """Return predictions for `time` before any model has predicted: all NaN."""
    label, ensemble = model.label(), model.new_ensemble()
    count, members = len(time), tuple(ensemble.members)
    return Predictions(
        index=pd.DatetimeIndex(time),
        classes=label.classes,
        two_sided=label.two_sided,
        votes=np.full((count, len(members), len(label.classes)), np.nan),
        members=members,
        weights=ensemble.member_weights(),
        voting=ensemble.voting,
        vote_threshold=ensemble.vote_threshold,
        model=np.full(count, NO_MODEL, dtype=np.int64),
        trained_until=np.full(count, NOT_TRAINED),
        label=label,
        payoff=np.full((count, 2), np.nan) if has_payoff(label) else None,
    )
