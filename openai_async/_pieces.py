"""A body as it arrives, cut anew: into bytes or text of one size, or into lines. Pure."""

from __future__ import annotations

import codecs
from typing import Protocol, TypeVar

T = TypeVar("T")


class Cutter(Protocol[T]):
    """Takes what arrives and returns the items that are complete."""

    def feed(self, piece: bytes) -> list[T]: ...

    def end(self) -> list[T]:
        """What is left when nothing more comes."""
        ...


class Bytes:
    """Pieces of `size` bytes and a shorter last one; as they arrive if `size` is None."""

    def __init__(self, size: int | None = None) -> None:
        self._size = check_size(size)
        self._kept = bytearray()

    def feed(self, piece: bytes) -> list[bytes]:
        if self._size is None:
            return [piece]
        self._kept += piece
        whole = len(self._kept) // self._size * self._size
        cut = [bytes(self._kept[i : i + self._size]) for i in range(0, whole, self._size)]
        del self._kept[:whole]
        return cut

    def end(self) -> list[bytes]:
        return [bytes(self._kept)] if self._kept else []


class Text:
    """Pieces of `size` characters and a shorter last one; as they arrive if `size` is None."""

    def __init__(self, encoding: str, size: int | None = None) -> None:
        self._size = check_size(size)
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._kept = ""

    def feed(self, piece: bytes) -> list[str]:
        return self._cut(self._decoder.decode(piece))

    def end(self) -> list[str]:
        cut = self._cut(self._decoder.decode(b"", final=True))
        return [*cut, self._kept] if self._kept else cut

    def _cut(self, text: str) -> list[str]:
        if self._size is None:
            return [text] if text else []
        text = self._kept + text
        whole = len(text) // self._size * self._size
        self._kept = text[whole:]
        return [text[i : i + self._size] for i in range(0, whole, self._size)]


class Lines:
    """Lines without their ends, which are those of `str.splitlines`."""

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        #: The parts of a line that has not ended: joined once, however many there are.
        self._begun: list[str] = []

    def feed(self, piece: bytes) -> list[str]:
        return self._cut(self._decoder.decode(piece))

    def end(self) -> list[str]:
        lines = self._cut(self._decoder.decode(b"", final=True))
        return lines + "".join(self._begun).splitlines()

    def _cut(self, text: str) -> list[str]:
        if self._begun and self._begun[-1].endswith("\r"):  # perhaps one half of an end
            text = self._begun.pop() + text
        lines = text.splitlines(keepends=True)
        rest = lines.pop() if lines and _open(lines[-1]) else ""
        if lines:
            lines[0] = "".join([*self._begun, lines[0]])
            self._begun.clear()
        if rest:
            self._begun.append(rest)
        return [line.splitlines()[0] for line in lines]


def _open(line: str) -> bool:
    """Whether more may belong to this line."""
    return line.endswith("\r") or line.splitlines()[0] == line


def check_size(size: int | None) -> int | None:
    """`size`. Raises ValueError if no piece can be that long."""
    if size is not None and size < 1:
        raise ValueError(f"chunk_size must be at least 1, not {size}.")
    return size
