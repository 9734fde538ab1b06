"""All cases, and how often each repeats what it does."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from . import forks, garbage, growth, kills, loops, uploads
from .cancels import cancels, secure_cancels
from .processes import Site


class Case(NamedTuple):
    run: Callable[[Site, int, int], str]
    """Does it that often with a seed; returns figures, and raises AssertionError."""
    long: int
    short: int


CASES = {
    "cancels on asyncio": Case(partial(cancels, "asyncio"), 100_000, 2_000),
    "cancels on trio": Case(partial(cancels, "trio"), 100_000, 2_000),
    "cancels with TLS on asyncio": Case(partial(secure_cancels, "asyncio"), 20_000, 500),
    "cancels with TLS on trio": Case(partial(secure_cancels, "trio"), 20_000, 500),
    "loops in turn": Case(loops.in_turn, 1_000, 200),
    "loops in threads": Case(loops.in_threads, 200, 4),
    "threads": Case(loops.in_blocking_threads, 200, 4),
    "forks": Case(forks.plain, 100, 4),
    "forks with TLS": Case(forks.secure, 100, 4),
    "memory of calls": Case(growth.calls, 20_000, 2_000),
    "memory of blocking calls": Case(growth.blocking, 20_000, 2_000),
    "memory of cancelled calls": Case(growth.cancelled, 20_000, 2_000),
    "memory of errors": Case(growth.errors, 20_000, 2_000),
    "upload of megabytes on asyncio": Case(partial(uploads.upload, "asyncio"), 1_024, 64),
    "upload of megabytes on trio": Case(partial(uploads.upload, "trio"), 1_024, 64),
    **{
        f"upload in parts from {kind} on {backend}": Case(
            partial(uploads.chunked, backend, kind), 1_024, 64
        )
        for kind in ("path", "handle", "iterator")
        for backend in ("asyncio", "trio")
    },
    "upload of megabytes, blocking": Case(uploads.blocking, 1_024, 64),
    "bulk upload, killed, on asyncio": Case(partial(kills.kills, "asyncio"), 1_000, 60),
    "bulk upload, killed, on trio": Case(partial(kills.kills, "trio"), 1_000, 60),
    "bulk upload of very many files": Case(kills.many, 100_000, 2_000),
    "dropped streams on asyncio": Case(partial(garbage.drops, "asyncio"), 2_000, 50),
    "dropped streams on trio": Case(partial(garbage.drops, "trio"), 2_000, 50),
}
