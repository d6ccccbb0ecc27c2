"""Find feeds whose bars are stamped before their end, by comparison with another feed."""

from collections.abc import Iterator, Mapping
from itertools import permutations

import numpy as np
import pandas as pd

from bt_fusion.audit.comparing import Finding, stamp_text
from bt_fusion.models.causality.elsewhere import CORRELATION, DEVIATIONS, FEWEST
from bt_fusion.models.causality.look_ahead_bars import how_many

__all__ = ["stamped_too_early"]

MARGIN = 0.1  # by which later moves must match better than past ones
FURTHEST = 400  # most bars of the shorter feed in one bar of the longer


def stamped_too_early(bars: Mapping[str, pd.DataFrame]) -> Iterator[Finding]:
    """Yield feeds whose moves match those of another feed after their timestamps.

    Longer bars stamped at their open arrive a whole bar too early; bars in another time zone may as
    well. Two feeds of one market, or of correlated markets, reveal it.
    """
    for early, other in permutations(bars, 2):
        found = moves_later(bars[early].close, bars[other].close)
        if found is not None:
            ahead, later, over, first = found
            text = (
                f"it moves as {other or 'the other feed'} does up to {how_many(ahead)} later "
                f"(correlation {later:.2f}, with earlier moves {over:.2f}): its bars carry a stamp "
                "before their end. Stamp each bar at its end"
            )
            yield Finding("look-ahead", early, stamp_text(first), text)


def moves_later(
    early: pd.Series, other: pd.Series
) -> tuple[int, float, float, np.datetime64] | None:
    """Return by how many bars another series lags behind one; None if it does not.

    Returns
    -------
    (int, float, float, datetime64) or None
        Bars of the other, correlation with its moves that far ahead, the highest correlation with
        past moves, and the first common timestamp.
    """
    shared = early.index.intersection(other.index)
    if len(shared) < FEWEST or len(early) > len(other):
        return None
    longest = min(FURTHEST, round(len(other) / len(early)) + 1)
    at = other.index.get_indexer(shared)
    level, moves = np.log(other.to_numpy()), np.log(early).diff().reindex(shared).to_numpy()
    spans = sorted({1, 2, longest // 2, longest - 2, longest - 1, longest} - {0, -1})

    def correlation_at(span: int, ahead: int) -> float:
        """Correlate with moves over `span` bars that end `ahead` bars later."""
        end = at + ahead
        inside = (end < len(level)) & (end - span >= 0)
        if inside.sum() < FEWEST:
            return 0.0
        made = level[end[inside]] - level[end[inside] - span]
        return correlation(moves[inside], made)

    over = max(correlation_at(span, ahead) for span in spans for ahead in (0, -1, -span))
    later, ahead = max((correlation_at(span, ahead), ahead) for span in spans for ahead in spans)
    certain = max(CORRELATION, DEVIATIONS / len(shared) ** 0.5, over + MARGIN)
    return (ahead, later, over, shared[0].to_datetime64()) if later > certain else None


def correlation(one: np.ndarray, another: np.ndarray) -> float:
    """Return the correlation over known values, 0 if one of them is constant."""
    known = np.isfinite(one) & np.isfinite(another)
    if known.sum() < FEWEST or np.ptp(one[known]) == 0 or np.ptp(another[known]) == 0:
        return 0.0
    return float(np.corrcoef(one[known], another[known])[0, 1])
