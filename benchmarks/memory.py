"""Memory of this process. Imports little: it is read where imports are measured."""

from __future__ import annotations

import os
import resource

_STATUS = "/proc/self/status"


def resident() -> float:
    """MiB of memory in use."""
    return _status("VmRSS") or peak()


def peak() -> float:
    """MiB of memory in use when it was most."""
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _status(name: str) -> float:
    if not os.path.exists(_STATUS):
        return 0.0
    with open(_STATUS) as lines:
        line = next(line for line in lines if line.startswith(name))
    return int(line.split()[1]) / 1024


def forget_peak() -> None:
    """Peaks count from here on, where the kernel can do that."""
    if os.path.exists(_STATUS):
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
