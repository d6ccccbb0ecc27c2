"""Agreement: the condition on ML before a strategy enters a side."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from bt_fusion.errors import OptionError
from bt_fusion.models.payoff import BreakEven, no_payoff
from bt_fusion.models.predictions import Predictions

__all__ = ["AUTO", "DEFAULT_THRESHOLD", "THRESHOLDS", "Agreement", "check_threshold"]

AUTO = "auto"  # the break-even probability of each bar, see `BreakEven`
DEFAULT_THRESHOLD: float | str = AUTO  # of FusionStrategy, FusedSignal, with_ml and fused_signals

# Strategy parameters for the least probability at which ML agrees, and for whether the probability
# must be above it
THRESHOLDS = {"ml_threshold": False, "probability_threshold": True, "ml_entry_threshold": False}


@dataclass(frozen=True)
class Agreement:
    """When ML agrees with a side.

    Soft voting: the side's probability reaches `threshold`. Majority voting: the signal has the
    side's sign, and the winner's share of the votes reaches `threshold`.

    Attributes
    ----------
    threshold : float or "auto"
        Minimum probability, or minimum share of votes. "auto": the break-even probability of each
        bar, see `BreakEven`; with majority voting it adds no condition to the signal.
    above : bool
        Soft voting: the probability must be above `threshold`, and above the other side's.
    voting : {"soft", "majority"}
    costs : float
        Of entry and exit together, a fraction of the price; used by "auto".

    Examples
    --------
    >>> up, down = np.array([0.6, 0.4, np.nan]), np.array([0.4, 0.6, np.nan])
    >>> long, short = Agreement(0.6).sides(up, down)
    >>> long.tolist(), short.tolist()
    ([True, False, False], [False, True, False])
    """

    threshold: float | str = 0.60
    above: bool = False
    voting: str = "soft"
    costs: float = 0.0

    @classmethod
    def of(
        cls,
        params: Mapping[str, Any],
        voting: str = "soft",
        default: float | str = 0.60,
        costs: float = 0.0,
    ) -> "Agreement":
        """Return the agreement for a strategy's parameters; `default` if they set none.

        >>> Agreement.of({"ema_fast": 12, "ml_threshold": 0.55})
        Agreement(threshold=0.55, above=False, voting='soft', costs=0.0)
        """
        for name, above in THRESHOLDS.items():
            given = params.get(name)
            if isinstance(given, Real):
                return cls(float(given), above, voting, costs)
            if given == AUTO:
                return cls(AUTO, above, voting, costs)
        return cls(default, voting=voting, costs=costs)

    @property
    def auto(self) -> bool:
        """Whether the break-even probability of each bar decides: soft voting and "auto"."""
        return self.threshold == AUTO and self.voting == "soft"

    @property
    def number(self) -> float:
        """The threshold as a number; 0 for "auto"."""
        return 0.0 if self.threshold == AUTO else float(self.threshold)

    def sides(
        self,
        up: Any,
        down: Any,
        signal: Any = np.nan,
        confidence: Any = np.nan,
        break_even: BreakEven | None = None,
    ) -> Any:
        """Return where ML agrees with a long, and where with a short; NaN agrees with neither.

        Parameters
        ----------
        up, down : ndarray, shape (n_bars,), or float
            P(up) and P(down).
        signal, confidence : ndarray, shape (n_bars,), or float
            Of `Predictions`; used by majority voting, not by soft voting.
        break_even : BreakEven, optional
            Of the same bars; used by "auto".

        Returns
        -------
        pair of ndarray of bool, shape (n_bars,), or of bool
        """
        if self.voting == "majority":
            enough = confidence >= self.number
            return (signal > 0) & enough, (signal < 0) & enough
        if self.auto:
            if break_even is None:
                raise no_payoff("what predicts")
            return break_even.agrees(up, down)
        if self.above:
            likelier = (up > down) | (down != down)  # a one-sided label has no other side
            return (up > self.number) & likelier, (down > self.number) & (down > up)
        return up >= self.number, down >= self.number

    def of_bars(self, predictions: Predictions) -> tuple[np.ndarray, np.ndarray]:
        """Return on which bars ML agrees with a long, and on which with a short."""
        break_even = predictions.break_even(self.costs) if self.auto else None
        up, down, signal, confidence = predictions.signal_values()
        return self.sides(up, down, signal, confidence, break_even)

    def with_sides(self, predictions: Predictions, side: np.ndarray) -> np.ndarray:
        """Return where ML agrees with the side of each bar, 1 long and -1 short."""
        long, short = self.of_bars(predictions)
        return np.where(side > 0, long, short & (side < 0))

    def limits(self, predictions: Predictions) -> np.ndarray:
        """Return the threshold of each bar: NaN with majority voting, and if unknown.

        With three classes and "auto" each side has its own limit: returns that of the likelier
        side.
        """
        p = predictions
        if self.voting == "majority" or (self.auto and p.payoff is None):
            return np.full(len(p), np.nan)
        if not self.auto:
            return np.full(len(p), self.number)
        up, down = p.probability_up, p.probability_down
        long, short = p.break_even(self.costs).limits(up, down)
        return np.where(down > up, short, long)


def check_threshold(threshold: float | str) -> None:
    """Raise OptionError for a threshold that is neither "auto" nor a fraction from 0 to 1.

    >>> check_threshold("auto")
    >>> check_threshold(60)
    Traceback (most recent call last):
    bt_fusion.errors.OptionError: ml_threshold 60 must be a number from 0 to 1, or auto
    """
    numeric = isinstance(threshold, Real) and 0 <= threshold <= 1
    if threshold != AUTO and not numeric:
        raise OptionError(f"ml_threshold {threshold!r} must be a number from 0 to 1, or auto")
