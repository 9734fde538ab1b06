"""The input of `batch run`: a file with a request in each line.

Lines of a batch (`custom_id`, `method`, `url`, `body`) are taken as they are. With an endpoint each
line is a body, which may have a `custom_id` beside its parameters.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from . import reading, screen
from .endings import Refused

_OBJECT = msgspec.json.Decoder(dict[str, Any])

_HOW = 'add --endpoint, if each line is the body of a request, or have {"url": ..., "body": {...}}'


class RequestLines:
    """The requests in a file; `-` is standard input.

    They are read more than once. What can be read only once, such as a pipe, is held in memory.
    """

    def __init__(self, file: str, endpoint: str | None) -> None:
        self._file = file
        self._endpoint = endpoint
        again = file != "-" and os.path.isfile(file)
        self._held = None if again else reading.content(file).split(b"\n")
        self.total = 0

    def check(self) -> None:
        """Counts the requests. Raises Refused for a line that is none."""
        self.total = sum(1 for _ in self.requests())
        if not self.total:
            raise Refused(f"There are no requests in {self._file}.")

    def requests(self) -> Iterator[dict[str, Any]]:
        """Each as a line of a batch. Raises Refused unless there are as many as were counted."""
        found = 0
        for number, line in self._numbered():
            yield self._request(number, found, line)
            found += 1
        if self.total not in (0, found):
            raise Refused(
                f"{self._file} had {screen.count(self.total, 'request')} and has {found:,} now: "
                "leave it alone while it is read."
            )

    def numbers(self) -> list[int]:
        """On which line of the file each request is; the first is 1."""
        return [number for number, _ in self._numbered()]

    def _numbered(self) -> Iterator[tuple[int, bytes]]:
        with self._lines() as lines:
            yield from ((number, line) for number, line in enumerate(lines, 1) if line.strip())

    @contextmanager
    def _lines(self) -> Iterator[Iterable[bytes]]:
        if self._held is not None:
            yield self._held
            return
        with open(self._file, "rb") as opened:
            yield opened

    def _request(self, number: int, index: int, line: bytes) -> dict[str, Any]:
        try:
            found = _OBJECT.decode(line.removeprefix(b"\xef\xbb\xbf"))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refused(f"Line {number} of {self._file} is no JSON object: {error}.") from None
        name = found.get("custom_id") or f"request-{index}"
        if self._endpoint is not None:
            body = {key: value for key, value in found.items() if key != "custom_id"}
            found = {"url": self._endpoint, "body": body}
        elif not isinstance(found.get("body"), dict) or not isinstance(found.get("url"), str):
            raise Refused(f"Line {number} of {self._file} is no request: {_HOW}.")
        return {**found, "method": "POST", "custom_id": name}
