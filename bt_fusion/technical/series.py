"""Safe ratios, and the memory of smoothings."""

import numpy as np

__all__ = ["changes", "ema_memory", "no_event", "ratio", "wilder_memory"]


START_UP = 1e-9  # a feature has forgotten its start when less than this of it remains


def ema_memory(period: int) -> int:
    """Bars until an exponential average of `period` has forgotten its start.

    >>> ema_memory(26)
    296
    """
    return period + _decay(1 - 2 / (period + 1))


def wilder_memory(period: int) -> int:
    """Bars until Wilder's smoothing over `period` has forgotten its start.

    >>> wilder_memory(14)
    295
    """
    return period + 1 + _decay(1 - 1 / period)


def ratio(
    numerator: np.ndarray,
    denominator: np.ndarray,
    *,
    empty: float = 0.0,
    floor: float | np.ndarray = 0.0,
) -> np.ndarray:
    """Divide, with `empty` if the denominator is `floor` or less (flat bars, no volume)."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        values = numerator / denominator
    np.copyto(values, empty, where=denominator <= floor)
    return values


def changes(prices: np.ndarray) -> np.ndarray:
    """Return which prices differ from the previous one; the first does not."""
    changed = np.zeros(len(prices), dtype=bool)
    np.not_equal(prices[1:], prices[:-1], out=changed[1:])
    return changed


def no_event(event: np.ndarray, count: int) -> np.ndarray:
    """Return whether the last `count` bars, or all bars so far if fewer, had no event.

    Exact, while a running sum of the same bars leaves rounding errors, and an exponential average
    never fully forgets.

    >>> no_event(np.array([False, True, False, False]), 2)
    array([ True, False, False,  True])
    """
    events = np.add.accumulate(event, dtype=np.int32)  # np.cumsum, in half the time on a few bars
    found = np.empty(len(event), dtype=bool)
    found[:count] = events[:count] == 0
    found[count:] = events[count:] == events[:-count]
    return found


def _decay(share: float) -> int:
    return int(np.ceil(np.log(START_UP) / np.log(share)))
