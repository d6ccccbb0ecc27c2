"""Whether a model is still as good on new bars as on unseen training rows."""

from bt_fusion.evaluation.drift.health import Health, model_health, with_health
from bt_fusion.evaluation.drift.levels import Drift
from bt_fusion.evaluation.drift.monitor import State
from bt_fusion.evaluation.drift.stream import HealthStream

__all__ = ["Drift", "Health", "HealthStream", "State", "model_health", "with_health"]
