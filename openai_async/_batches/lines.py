"""The lines of batches: which file a request belongs in, and whose a result is. Pure.

A batch is a file with a line for each request. It may have so many lines and bytes, and all of its
requests are for one endpoint and one model.
"""

from __future__ import annotations

import json
from array import array
from typing import Any

import msgspec
from msgspec import Raw, Struct

_EMBEDDINGS = "/embeddings"


class Limits(Struct, frozen=True):
    """What one batch may have at most."""

    requests: int
    size: int
    """In bytes."""
    inputs: int
    """Of embeddings, all requests together."""


LIMITS = Limits(requests=50_000, size=200_000_000, inputs=50_000)


class Part(Struct):
    """One batch, as far as it is filled."""

    number: int
    url: str
    size: int = 0
    inputs: int = 0
    indices: array[int] = msgspec.field(default_factory=lambda: array("Q"))
    """The positions of its requests among all, line by line."""


class Parts:
    """Says which part each request belongs in; parts are filled in the order of the requests."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.all: list[Part] = []
        self._open: dict[tuple[str, str], Part] = {}

    def place(self, index: int, line: bytes, url: str, body: bytes) -> Part:
        """The part that the `line` of a request goes to. Raises ValueError if no batch takes it."""
        facts, limits, size = _FACTS.decode(body), self._limits, len(line)
        inputs = count_inputs(facts.input) if url.endswith(_EMBEDDINGS) else 0
        for what, number, most in (("bytes", size, limits.size), ("inputs", inputs, limits.inputs)):
            if number > most:
                raise ValueError(
                    f"A request with {number} {what} fits into no batch: {most} at most."
                )
        key = url, facts.model if isinstance(facts.model, str) else ""
        part = self._open.get(key)
        if part is None or (
            len(part.indices) >= limits.requests
            or part.size + size > limits.size
            or part.inputs + inputs > limits.inputs
        ):
            part = self._open[key] = Part(len(self.all), url)
            self.all.append(part)
        part.size += size
        part.inputs += inputs
        part.indices.append(index)
        return part


class _Facts(Struct):
    """What matters of a body."""

    model: Any = None
    input: Any = None


_FACTS = msgspec.json.Decoder(_Facts)


def count_inputs(given: Any) -> int:
    """How many inputs of embeddings these are: a text or its tokens are one, a list has many."""
    if isinstance(given, list):
        return 1 if given and all(isinstance(each, int) for each in given) else len(given)
    return 1


def line_of(custom_id: str, url: str, body: bytes) -> bytes:
    """The line of a request whose `body` is JSON without line breaks."""
    head = {"custom_id": custom_id, "method": "POST", "url": url}
    return json.dumps(head).encode()[:-1] + b', "body": ' + body + b"}\n"


class Response(Struct):
    """What a request was answered."""

    body: Raw = Raw(b"null")
    status_code: int = 0
    request_id: str | None = None


class Failure(Struct):
    """Why a request was not executed."""

    code: str | None = None
    message: str | None = None


class Line(Struct):
    """What became of one request."""

    custom_id: str
    response: Response | None = None
    error: Failure | None = None


_LINE = msgspec.json.Decoder(Line, strict=False)


def read_line(line: bytes) -> Line | None:
    """What a line of an output or error file says; None if it is none of a result."""
    try:
        found = _LINE.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return found if found.response or found.error else None


class ByteLines:
    """Cuts what arrives into lines. JSON may have other ends of lines inside, hence only `\\n`."""

    def __init__(self) -> None:
        #: The parts of a line that has not ended: joined once, however many there are.
        self._begun: list[bytes] = []

    def feed(self, piece: bytes) -> list[bytes]:
        first, *more = piece.split(b"\n")
        self._begun.append(first)
        if not more:
            return []
        lines = [b"".join(self._begun), *more[:-1]]
        self._begun = [more[-1]]
        return [line for line in lines if line.strip()]

    def end(self) -> list[bytes]:
        rest, self._begun = b"".join(self._begun), []
        return [rest] if rest.strip() else []
