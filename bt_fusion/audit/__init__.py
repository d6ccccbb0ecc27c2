"""Look-ahead in strategies and indicators, found by runs whose future differs."""

from bt_fusion.audit.comparing import Finding
from bt_fusion.audit.strategy_audit import StrategyAudit, audit, audit_indicator

__all__ = ["Finding", "StrategyAudit", "audit", "audit_indicator"]
