"""Multipart form data (RFC 7578), streamed: no file is ever held whole in memory.

A form is laid out first, as a list of parts whose sizes are known where the system can tell them.
Files are opened and read piece by piece in a worker thread while the body is sent, so neither
memory nor the event loop notices how large they are.
"""

from __future__ import annotations

import inspect
import io
import mimetypes
import os
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import aclosing
from typing import IO, Any, cast

import anyio
import anyio.to_thread

from ._headers import merge
from ._urls import encode_pairs

#: Large enough that the hop to a thread costs little, small enough to hold for every upload.
PIECE = 256 * 1024

_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


class FilePart:
    """One file of a form, and how to read it."""

    __slots__ = ("content", "filename", "head", "name", "size", "start")

    def __init__(self, name: str, file: Any) -> None:
        filename, content, mime_type, headers = _unpack(name, file)
        self.name = name
        self.content: IO[bytes] | bytes | os.PathLike[str] = content
        self.filename = filename or _filename(content)
        self.head = self._head(mime_type, headers)
        self.start: int | None = None
        self.size = self._measure()

    def _measure(self) -> int | None:
        """How many bytes will be sent, or None if only reading can tell."""
        if isinstance(self.content, bytes):
            return len(self.content)
        if isinstance(self.content, os.PathLike):
            status = os.stat(self.content)
            return status.st_size if stat.S_ISREG(status.st_mode) else None
        try:
            start = self.content.tell()
            self.content.seek(0, io.SEEK_END)
            end = self.content.tell()  # some kinds of file return nothing from `seek`
            self.content.seek(start)
        except (AttributeError, OSError, ValueError):
            return None
        self.start = start
        return end - start

    @property
    def replayable(self) -> bool:
        return self.size is not None

    def _head(self, mime_type: str | None, headers: Mapping[str, str]) -> bytes:
        """What stands before the content. Raises ValueError for headers that cannot be sent."""
        kind = mime_type or mimetypes.guess_type(self.filename)[0] or "application/octet-stream"
        lines = [
            f'Content-Disposition: form-data; name="{self.name.translate(_ESCAPES)}"; '
            f'filename="{self.filename.translate(_ESCAPES)}"'
        ]
        lines += [
            f"{name}: {value}" for name, value in merge({"Content-Type": kind}, headers).values()
        ]
        # A file name that is no text on this system is sent as far as it is.
        return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n"

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        if isinstance(self.content, bytes):
            view = memoryview(self.content)
            for offset in range(0, len(view), PIECE):
                yield bytes(view[offset : offset + PIECE])
        elif isinstance(self.content, os.PathLike):
            file = await anyio.to_thread.run_sync(open, self.content, "rb")
            try:
                async with aclosing(self._read(cast("IO[bytes]", file))) as pieces:
                    async for piece in pieces:
                        yield piece
            finally:
                file.close()
        else:
            if self.start is not None:
                await anyio.to_thread.run_sync(self.content.seek, self.start)
            async with aclosing(self._read(self.content)) as pieces:
                async for piece in pieces:
                    yield piece

    async def _read(self, file: IO[bytes]) -> AsyncGenerator[bytes, None]:
        left = self.size
        while left is None or left > 0:
            length = PIECE if left is None else min(PIECE, left)
            piece = await anyio.to_thread.run_sync(file.read, length)
            if not piece:
                break
            if not isinstance(piece, bytes):
                raise TypeError(
                    f"{self.name} must be opened in binary mode: reading {self.filename} gave "
                    f"{type(piece).__name__}."
                )
            left = left - len(piece) if left is not None else None
            yield piece
        if left:
            raise ValueError(f"{self.name}: {self.filename} became shorter while it was sent.")


class FieldPart:
    """A part of a form that is no file, but whose content has a type."""

    __slots__ = ("content", "head", "size")

    replayable = True

    def __init__(self, name: str, content: bytes, content_type: str) -> None:
        self.content = content
        self.size = len(content)
        self.head = (
            f'Content-Disposition: form-data; name="{name.translate(_ESCAPES)}"\r\n'
            f"Content-Type: {content_type}\r\n\r\n"
        ).encode()

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        yield self.content


class MultipartBody:
    """A form that is ready to be sent, again if need be when `replayable`."""

    def __init__(
        self, fields: Mapping[str, Any], files: Iterable[tuple[str, Any] | FieldPart]
    ) -> None:
        self._boundary = os.urandom(16).hex().encode()
        self._fields = b"".join(
            self._opening()
            + f'Content-Disposition: form-data; name="{name.translate(_ESCAPES)}"'
            f"\r\n\r\n{value}\r\n".encode()
            for name, value in encode_pairs(fields)
        )
        self._parts = [each if isinstance(each, FieldPart) else FilePart(*each) for each in files]
        self.content_type = f"multipart/form-data; boundary={self._boundary.decode()}"

    def _opening(self) -> bytes:
        return b"--" + self._boundary + b"\r\n"

    def _closing(self) -> bytes:
        return b"--" + self._boundary + b"--\r\n"

    @property
    def replayable(self) -> bool:
        return all(part.replayable for part in self._parts)

    @property
    def length(self) -> int | None:
        """The size of the whole body in bytes, or None if a file cannot tell its own."""
        total = len(self._fields) + len(self._closing())
        for part in self._parts:
            if part.size is None:
                return None
            total += len(self._opening()) + len(part.head) + part.size + 2
        return total

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._fields:
            yield self._fields
        for part in self._parts:
            yield self._opening() + part.head
            async with aclosing(part.pieces()) as pieces:
                async for piece in pieces:
                    yield piece
            yield b"\r\n"
        yield self._closing()


def _unpack(name: str, file: Any) -> tuple[str | None, Any, str | None, Mapping[str, str]]:
    filename, content, mime_type, headers = None, file, None, None
    if isinstance(file, tuple):
        if not 2 <= len(file) <= 4:
            raise TypeError(
                f"{name} must be a tuple of 2 to 4 items: "
                "(filename, content, content type, headers)."
            )
        filename, content, mime_type, headers = [*file, None, None][:4]
    if isinstance(content, (bytearray, memoryview)):
        content = bytes(content)
    if filename is not None and not isinstance(filename, str):
        raise TypeError(f"{name}: the file name must be text, not {type(filename).__name__}.")
    if not (isinstance(content, (bytes, os.PathLike)) or hasattr(content, "read")):
        raise TypeError(
            f"{name} must be bytes, a path (pathlib.Path), a file opened in binary mode, or a "
            f"tuple (filename, content), not {type(content).__name__}."
        )
    # Wrappers of text files, such as temporary files, are known by their encoding.
    if isinstance(content, io.TextIOBase) or isinstance(getattr(content, "encoding", None), str):
        raise TypeError(f"{name} must be opened in binary mode: open(path, 'rb').")
    if inspect.iscoroutinefunction(getattr(content, "read", None)):
        raise TypeError(
            f"{name} must be a file that is read without await, not {type(content).__name__}: "
            "pass its path, its content, or the file it wraps."
        )
    return filename, content, mime_type, headers or {}


def _filename(content: Any) -> str:
    """The name a file is sent under when none was given."""
    name: Any = content if isinstance(content, os.PathLike) else getattr(content, "name", None)
    known = isinstance(name, (str, bytes, os.PathLike))
    return (os.path.basename(os.fsdecode(name)) if known else "") or "upload"
