"""Check that a saved model can be retrained unchanged, and that bars are of its market."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.data.bars import BarArrays
from bt_fusion.data.timestamps import bar_length
from bt_fusion.errors import BarsError, ModelCompatibilityError
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.plugins import changed_files

__all__ = ["check_bars_of", "check_recipe"]

SHARED = 15  # minimum bars to compare two series
LEAST_CORRELATION = 0.5  # correlation of the returns of one market between sources


def check_recipe(folder: Path, card: dict[str, Any]) -> None:
    """Check that a model's plug-ins are those it was saved with.

    Raises
    ------
    ModelCompatibilityError
        With those that have changed.
    """
    changed = changed_files({plugin["file"]: plugin["sha256"] for plugin in card["plugins"]})
    if changed:
        raise ModelCompatibilityError(
            f"plug-in {', '.join(changed)} has changed since {folder} was saved, and retraining "
            "repeats what was done then: give the file as it was, or train a new model with "
            f"bt-fusion train --plugin {changed[0]}"
        )


def check_bars_of(model: SignalModel, bars: BarArrays) -> None:
    """Check that bars continue those of a model's training.

    Raises
    ------
    BarsError
        For bars of another length or market, and bars that end before its training does.
    """
    given, own = bar_length(bars.time), model.interval_
    if given != own and None not in (given, own):
        raise BarsError(
            f"the model was trained on bars of {own}, these are bars of {given}; give bars of {own}"
        )
    end, until = pd.Timestamp(bars.time[-1]), pd.Timestamp(model.trained_until_)
    if end < until:
        raise BarsError(
            f"the bars end {end}, and the model was trained until {until}; give the newest bars"
        )
    _check_market(model.tail_, bars)


def _check_market(known: BarArrays, bars: BarArrays) -> None:
    """Raise BarsError if returns at the same stamps are hardly correlated."""
    _, there, here = np.intersect1d(known.time, bars.time, return_indices=True)
    if len(there) <= SHARED:
        return
    then, now = np.diff(known.log_close[there]), np.diff(bars.log_close[here])
    if np.ptp(then) == 0 or np.ptp(now) == 0:
        return
    correlation = float(np.corrcoef(then, now)[0, 1])
    if correlation >= LEAST_CORRELATION:
        return
    raise BarsError(
        f"the bars from {pd.Timestamp(known.time[there[0]])} to "
        f"{pd.Timestamp(known.time[there[-1]])} are not those the model was trained on: their "
        f"returns have a correlation of {correlation:.2f}; give bars of the same "
        "market"
    )
