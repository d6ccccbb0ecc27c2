"""The cases, one module a kind; importing this package registers them all."""

from importlib import import_module

from benchmarks.leaks.registry import CASES, Case

__all__ = ["MODULES", "all_cases"]

MODULES = (
    "features_windows",
    "features_whole_frame",
    "features_calendar",
    "features_state",
    "features_honest",
    "labels",
    "members",
    "training",
    "indicators",
    "strategies",
    "strategies_honest",
    "feeds",
)


def all_cases() -> list[Case]:
    """Return every case, in the order of the modules."""
    for name in MODULES:
        import_module(f"{__name__}.{name}")
    return list(CASES.values())
