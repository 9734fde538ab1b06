"""What a process uses."""

from __future__ import annotations

import gc
import os
import re
from collections import Counter
from pathlib import Path

_STATUS = Path("/proc/self/status")


def descriptors() -> int:
    """How many file descriptors are open."""
    return len(os.listdir("/dev/fd")) - 1


def can_measure_memory() -> bool:
    return _STATUS.exists()


def memory() -> int:
    """The resident memory of this process, in bytes."""
    gc.collect()
    return _status("VmRSS")


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def peak() -> int:
    """The most resident memory since `forget_peak`, in bytes."""
    return _status("VmHWM")


def _status(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", _STATUS.read_text())
    assert found
    return int(found[1]) * 1024


def objects() -> Counter[str]:
    """How many objects there are of each type that the garbage collector knows."""
    gc.collect()
    kinds = map(type, gc.get_objects())
    return Counter(f"{kind.__module__}.{kind.__qualname__}" for kind in kinds)


def megabytes(size: int) -> str:
    return f"{size / 2**20:.1f} MB"
