"""Parts of the drift test, and their shares of the 5 % false alarm rate."""

from enum import IntEnum

__all__ = ["ALPHA", "LEVELS", "MARGINS", "Drift"]


class Drift(IntEnum):
    """Part of the test that raised the alarm."""

    NONE = 0
    HIT_RATE = 1
    CALIBRATION = 2
    FEATURES = 3

    @property
    def words(self) -> str:
        """Name of the part in text."""
        return self.name.lower().replace("_", " ")


ALPHA = 0.05  # false alarm rate over a model's whole life, all parts and times together
# Share of each part's own test ...
LEVELS = {Drift.HIT_RATE: 0.015, Drift.CALIBRATION: 0.005, Drift.FEATURES: 0.015}
# ... and of training errors: normal quantiles of 0.010 (one side) and 0.005 (two sides)
MARGINS = {Drift.HIT_RATE: 2.326, Drift.CALIBRATION: 2.807}
