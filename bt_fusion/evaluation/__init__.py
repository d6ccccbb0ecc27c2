"""How good a model's predictions are as such, before any trade."""

from bt_fusion.evaluation.classification import classification_figures
from bt_fusion.evaluation.evaluation import Evaluation, evaluate

__all__ = ["Evaluation", "classification_figures", "evaluate"]
