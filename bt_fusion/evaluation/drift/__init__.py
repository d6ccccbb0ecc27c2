"""Whether a model still does on new bars what its training promised of unseen ones."""

from bt_fusion.evaluation.drift.health import Health, model_health, with_health
from bt_fusion.evaluation.drift.levels import Drift



__all__ = ["Drift", "Health", "model_health", "with_health"]
