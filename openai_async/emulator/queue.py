"""The queue of faults: which request meets which fault, and how many times.

Faults come with a request in its headers, wait here for the next requests that match them, or
happen at random. It is filled by the threads of tests and emptied by the thread of the server,
hence the lock."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from .faults import NO_FAULT, Fault, counting, parse

HEADER = "x-emulator-fault"
TIMES_HEADER = "x-emulator-fault-times"
KEY_HEADERS = ("x-emulator-fault-id", "idempotency-key")


#: What goes wrong with real servers and networks, and may well go right the next time.
KINDS = (
    "status=500; retry-after-ms=5",
    "status=503; retry-after-ms=5",
    "status=429; retry-after-ms=5",
    "reset",
    "cut-head",
    "lost",
    "lost; reset",
)


@dataclass(frozen=True)
class Target:
    """The requests of a method and a path or pattern; None means all of them."""

    path: str | None
    method: str | None

    def matches(self, method: str, path: str) -> bool:
        if self.method is not None and self.method.upper() != method:
            return False
        return self.path is None or any(
            fnmatchcase(candidate, self.path) for candidate in (path, path.removeprefix("/v1"))
        )


@dataclass
class Pending:
    """A fault that waits for `remaining` requests."""

    fault: Fault
    remaining: int
    target: Target


class Chance:
    """One of several faults, which a request meets with a probability of `rate`.

    The same seed draws the same, for requests that come in the same order."""

    def __init__(self, faults: Sequence[Fault], rate: float, seed: int, target: Target) -> None:
        self.target = target
        self._faults = faults
        self._rate = rate
        self._random = random.Random(seed)

    def draw(self) -> Fault:
        # Always two draws, so that one does not depend on what came of those before.
        hit, which = self._random.random() < self._rate, self._random.choice(self._faults)
        return which if hit else NO_FAULT


class FaultQueue:
    """Hands out the fault of each request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[Pending] = []
        self._chances: list[Chance] = []
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
            self._pending.append(Pending(fault, count, Target(path, method)))

    def add_chance(
        self,
        rate: float,
        kinds: Sequence[str] | None = None,
        *,
        seed: int = 1,
        path: str | None = None,
        method: str | None = None,
    ) -> None:
        if not 0 <= rate <= 1:
            raise ValueError("rate must be from 0 to 1.")
        faults = [parse(kind) for kind in (KINDS if kinds is None else kinds)]
        if not faults:
            raise ValueError("kinds must name at least one fault.")
        with self._lock:
            self._chances.append(Chance(faults, rate, seed, Target(path, method)))

    def clear(self) -> None:
        with self._lock:
            self._pending.clear()
            self._chances.clear()
            self._met.clear()

    def take(self, method: str, path: str, headers: Mapping[str, str]) -> Fault:
        """The fault for this request, `NO_FAULT` if there is none."""
        spec = headers.get(HEADER)
        if spec is not None:
            return self._from_header(spec, headers)
        if not self._pending and not self._chances:
            return NO_FAULT
        with self._lock:
            for index, pending in enumerate(self._pending):
                if pending.target.matches(method, path):
                    pending.remaining -= 1
                    if not pending.remaining:
                        del self._pending[index]
                    return pending.fault
            for chance in self._chances:
                if chance.target.matches(method, path):
                    fault = chance.draw()
                    if fault is not NO_FAULT:
                        return fault
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
