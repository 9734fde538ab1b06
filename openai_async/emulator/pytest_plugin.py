"""The pytest fixture `emulator`: one server for all tests, as good as new for each of them.

Enable it in the top-level `conftest.py`:

    pytest_plugins = ["openai_async.emulator.pytest_plugin"]
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .server import Emulator


@pytest.fixture(scope="session")
def emulator_server() -> Iterator[Emulator]:
    """The server which all tests share; tests want `emulator`."""
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(emulator_server: Emulator) -> Iterator[Emulator]:
    """A running emulator without requests, faults, files, or changed settings."""
    emulator_server.reset()
    yield emulator_server
    emulator_server.reset()
