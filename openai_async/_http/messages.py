"""HTTP/1.1 messages: the head of a request as bytes, and an answer as it is parsed. No I/O.

httptools does the parsing and refuses what is malformed or ambiguous: two lengths, a length beside
chunks, bare line feeds. What it does not bound is bounded here: how long a head may be, and how
much may come that is neither head nor body.
"""

from __future__ import annotations

from collections.abc import Sequence

import httptools

from .._headers import Headers
from .._transport import ConnectionFailed

#: The longest head of an answer, trailers and the extensions of chunks included.
LONGEST_HEAD = 64 * 1024

_WITHOUT_BODY = frozenset({204, 304})
_TRANSFER_ENCODING = b"transfer-encoding"
_BODY_HEADERS = frozenset({"content-length", "transfer-encoding"})


class BadAnswer(ConnectionFailed):
    """The server does not speak HTTP/1.1 as it should."""


class CutOff(ConnectionFailed):
    """The server closed the connection before the answer was whole."""


def head(
    method: str,
    path: str,
    host: str,
    headers: Sequence[tuple[str, str]],
    *,
    length: int | None,
    codings: str,
) -> bytes:
    """The head of a request whose body has `length` bytes; None if it is sent in chunks.

    Raises ValueError if a value would break out of its line.
    """
    names = {name.lower() for name, _ in headers}
    if not names.isdisjoint(_BODY_HEADERS):  # these are ours to say, since we frame the body
        headers = [pair for pair in headers if pair[0].lower() not in _BODY_HEADERS]
    lines = [f"{method} {path} HTTP/1.1"]
    if "host" not in names:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in headers]
    if "accept-encoding" not in names:
        lines.append(f"Accept-Encoding: {codings}")
    if length is None:
        lines.append("Transfer-Encoding: chunked")
    elif length or method not in ("GET", "HEAD", "DELETE", "OPTIONS"):
        lines.append(f"Content-Length: {length}")
    text = "\r\n".join(lines)
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1:
        raise ValueError("A header, the method or the path has a line break in it.")
    return f"{text}\r\n\r\n".encode("latin-1")


class Answer:
    """One answer, as far as it has arrived.

    `body` collects what was received of the body and is emptied by whoever takes it.
    """

    __slots__ = (
        "_overhead",
        "_parser",
        "_without_body",
        "body",
        "ended",
        "excess",
        "headed",
        "headers",
        "on_body",
        "persistent",
        "started",
        "status",
        "version",
    )

    def __init__(self, *, without_body: bool = False) -> None:
        self.status = 0
        self.version = ""
        self.headers: list[tuple[bytes, bytes]] = []
        self.body: list[bytes] = []
        #: Whether any byte came, the head is whole, the body is whole, and more came after it.
        self.started = self.headed = self.ended = self.excess = False
        #: Whether the server will take another request on this connection.
        self.persistent = False
        self._without_body = without_body
        self._overhead = 0
        self.on_body = self.body.append  # called by the parser for each piece
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Parses what the network brought. Raises BadAnswer if it is no answer."""
        if self.ended:
            self.excess = True
            return
        assert self._parser is not None
        self.started = True
        pieces = len(self.body)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            raise BadAnswer("The server switched to another protocol than HTTP/1.1.") from None
        except httptools.HttpParserError as error:
            cause = error.__context__ if isinstance(error.__context__, BadAnswer) else None
            if self.ended and cause is None:
                self.excess = True
            else:
                raise cause or BadAnswer(_strange(data, str(error), self.headed)) from None
        if self.ended:
            self._parser = None  # it refers to this object
            if self._without_body and (self.body or self.excess):
                # Some servers send a body all the same. It is no answer to anything.
                self.persistent = self.excess = False
                self.body.clear()
            return
        if self.headed and len(self.body) > pieces:
            self._overhead = 0
        else:
            self._overhead += len(data)
            if self._overhead >= LONGEST_HEAD:
                what = "chunk headers" if self.headed else "the head of its answer"
                raise BadAnswer(f"The server sent more than {LONGEST_HEAD} bytes of {what}.")

    def end(self) -> None:
        """The server closed the connection. Raises CutOff if the answer is not whole."""
        if self.ended:
            return
        if not self.started:
            raise CutOff("The server closed the connection without an answer.")
        if not self.headed:
            raise CutOff("The connection was closed inside the head of the answer.")
        if any(name.lower() in (_TRANSFER_ENCODING, b"content-length") for name, _ in self.headers):
            raise CutOff("The connection was closed before the whole answer had arrived.")
        self.ended, self._parser = True, None  # its end is how such an answer ends

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self.ended:
            self.excess = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.headed:
            return  # a trailer, or a head that nobody asked for
        framed = len(name) == len(_TRANSFER_ENCODING) and name.lower() == _TRANSFER_ENCODING
        if framed and value.strip().lower() != b"chunked":
            raise BadAnswer("The answer has a transfer encoding other than chunked.")
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        parser = self._parser
        if self.headed or parser is None:
            return
        status = parser.get_status_code()
        if status < 200:
            if status != 101:
                self.headers.clear()  # says nothing about the answer that will follow
            return
        self.headed = True
        self.status = status
        self.version = parser.get_http_version()
        self.persistent = parser.should_keep_alive()
        if self._without_body or status in _WITHOUT_BODY:
            self.ended = self._without_body = True

    def on_message_complete(self) -> None:
        if self.headed:
            self.ended = True

    def pairs(self) -> Headers:
        """The headers as text."""
        try:
            return Headers([(name.decode(), value.decode()) for name, value in self.headers])
        except UnicodeDecodeError:
            return Headers(
                [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self.headers]
            )


def _strange(data: bytes, reason: str, headed: bool) -> str:
    if headed:
        return f"The body of the answer is broken: {reason}."
    if not data.startswith(b"HTTP/"):
        start = data[:40].decode("latin-1")
        return f"The server does not answer in HTTP/1.1: it sent {start!r}. Check base_url."
    return f"The head of the answer is broken: {reason}."
