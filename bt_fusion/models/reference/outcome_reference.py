"""What became of predictions that a model's recipe made of rows it had not learnt from."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bt_fusion.ensemble.calibration import CERTAIN, log_odds

__all__ = ["FEWEST_BETS", "CalibrationLine", "OutcomeReference"]

FEWEST_BETS = 100  # labels that do not overlap; with fewer nothing is expected
BLOCK = 10  # horizons: blocks whose sums tell how residuals hang together
NEARLY = 1e-3  # no probability is nearer to 0 and 1


@dataclass(frozen=True)
class CalibrationLine:
    """How often a class came, by its stated probability, over unseen rows.

    Attributes
    ----------
    side : int
        The class: 1, or -1 of three classes.
    intercept, slope : float
        log-odds(observed) = intercept + slope x log-odds(stated).
    base : float
        Share of the class among the rows.
    signal : float
        Mean square of (observed by the line - base): what there is to lose.
    bias_error : float
        Standard error of the mean residual, a probability.
    edge_error : float
        Relative standard error of how strongly the outcome depends on the line, 1 as learnt.
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
        cls, side: int, stated: np.ndarray, came: np.ndarray, horizon: int
    ) -> "CalibrationLine":
        """Fit the line; labels that overlap count once.

        Parameters
        ----------
        side : int
        stated : ndarray of float, shape (n_rows,)
            Probability of the class, in time order.
        came : ndarray of bool, shape (n_rows,)
        horizon : int
            Bars a label looks ahead.
        """
        intercept, slope = fitted_line(stated, came)
        expected = on_line(intercept, slope, stated)
        base, residual = float(came.mean()), came - expected
        away = expected - base
        signal = float((away**2).mean())
        edge_error = np.inf
        if signal > 0:
            edge_error = error_of_mean(away * residual, horizon) / signal
        return cls(
            side,
            intercept,
            slope,
            base,
            signal,
            error_of_mean(residual, horizon),
            min(edge_error, 1e6),
        )

    def expected(self, stated: float) -> float:
        """Return how often the class comes at a stated probability."""
        return at_line(self.intercept, self.slope, stated)


@dataclass(frozen=True)
class OutcomeReference:
    """What predictions of unseen rows were worth.

    Attributes
    ----------
    lines : tuple of CalibrationLine
        Of class 1; of three classes of -1, too.
    hit_line : tuple of float
        Intercept and slope of the same line for hits (the likeliest class came) by the
        probability of the likeliest class.
    hit_rate : float
    rows : int
        Unseen rows it was learnt from.
    bets : int
        Among them, labels that do not overlap.
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
        """Learn it from unseen rows in time order; None where they are too few or all alike.

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

    def expected_hit(self, stated: float) -> float:
        """Return how often the likeliest class comes at its stated probability."""
        return at_line(*self.hit_line, stated)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        lines = [asdict(line) for line in self.lines]
        return asdict(self) | {"lines": lines, "hit_line": list(self.hit_line)}

    @classmethod
    def of_dict(cls, given: dict[str, Any]) -> "OutcomeReference":
        """Return what `to_dict` was made of.

        Raises
        ------
        ValueError
            For shares outside 0..1, errors that are not above 0, or counts that cannot be.
        """
        intercept, slope = given["hit_line"]
        lines = tuple(CalibrationLine(**line) for line in given["lines"])
        sound = all(0 < line.base < 1 and line.bias_error > 0 < line.edge_error for line in lines)
        if not (lines and sound and 0 <= given["hit_rate"] <= 1 and given["bets"] > 0):
            raise ValueError("shares or errors out of range")
        counts = given["rows"], given["bets"]
        return cls(lines, (float(intercept), float(slope)), given["hit_rate"], *counts)


def fitted_line(stated: np.ndarray, came: np.ndarray) -> tuple[float, float]:
    """Return intercept and slope of the log-odds of an outcome on those that were stated."""
    share = (came.sum() + 0.5) / (len(came) + 1)
    odds = log_odds(stated)
    if came.all() or not came.any() or np.ptp(odds) < NEARLY:
        return float(np.log(share / (1 - share))), 0.0
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1e6).fit(odds[:, None], came)
    return float(fitted.intercept_[0]), float(fitted.coef_[0, 0])


def on_line(intercept: float, slope: float, stated: np.ndarray) -> np.ndarray:
    """Return the shares that a line gives for stated probabilities."""
    share = 1 / (1 + np.exp(-(intercept + slope * log_odds(stated))))
    return np.clip(share, NEARLY, 1 - NEARLY)


def at_line(intercept: float, slope: float, stated: float) -> float:
    """Return the same of one: numpy would take ten times as long.

    >>> round(at_line(0.0, 1.0, 0.6), 6)
    0.6
    """
    sure = min(1 - CERTAIN, max(CERTAIN, stated))
    odds = intercept + slope * math.log(sure / (1 - sure))
    share = 1 / (1 + math.exp(-min(700.0, max(-700.0, odds))))
    return min(1 - NEARLY, max(NEARLY, share))


def error_of_mean(values: np.ndarray, horizon: int) -> float:
    """Return the standard error of a mean over rows whose labels overlap.

    The larger of two: every `horizon` rows counted once (cautious, Hoeffding 1963, section 5),
    and the spread of sums over blocks of ten horizons, for what hangs together longer.
    """
    count = len(values)
    overlapping = horizon * float(values.var())
    length = BLOCK * horizon
    blocks = count // length
    lasting = 0.0
    if blocks >= BLOCK:
        sums = values[: blocks * length].reshape(blocks, length).sum(1)
        lasting = float(sums.var(ddof=1)) / length
    return float(np.sqrt(max(overlapping, lasting) / count))
