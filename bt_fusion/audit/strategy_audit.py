"""Does a strategy or an indicator look ahead? Compares runs with different futures."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

from bt_fusion.audit.alignment import stamped_too_early
from bt_fusion.audit.comparing import Compared
from bt_fusion.audit.elsewhere import filled_too_early, from_elsewhere
from bt_fusion.audit.futures import FUTURE_BARS, cut, other_future, places_of
from bt_fusion.audit.outcomes import StrategyAudit, failed, in_sample, result_of
from bt_fusion.audit.recording import Recording, record
from bt_fusion.audit.shifted import paired_by_place
from bt_fusion.audit.unread import no_order_follows
from bt_fusion.engine.account import Account
from bt_fusion.engine.variants import check_params
from bt_fusion.errors import OptionError
from bt_fusion.progress import step

__all__ = ["audit", "audit_indicator", "unread_to_unverified"]

CUTS = 16
BAR_BY_BAR = {"preload": False, "runonce": False}


@step("Auditing")
def audit(
    strategy: type[bt.Strategy],
    bars: pd.DataFrame | Mapping[str, pd.DataFrame],
    params: Mapping[str, Any] | None = None,
    account: Account | None = None,
    cuts: int = CUTS,
    seed: int = 0,
    *,
    trades: bool = True,
    bar_by_bar: bool = True,
) -> StrategyAudit:
    """Check a strategy for look-ahead.

    The strategy is run again unchanged, which shows random parts; bar by bar, without later bars in
    memory; and on bars whose future is cut off or replaced at some places. All lines and orders up
    to such a place must be the same. With several feeds, some bars are also removed, which shows
    code that pairs them by position.

    Parameters
    ----------
    strategy : class
    bars : DataFrame, or mapping of them by symbol
    params : mapping, optional
        Of the strategy.
    account : Account, optional
    cuts : int
        Number of places where the future changes; at half of them the bars end.
    seed : int
    trades : bool
        Whether orders are expected; a strategy without orders is then listed as unverified.
    bar_by_bar : bool
        Also run it bar by bar, and several feeds with bars removed.

    Raises
    ------
    OptionError
        For an unknown parameter, or less than one cut.
    StrategyError
        If it skips the run.

    Examples
    --------
    >>> from bt_fusion.data.samples import random_walk
    >>> class Peeks(bt.Strategy):
    ...     def next(self):
    ...         later = min(1, self.data.buflen() - len(self))
    ...         if self.data.close[later] > self.data.close[0]:
    ...             self.buy()
    >>> audit(Peeks, random_walk(300), cuts=6).findings[0].where
    'orders'
    """
    check_params(strategy, params or {})
    if cuts < 1:
        raise OptionError(f"cuts {cuts}: give 1 or more places")
    given = {"": bars} if isinstance(bars, pd.DataFrame) else dict(bars)

    def run(own: Mapping[str, pd.DataFrame] = given, **how: bool) -> Recording:
        return record(own, strategy, params or {}, account or Account(), **how)

    plain = run()
    if plain.error is not None:
        return failed(plain, given)
    compared = Compared(plain, run(), trades)
    findings = [*in_sample(plain), *filled_too_early(plain), *stamped_too_early(given)]
    if bar_by_bar:
        findings += compared.bar_by_bar(run(given, **BAR_BY_BAR))
    places, rng = places_of(plain, cuts, seed), np.random.default_rng(seed)
    for number, stamp in enumerate(places):
        warm_up = plain.first if stamp < plain.ready else 0  # Backtrader fails on fewer bars
        ended = number % 2 == 0 and not warm_up
        ahead = FUTURE_BARS + warm_up
        future = cut(given, stamp) if ended else other_future(given, stamp, rng, ahead)
        findings += compared.until(stamp, run(future), ended)
    if bar_by_bar:  # a finding from a cut needs no second one
        known = {each.where for each in findings if each.kind == "look-ahead"}
        elsewhere, compared.elsewhere = from_elsewhere(run, given, compared)
        findings += [each for each in elsewhere if each.where not in known]
        if "orders" in known:  # differences at other dates have the same cause
            compared.elsewhere = ""
    unverified: list[str] = []
    if bar_by_bar and len(given) > 1:
        known = {each.where for each in findings}
        paired, unverified = paired_by_place(run, given, compared, known, seed)
        findings += paired
    found = result_of(compared, findings, len(places))
    found = replace(found, unverified=(*found.unverified, *unverified))
    if not (trades and bar_by_bar):
        return found
    return unread_to_unverified(found, strategy, given, params or {}, account or Account())


def unread_to_unverified(
    found: StrategyAudit,
    strategy: type[bt.Strategy],
    bars: Mapping[str, pd.DataFrame],
    params: Mapping[str, Any],
    account: Account,
) -> StrategyAudit:
    """Move lines that look ahead to the unverified list if no order depends on them."""
    ahead = {each.where: each for each in found.findings if each.kind == "look-ahead"}
    if not ahead or not no_order_follows(ahead, strategy, bars, params, account):
        return found
    text = "{}: looks ahead, first at {}, but no order depends on it; do not use it on its own bar"
    notes = (text.format(name, each.first) for name, each in ahead.items())
    kept = tuple(each for each in found.findings if each.where not in ahead)
    return replace(found, findings=kept, unverified=(*found.unverified, *notes))


@step("Auditing")
def audit_indicator(
    indicator: type[bt.Indicator],
    bars: pd.DataFrame | Mapping[str, pd.DataFrame],
    params: Mapping[str, Any] | None = None,
    **how: Any,
) -> StrategyAudit:
    """Check an indicator of the first data feed for look-ahead.

    Parameters
    ----------
    indicator : class
    bars : DataFrame, or mapping of them by symbol
    params : mapping, optional
        Of the indicator.
    **how
        As in `audit`.
    """

    class WithIndicator(bt.Strategy):
        def __init__(self):
            self.indicator = indicator(self.data, **dict(params or {}))

    WithIndicator.__name__ = indicator.__name__
    return audit(WithIndicator, bars, **{"trades": False, **how})
