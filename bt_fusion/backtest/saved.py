"""A fitted model's unseen bars, traded with ML off and on."""

from typing import Any

import pandas as pd

from bt_fusion.backtest.comparison import compare_runs
from bt_fusion.backtest.job import ML_CHOICES, NAMES, STRATEGIES
from bt_fusion.backtest.runner import Account, run_strategy, unseen_window
from bt_fusion.errors import unknown_name
from bt_fusion.evaluation import classification_figures
from bt_fusion.labels import Labels
from bt_fusion.signal_model import SignalModel

__all__ = ["backtest_saved"]


def backtest_saved(
    model: SignalModel,
    bars: pd.DataFrame,
    name: str = "",
    *,
    strategy: str = "fusion",
    account: Account | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Trade the bars after those a model was trained on, without refits.

    Parameters
    ----------
    model : SignalModel
        Fitted.
    bars : DataFrame
    name : str
        What to call the data.
    strategy : str
        A name of `STRATEGIES`.
    account : Account, optional
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        What `comparison_table` shows, under the names of summary.json.
    """
    if strategy not in STRATEGIES:
        raise unknown_name("strategy", strategy, STRATEGIES)
    label, predictions = model.label(), model.predict(bars)
    window = unseen_window(predictions)
    labels, unseen = label(bars), bars.iloc[window]
    predictions, known = predictions[window], Labels(labels.y[window], labels.t1[window])
    runs = {}
    for run in ML_CHOICES["both"]:
        params = {"ml": False} if run == "off" else {"ml": True, "model": predictions}
        runs[run] = run_strategy(
            unseen, STRATEGIES[strategy], account, name, hold_bars=label.horizon, **params
        )
    return {
        "data": {"name": name, "bars": len(bars)},
        "window": {"start": unseen.index[0], "end": unseen.index[-1], "bars": len(unseen)},
        "model": {
            "members": list(predictions.members),
            "features": len(model.feature_set()),
            "refits": 0,
            "cached": 0,
            **classification_figures(predictions, known),
        },
        "ml_off": runs["off"].figures,
        "ml_on": runs["on"].figures,
        "signals": {NAMES[run]: runs[run].signal_counts for run in runs},
        "comparison": compare_runs(runs["off"], runs["on"], seed=seed),
    }
