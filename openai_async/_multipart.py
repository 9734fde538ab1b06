"""Multipart form data (RFC 7578), streamed: no file is ever held whole in memory.

A form is laid out first, as a list of parts whose sizes are known where the system can tell them.
Files are opened and read piece by piece while the body is sent.
"""

from __future__ import annotations

import mimetypes
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing
from typing import Any

from ._headers import merge
from ._sources import Source, source
from ._urls import encode_pairs

_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


class FilePart:
    """One file of a form."""

    __slots__ = ("filename", "head", "name", "source")

    def __init__(self, name: str, file: Any) -> None:
        filename, content, mime_type, headers = _unpack(name, file)
        self.name = name
        self.source: Source = source(name, content)
        self.filename = filename or self.source.filename or "upload"
        self.head = self._head(mime_type, headers)

    @property
    def size(self) -> int | None:
        """How many bytes will be sent, or None if only reading can tell."""
        return self.source.size

    @property
    def replayable(self) -> bool:
        return self.source.replayable

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

    def pieces(self) -> AsyncGenerator[bytes, None]:
        return self.source.pieces()


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


#: Is told how many bytes of files were handed on, and how many there are, if that is known.
Report = Callable[[int, "int | None"], Awaitable[object]]


class MultipartBody:
    """A form that is ready to be sent, again if need be when `replayable`.

    `report` is awaited after each piece of a file, from 0 on each time the form is sent, and at the
    end with a total whether that was known or not.
    """

    def __init__(
        self,
        fields: Mapping[str, Any],
        files: Iterable[tuple[str, Any] | FieldPart],
        *,
        report: Report | None = None,
    ) -> None:
        self._boundary = os.urandom(16).hex().encode()
        self._fields = b"".join(
            self._opening()
            + f'Content-Disposition: form-data; name="{name.translate(_ESCAPES)}"'
            f"\r\n\r\n{value}\r\n".encode()
            for name, value in encode_pairs(fields)
        )
        self._parts = [each if isinstance(each, FieldPart) else FilePart(*each) for each in files]
        self._report = report
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
        sent, total = 0, self._total
        if self._fields:
            yield self._fields
        for part in self._parts:
            yield self._opening() + part.head
            async with aclosing(part.pieces()) as pieces:
                async for piece in pieces:
                    yield piece
                    if self._report is not None and isinstance(part, FilePart):
                        sent += len(piece)
                        await self._report(sent, total)
            yield b"\r\n"
        if self._report is not None and (total is None or (self._files and not total)):
            await self._report(sent, sent)
        yield self._closing()

    async def close(self) -> None:
        """Closes what was handed over to be sent, also if it never was."""
        for part in self._files:
            await part.source.close()

    @property
    def _files(self) -> list[FilePart]:
        return [part for part in self._parts if isinstance(part, FilePart)]

    @property
    def _total(self) -> int | None:
        """The bytes of all files together."""
        sizes = [part.size for part in self._files]
        return None if None in sizes else sum(filter(None, sizes))


def _unpack(name: str, file: Any) -> tuple[str | None, Any, str | None, Mapping[str, str]]:
    filename, content, mime_type, headers = None, file, None, None
    if isinstance(file, tuple):
        if not 2 <= len(file) <= 4:
            raise TypeError(
                f"{name} must be a tuple of 2 to 4 items: "
                "(filename, content, content type, headers)."
            )
        filename, content, mime_type, headers = [*file, None, None][:4]
    if filename is not None and not isinstance(filename, str):
        raise TypeError(f"{name}: the file name must be text, not {type(filename).__name__}.")
    return filename, content, mime_type, headers or {}
