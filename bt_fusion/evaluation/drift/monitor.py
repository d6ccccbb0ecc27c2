"""Monitor: one model's evidence of drift, bet by bet and window by window."""

from collections import deque
from collections.abc import Sequence
from math import nan
from typing import NamedTuple

import numpy as np

from bt_fusion.evaluation.drift.feature_test import FeatureTest
from bt_fusion.evaluation.drift.levels import LEVELS, Drift
from bt_fusion.evaluation.drift.outcome_tests import CalibrationTest, EdgeTest
from bt_fusion.models.reference import Reference

__all__ = ["UNKNOWN", "Monitor", "State"]

RECENT = 100  # bets behind the rates


class State(NamedTuple):
    """State of a model's health.

    Attributes
    ----------
    hit_rate, expected : float
        Share of the last 100 counted predictions whose most likely class occurred, and the expected
        share.
    evidence : float
        Of the part closest to its alarm, as a share of the alarm level: 1 is the alarm.
    psi : float
        Largest of any feature, over the last full window.
    calibration : float
        Observed minus expected share of class 1, over the same predictions as `hit_rate`.
    drifted : float
        A `Drift`, 0 before any alarm; it stays until the model is replaced.
    """

    hit_rate: float = nan
    expected: float = nan
    evidence: float = nan
    psi: float = nan
    calibration: float = nan
    drifted: float = nan


UNKNOWN = State()


class Monitor:
    """Track one model's outcomes and feature windows, in time order.

    Parameters
    ----------
    reference : Reference or None
        Without it nothing is tested.
    classes : sequence of int
    """

    def __init__(self, reference: Reference | None, classes: Sequence[int]):
        self.classes = tuple(classes)
        self.outcomes = None if reference is None else reference.outcomes
        self.features = None if reference is None else reference.features
        lines = () if self.outcomes is None else self.outcomes.lines
        self.edge = [EdgeTest(line) for line in lines]
        self.calibration = [CalibrationTest(line) for line in lines]
        self.windows = None
        if self.features is not None and self.features.has_scores:
            self.windows = FeatureTest(self.features)
        self.recent: deque[tuple[float, float, float]] = deque(maxlen=RECENT)
        self.sums = [0.0, 0.0, 0.0]
        self.rates = (nan, nan, nan)
        self.psi, self.drifted = nan, float(Drift.NONE)
        self.bets = 0
        self.worst: np.ndarray | None = None  # PSI by feature over the last window
        self.state = UNKNOWN if reference is None else State(drifted=float(Drift.NONE))
        self.parts: dict[Drift, float] = {}

    @property
    def window(self) -> int:
        """Rows of a feature window, 0 if features are not tested."""
        return 0 if self.features is None else self.features.window

    def outcome(self, proba: Sequence[float], y: float) -> None:
        """Add a counted prediction and the class that occurred."""
        self.bets += 1
        if self.outcomes is None:
            return
        likeliest = max(range(len(proba)), key=proba.__getitem__)
        hit = float(self.classes[likeliest] == y)
        edge = calibration = 0.0
        off = nan
        tests = zip(self.outcomes.lines, self.edge, self.calibration, strict=True)
        for line, of_edge, of_calibration in tests:
            outcome = y == line.side
            expected = line.expected(proba[self.classes.index(line.side)])
            off = outcome - expected if line.side == 1 else off
            edge += of_edge.bet(expected, outcome)
            calibration += of_calibration.bet(expected, outcome)
        self._add_recent((hit, self.outcomes.expected_hit(proba[likeliest]), off))
        count = len(self.edge)
        self._update_evidence(
            {Drift.HIT_RATE: edge / count, Drift.CALIBRATION: calibration / count}
        )

    def features_of(self, X: np.ndarray) -> None:
        """Add a full window of the watched features, shape (window, n_features)."""
        if self.features is None:
            return
        self.worst = self.features.psi(X)
        self.psi = float(self.worst.max())
        if self.windows is None:
            self.state = self.state._replace(psi=self.psi)
            return
        self._update_evidence({Drift.FEATURES: self.windows.bet(self.features.score(self.worst))})

    def _add_recent(self, bet: tuple[float, float, float]) -> None:
        """Add a bet to the recent rates and drop the oldest."""
        oldest = self.recent[0] if len(self.recent) == RECENT else (0.0, 0.0, 0.0)
        self.recent.append(bet)
        sums, count = self.sums, len(self.recent)
        for n in range(3):
            sums[n] += bet[n] - oldest[n]
        self.rates = (sums[0] / count, sums[1] / count, sums[2] / count)

    def _update_evidence(self, capital: dict[Drift, float]) -> None:
        """Compare each part's capital with its level; the first to reach it raises the alarm."""
        for part, each in capital.items():
            self.parts[part] = each * LEVELS[part]
            if not self.drifted and self.parts[part] >= 1:
                self.drifted = float(part)
        evidence = max(self.parts.values())
        hits, expected, off = self.rates
        self.state = State(hits, expected, evidence, self.psi, off, self.drifted)
