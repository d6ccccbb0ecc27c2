"""Outcomes of a model recipe's predictions for rows it had not learnt from."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bt_fusion.ensemble.calibration import CERTAIN, log_odds

__all__ = ["FEWEST_BETS", "CalibrationLine", "OutcomeReference"]

FEWEST_BETS = 100  # labels that do not overlap; with fewer there is no reference
BLOCK = 10  # horizons: block sums show the correlation of residuals
NEARLY = 1e-3  # limits how near probabilities may be to 0 and 1


@dataclass(frozen=True)
class CalibrationLine:
    """Frequency of a class by its predicted probability, over unseen rows.

    Attributes
    ----------
    side : int
        The class: 1, or -1 for three classes.
    intercept, slope : float
        log-odds(observed) = intercept + slope x log-odds(predicted).
    base : float
        Share of the class among the rows.
    signal : float
        Mean square of (frequency on the line - base): the edge that can be lost.
    bias_error : float
        Standard error of the mean residual, as a probability.
    edge_error : float
        Relative standard error of how strongly outcomes follow the line; 1 is as learnt.
    """

    side: int
    intercept: float
    slope: float
    base: float
    signal: float
    bias_error: float
    edge_error: float

    @classmethod
    def learn(
        cls, side: int, predicted: np.ndarray, outcomes: np.ndarray, horizon: int
    ) -> "CalibrationLine":
        """Fit the line; overlapping labels count once.

        Parameters
        ----------
        side : int
        predicted : ndarray of float, shape (n_rows,)
            Probability of the class, in time order.
        outcomes : ndarray of bool, shape (n_rows,)
        horizon : int
            Bars a label looks ahead.
        """
        intercept, slope = fitted_line(predicted, outcomes)
        expected = on_line(intercept, slope, predicted)
        base, residual = float(outcomes.mean()), outcomes - expected
        deviation = expected - base
        signal = float((deviation**2).mean())
        edge_error = np.inf
        if signal > 0:
            edge_error = error_of_mean(deviation * residual, horizon) / signal
        return cls(
            side,
            intercept,
            slope,
            base,
            signal,
            error_of_mean(residual, horizon),
            min(edge_error, 1e6),
        )

    def expected(self, predicted: float) -> float:
        """Return the expected frequency of the class at a predicted probability."""
        return at_line(self.intercept, self.slope, predicted)


@dataclass(frozen=True)
class OutcomeReference:
    """The quality of predictions for unseen rows.

    Attributes
    ----------
    lines : tuple of CalibrationLine
        For class 1; with three classes also for -1.
    hit_line : tuple of float
        Intercept and slope of the same line for hits (the likeliest class was right) by the
        probability of the likeliest class.
    hit_rate : float
    rows : int
        Number of unseen rows used.
    bets : int
        Number of labels among them that do not overlap.
    """

    lines: tuple[CalibrationLine, ...]
    hit_line: tuple[float, float]
    hit_rate: float
    rows: int
    bets: int

    @classmethod
    def of(
        cls, proba: np.ndarray, y: np.ndarray, classes: Sequence[int], horizon: int
    ) -> "OutcomeReference | None":
        """Learn the outcomes from unseen rows in time order; None if too few or all alike.

        Parameters
        ----------
        proba : ndarray of float, shape (n_rows, n_classes)
        y : ndarray of float, shape (n_rows,)
        classes : sequence of int
        horizon : int
        """
        bets = len(y) // horizon
        sides = [side for side in (1, -1) if side in classes]
        if bets < FEWEST_BETS or any(len(np.unique(y == side)) < 2 for side in sides):
            return None
        columns = {side: proba[:, list(classes).index(side)] for side in sides}
        lines = tuple(
            CalibrationLine.learn(side, columns[side], y == side, horizon) for side in sides
        )
        hits = np.asarray(classes)[proba.argmax(axis=1)] == y
        hit_line = fitted_line(proba.max(axis=1), hits)
        return cls(lines, hit_line, float(hits.mean()), len(y), bets)

    def expected_hit(self, predicted: float) -> float:
        """Return the expected frequency of hits at a probability of the likeliest class."""
        return at_line(*self.hit_line, predicted)

    def to_dict(self) -> dict[str, Any]:
        """Return the outcomes in JSON types."""
        lines = [asdict(line) for line in self.lines]
        return asdict(self) | {"lines": lines, "hit_line": list(self.hit_line)}

    @classmethod
    def of_dict(cls, given: dict[str, Any]) -> "OutcomeReference":
        """Return the outcomes from the result of `to_dict`.

        Raises
        ------
        ValueError
            For shares outside 0..1, errors not above 0, or impossible counts.
        """
        intercept, slope = given["hit_line"]
        lines = tuple(CalibrationLine(**line) for line in given["lines"])
        valid = all(0 < line.base < 1 and line.bias_error > 0 < line.edge_error for line in lines)
        if not (lines and valid and 0 <= given["hit_rate"] <= 1 and given["bets"] > 0):
            raise ValueError("shares or errors out of range")
        counts = given["rows"], given["bets"]
        return cls(lines, (float(intercept), float(slope)), given["hit_rate"], *counts)


def fitted_line(predicted: np.ndarray, outcomes: np.ndarray) -> tuple[float, float]:
    """Return intercept and slope of the log-odds of an outcome on the predicted log-odds."""
    share = (outcomes.sum() + 0.5) / (len(outcomes) + 1)
    odds = log_odds(predicted)
    if outcomes.all() or not outcomes.any() or np.ptp(odds) < NEARLY:
        return float(np.log(share / (1 - share))), 0.0
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1e6).fit(odds[:, None], outcomes)
    return float(fitted.intercept_[0]), float(fitted.coef_[0, 0])


def on_line(intercept: float, slope: float, predicted: np.ndarray) -> np.ndarray:
    """Return a line's frequencies for predicted probabilities."""
    share = 1 / (1 + np.exp(-(intercept + slope * log_odds(predicted))))
    return np.clip(share, NEARLY, 1 - NEARLY)


def at_line(intercept: float, slope: float, predicted: float) -> float:
    """Return the same for one probability, ten times as fast as numpy.

    >>> round(at_line(0.0, 1.0, 0.6), 6)
    0.6
    """
    clipped = min(1 - CERTAIN, max(CERTAIN, predicted))
    odds = intercept + slope * math.log(clipped / (1 - clipped))
    share = 1 / (1 + math.exp(-min(700.0, max(-700.0, odds))))
    return min(1 - NEARLY, max(NEARLY, share))


def error_of_mean(values: np.ndarray, horizon: int) -> float:
    """Return the standard error of a mean over rows with overlapping labels.

    The larger of two estimates: every `horizon` rows counted once (cautious, Hoeffding 1963,
    section 5), and the spread of sums over blocks of ten horizons, for longer correlation.
    """
    count = len(values)
    overlapping = horizon * float(values.var())
    length = BLOCK * horizon
    blocks = count // length
    over_blocks = 0.0
    if blocks >= BLOCK:
        sums = values[: blocks * length].reshape(blocks, length).sum(1)
        over_blocks = float(sums.var(ddof=1)) / length
    return float(np.sqrt(max(overlapping, over_blocks) / count))
