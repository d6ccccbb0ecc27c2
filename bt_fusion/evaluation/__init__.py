"""How good a model's predictions are as such, before any trade."""

from bt_fusion.evaluation.evaluation import Evaluation, evaluate
from bt_fusion.evaluation.figures import classification_figures

__all__ = ["Evaluation", "classification_figures", "evaluate"]
