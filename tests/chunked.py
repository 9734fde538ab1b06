"""What tests of uploads in parts share: files of every kind, and what the server saw."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from byte_streams import Generated, Unseekable

from openai_async import AsyncOpenAI
from openai_async.emulator import Emulator

CONTENT = bytes(range(256)) * 400  # 102400 bytes
PART = 10_000

SIZED = {"filename": "a.bin", "bytes": len(CONTENT)}


async def chunked(client: AsyncOpenAI, file: Any, **more: Any) -> Any:
    options = {"mime_type": "text/plain", "purpose": "user_data", "part_size": PART, **more}
    return await client.uploads.upload_file_chunked(file=file, **options)


def paths(emulator: Emulator) -> list[str]:
    return [request.path.rpartition("/")[2] for request in emulator.requests]


def cancelled(emulator: Emulator) -> list[bool]:
    return [upload.cancelled for upload in emulator.uploads]


def notes(error: BaseException) -> str:
    return "\n".join(getattr(error, "__notes__", []))


KINDS: dict[str, tuple[Callable[[Path], Any], dict[str, Any], str]] = {
    "path": (lambda path: path, {}, "notes.txt"),
    "text of a path": (str, {}, "notes.txt"),
    "path with another name": (lambda path: path, {"filename": "b.bin"}, "b.bin"),
    "bytes": (lambda path: CONTENT, {"filename": "a.bin"}, "a.bin"),
    "bytes with their size": (lambda path: CONTENT, SIZED, "a.bin"),
    "BytesIO": (lambda path: io.BytesIO(CONTENT), {"filename": "a.bin"}, "a.bin"),
    "unseekable": (lambda path: Unseekable(CONTENT), SIZED, "a.bin"),
    "async generator": (lambda path: Generated(CONTENT, 7777)(), SIZED, "a.bin"),
}
