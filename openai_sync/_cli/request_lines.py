"""The input of `batch run`: a file with a request in each line.

Lines of a batch (`custom_id`, `method`, `url`, `body`) are taken as they are. With an endpoint each
line is a body, which may have a `custom_id` beside its parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from . import reading
from .endings import Refused

_OBJECT = msgspec.json.Decoder(dict[str, Any])

_HOW = 'add --endpoint, if each line is the body of a request, or have {"url": ..., "body": {...}}'


class RequestLines:
    """The requests in a file; `-` is standard input, which is held in memory."""

    def __init__(self, file: str, endpoint: str | None) -> None:
        self._file = file
        self._endpoint = endpoint
        self._held = reading.content().split(b"\n") if file == "-" else None
        self.total = 0

    def check(self) -> None:
        """Counts the requests. Raises Refused for a line that is none."""
        self.total = sum(1 for _ in self.requests())
        if not self.total:
            raise Refused(f"There are no requests in {self._file}.")

    def requests(self) -> Iterator[dict[str, Any]]:
        """Each as a line of a batch."""
        index = 0
        with self._lines() as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield self._request(number, index, line)
                    index += 1

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
