"""Whether a model still does on new bars what its training promised of unseen ones."""

from bt_fusion.evaluation.drift.health import Health, model_health, with_health
from bt_fusion.evaluation.drift.levels import Drift
from bt_fusion.evaluation.drift.monitor import State
from bt_fusion.evaluation.drift.stream import HealthStream

__all__ = ["Drift", "Health", "HealthStream", "State", "model_health", "with_health"]
