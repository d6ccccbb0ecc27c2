"""Candle patterns by name: the TA-Lib patterns that the scoring of system C uses."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import unknown_name
from bt_fusion.technical.array_talib import talib

__all__ = ["LOOKBACK", "PATTERNS", "Pattern", "candle_patterns", "pattern_name"]

LOOKBACK = 16  # bars the slowest pattern needs: a mean of ten, plus up to five of its own


@dataclass(frozen=True)
class Pattern:
    """A pattern TA-Lib recognises.

    Attributes
    ----------
    name : str
    function : str
        TA-Lib's.
    bars : int
        How many bars make the pattern.
    side : int
        1 always bullish, -1 always bearish, 0 if TA-Lib's sign decides.
    """

    name: str
    function: str
    bars: int
    side: int


# In order of rank: of equally strong patterns on a bar, the first gives its name.
PATTERNS = (
    Pattern("hammer", "CDLHAMMER", 1, 1),
    Pattern("inverted_hammer", "CDLINVERTEDHAMMER", 1, 1),
    Pattern("dragonfly_doji", "CDLDRAGONFLYDOJI", 1, 1),
    Pattern("belt_hold", "CDLBELTHOLD", 1, 0),
    Pattern("hanging_man", "CDLHANGINGMAN", 1, -1),
    Pattern("shooting_star", "CDLSHOOTINGSTAR", 1, -1),
    Pattern("gravestone_doji", "CDLGRAVESTONEDOJI", 1, -1),
    Pattern("morning_star", "CDLMORNINGSTAR", 3, 1),
    Pattern("morning_doji_star", "CDLMORNINGDOJISTAR", 3, 1),
    Pattern("three_white_soldiers", "CDL3WHITESOLDIERS", 3, 1),
    Pattern("piercing", "CDLPIERCING", 2, 1),
    Pattern("evening_star", "CDLEVENINGSTAR", 3, -1),
    Pattern("evening_doji_star", "CDLEVENINGDOJISTAR", 3, -1),
    Pattern("three_black_crows", "CDL3BLACKCROWS", 3, -1),
    Pattern("dark_cloud_cover", "CDLDARKCLOUDCOVER", 2, -1),
    Pattern("engulfing", "CDLENGULFING", 2, 0),
    Pattern("harami", "CDLHARAMI", 2, 0),
)
NAMES = tuple(pattern.name for pattern in PATTERNS)


def candle_patterns(
    bars: BarArrays, names: Sequence[str] | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find patterns that end on each bar.

    Parameters
    ----------
    bars : BarArrays
    names : sequence of str, optional
        Names of `PATTERNS`, all by default.

    Returns
    -------
    bullish, bearish : ndarray of float64, shape (n_bars,)
        Strength: 0 none, 1 a pattern of one bar, 2 one of several bars.
    code : ndarray of float64, shape (n_bars,)
        The strongest pattern as its position in `PATTERNS` from 1, negative if bearish, 0 for none;
        of equal strength the bullish one. See `pattern_name`.

    Raises
    ------
    OptionError
        For an unknown name.
    """
    bullish, bearish, up, down = np.zeros((4, len(bars)))
    for number in _numbers(names):
        pattern = PATTERNS[number]
        found = getattr(talib, pattern.function)(bars.open, bars.high, bars.low, bars.close)
        found = np.abs(found) * pattern.side if pattern.side else found
        strength = 1.0 if pattern.bars == 1 else 2.0
        for hit, best, code in ((found > 0, bullish, up), (found < 0, bearish, down)):
            better = hit & (strength > best)
            best[better], code[better] = strength, number + 1
    code = np.where(bullish >= bearish, up, -down)
    for values in (bullish, bearish, code):
        values[: LOOKBACK - 1] = np.nan
    return bullish, bearish, code


def pattern_name(code: float) -> str:
    """Return the name of a code, an empty text for none.

    >>> pattern_name(1), pattern_name(-16), pattern_name(0)
    ('hammer', 'engulfing', '')
    """
    return NAMES[abs(int(code)) - 1] if code == code and code else ""


def _numbers(names: Sequence[str] | None) -> list[int]:
    for name in names or ():
        if name not in NAMES:
            raise unknown_name("candle pattern", name, NAMES)
    return [number for number, name in enumerate(NAMES) if names is None or name in names]
