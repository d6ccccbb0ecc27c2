"""Predictions of the same bars in two ways, and their difference."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bt_fusion.models.predictions import Predictions

__all__ = ["BAR_BY_BAR", "ONNX", "RELOADED", "Comparison", "Difference", "joined", "not_compared"]

BAR_BY_BAR, RELOADED, ONNX = "bar by bar", "reloaded", "ONNX"


@dataclass(frozen=True)
class Comparison:
    """The comparison of one way of predicting with the batch; a line of the certificate.

    Attributes
    ----------
    way : {"bar by bar", "reloaded", "ONNX"}
    bars, unknown : int
        Bars compared, and those of them without a prediction in the batch.
    probability, confidence : float or None
        Largest difference. Bars with a prediction in only one way do not count here.
    signals : int or None
        Bars whose signal differs, or exists in only one way.
    tolerance : float or None
        Largest difference that counts as equal.
    agrees : bool or None
        None if nothing was compared.
    last_digit : int
        Bars left out because the last digit of a feature crosses a threshold of a tree.
    differing : int
        Bars that differ.
    first : str or None
        Stamp of the first such bar.
    features, members : list of str
        Those that differ there.
    reason : str or None
        Why nothing was compared, or a remark.
    """

    way: str
    bars: int
    unknown: int
    probability: float | None = None
    confidence: float | None = None
    signals: int | None = None
    tolerance: float | None = None
    agrees: bool | None = None
    last_digit: int = 0
    differing: int = 0
    first: str | None = None
    features: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, eq=False)
class Difference:
    """Two predictions of the same bars.

    Attributes
    ----------
    expected, found : Predictions
    tolerance : float
        Largest difference of a probability or of the confidence that counts as equal.
    """

    expected: Predictions
    found: Predictions
    tolerance: float

    @property
    def bars(self) -> np.ndarray:
        """Which bars differ, shape (n_bars,)."""
        far = self._largest(self.found.proba, self.expected.proba) > self.tolerance
        far |= self._largest(self.found.confidence, self.expected.confidence) > self.tolerance
        return far | self._other_signal

    def members_at(self, bar: int) -> tuple[str, ...]:
        """Return the members with different votes on a bar, the largest difference first."""
        difference = np.abs(self.found.votes[bar] - self.expected.votes[bar]).max(axis=1)
        order = np.argsort(-np.nan_to_num(difference, nan=np.inf), kind="stable")
        return tuple(self.expected.members[n] for n in order if not difference[n] <= self.tolerance)

    def compared(self, way: str, last_digit: np.ndarray | None = None) -> Comparison:
        """Return the line of the certificate, without the bars that differ by a last digit."""
        left_out = np.zeros(len(self.expected), dtype=bool) if last_digit is None else last_digit
        kept, differing = ~left_out, np.flatnonzero(self.bars & ~left_out)
        found, expected = self.found, self.expected
        return Comparison(
            way,
            bars=len(expected),
            unknown=int((~expected.known).sum()),
            probability=float(self._largest(found.proba, expected.proba)[kept].max(initial=0)),
            confidence=float(
                self._largest(found.confidence, expected.confidence)[kept].max(initial=0)
            ),
            signals=int((self._other_signal & kept).sum()),
            tolerance=self.tolerance,
            agrees=not len(differing),
            last_digit=int(left_out.sum()),
            differing=len(differing),
            first=stamp(expected.index[differing[0]]) if len(differing) else None,
        )

    @property
    def _other_signal(self) -> np.ndarray:
        one, other = self.found.signal(), self.expected.signal()
        return (one != other) & (self.found.known | self.expected.known)

    def _largest(self, found: np.ndarray, expected: np.ndarray) -> np.ndarray:
        """Return the largest difference per bar; 0 if one of the two is unknown."""
        difference = np.abs(found - expected).reshape(len(self.expected), -1)
        both = self.found.known & self.expected.known
        return np.where(both, difference.max(axis=1), 0.0)


def joined(parts: Iterable[Predictions]) -> Predictions:
    """Return the predictions of several stretches of bars as one, without payoffs."""
    given = list(parts)
    return replace(
        given[0],
        index=pd.DatetimeIndex(np.concatenate([part.index.to_numpy() for part in given])),
        votes=np.concatenate([part.votes for part in given]),
        model=np.concatenate([part.model for part in given]),
        trained_until=np.concatenate([part.trained_until for part in given]),
        payoff=None,
    )


def not_compared(way: str, bars: int, unknown: int, reason: str) -> Comparison:
    """Return the line for a way that could not be compared."""
    return Comparison(way, bars, unknown, reason=reason)


def stamp(time: np.datetime64 | pd.Timestamp) -> str:
    """Return a stamp in the form of the manifest."""
    return str(pd.Timestamp(time))
