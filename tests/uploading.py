"""Bulk uploads, and what an emulator saw of them."""

from __future__ import annotations

from typing import Any

from openai_async import AsyncOpenAI, Uploads
from openai_async.emulator import Emulator


async def upload(client: AsyncOpenAI, files: Any, **options: Any) -> Uploads:
    return await client.files.upload_many(files, **{"purpose": "assistants", **options})


def stored(emulator: Emulator) -> dict[str, bytes]:
    """What is on the server, by name; each name once."""
    assert len({file.filename for file in emulator.files}) == len(emulator.files)
    return {file.filename: file.read() for file in emulator.files}


def posts(emulator: Emulator) -> int:
    asked = emulator.requests
    return sum((each.method, each.path) == ("POST", "/v1/files") for each in asked)


def lists(emulator: Emulator) -> int:
    asked = emulator.requests
    return sum((each.method, each.path) == ("GET", "/v1/files") for each in asked)


def content(names: str) -> list[tuple[str, bytes]]:
    return [(name, name.encode()) for name in names]
