"""Agreement: what a strategy asks of ML before it enters a side."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bt_fusion.models.predictions import Predictions

__all__ = ["THRESHOLDS", "Agreement"]

# Parameters of strategies that say from which probability on ML agrees, and whether the probability
# must be above it
THRESHOLDS = {"ml_threshold": False, "probability_threshold": True, "ml_entry_threshold": False}


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

    @classmethod
    def of(
        cls, params: Mapping[str, Any], voting: str = "soft", default: float = 0.60
    ) -> "Agreement":
        """Return what a strategy with these parameters asks; `default` where none of them says.

        >>> Agreement.of({"ema_fast": 12, "ml_threshold": 0.55})
        Agreement(threshold=0.55, above=False, voting='soft')
        """
        for name, above in THRESHOLDS.items():
            if isinstance(params.get(name), int | float):
                return cls(params[name], above, voting)
        return cls(default, voting=voting)

    def sides(self, up: Any, down: Any, signal: Any = np.nan, confidence: Any = np.nan) -> Any:
        """Tell where ML agrees with a long, and where with a short; NaN agrees with neither.

        Parameters
        ----------
        up, down : ndarray, shape (n_bars,), or float
            P(up) and P(down).
        signal, confidence : ndarray, shape (n_bars,), or float
            Of `Predictions`; majority voting goes by them, soft voting does not need them.

        Returns
        -------
        pair of ndarray of bool, shape (n_bars,), or of bool
        """
        if self.voting == "majority":
            enough = confidence >= self.threshold
            return (signal > 0) & enough, (signal < 0) & enough
        if self.above:
            likelier = (up > down) | (down != down)  # a label of one side has no other one
            return (up > self.threshold) & likelier, (down > self.threshold) & (down > up)
        return up >= self.threshold, down >= self.threshold

    def with_sides(self, predictions: Predictions, side: np.ndarray) -> np.ndarray:
        """Tell where ML agrees with the side of each bar, 1 long and -1 short."""
        p = predictions
        long, short = self.sides(p.probability_up, p.probability_down, p.signal(), p.confidence)
        return np.where(side > 0, long, short & (side < 0))
