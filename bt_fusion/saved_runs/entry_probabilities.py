"""The model's probability at the entry of each trade of a finished run."""

import numpy as np
import pandas as pd

from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["entry_probabilities", "listed_trades"]


def entry_probabilities(run: SavedRun) -> np.ndarray:
    """Return the probability of each trade's side on the bar of its signal.

    Of older runs, which do not tell that bar, on the last bar before the entry.

    Returns
    -------
    ndarray, shape (n_trades,)
        In the order of `run.trades`; NaN where nothing was predicted.
    """
    return at_signals(run).probability.to_numpy()


def listed_trades(run: SavedRun, name: str) -> pd.DataFrame:
    """Return the trades of one run, "on" or "off", with probability, threshold and shared.

    probability is that of the side on the signal's bar, threshold the lowest that agrees there, NaN
    where unknown; shared is whether the other run entered on the same bar and side. Without another
    run, it is left out.
    """
    made = (run.trades.run == name).to_numpy()
    known = at_signals(run)[made]
    own = run.trades_of(name)
    own[["probability", "threshold"]] = known.to_numpy()
    if len(run.runs) < 2:
        return own
    entries = pd.MultiIndex.from_frame(run.trades[["entry_time", "symbol", "side"]])
    return own.assign(shared=entries[made].isin(entries[~made]))


def at_signals(run: SavedRun) -> pd.DataFrame:
    """Return probability and threshold on the bar of each trade's signal, NaN if unknown."""
    found = np.full((len(run.trades), 2), np.nan)
    for symbol in run.symbols:
        own = np.ones(len(run.trades), dtype=bool)
        if len(run.symbols) > 1:
            own = (run.trades.symbol.astype(str) == symbol).to_numpy()
        found[own] = of_symbol(run.trades[own], run.of_symbol(run.predictions, symbol))
    return pd.DataFrame(found, columns=["probability", "threshold"])


def of_symbol(trades: pd.DataFrame, predicted: pd.DataFrame) -> np.ndarray:
    stamps = pd.DatetimeIndex(predicted.datetime)
    has_signal_time = "signal_time" in trades
    place = stamps.searchsorted(
        pd.DatetimeIndex(trades.signal_time if has_signal_time else trades.entry_time),
        side="right" if has_signal_time else "left",
    )
    columns = ["probability_up", "probability_down", "threshold"]
    values = predicted.reindex(columns=columns).to_numpy(dtype=float)
    rows = values[np.maximum(place - 1, 0)]
    side = np.where(trades.side == "long", rows[:, 0], rows[:, 1])
    return np.where(place[:, None] > 0, np.column_stack((side, rows[:, 2])), np.nan)
