"""The child's side of `timing.in_child`, and the memory of this process."""

import json
import resource
import sys
from importlib import import_module
from pathlib import Path

__all__ = ["peak_bytes", "resident_bytes"]

STATUS = Path("/proc/self/status")


def peak_bytes() -> int:
    """Return the most memory this process has ever had resident.

    Linux says it as VmHWM. Elsewhere it is `ru_maxrss` of getrusage, which on Linux would also
    count what the parent held when it started this process: a large parent hides a small child.
    """
    known = _status("VmHWM")
    if known is not None:
        return known
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def resident_bytes() -> int:
    """Return the memory resident now; the peak so far where the system does not tell."""
    known = _status("VmRSS")
    return peak_bytes() if known is None else known


def _status(name: str) -> int | None:
    if not STATUS.is_file():
        return None
    for line in STATUS.read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return None


if __name__ == "__main__":
    module, _, function = sys.argv[1].partition(":")
    print(json.dumps(getattr(import_module(module), function)(**json.loads(sys.argv[2]))))
