"""Text of an alarm, and of missing inputs."""

from typing import Any

import pandas as pd

from bt_fusion.evaluation.drift.levels import Drift
from bt_fusion.evaluation.drift.monitor import State

__all__ = ["BEFORE_DRIFT", "alarm_text", "why_text"]

BEFORE_DRIFT = "an older version made the model, so its drift is unknown; train it again"


def why_text(part: str, state: State) -> str:
    """Return the cause of an alarm, with its figures.

    >>> why_text("hit rate", State(hit_rate=0.48, expected=0.6, drifted=1.0))
    'hit rate 48.0 % of the last predictions, 60.0 % expected'
    """
    if part == Drift.HIT_RATE.words:
        return (
            f"hit rate {100 * state.hit_rate:.1f} % of the last predictions, "
            f"{100 * state.expected:.1f} % expected"
        )
    if part == Drift.CALIBRATION.words:
        off = 100 * state.calibration
        return f"the class occurred {off:+.1f} points more often than predicted"
    return f"features differ from the training, PSI up to {state.psi:.2f}"


def alarm_text(alarm: dict[str, Any], state: State) -> str:
    """Return a sentence on the alarm of a model, and the remedy."""
    when = pd.Timestamp(alarm["time"])
    return f"the model has drifted by {when}: {why_text(alarm['part'], state)}; train it again"
