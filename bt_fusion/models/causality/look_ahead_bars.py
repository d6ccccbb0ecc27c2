"""How far ahead a value looks."""

from collections.abc import Callable

__all__ = ["how_far", "how_many", "look_ahead_bars"]

FAR = 0.9  # of the bars after a value: beyond this it counts as looking at all of them


def look_ahead_bars(changed: Callable[[int], bool], last: int) -> int | None:
    """Return how many bars ahead a value looks, None if at all of them.

    Parameters
    ----------
    changed : callable
        Returns whether the value differs when bars more than that far ahead are changed.
    last : int
        Bars after the value, 1 or more.

    Examples
    --------
    >>> look_ahead_bars(lambda ahead: ahead < 20, 500), look_ahead_bars(lambda ahead: True, 500)
    (20, None)
    """
    if last > 2 and changed(last - 1):
        return None
    near, far = 0, 1
    while far < last and changed(far):
        near, far = far, 2 * far
    far = min(far, last)
    while far - near > 1:
        middle = (near + far) // 2
        near, far = (middle, far) if changed(middle) else (near, middle)
    return None if last > 100 and far > FAR * last else far


def how_far(bars: int | None) -> str:
    """Return in words how far ahead something looks.

    >>> how_far(1), how_far(5), how_far(None)
    ('it looks 1 bar ahead', 'it looks 5 bars ahead', 'it looks at all later bars')
    """
    if bars is None:
        return "it looks at all later bars"
    return f"it looks {how_many(bars)} ahead"


def how_many(bars: int) -> str:
    """Write a number of bars.

    >>> how_many(1), how_many(2)
    ('1 bar', '2 bars')
    """
    return f"{bars:,} bar{'s' if bars > 1 else ''}"
