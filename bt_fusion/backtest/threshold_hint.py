"""Hint if ML leaves few trades: how often its threshold is reached, and other thresholds."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.backtest.chance.replay_inputs import ReplayInputs
from bt_fusion.backtest.out_of_sample import OutOfSample
from bt_fusion.backtest.run_pair import RunPair
from bt_fusion.engine.runner import Run
from bt_fusion.engine.variants import has_own_rule, takes_ml
from bt_fusion.models.agreement import AUTO, Agreement
from bt_fusion.report.figures import threshold_text
from bt_fusion.strategies import HybridScoring
from bt_fusion.verdict.placebos.replay import NEVER

__all__ = ["hint_of", "is_thin", "lost_side", "threshold_hint"]

FEW_TRADES, FEW_OF_ALL = 100, 0.1  # fewer of ML-on, or a smaller part of ML-off's
FEW_OF_SIDE = 10  # trades of ML-off on a side, from which losing them all is said
TRIED = (0.60, 0.55, 0.50, AUTO)


def is_thin(off: int, on: int) -> bool:
    """Return whether ML leaves so few closed trades that a hint helps.

    >>> is_thin(61, 1), is_thin(2_000, 150), is_thin(2_000, 250), is_thin(50, 50)
    (True, True, False, False)
    """
    return on < off and (on < FEW_TRADES or on < FEW_OF_ALL * off)


def threshold_hint(
    off: int,
    on: int,
    threshold: float | str,
    reached: float,
    entries: Mapping[float | str, int],
    sides: str = "P(up)",
    typical: float | None = None,
    never: bool = False,
) -> str:
    """Return how often the threshold is reached, and how many entries other thresholds give.

    Parameters
    ----------
    off, on : int
        Closed trades of both runs.
    threshold : float or "auto"
    reached : float
        Share of the predicted bars on which a side reaches it.
    entries : mapping of float or "auto" to int
        Number of entries with other thresholds. If `threshold` itself is included, these are ML-off
        entries that ML agrees with.
    sides : str
        Name of the probabilities that reach it.
    typical : float, optional
        Median of the bars' thresholds, shown for "auto".
    never : bool
        Whether the run with ML entered nowhere: then the hint says so, and where to read on.

    Examples
    --------
    >>> threshold_hint(61, 1, 0.60, 0.02, {0.55: 14, "auto": 35})[39:]
    'reached 0.60 on 2 % of bars; entries by threshold: 0.55: 14, auto: 35'
    >>> threshold_hint(61, 0, "auto", 0.02, {}, typical=0.743, never=True)[33:]
    'P(up) reached its break-even (median 0.743) on 2 % of bars, on none for a side that the \
strategy would enter; see "ML vetoed everything" in the docs'
    """
    named = "its break-even" if threshold == AUTO else threshold_text(threshold)
    if threshold == AUTO and typical is not None:
        named += f" (median {typical:.3f})"
    share = f"{100 * reached:.0f}" if reached >= 0.01 or not reached else f"{100 * reached:.2g}"
    sentence = (
        f"{off:,} trades without ML, {on:,} with it: {sides} reached {named} on {share} % of bars"
    )
    if never and reached:
        sentence += ", on none for a side that the strategy would enter"
    read_on = '; see "ML vetoed everything" in the docs' if never else ""
    if not entries:
        return sentence + read_on
    passed = ", ".join(f"{threshold_text(each)}: {count:,}" for each, count in entries.items())
    those = "entries of ML-off that pass," if threshold in entries else "entries"
    return f"{sentence}; {those} by threshold: {passed}{read_on}"


def hint_of(pair: RunPair, agreement: Agreement) -> str:
    """Return the hint on two runs, "" if ML leaves enough trades or uses majority voting.

    For FusionStrategy, entries come from a replay; for a strategy under `with_ml`, they are the
    ML-off entries that ML agrees with. For others no threshold is tried.
    """
    off, on = (closed_trades(run.trades) for run in (pair.off, pair.on))
    thin = is_thin(len(off), len(on)) and not issubclass(pair.strategy, HybridScoring)
    if agreement.voting == "majority" or not thin:  # a score has several thresholds
        return ""
    long_only = not (off.side == "short").any()
    if has_own_rule(pair.strategy):
        return own_rule_hint(len(off), len(on), pair.out_of_sample, long_only)
    parts, shorts = pair.out_of_sample, int((off.side == "short").sum())
    if shorts and not next(iter(parts.values())).predictions.two_sided:
        return (
            f"the label has one side, so ML vetoed all {shorts:,} short entries of ML-off: use "
            "--long-only, or a label with two sides"
        )
    others = [
        replace(agreement, threshold=each) for each in TRIED if is_tried(each, agreement, parts)
    ]
    replayed = list(pair.replay_inputs.values())
    entries: dict[float | str, int] = {}
    if replayed and all(one.exact and traded_by_rule(one, pair.off) for one in replayed):
        counts = {
            each.threshold: sum(replayed_trades(x, each) for x in replayed) for each in others
        }
        entries = {each: count for each, count in counts.items() if count > len(on)}
    elif not replayed and not takes_ml(pair.strategy):
        entries = {each.threshold: agreed_trades(off, parts, each) for each in (agreement, *others)}
    limits = np.concatenate([agreement.limits(part.predictions) for part in parts.values()])
    return threshold_hint(
        len(off),
        len(on),
        agreement.threshold,
        reached_share(parts, agreement, long_only),
        entries,
        names_of(parts, long_only),
        float(np.nanmedian(limits)) if np.isfinite(limits).any() else None,
        never=pair.on.trades.empty,
    )


def lost_side(pair: RunPair) -> str:
    """Return a note if ML leaves no trade on one of two traded sides, else "".

    A label with one side has a hint of its own.
    """
    off, on = (run.trades.side.value_counts() for run in (pair.off, pair.on))
    if not next(iter(pair.out_of_sample.values())).predictions.two_sided:
        return ""
    for side, other in (("long", "short"), ("short", "long")):
        made = int(off.get(side, 0))
        if made >= FEW_OF_SIDE and not on.get(side, 0) and off.get(other, 0) and on.get(other, 0):
            return f"ML let no {side} entry pass; without ML there are {made:,} {side} trades"
    return ""


def own_rule_hint(off: int, on: int, parts: Mapping[str, OutOfSample], long_only: bool) -> str:
    """Return the hint for a strategy whose own code decides what ML must say."""
    known = [part.predictions for part in parts.values()]
    sides = [one.probability_up for one in known]
    if not long_only:
        sides += [one.probability_down for one in known]
    low, high = np.nanquantile(np.concatenate(sides), (0.05, 0.95))
    return (
        f"{off:,} trades without ML, {on:,} with it, by the rule of your strategy: on 90 % of bars "
        f"{names_of(parts, long_only)} is from {low:.2f} to {high:.2f}"
    )


def is_tried(
    threshold: float | str, agreement: Agreement, parts: Mapping[str, OutOfSample]
) -> bool:
    """Return whether another threshold may pass more entries and can be computed."""
    if threshold == AUTO:
        known = all(part.predictions.payoff is not None for part in parts.values())
        return known and not agreement.auto
    return agreement.auto or float(threshold) < agreement.number


def closed_trades(trades: pd.DataFrame) -> pd.DataFrame:
    """Return the closed trades."""
    return trades[trades.exit_reason != "open"]


def reached_share(parts: Mapping[str, OutOfSample], agreement: Agreement, long_only: bool) -> float:
    """Return the share of predicted bars on which ML agrees with a side."""
    reached = known = 0
    for part in parts.values():
        long, short = agreement.of_bars(part.predictions)
        reached += int((long if long_only else long | short).sum())
        known += int(part.predictions.known.sum())
    return reached / max(1, known)


def names_of(parts: Mapping[str, OutOfSample], long_only: bool) -> str:
    """Return the names of the probabilities of the traded sides."""
    known = next(iter(parts.values())).predictions
    up, down = ("P(long)", "P(short)") if len(known.classes) == 3 else ("P(up)", "P(down)")
    return up if long_only or not known.two_sided else f"{up} or {down}"


def traded_by_rule(one: ReplayInputs, off: Run) -> bool:
    """Return whether the replay reproduces ML-off's trades: no order was rejected."""
    index = one.bars.index
    signal = np.nan_to_num(one.technical)
    trips = one.replayed(signal)
    entered = pd.DatetimeIndex(off.trades.entry_time)
    return bool(index[trips.signal + 1].isin(entered).all())


def replayed_trades(inputs: ReplayInputs, agreement: Agreement) -> int:
    """Count the closed trades that FusionStrategy would make with another threshold."""
    state = inputs.state
    signal = np.where(agreement.with_sides(inputs.predictions, state), state, 0)
    return int((inputs.replayed(signal).exit_bar != NEVER).sum())


def agreed_trades(off: Any, parts: Mapping[str, OutOfSample], agreement: Agreement) -> int:
    """Count the ML-off trades whose entry ML agrees with."""
    count = 0
    for symbol, part in parts.items():
        own = off if len(parts) == 1 else off[off.symbol == symbol]
        known = part.predictions.at(pd.DatetimeIndex(own.signal_time).to_numpy())
        count += int(agreement.with_sides(known, np.where(own.side == "long", 1, -1)).sum())
    return count
