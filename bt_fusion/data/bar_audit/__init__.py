"""Faults that sound bars can still have: gaps, filled and frozen stretches, bad prices."""

from bt_fusion.data.bar_audit.audit import DataAudit, audit_bars
from bt_fusion.data.bar_audit.finding import Finding

__all__ = ["DataAudit", "Finding", "audit_bars"]
