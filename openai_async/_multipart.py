"""Multipart form data (RFC 7578), streamed: no file is ever held whole in memory.

A form is laid out first, as a list of parts whose sizes are known where the system can tell them.
Files are opened and read piece by piece in a worker thread while the body is sent, so neither
memory nor the event loop notices how large they are.
"""

from __future__ import annotations

import io
import mimetypes
import os
import secrets
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import IO, Any, cast

import anyio
import anyio.to_thread

from ._sentinels import is_given

#: Large enough that the hop to a thread costs little, small enough to hold for every upload.
PIECE = 256 * 1024

_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


class FilePart:
    """One file of a form, and how to read it."""

    __slots__ = ("content", "filename", "headers", "mime_type", "name", "size", "start")

    def __init__(self, name: str, file: Any) -> None:
        filename, content, mime_type, headers = _unpack(name, file)
        self.name = name
        self.content: IO[bytes] | bytes | os.PathLike[str] = content
        self.filename = filename or _filename(content)
        guessed = mimetypes.guess_type(self.filename)[0]
        self.mime_type = mime_type or guessed or "application/octet-stream"
        self.headers: Mapping[str, str] = headers
        self.start: int | None = None
        self.size = self._measure()

    def _measure(self) -> int | None:
        """How many bytes will be sent, or None if only reading can tell."""
        if isinstance(self.content, bytes):
            return len(self.content)
        if isinstance(self.content, os.PathLike):
            return os.stat(self.content).st_size
        try:
            self.start = self.content.tell()
            end = self.content.seek(0, io.SEEK_END)
            self.content.seek(self.start)
        except (AttributeError, OSError, ValueError):
            return None
        return end - self.start

    @property
    def replayable(self) -> bool:
        return self.size is not None

    def head(self) -> bytes:
        lines = [
            f'Content-Disposition: form-data; name="{self.name.translate(_ESCAPES)}"; '
            f'filename="{self.filename.translate(_ESCAPES)}"',
            f"Content-Type: {self.mime_type}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError(f"{self.name}: the headers of a file must not contain line breaks.")
        return "\r\n".join(lines).encode() + b"\r\n\r\n"

    async def pieces(self) -> AsyncIterator[bytes]:
        if isinstance(self.content, bytes):
            view = memoryview(self.content)
            for offset in range(0, len(view), PIECE):
                yield bytes(view[offset : offset + PIECE])
        elif isinstance(self.content, os.PathLike):
            file = await anyio.to_thread.run_sync(open, self.content, "rb")
            try:
                async for piece in self._read(cast("IO[bytes]", file)):
                    yield piece
            finally:
                file.close()
        else:
            if self.start is not None:
                await anyio.to_thread.run_sync(self.content.seek, self.start)
            async for piece in self._read(self.content):
                yield piece

    async def _read(self, file: IO[bytes]) -> AsyncIterator[bytes]:
        left = self.size
        while left is None or left > 0:
            length = PIECE if left is None else min(PIECE, left)
            piece = await anyio.to_thread.run_sync(file.read, length)
            if not piece:
                break
            if not isinstance(piece, bytes):
                raise TypeError(f"{self.name}: {self.filename} must be opened in binary mode.")
            left = left - len(piece) if left is not None else None
            yield piece
        if left:
            raise ValueError(f"{self.name}: {self.filename} became shorter while it was sent.")


class MultipartBody:
    """A form that is ready to be sent, again if need be when `replayable`."""

    def __init__(self, fields: Mapping[str, Any], files: Iterable[tuple[str, Any]]) -> None:
        self._boundary = secrets.token_hex(16).encode()
        self._fields = b"".join(
            self._opening() + f'Content-Disposition: form-data; name="{name.translate(_ESCAPES)}"'
            f"\r\n\r\n{value}\r\n".encode()
            for name, value in flatten(fields)
        )
        self._files = [FilePart(name, file) for name, file in files]
        self.content_type = f"multipart/form-data; boundary={self._boundary.decode()}"

    def _opening(self) -> bytes:
        return b"--" + self._boundary + b"\r\n"

    def _closing(self) -> bytes:
        return b"--" + self._boundary + b"--\r\n"

    @property
    def replayable(self) -> bool:
        return all(part.replayable for part in self._files)

    @property
    def length(self) -> int | None:
        """The size of the whole body in bytes, or None if a file cannot tell its own."""
        total = len(self._fields) + len(self._closing())
        for part in self._files:
            if part.size is None:
                return None
            total += len(self._opening()) + len(part.head()) + part.size + 2
        return total

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._fields:
            yield self._fields
        for part in self._files:
            yield self._opening() + part.head()
            async for piece in part.pieces():
                yield piece
            yield b"\r\n"
        yield self._closing()


def flatten(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and values of form fields: `a[b]` for mappings, `a[]` for arrays."""
    for name, value in fields.items():
        yield from _flatten(name, value)


def _flatten(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flatten(f"{name}[{key}]", item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _flatten(f"{name}[]", item)
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    elif is_given(value):
        yield name, "" if value is None else str(value)


def is_file(value: object) -> bool:
    """Whether `value` is something that is sent as a file."""
    return isinstance(value, (bytes, bytearray, os.PathLike, io.IOBase, tuple)) or hasattr(
        value, "read"
    )


def _unpack(name: str, file: Any) -> tuple[str | None, Any, str | None, Mapping[str, str]]:
    filename, content, mime_type, headers = None, file, None, {}
    if isinstance(file, tuple):
        if not 2 <= len(file) <= 4:
            raise TypeError(
                f"{name} must be a tuple of 2 to 4 items: "
                "(filename, content, content type, headers)."
            )
        filename, content, mime_type, headers = (*file, *(None, {})[len(file) - 2 :])
    if isinstance(content, (bytearray, memoryview)):
        content = bytes(content)
    if not (isinstance(content, (bytes, os.PathLike)) or hasattr(content, "read")):
        raise TypeError(
            f"{name} must be bytes, a path (pathlib.Path), a file opened in binary mode, or a "
            f"tuple (filename, content), not {type(content).__name__}."
        )
    if isinstance(content, io.TextIOBase):
        raise TypeError(f"{name} must be opened in binary mode: open(path, 'rb').")
    return filename, content, mime_type, headers or {}


def _filename(content: Any) -> str:
    """The name a file is sent under when none was given."""
    if isinstance(content, os.PathLike):
        return os.path.basename(os.fspath(content))
    name = getattr(content, "name", None)
    return os.path.basename(name) if isinstance(name, str) and name else "upload"
