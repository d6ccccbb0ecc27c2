"""Results of a run's entries by whether ML agreed with them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.backtest.out_of_sample import OutOfSample
from bt_fusion.engine.runner import Run
from bt_fusion.models.agreement import Agreement
from bt_fusion.statistics.agreement_groups import agreement_groups, group_of
from bt_fusion.statistics.bootstrap import Bootstrap

__all__ = ["fused_vs_technical"]


def fused_vs_technical(
    runs: Mapping[str, Run],
    out_of_sample: Mapping[str, OutOfSample],
    agreement: Agreement,
    bootstrap: Bootstrap = Bootstrap(),
) -> dict[str, Any]:
    """Group the closed trades of ML-off (else ML-on) by whether ML agreed with their entry.

    The analyzer `FusedVsTechnical` does the same inside a run.

    Parameters
    ----------
    runs : dict of Run
        "off", "on" or both.
    out_of_sample : dict of OutOfSample
        By symbol.
    agreement : Agreement
    bootstrap : Bootstrap

    Returns
    -------
    dict
        run, threshold and voting, and the groups of `agreement_groups`.
    """
    name = "off" if "off" in runs else "on"
    trades = runs[name].trades
    closed = trades[trades.exit_reason != "open"].sort_values("entry_time", kind="stable")
    probability, agreed = np.full(len(closed), np.nan), np.zeros(len(closed), dtype=bool)
    for symbol, part in out_of_sample.items():
        own = np.full(len(closed), True) if len(out_of_sample) == 1 else closed.symbol == symbol
        side = np.where(closed.side[own] == "long", 1, -1)
        known = part.predictions.at(pd.DatetimeIndex(closed.signal_time[own]).to_numpy())
        agreed[own] = agreement.with_sides(known, side)
        probability[own] = np.where(side > 0, known.probability_up, known.probability_down)
    pnl = closed.pnl.to_numpy(dtype=float)
    returns = pnl / (closed["size"] * closed.entry_price).to_numpy(dtype=float)
    groups = agreement_groups(pnl, returns, group_of(probability, agreed), bootstrap)
    return {"run": name, "threshold": agreement.threshold, "voting": agreement.voting, **groups}
