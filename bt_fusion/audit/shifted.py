"""Shift several feeds against each other to find code that pairs their bars by position."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from bt_fusion.audit.comparing import Compared, Finding, error_text
from bt_fusion.audit.futures import cut, other_future
from bt_fusion.audit.recording import Recording

__all__ = ["gaps_of", "paired_by_place", "with_gaps"]

Bars = Mapping[str, pd.DataFrame]
Run = Callable[..., Recording]
SAMPLE = 2_000  # bars beyond the warm-up
GAP = 7  # bars removed
EARLY, LATE = 0.4, 0.8  # their places, as fractions of the bars after the warm-up
CUT = 0.6  # place where the future changes
MODES = {"preload": False, "runonce": False}
BY_PLACE = "feeds are paired by place, not by time"


def paired_by_place(
    run: Run, bars: Bars, plain: Compared, known: set[str], seed: int = 0
) -> tuple[list[Finding], list[str]]:
    """Find lines and orders that pair the bars of feeds by position.

    Some feeds lose a few bars early, the others the same number late. All keep the same length, but
    between the two gaps the n-th bars have different times. A batch must then give the same values
    as a bar-by-bar run, independent of later bars. A strategy that compares timestamps, or reads
    each feed's last bar, passes; one that rejects such feeds is not verified.

    Parameters
    ----------
    run : callable
        Maps bars, and options of `Cerebro.run`, to a `Recording`.
    bars : mapping of DataFrame by symbol
    plain : Compared
        The original run; random lines are left out.
    known : set of str
        Lines that already have a finding.
    seed : int

    Returns
    -------
    list of Finding, list of str
        The findings, and what could not be verified.
    """
    sample = first_bars(bars, plain.plain)
    findings: list[Finding] = []
    unverified: list[str] = []
    if min(map(len, sample.values())) < 2 * GAP / (LATE - EARLY):
        return [], ["pairing of feeds: too few bars"]
    for early in gaps_of(list(sample)):
        moved = with_gaps(sample, early, plain.plain.first)
        missing = f"{GAP} bars missing in {', '.join(early)} and {GAP} later in the others"
        text = f"{BY_PLACE}: with {missing}"
        batch, single = run(moved), run(moved, **MODES)
        if batch.error is not None and single.error is None:
            findings.append(
                Finding("pairing", "the strategy", "", f"{text}, {failure_text(batch)}")
            )
        elif batch.error is not None:
            unverified.append(
                f"{text.replace(BY_PLACE, 'pairing of feeds')}, {failure_text(batch)}"
            )
        else:
            rng = np.random.default_rng(seed)
            compared = as_compared(batch, plain)
            findings += pairing_findings(compared, moved, run, single, rng, text)
            plain.count += compared.count
    return [each for each in findings if each.where not in known], unverified


def failure_text(batch: Recording) -> str:
    """Describe how a run fails."""
    return "the run fails" if batch.error is None else f"the run fails: {error_text(batch.error)}"


def pairing_findings(
    compared: Compared,
    moved: Bars,
    run: Run,
    single: Recording,
    rng: np.random.Generator,
    text: str,
) -> Iterator[Finding]:
    """Yield differences bar by bar, or with changed bars after a place between the gaps."""
    found = list(compared.bar_by_bar(single))
    time = np.unique(compared.plain.time)
    place = compared.plain.first + int(CUT * (len(time) - compared.plain.first))
    stamp = time[min(place, len(time) - 2)]
    found += compared.until(stamp, run(cut(moved, stamp)), ended=True)
    found += compared.until(stamp, run(other_future(moved, stamp, rng)), ended=False)
    for each in found:
        yield Finding("pairing", each.where, each.first, f"{text}, {each.detail}")


def as_compared(batch: Recording, plain: Compared) -> Compared:
    """Return the run over shifted feeds for comparison, with the original run's random lines."""
    compared = Compared(batch, batch, plain.trades)
    if batch.lines == plain.plain.lines:
        compared.repeatable = plain.repeatable
    compared.orders_repeatable = plain.orders_repeatable
    return compared


def gaps_of(names: list[str]) -> list[tuple[str, ...]]:
    """Return sets of feeds with an early gap: any two feeds differ in both directions.

    >>> gaps_of(["A", "B"]), len(gaps_of(list("ABCD")))
    ([('B',), ('A',)], 4)
    """
    found = []
    for bit in range((len(names) - 1).bit_length()):
        ones = tuple(name for place, name in enumerate(names) if place >> bit & 1)
        found += [ones, tuple(name for name in names if name not in ones)]
    return found


def with_gaps(bars: Bars, early: tuple[str, ...], warm_up: int = 0) -> dict[str, pd.DataFrame]:
    """Return the bars with a gap, early for the feeds in `early` and late for the others."""
    found = {}
    for name, own in bars.items():
        begin = min(warm_up, len(own) // 2)
        share = EARLY if name in early else LATE
        start = begin + int(share * (len(own) - begin))
        found[name] = own.drop(own.index[start : start + GAP])
    return found


def first_bars(bars: Bars, plain: Recording) -> dict[str, pd.DataFrame]:
    """Return the bars of the warm-up and 2,000 more."""
    time = np.unique(plain.time)
    return cut(bars, time[min(len(time) - 1, plain.first + SAMPLE)])
