"""The results of batches: whose each is, and what it is: a value, or the error of a live call."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from .._engine import Answer
from .._errors import status_error
from .._exchange import Exchange
from .._headers import Headers
from .._map_results import BatchRequestError, MapResult
from .files import BatchFiles, Decoder
from .lines import Line, Part, Response

if TYPE_CHECKING:
    from ..types.batches import Batch

_JSON = ("content-type", "application/json")

MISSING = "missing"

#: Why a request of a batch of this status was not executed, unless its line says so.
_REASONS = {
    "expired": ("batch_expired", "was not executed before its batch expired"),
    "cancelled": ("batch_cancelled", "was not executed before its batch was cancelled"),
}


class Results:
    """One result for each request of `files`; `requests` are those that were kept."""

    def __init__(self, files: BatchFiles, requests: Sequence[Any] | None) -> None:
        self._files = files
        self.all: list[MapResult[Any]] = [
            MapResult(index, name, request=None if requests is None else requests[index])
            for index, name in enumerate(files.names)
        ]
        self._known = bytearray(len(self.all))
        for index, error in files.errors.items():
            self._fail(index, error)

    def take(self, line: Line, batch: Batch) -> int:
        """Takes a line of the results of `batch`, and returns the position of its request.

        Raises ValueError if it is of none of the requests.
        """
        index = self._files.position(line.custom_id)
        decoder = None if index is None else self._files.decoders[index]
        if index is None or decoder is None:
            raise ValueError(
                f"{batch.id} has a result for {line.custom_id!r}, and none of the requests is "
                "called so: it is a batch of other requests."
            )
        result = self.all[index]
        try:
            result.value, result.error = value_of(line, decoder, batch.id), None
        except Exception as error:
            result.value, result.error = None, error
        self._known[index] = True
        return index

    def settle(self, part: Part, batch: Batch | None) -> None:
        """Says of the requests that nothing was said of why that is so.

        `batch`, which has ended, is that of the part, if there is one.
        """
        told = {each.line: each for each in errors_of(batch) if each.line}
        for number, index in enumerate(part.indices, 1):
            if not self._known[index]:
                self._fail(index, unanswered(batch, self.all[index].custom_id, told.get(number)))

    def _fail(self, index: int, error: Exception) -> None:
        self.all[index].error = error
        self._known[index] = True


def value_of(line: Line, decoder: Decoder, batch_id: str) -> Any:
    """What a live call would return, or raise, for the answer in a line of results."""
    if line.response is not None:
        return _answered(line.response, decoder)
    assert line.error is not None
    code, message = line.error.code, line.error.message or "no reason is given"
    raise BatchRequestError(
        f"Request {line.custom_id!r} of {batch_id} was not executed: {message}",
        code=code,
        batch_id=batch_id,
        custom_id=line.custom_id,
    )


def _answered(response: Response, decoder: Decoder) -> Any:
    headers = [_JSON, *([("x-request-id", response.request_id)] if response.request_id else [])]
    exchange = Exchange(
        "POST",
        decoder.url,
        [],
        status=response.status_code,
        headers=Headers(headers),
        content=bytes(response.body),
    )
    if 200 <= response.status_code < 300:
        return decoder.content.of(Answer(exchange, reply=cast(Any, None)))
    raise status_error(exchange, now=time.time())


def errors_of(batch: Batch | None) -> Iterable[Any]:
    """What is wrong with the file of a batch."""
    return (batch and batch.errors and batch.errors.data) or ()


def unanswered(batch: Batch | None, custom_id: str, own: Any = None) -> BatchRequestError:
    """The error of a request that no file of `batch` knows; `own` is what is wrong with its line.

    A batch whose file has a mistake does not run at all.
    """
    if batch is None:
        text = f"Request {custom_id!r} is in none of these batches."
        return BatchRequestError(text, code=MISSING, custom_id=custom_id)
    mistake = own or next(iter(errors_of(batch)), None)
    about = f"Request {custom_id!r} of {batch.id}"
    failure = partial(BatchRequestError, batch_id=batch.id, custom_id=custom_id)
    if mistake is not None:
        at = f"line {mistake.line}: " if mistake.line else ""
        whose = "" if own is not None else ", for the whole batch failed"
        text = f"{about} was not executed{whose}: {at}{mistake.message or mistake.code}"
        return failure(text, code=mistake.code, line=mistake.line)
    code, why = _REASONS.get(batch.status, (MISSING, "is in none of the files of its batch"))
    return failure(f"{about} {why} (status {batch.status}).", code=code)
