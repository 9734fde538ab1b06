"""The input file of a batch that is there already, whoever wrote it.

What its lines ask for was the business of the server. So nothing is refused here: what is wrong
with a line is said by the batch, and what answers it is decoded as far as it is known.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from .._answers import parse
from .._captured import Lines, captured
from .._engine import Answer
from .._errors import APIResponseValidationError
from .._map_results import name_of
from .._resource import Content
from .files import BatchFiles, Decoder
from .lines import Part


class _Facts(Struct):
    """What matters of a line."""

    custom_id: Any = None
    url: Any = None


_FACTS = msgspec.json.Decoder(_Facts)


class WrittenFile(BatchFiles):
    """Takes the lines of one file, and has a name, a place and a decoder for each of them.

    A line that cannot be read, or whose name an earlier one has, is a request without a result.
    """

    def __init__(self, client: Any, endpoint: str | None) -> None:
        super().__init__(Lines(client, vectors=True), None)
        self._endpoint = endpoint
        self._names: list[str] = []
        self._parts.all.append(Part(0, ""))

    @property
    def names(self) -> Iterable[str]:
        """What each request is called, in their order."""
        return self._names

    def add(self, requests: Iterable[bytes]) -> None:
        """Takes more lines. Blocks."""
        (part,) = self.parts
        for line in requests:
            index, facts = len(self._names), _facts(line)
            named = isinstance(facts.custom_id, str) and facts.custom_id
            self._names.append(facts.custom_id if named else name_of(index))
            self.decoders.append(self._decoder(facts.url))
            self.part_numbers.append(part.number)
            part.indices.append(index)
            if named:
                self._positions.setdefault(facts.custom_id, index)

    def _decoder(self, url: Any) -> Decoder:
        url = url if isinstance(url, str) else self._endpoint
        if url not in self._decoders:
            try:
                call, content = captured(self._sends, {"url": url, "body": {}})
                self._decoders[url] = Decoder(_tolerant(content), call.url)
            except ValueError:  # nobody here knows it
                self._decoders[url] = Decoder(Content(Any, _anything), str(url))
        return self._decoders[url]


def _facts(line: bytes) -> _Facts:
    try:
        return _FACTS.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    try:  # which takes more for JSON, as servers may
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return _Facts()
    return _Facts(found.get("custom_id"), found.get("url"))


def _tolerant(content: Content) -> Content:
    """The same, and plain values of what is of another shape."""

    def make(answer: Answer, to: Any) -> Any:
        try:
            return content.make(answer, to)
        except (APIResponseValidationError, ValueError):
            return _anything(answer, to)

    return Content(content.result, make)


def _anything(answer: Answer, _to: Any) -> Any:
    return parse(answer.exchange, Any)
