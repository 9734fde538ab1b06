"""The queue of faults: which request meets which fault, and how many times.

Faults come with a request in its headers, or wait here for the next requests that match them. It
is filled by the threads of tests and emptied by the thread of the server, hence the lock."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from .faults import NO_FAULT, Fault, counting, parse

HEADER = "x-emulator-fault"
TIMES_HEADER = "x-emulator-fault-times"
KEY_HEADERS = ("x-emulator-fault-id", "idempotency-key")


@dataclass
class Pending:
    """A fault that waits for `remaining` requests of this method and path."""

    fault: Fault
    remaining: int
    path: str | None
    method: str | None

    def matches(self, method: str, path: str) -> bool:
        if self.method is not None and self.method.upper() != method:
            return False
        return self.path is None or any(
            fnmatchcase(candidate, self.path) for candidate in (path, path.removeprefix("/v1"))
        )


class FaultQueue:
    """Hands out the fault of each request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[Pending] = []
        self._met: Counter[tuple[str, str]] = Counter()

    def add(
        self,
        spec: str,
        *,
        times: int | None = None,
        path: str | None = None,
        method: str | None = None,
    ) -> None:
        fault = parse(spec)
        count = times if times is not None else fault.times or 1
        if count < 1:
            raise ValueError("times must be at least 1.")
        with self._lock:
            self._pending.append(Pending(fault, count, path, method))

    def clear(self) -> None:
        with self._lock:
            self._pending.clear()
            self._met.clear()

    def take(self, method: str, path: str, headers: Mapping[str, str]) -> Fault:
        """The fault for this request, `NO_FAULT` if there is none."""
        spec = headers.get(HEADER)
        if spec is not None:
            return self._from_header(spec, headers)
        if not self._pending:
            return NO_FAULT
        with self._lock:
            for index, pending in enumerate(self._pending):
                if pending.matches(method, path):
                    pending.remaining -= 1
                    if not pending.remaining:
                        del self._pending[index]
                    return pending.fault
        return NO_FAULT

    def _from_header(self, spec: str, headers: Mapping[str, str]) -> Fault:
        fault = parse(spec)
        times = fault.times
        if TIMES_HEADER in headers:
            times = counting(headers[TIMES_HEADER])
        if times is None:
            return fault
        name = next((headers[key] for key in KEY_HEADERS if key in headers), "")
        with self._lock:
            self._met[name, spec] += 1
            return fault if self._met[name, spec] <= times else NO_FAULT
