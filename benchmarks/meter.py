"""What a piece of work took from the machine.

CPU is that of the whole process, all threads, so that neither the server nor other programs count.
Memory is the highest resident size while working, less what was resident before.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import threading
import time
from types import TracebackType

from benchmarks.memory import forget_peak, peak, resident

#: How often a stalled loop is looked for, in seconds.
_TICK = 0.002


class Meter:
    """Reads the clocks when the block begins and when it ends."""

    def __init__(self) -> None:
        self.figures: dict[str, float] = {}

    def __enter__(self) -> None:
        gc.collect()
        forget_peak()
        self._resident = resident()
        self._wall, self._cpu, self._kernel = time.perf_counter(), time.process_time(), _kernel()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        cpu, wall = time.process_time() - self._cpu, time.perf_counter() - self._wall
        self.figures |= {
            "cpu_us": cpu * 1e6,
            "kernel_us": (_kernel() - self._kernel) * 1e6,
            "wall_us": wall * 1e6,
            "growth_mib": peak() - self._resident,
        }


def _kernel() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_stime


async def longest_stall(stop: threading.Event) -> float:
    """The longest time, in milliseconds, that the loop ran nothing else, until `stop` is set.

    Less the time that the machine gave to other programs while this thread was ready to run.
    """
    longest = 0.0
    with _OwnTime() as clock:
        last = clock.seconds()
        while not stop.is_set():
            await asyncio.sleep(_TICK)
            now = clock.seconds()
            longest = max(longest, now - last - _TICK)
            last = now
    return longest * 1000


class _OwnTime:
    """Time as this thread sees it; where the kernel does not say, time as it is."""

    def __enter__(self) -> _OwnTime:
        path = f"/proc/self/task/{threading.get_native_id()}/schedstat"
        self._file = os.open(path, os.O_RDONLY) if os.path.exists(path) else None
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            os.close(self._file)

    def seconds(self) -> float:
        now = time.perf_counter()
        if self._file is None:
            return now
        return now - int(os.pread(self._file, 100, 0).split()[1]) / 1e9
