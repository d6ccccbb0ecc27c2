"""Fused signals of system A as a table: the technical state if the predictions agree."""

import numpy as np
import pandas as pd

from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import OptionError
from bt_fusion.labels.base import check_bar_count
from bt_fusion.models.agreement import DEFAULT_THRESHOLD, Agreement, check_threshold
from bt_fusion.models.predictions import Predictions
from bt_fusion.technical.ema_state import ema_state

__all__ = ["fused_signals", "signal_counts"]


def fused_signals(
    bars: pd.DataFrame | BarArrays,
    predictions: Predictions,
    *,
    ml_threshold: float | str = DEFAULT_THRESHOLD,
    ema_fast: int = 12,
    ema_slow: int = 26,
    costs: float = 0.001,
) -> pd.DataFrame:
    """Return the fused signal of every bar, on which `FusionStrategy` with ML enters.

    Parameters
    ----------
    bars : DataFrame or BarArrays
        The averages start at the first bar, as in a run over these bars.
    predictions : Predictions
        Matched by their stamps; a bar without one has no signal.
    ml_threshold : float or "auto"
        Soft voting: the side's minimum probability; "auto" is the break-even one. Majority voting
        follows the signal of the predictions, with this as the minimum share of votes.
    ema_fast, ema_slow : int
        Periods of the averages, in bars.
    costs : float
        Of entry and exit together, a fraction of the price: 2 x (commission + slippage). Only used
        by "auto".

    Returns
    -------
    DataFrame, one row a bar
        ml_proba (P(up), NaN where unknown), ema_signal (1 fast above slow, -1 below, 0 equal or
        warming up) and signal (ema_signal where the predictions agree, else 0), indexed by time.

    Raises
    ------
    OptionError
        For a threshold outside 0..1, a period below 1, predictions of another kind, or "auto"
        without a payoff in the predictions.

    Examples
    --------
    >>> from bt_fusion.data.samples import planted_edge
    >>> from bt_fusion.models.signal_model import SignalModel
    >>> bars = planted_edge(1_500, auc=0.8)
    >>> model = SignalModel(["wick_balance", "return_1"]).fit(bars[:1_000])
    >>> table = fused_signals(bars, model.predict(bars))
    >>> list(table), int((table.signal != 0)[:1_000].sum())  # no prediction, no signal
    (['ml_proba', 'ema_signal', 'signal'], 0)
    """
    check_bar_count("ema_fast", ema_fast)
    check_bar_count("ema_slow", ema_slow)
    check_threshold(ml_threshold)
    if not isinstance(predictions, Predictions):
        raise OptionError(
            f"predictions is {predictions!r}; give Predictions, as model.predict(bars) returns"
        )
    arrays = BarArrays.of(bars)
    matched = predictions.at(arrays.time)
    state = ema_state(arrays.close, ema_fast, ema_slow)
    agrees = Agreement(ml_threshold, voting=matched.voting, costs=costs).with_sides(matched, state)
    columns = {
        "ml_proba": matched.probability_up,
        "ema_signal": state,
        "signal": np.where(agrees, state, 0),
    }
    return pd.DataFrame(columns, index=pd.DatetimeIndex(arrays.time, name="datetime"))


def signal_counts(signal: np.ndarray | pd.Series) -> dict[str, int]:
    """Return how many bars have signal -1, 0 and 1.

    >>> signal_counts(np.array([0, 1, 1]))
    {'-1': 0, '0': 1, '1': 2}
    """
    return {str(value): int((signal == value).sum()) for value in (-1, 0, 1)}
