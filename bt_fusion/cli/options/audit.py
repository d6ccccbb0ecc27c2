"""Whether a command audits what it works on."""

from dataclasses import dataclass
from typing import Annotated

from bt_fusion.cli.command import option

__all__ = ["AuditOptions"]


@dataclass(frozen=True, kw_only=True)
class AuditOptions:
    """What is audited on the way."""

    no_audit: Annotated[bool, option("Audit neither bars nor strategy.", "--no-audit")] = False
