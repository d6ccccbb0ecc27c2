"""Look-ahead in strategies, indicators and parts of models, found by runs with another future."""

from bt_fusion.audit.comparing import Finding
from bt_fusion.audit.model_audit import audit_model
from bt_fusion.audit.outcomes import PartsAudit, StrategyAudit
from bt_fusion.audit.parts_audit import audit_features, audit_members, audit_plugins
from bt_fusion.audit.strategy_audit import audit, audit_indicator

__all__ = [
    "Finding",
    "PartsAudit",
    "StrategyAudit",
    "audit",
    "audit_features",
    "audit_indicator",
    "audit_members",
    "audit_model",
    "audit_plugins",
]
