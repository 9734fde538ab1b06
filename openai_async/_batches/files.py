"""The input files of batches: what requests become when they are not sent but written.

Requests are written as they are read, in worker threads, so memory holds their names and no more.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import IO, Any, NamedTuple

from .._captured import Function, Lines, Sender, captured
from .._map_results import name_of
from .._resource import Content
from .lines import LIMITS, Limits, Part, Parts, line_of

#: What a call can have, and a line of a batch cannot.
_NOT_IN_BATCHES = ("extra_headers", "extra_query")

_UNKNOWN = (
    "Batches cannot call this method: pass one whose endpoint they know, such as "
    "client.chat.completions.create."
)


class Decoder(NamedTuple):
    """How the answer to a request is decoded, and the URL it would have been sent to."""

    content: Content
    url: str


class BatchFiles:
    """Takes requests, and has a name, a place and a decoder for each of them.

    Files are written to `directory`, unless it is None and they are only counted. Raises TypeError
    or ValueError if batches cannot do what `sends` does.
    """

    def __init__(self, sends: Sender, directory: str | None, limits: Limits | None = None) -> None:
        if isinstance(sends, Function):
            raise TypeError(_UNKNOWN)
        if sends.endpoint is None and not isinstance(sends, Lines):
            raise ValueError(_UNKNOWN)
        self._sends, self._directory = sends, directory
        self._parts = Parts(limits or LIMITS)
        self._digests: list[Any] = []
        self._files: list[IO[bytes]] = []
        self._positions: dict[str, int] = {}
        self._decoders: dict[Any, Decoder] = {}
        self.decoders: list[Decoder | None] = []
        self.part_numbers = array("q")
        """The number of the part of each request; -1 for those that are in none."""
        self.errors: dict[int, Exception] = {}
        """What is wrong with requests that are in no file."""

    @property
    def names(self) -> Iterable[str]:
        """What each request is called, in their order."""
        return self._positions.keys()

    @property
    def parts(self) -> list[Part]:
        return self._parts.all

    def position(self, name: str) -> int | None:
        """The position of the request of this name."""
        return self._positions.get(name)

    def path(self, part: Part) -> str:
        """Where the file of a part is."""
        assert self._directory is not None
        return os.path.join(self._directory, f"{part.number}.jsonl")

    def digest(self, part: Part) -> str:
        """What is the same for two parts only if they have the same content."""
        found: str = self._digests[part.number].hexdigest()
        return found

    def add(self, requests: Iterable[Any]) -> None:
        """Writes more requests. Blocks. Raises ValueError if two have the same name."""
        for request in requests:
            index = len(self.decoders)
            self.decoders.append(None)
            self.part_numbers.append(-1)
            try:
                name, arguments = self._sends.parted(request)
            except Exception as error:
                self._name(name_of(index), index)
                self.errors[index] = error
                continue
            name = name or name_of(index)
            self._name(name, index)
            try:
                self._write(index, name, arguments)
            except Exception as error:
                self.errors[index] = error

    def _name(self, name: str, index: int) -> None:
        before = self._positions.setdefault(name, index)
        if before != index:
            raise ValueError(
                f"Requests {before} and {index} have the same custom_id {name!r}: each needs one "
                "of its own, or none."
            )

    def _write(self, index: int, name: str, request: Mapping[str, Any]) -> None:
        for each in _NOT_IN_BATCHES:
            if request.get(each) or self._sends.given.get(each):
                raise ValueError(f"A batch cannot have {each}: leave it out.")
        call, content = captured(self._sends, request)
        if not isinstance(call.body, bytes):
            raise ValueError(
                "A batch cannot have files: upload them, and give the lines of the batch itself "
                '({"custom_id": ..., "method": "POST", "url": ..., "body": {...}}), which name '
                "them."
            )
        url = self._sends.endpoint or str(request["url"])
        line = line_of(name, url, call.body)
        part = self._parts.place(index, line, url, call.body)
        if part.number == len(self._digests):
            self._digests.append(sha256(url.encode()))
            if self._directory is not None:
                self._files.append(open(self.path(part), "wb"))  # noqa: SIM115  # see `close`
        self._digests[part.number].update(line)
        if self._directory is not None:
            self._files[part.number].write(line)
        self.part_numbers[index] = part.number
        key = content.result, content.finish, call.url
        self.decoders[index] = self._decoders.setdefault(key, Decoder(content, call.url))

    def close(self) -> None:
        """Writes what is left to be written."""
        for file in self._files:
            file.close()
