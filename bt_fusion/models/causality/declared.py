"""Check that a feature's declared lookback and memory are long enough."""

from collections.abc import Callable

import numpy as np

from bt_fusion.errors import OptionError
from bt_fusion.models.causality.features import FeatureCheck

__all__ = ["check_declared"]

ENDS = 8
ROWS = 32  # bars before each end that are also compared
SPREAD, SIZE = 1e-8, 1e-9  # of a feature's standard deviation and usual size
CERTAIN = 1e-6  # of the same: more than the effect of rounding

SMOOTHING = (
    "(RSI, ATR, EMA) declare memory=wilder_memory(period) or ema_memory(period), from "
    "bt_fusion.features"
)


def check_declared(check: FeatureCheck) -> None:
    """Compare a feature on its declared number of last bars with the feature on all bars.

    Raises
    ------
    OptionError
        With the declaration that is too short, and its least valid value.
    """
    n_bars, entry = len(check.whole), check.entry
    if n_bars <= entry.memory + 1:
        return
    rng = np.random.default_rng(n_bars)
    ends = np.unique(rng.integers(min(entry.memory + ROWS, n_bars - 1), n_bars, ENDS))
    _check_lookback(check, ends)
    for end in ends:
        first = max(0, end + 1 - entry.memory - ROWS)
        part = check.values(check.bars.part(first, end + 1))[entry.memory - 1 :]
        rows = np.arange(first + entry.memory - 1, end + 1)
        short = _differs(check, part, check.whole[rows]).any(axis=1)
        if short.any():
            _check_memory(check, int(rows[short.argmax()]))


def _check_lookback(check: FeatureCheck, ends: np.ndarray) -> None:
    """Raise OptionError if no end has a value from that few bars."""
    known = [int(end) for end in ends if np.isfinite(check.whole[end]).all()]

    def enough(bars: int) -> bool:
        return any(np.isfinite(_last(check, end, bars)).all() for end in known)

    if known and not enough(check.entry.lookback):
        _raise(
            check, "lookback", check.entry.lookback, _fewest(enough, check.entry.lookback, known[0])
        )


def _check_memory(check: FeatureCheck, end: int) -> None:
    """Raise OptionError if an end's value from its memory differs from that of all earlier bars."""
    memory, lookback = check.entry.memory, check.entry.lookback
    whole = _last(check, end, end + 1)
    if not np.array_equal(whole, check.whole[end], equal_nan=True):
        return  # it looks ahead at this bar: memory is not the cause

    def enough(bars: int) -> bool:
        return not _differs(check, _last(check, end, bars)[None], whole[None]).any()

    if _is_rounding(check, end, _last(check, end, memory), whole):
        return
    needed = _fewest(enough, memory, end)
    unknown = memory == lookback and np.isnan(_last(check, end, memory)).any()
    _raise(check, "lookback" if unknown else "memory", memory, needed)


def _is_rounding(check: FeatureCheck, end: int, part: np.ndarray, whole: np.ndarray) -> bool:
    """Return whether values differ only by the effect of the bars' last digits."""
    if _differs(check, part, whole, CERTAIN).any():
        return False
    return bool((np.abs(part - whole) <= check.rounding[end]).all())


def _differs(
    check: FeatureCheck, part: np.ndarray, whole: np.ndarray, more: float = 0.0
) -> np.ndarray:
    """Return which values differ by more than the effect of the start."""
    allowed = max(SPREAD, more) * check.spread + max(SIZE, more) * check.scale
    with np.errstate(invalid="ignore"):
        near = np.abs(part - whole) <= allowed + 1e-12
    return ~near & (part != whole) & ~(np.isnan(part) & np.isnan(whole))


def _last(check: FeatureCheck, end: int, bars: int) -> np.ndarray:
    """Return the feature at a bar, from the given number of bars."""
    return check.values(check.bars.arrays[end + 1 - bars : end + 1])[-1]


def _fewest(enough: Callable[[int], bool], few: int, most: int) -> int | None:
    """Return the number of bars that suffice, more than `few`; None if `most` do not."""
    many = few
    while not enough(many):
        if many == most:
            return None
        few, many = many, min(2 * many, most)
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if enough(middle) else (middle, many)
    return many


def _raise(check: FeatureCheck, what: str, declared: int, needed: int | None) -> None:
    name = ", ".join(check.entry.names)
    same = what == "memory" and declared == check.entry.lookback
    given = f"{what} {declared}{' (its lookback, where no memory is given)' if same else ''}"
    if needed is None:
        raise OptionError(
            f"feature {name}: {given} is too short: its value depends on all bars tried here. For "
            f"a smoothing {SMOOTHING}. A sum since the first bar has no memory: sum over a window"
        )
    more = f"; for a smoothing {SMOOTHING}" if what == "memory" else ""
    raise OptionError(
        f"feature {name}: {given} is too short: on these bars it needs at least {needed}. Live, a "
        f"value is computed from that many bars; declare {what}={needed} or more{more}"
    )
