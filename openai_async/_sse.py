"""Server-sent events: bytes in, events out.

Follows the parsing rules of the WHATWG HTML standard (section 9.2.6). Knows no I/O: whoever reads
the network feeds what it read, in pieces cut anywhere, and gets the events that are complete.

Data stays bytes, since it is JSON that is decoded from bytes next.
"""

from __future__ import annotations

from msgspec import Struct

#: A line longer than this is not an event any more but a mistake, or an attack on memory. The data
#: of one event, which may be many lines, is bounded alike.
LONGEST_LINE = 64 * 1024 * 1024

#: More digits than this are no time to wait; Python refuses to read thousands of them.
_RETRY_DIGITS = 15

_BOM = b"\xef\xbb\xbf"

#: How almost every line begins that is not empty.
_USUAL = b"data: "


class ServerSentEvent(Struct):
    """One event: its data, its name ("" if none was sent), and the last id seen so far."""

    data: bytes
    event: str = ""
    id: str = ""


class LineTooLong(Exception):
    """A line, or the data of one event, went on past the limit."""


class Decoder:
    """Turns the bytes of one event stream into events.

    `retry` is the reconnection time in milliseconds that the server asked for, if it did.
    """

    def __init__(self, *, longest_line: int = LONGEST_LINE) -> None:
        self.retry: int | None = None
        self._longest_line = longest_line
        self._rest = bytearray()
        self._after_cr = False
        self._started = False
        self._data: bytes | bytearray | None = None
        self._event = ""
        self._id = ""

    def feed(self, piece: bytes) -> list[ServerSentEvent]:
        """The events that `piece` completes. Raises `LineTooLong`; nothing comes after that."""
        events: list[ServerSentEvent] = []
        for line in self._lines(piece):
            if not line:
                # An event without data only sets state: the standard does not hand it over.
                if self._data is not None:
                    events.append(ServerSentEvent(bytes(self._data), self._event, self._id))
                    self._data = None
                self._event = ""
            elif self._data is None and line.startswith(_USUAL):
                self._data = line[len(_USUAL) :]
            else:
                self._take(line)
        return events

    def _lines(self, piece: bytes) -> list[bytes]:
        """The complete lines; the beginning of an incomplete one is kept for the next piece."""
        if self._after_cr and piece:  # the second half of a CR LF that was cut in two
            self._after_cr = False
            piece = piece[1:] if piece[:1] == b"\n" else piece
        if b"\n" not in piece and b"\r" not in piece:
            self._keep(piece)
            return []
        if self._rest:
            self._rest += piece
            piece = bytes(self._rest)
            self._rest.clear()
        if b"\r" in piece:
            self._after_cr = piece.endswith(b"\r")
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = piece.split(b"\n")
        if not self._started:
            lines[0] = lines[0].removeprefix(_BOM)
            self._started = True
        self._keep(lines.pop())
        if len(piece) > self._longest_line:
            self._check_length(max(map(len, lines)))
        return lines

    def _keep(self, rest: bytes) -> None:
        if rest:
            self._rest += rest
            self._check_length(len(self._rest))

    def _check_length(self, length: int) -> None:
        if length > self._longest_line:
            raise LineTooLong(f"a line of the event stream exceeds {self._longest_line} bytes")

    def _take(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._add(value)
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")
        elif name == b"id":
            if b"\0" not in value:
                self._id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit() and len(value) <= _RETRY_DIGITS:
            self.retry = int(value)

    def _add(self, value: bytes) -> None:
        if self._data is None:
            self._data = value
            return
        if isinstance(self._data, bytes):
            self._data = bytearray(self._data)
        self._data += b"\n"
        self._data += value
        self._check_length(len(self._data))
