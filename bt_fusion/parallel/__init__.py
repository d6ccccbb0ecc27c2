"""Parallel work: the only place that starts workers, so that the backend is chosen once."""

from bt_fusion.parallel.running import run_unordered, scheduler, shares_disk, worker_count
from bt_fusion.parallel.shared import Shared, send_by_value

__all__ = [
    "Shared",
    "run_unordered",
    "scheduler",
    "send_by_value",
    "shares_disk",
    "worker_count",
]
