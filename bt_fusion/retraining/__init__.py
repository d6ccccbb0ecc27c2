"""Retraining of saved models: old and new judged by the same unseen bars, the worse one refused."""

from bt_fusion.retraining.result import Retraining
from bt_fusion.retraining.retrainer import Retrainer

__all__ = ["Retrainer", "Retraining"]
