"""The parts of the test for drift, and how the 5 % of false alarms are shared among them."""

from enum import IntEnum

__all__ = ["ALPHA", "LEVELS", "MARGINS", "Drift"]


class Drift(IntEnum):
    """Which part of the test has raised the alarm of a model."""

    NONE = 0
    HIT_RATE = 1
    CALIBRATION = 2
    FEATURES = 3

    @property
    def words(self) -> str:
        """The part as it is written."""
        return self.name.lower().replace("_", " ")


ALPHA = 0.05  # of a model's whole life, all parts and looks together
# What each part may take of it by its own test ...
LEVELS = {Drift.HIT_RATE: 0.015, Drift.CALIBRATION: 0.005, Drift.FEATURES: 0.015}
# ... and by what training misjudged: normal quantiles of 0.010 (one side) and 0.005 (two sides)
MARGINS = {Drift.HIT_RATE: 2.326, Drift.CALIBRATION: 2.807}
