"""Two tests of outcomes: does the edge last, and are probabilities still right."""

import math
from collections.abc import Iterator

from bt_fusion.evaluation.drift.betting import Wealth
from bt_fusion.evaluation.drift.levels import LEVELS, MARGINS, Drift
from bt_fusion.models.reference import CalibrationLine

__all__ = ["BLOCK", "CalibrationTest", "EdgeTest"]

BLOCK = 50  # bets
LOST = {0.5: 0.25, 1.0: 0.5, 2.0: 0.25}  # of the edge, with the share of capital: 1 is all of it
APART = 0.1  # of the edge: least distance of an alternative from what may be by chance
OFF = (0.05, 0.1, 0.2)  # probabilities off by so much
LEAST, MOST = 0.02, 0.98  # no probability that is bet on is nearer to 0 and 1


class EdgeTest:
    """Is the outcome still as dependent on the prediction as it was on unseen training rows.

    By the line of the training, a class comes in a share c(p) of the cases; without any skill in
    its base share b. The null says that it comes in b + theta (c(p) - b) of them with theta at
    least 1 less 2.33 standard errors. The alternatives say that a half of the edge is lost, all
    of it, or that it has turned round. A bet is a likelihood ratio, so it is larger where the
    model is surer.

    Parameters
    ----------
    line : CalibrationLine
    """

    def __init__(self, line: CalibrationLine):
        self.line = line
        self.least = 1 - MARGINS[Drift.HIT_RATE] * line.edge_error
        known = {lost: share for lost, share in LOST.items() if 1 - lost < self.least - APART}
        total = sum(known.values())
        self.lost = tuple(known)
        self.wealth = Wealth([share / total for share in known.values()], BLOCK) if known else None

    def bet(self, expected: float, came: bool) -> float:
        """Take an outcome and what was expected of it; return the capital."""
        if self.wealth is None:
            return 1.0
        base = self.line.base
        away = expected - base
        null = base + self.least * away
        factors = [ratio(base + (1 - lost) * away, null, came) for lost in self.lost]
        return self.wealth.bet(factors)


class CalibrationTest:
    """Whether classes occur as often as after such predictions on unseen training rows.

    The null says that the share is within 2.81 standard errors of the line of the training; the
    alternatives, that it is beyond that by 0.05, 0.1 or 0.2, on either side.

    Parameters
    ----------
    line : CalibrationLine
    """

    def __init__(self, line: CalibrationLine):
        self.margin = MARGINS[Drift.CALIBRATION] * line.bias_error
        self.wealth = Wealth([1 / (2 * len(OFF))] * (2 * len(OFF)), BLOCK)

    def bet(self, expected: float, came: bool) -> float:
        """Take an outcome and what was expected of it; return the capital."""
        return self.wealth.bet(self._factors(expected, came))

    def _factors(self, expected: float, came: bool) -> Iterator[float]:
        for side in (1, -1):
            null = expected + side * self.margin
            for off in OFF:
                yield ratio(null + side * off, null, came)


def ratio(alternative: float, null: float, came: bool) -> float:
    """Return the likelihood ratio of an outcome, 1 where the null leaves nothing to bet on.

    >>> ratio(0.4, 0.5, came=True), ratio(0.4, 0.5, came=False)
    (0.8, 1.2)
    """
    if not LEAST < null < MOST:
        return 1.0
    if alternative < LEAST:
        alternative = LEAST
    elif alternative > MOST:
        alternative = MOST
    return alternative / null if came else (1 - alternative) / (1 - null)


def bets_to_find(line: CalibrationLine, bets: int = 0) -> float:
    """Return within how many bets a loss of the whole edge is found in 95 of 100 cases.

    The log capital of the right alternative grows like a walk with drift g and variance 2 g, g
    being the mean Kullback-Leibler divergence of a bet; infinite where no edge is known.

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
