"""Retrain saved models: old and new are tested on the same unseen bars, the worse is dropped."""

from bt_fusion.retraining.result import Retraining
from bt_fusion.retraining.retrainer import Retrainer

__all__ = ["Retrainer", "Retraining"]
