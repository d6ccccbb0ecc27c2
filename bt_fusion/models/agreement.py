"""Agreement: what a strategy asks of ML before it enters a side."""

from dataclasses import dataclass

import numpy as np

from bt_fusion.models.predictions import Predictions

__all__ = ["Agreement"]


@dataclass(frozen=True)
class Agreement:
    """When ML agrees with a side.

    Soft voting: the side's probability reaches `threshold`. Majority voting: the signal has the
    side's sign, and the winner's share of the votes reaches `threshold`.

    Attributes
    ----------
    threshold : float
        Least probability, or least share of votes.
    above : bool
        Soft voting: the probability must be above `threshold`, and above the other side's.
    voting : {"soft", "majority"}

    Examples
    --------
    >>> up, down = np.array([0.6, 0.4, np.nan]), np.array([0.4, 0.6, np.nan])
    >>> long, short = Agreement(0.6).sides(up, down)
    >>> long.tolist(), short.tolist()
    ([True, False, False], [False, True, False])
    """

    threshold: float = 0.60
    above: bool = False
    voting: str = "soft"

    def sides(
        self,
        up: np.ndarray | float,
        down: np.ndarray | float,
        signal: np.ndarray | float = np.nan,
        confidence: np.ndarray | float = np.nan,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Tell where ML agrees with a long, and where with a short; NaN agrees with neither.

        Parameters
        ----------
        up, down : ndarray, shape (n_bars,), or float
            P(up) and P(down).
        signal, confidence : ndarray, shape (n_bars,), or float
            Of `Predictions`; majority voting goes by them, soft voting does not need them.
        """
        if self.voting == "majority":
            enough = np.greater_equal(confidence, self.threshold)
            return np.greater(signal, 0) & enough, np.less(signal, 0) & enough
        if self.above:
            long = np.greater(up, self.threshold) & ~np.less_equal(up, down)
            return long, np.greater(down, self.threshold) & ~np.less_equal(down, up)
        return np.greater_equal(up, self.threshold), np.greater_equal(down, self.threshold)

    def with_sides(self, predictions: Predictions, side: np.ndarray) -> np.ndarray:
        """Tell where ML agrees with the side of each bar, 1 long and -1 short."""
        p = predictions
        long, short = self.sides(p.probability_up, p.probability_down, p.signal(), p.confidence)
        return np.where(side > 0, long, short & (side < 0))
