"""What a model expects of unseen bars, stored with it: shares of features, and outcomes."""

from bt_fusion.models.reference.feature_reference import FeatureReference
from bt_fusion.models.reference.outcome_reference import CalibrationLine, OutcomeReference
from bt_fusion.models.reference.reference import Reference, learn_reference

__all__ = [
    "CalibrationLine",
    "FeatureReference",
    "OutcomeReference",
    "Reference",
    "learn_reference",
]
