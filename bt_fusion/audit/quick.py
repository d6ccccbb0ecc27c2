"""Quick audit in every backtest: a few cuts over a sample of its bars."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

from bt_fusion.audit.comparing import Finding, stamp_text
from bt_fusion.audit.futures import cut
from bt_fusion.audit.outcomes import StrategyAudit
from bt_fusion.audit.strategy_audit import audit, unread_to_unverified
from bt_fusion.engine.account import Account
from bt_fusion.errors import BarsError
from bt_fusion.models.predictions import Predictions

__all__ = ["quick_audit", "sample_of"]

CUTS = 3
PART, FEWEST, MOST = 20, 300, 2_000  # one bar in PART, at least FEWEST, at most MOST
EMPTY = StrategyAudit(findings=(), unverified=(), cuts=0, bars=0, lines=0, orders=0, compared=0)


def quick_audit(
    strategy: type[bt.Strategy],
    bars: Mapping[str, pd.DataFrame],
    params: Mapping[str, Any],
    account: Account,
    predictions: Mapping[str, Predictions],
    seed: int = 0,
) -> StrategyAudit:
    """Check a strategy for look-ahead on its first bars, in a tenth of its run time.

    Parameters
    ----------
    strategy : class
    bars : mapping of DataFrame by symbol
        All traded bars.
    params, account
        As in the run.
    predictions : mapping of Predictions by symbol
        The run's predictions; none may be of a training bar of its model.
    seed : int
    """
    late = tuple(trained_too_late(predictions))
    try:
        found = audit(strategy, sample_of(bars), params, account, CUTS, seed, bar_by_bar=False)
        found = unread_to_unverified(found, strategy, bars, params, account)
    except BarsError as error:
        found = replace(EMPTY, unverified=(f"the strategy: {error}",))
    return replace(found, findings=(*late, *found.findings))


def sample_of(bars: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the first twentieth of all feeds' bars, at least 300 and at most 2,000.

    They begin where the last feed begins. Feeds that begin after another has ended are left out.

    >>> from bt_fusion.data.samples import random_walk
    >>> len(sample_of({"A": random_walk(20_000)})["A"])
    1000
    """
    first_end = min(own.index[-1] for own in bars.values())
    bars = {name: own for name, own in bars.items() if own.index[0] <= first_end}
    begin = max(own.index[0] for own in bars.values())
    bars = {name: own[begin:] for name, own in bars.items()}
    longest = max(bars.values(), key=len)
    count = min(len(longest), max(FEWEST, min(MOST, len(longest) // PART)))
    end = longest.index[count - 1]
    return {name: own for name, own in cut(bars, end.to_datetime64()).items() if len(own)}


def trained_too_late(predictions: Mapping[str, Predictions]) -> Iterator[Finding]:
    """Yield each symbol's first prediction by a model that was trained on its bar."""
    for name, own in predictions.items():
        time = own.index.to_numpy().astype("datetime64[ns]")
        late = np.flatnonzero(own.known & (own.trained_until >= time))
        if len(late):
            text = (
                f"{len(late):,} predictions are for bars their model was trained on; at the first, "
                f"its training ends at {stamp_text(own.trained_until[late[0]])}"
            )
            yield Finding("in-sample", name or "the model", stamp_text(time[late[0]]), text)
