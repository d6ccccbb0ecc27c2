"""Score the candidates of a `BestMember` on the bars after the model's training."""

import numpy as np
import pandas as pd

from bt_fusion.data.bars import BarArrays
from bt_fusion.ensemble.members.best_member import BestMember
from bt_fusion.evaluation.evaluation import out_of_sample_rows
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.splits import LabelledRows

__all__ = ["score_candidates"]


def score_candidates(model: SignalModel, bars: pd.DataFrame | BarArrays) -> None:
    """Score every candidate of a model's best members, into their `test_scores_`.

    The figures are those of a fit on the model's own training rows, before calibration. A model
    without a `BestMember` is not changed.

    Parameters
    ----------
    model : SignalModel
        Fitted in this process: a loaded model keeps only the winners.
    bars : DataFrame or BarArrays
        Training bars only warm up the features.

    Raises
    ------
    InSampleError
        If no labelled bar comes after the training bars.
    """
    ensemble = model.ensemble_
    best = [member for member in ensemble.members_.values() if isinstance(member, BestMember)]
    if not best:
        return
    data = out_of_sample_rows(model, LabelledRows.of(model, bars))
    learnt = ensemble.classes_[ensemble.columns_].tolist()  # members number these from 0
    numbers = {value: code for code, value in enumerate(learnt)}
    codes = np.array([numbers.get(value, -1) for value in data.labels.y[data.rows]])
    X = np.ascontiguousarray(data.X[data.rows], dtype=np.float32)
    for member in best:
        member.evaluate(X, codes)
