"""Fixtures of the tests of the blocking client."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from .wire import HandServer


@pytest.fixture
def server() -> Iterator[HandServer]:
    """A server that the test plays itself."""
    with HandServer() as server:
        yield server


@pytest.fixture
def beside() -> Iterator[ThreadPoolExecutor]:
    """Threads in which the client waits, while the test plays the server."""
    with ThreadPoolExecutor() as threads:
        yield threads
