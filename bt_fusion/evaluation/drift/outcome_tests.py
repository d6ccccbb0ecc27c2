"""Two tests of outcomes: whether the edge lasts, and whether probabilities are calibrated."""

import math
from collections.abc import Iterator

from bt_fusion.evaluation.drift.betting import Wealth
from bt_fusion.evaluation.drift.levels import LEVELS, MARGINS, Drift
from bt_fusion.models.reference import CalibrationLine

__all__ = ["BLOCK", "CalibrationTest", "EdgeTest"]

BLOCK = 50  # bets
LOST = {0.5: 0.25, 1.0: 0.5, 2.0: 0.25}  # lost share of the edge -> share of capital
LEAST_DISTANCE = 0.1  # smallest distance of an alternative from the null, as a share of the edge
ERRORS = (0.05, 0.1, 0.2)  # errors of the probabilities
LEAST, MOST = 0.02, 0.98  # limits of the probabilities in bets


class EdgeTest:
    """Test whether outcomes still depend on predictions as on out-of-sample training rows.

    By the training's calibration line, a class occurs with frequency c(p); without skill, with its
    base rate b. Under the null the frequency is b + theta (c(p) - b) with theta at least 1 minus
    2.33 standard errors. Under the alternatives half of the edge is lost, all of it, or it has
    reversed. A bet is a likelihood ratio, so it is larger for confident predictions.

    Parameters
    ----------
    line : CalibrationLine
    """

    def __init__(self, line: CalibrationLine):
        self.line = line
        self.least = 1 - MARGINS[Drift.HIT_RATE] * line.edge_error
        known = {
            lost: share for lost, share in LOST.items() if 1 - lost < self.least - LEAST_DISTANCE
        }
        total = sum(known.values())
        self.lost = tuple(known)
        self.wealth = Wealth([share / total for share in known.values()], BLOCK) if known else None

    def bet(self, expected: float, outcome: bool) -> float:
        """Add an outcome and its expected probability; return the capital."""
        if self.wealth is None:
            return 1.0
        base = self.line.base
        away = expected - base
        null = base + self.least * away
        factors = [ratio(base + (1 - lost) * away, null, outcome) for lost in self.lost]
        return self.wealth.bet(factors)


class CalibrationTest:
    """Test whether classes occur as often as for such predictions on out-of-sample training rows.

    Under the null the share is within 2.81 standard errors of the training's line; under the
    alternatives it is beyond that by 0.05, 0.1 or 0.2, on either side.

    Parameters
    ----------
    line : CalibrationLine
    """

    def __init__(self, line: CalibrationLine):
        self.margin = MARGINS[Drift.CALIBRATION] * line.bias_error
        self.wealth = Wealth([1 / (2 * len(ERRORS))] * (2 * len(ERRORS)), BLOCK)

    def bet(self, expected: float, outcome: bool) -> float:
        """Add an outcome and its expected probability; return the capital."""
        return self.wealth.bet(self._factors(expected, outcome))

    def _factors(self, expected: float, outcome: bool) -> Iterator[float]:
        for side in (1, -1):
            null = expected + side * self.margin
            for off in ERRORS:
                yield ratio(null + side * off, null, outcome)


def ratio(alternative: float, null: float, outcome: bool) -> float:
    """Return the likelihood ratio of an outcome, 1 if the null leaves nothing to bet on.

    >>> ratio(0.4, 0.5, outcome=True), ratio(0.4, 0.5, outcome=False)
    (0.8, 1.2)
    """
    if not LEAST < null < MOST:
        return 1.0
    if alternative < LEAST:
        alternative = LEAST
    elif alternative > MOST:
        alternative = MOST
    return alternative / null if outcome else (1 - alternative) / (1 - null)


def bets_to_find(line: CalibrationLine, bets: int = 0) -> float:
    """Return the number of bets that detect the loss of the whole edge in 95 of 100 cases.

    The log capital of the right alternative grows like a random walk with drift g and variance 2 g,
    where g is the mean Kullback-Leibler divergence of a bet; infinite without a known edge.

    Parameters
    ----------
    line : CalibrationLine
    bets : int
        Bets before the loss.
    """
    test = EdgeTest(line)
    if test.wealth is None or 1.0 not in test.lost:
        return math.inf
    growth = test.least**2 * line.signal / (2 * line.base * (1 - line.base))
    number = bets // BLOCK + 1
    price = math.log(number * (number + 1) / LOST[1.0] / LEVELS[Drift.HIT_RATE])
    spread = 1.645 * math.sqrt(2 * growth)
    return ((spread + math.sqrt(spread**2 + 4 * growth * price)) / (2 * growth)) ** 2
