from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from openai_async.emulator import Emulator
from openai_async.emulator.pytest_plugin import emulator, emulator_server

__all__ = ["emulator", "emulator_server"]


@pytest.fixture
def api(emulator: Emulator) -> Iterator[httpx.Client]:
    """A plain HTTP client with a key and the right base URL."""
    headers = {"authorization": "Bearer sk-test"}
    with httpx.Client(base_url=emulator.base_url, headers=headers, timeout=10) as client:
        yield client


@pytest.fixture
def upload(api: httpx.Client) -> Callable[..., dict[str, Any]]:
    """Uploads a file and returns what the API says about it."""

    def send(content: bytes = b"hello", name: str = "a.txt", **fields: str) -> dict[str, Any]:
        data = {"purpose": "assistants", **fields}
        response = api.post("/files", data=data, files={"file": (name, content)})
        assert response.status_code == 200, response.text
        file: dict[str, Any] = response.json()
        return file

    return send


@pytest.fixture
def dial(emulator: Emulator) -> Iterator[Callable[[], socket.socket]]:
    """Opens raw connections to the emulator."""
    opened: list[socket.socket] = []

    def connect() -> socket.socket:
        host, port = emulator.url.removeprefix("http://").split(":")
        opened.append(socket.create_connection((host, int(port)), timeout=10))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()
