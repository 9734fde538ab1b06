"""What `stream.print()` of both libraries does with each event."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TextIO

from typing_extensions import Self

from ._endings import text_of


class Printer:
    """Writes the text of events at once; as a context manager, it ends the last line.

    To `file`, or to what is standard output now.
    """

    def __init__(self, file: TextIO | None = None) -> None:
        self._file = sys.stdout if file is None else file
        self._pieces: list[str] = []

    def add(self, event: object) -> None:
        """Writes the text that `event` brings."""
        piece = text_of(event)
        if piece:
            self._pieces.append(piece)
            self._write(piece)

    @property
    def text(self) -> str:
        """All that was written."""
        return "".join(self._pieces)

    def _write(self, text: str) -> None:
        if self._file is not None:  # as in a program without a console
            self._file.write(text)
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._pieces and not self._pieces[-1].endswith("\n"):
            self._write("\n")
