"""A run of forty trades, made by hand."""

import numpy as np
import pandas as pd

from bt_fusion.saved_runs.saved_run import SavedRun

STAMPS = pd.date_range("2024-01-01", periods=41, freq="h")


def forty_trades():
    """Make a run of 30 trades off and 10 on, a bar apart.

    The probability of their side is 0.50, 0.51, ... 0.89.
    """
    up = np.append(0.5 + np.arange(40) / 100, np.nan)
    short = np.arange(41) % 2 == 1
    predictions = pd.DataFrame(
        {
            "datetime": STAMPS,
            "probability_up": np.where(short, 1 - up, up),
            "probability_down": np.where(short, up, 1 - up),
        }
    )
    trades = pd.DataFrame(
        {
            "run": np.where(np.arange(40) < 30, "off", "on"),
            "symbol": "A",
            "side": np.where(short[:40], "short", "long"),
            "signal_time": STAMPS[:40],
            "entry_time": STAMPS[1:],
            "entry_price": 100.0,
            "size": 1.0,
            "pnl": np.where(np.arange(40) < 20, -1.0, 2.0),
            "exit_reason": "flip",
        }
    )
    summary = {"ml_off": {}, "ml_on": {}, "symbols": None, "data": {"name": "A"}}
    return SavedRun(summary, trades, predictions)
