"""Batches that are begun once, and files read to their end, on a network that loses things.

An answer that is lost does not tell whether there is a batch now. Sending the request again would
begin a second one, and both would be paid for. So it is looked for first.
"""

from __future__ import annotations

import itertools
import math
import random
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import anyio

from .. import _callbacks, _engine
from .._config import Settings
from .._deadline import Deadline, within
from .._engine import Retry, pause
from .._errors import APIConnectionError, APIError, APIStatusError, OpenAIError
from .._requests import Call
from .._resource import Content
from .._retry import backoff, may_have_succeeded, wait_before_retry
from .._turns import late
from .._unfinished import DeadlineExceeded
from .lines import ByteLines

if TYPE_CHECKING:
    from .._client import AsyncOpenAI
    from ..types.batches import Batch
    from ..types.files import FileObject

#: Takes some lines.
Take = Callable[[list[bytes]], Awaitable[None]]

#: How far apart the clocks of the server and of this machine may be, in seconds.
_SKEW = 600.0

_PAGE = 100


def id_of(answer: Any, what: str) -> str:
    """The id in an answer. Raises OpenAIError if the server did not say it."""
    if not isinstance(answer.id, str) or not answer.id:
        raise OpenAIError(f"The server answered without the id of the {what}.")
    return answer.id


async def find_file(
    client: AsyncOpenAI, name: str, size: int, since: float, clock: Any
) -> FileObject | None:
    """The file of this name and size, if there is one; it was uploaded after `since`."""
    page = await client.files.list(purpose="batch", order="desc", limit=_PAGE, deadline=clock)
    while True:
        for file in page.data:
            if (file.filename, file.bytes) == (name, size):
                return file
        over = any(file.created_at < since - _SKEW for file in page.data)
        if over or not page.has_next_page():
            return None
        page = await page.get_next_page()


async def find(client: AsyncOpenAI, file_id: str, since: float, clock: Any) -> Batch | None:
    """The batch with this input file, if there is one; it was created after `since` (Unix time)."""
    page = await client.batches.list(limit=_PAGE, deadline=clock)
    while True:
        for batch in page.data:
            if batch.input_file_id == file_id:
                return batch
        # They come newest first.
        over = any(batch.created_at < since - _SKEW for batch in page.data)
        if over or not page.has_next_page():
            return None
        page = await page.get_next_page()


async def create(client: AsyncOpenAI, details: dict[str, Any], since: float, clock: Any) -> Batch:
    """A new batch with these arguments of `batches.create`: one, however often that is tried.

    Its input file was there at `since` (Unix time).
    """
    once = client.batches._delivering(_send_once)
    for taken in itertools.count():
        try:
            return await once.create(**details, deadline=clock)
        except DeadlineExceeded:
            raise
        except APIError as error:
            wait = _wait(client, error, taken, clock)
            if wait is not None:
                if client.on_retry is not None:
                    event = Retry(taken + 1, client.max_retries, wait, error)
                    await within(clock, partial(_callbacks.call, client.on_retry, event), late)
                await within(clock, partial(pause, wait), late)
            if may_have_succeeded(getattr(error, "status_code", None)):
                batch = await find(client, details["input_file_id"], since, clock)
                if batch is not None:
                    return batch
            if wait is None:
                raise
    raise AssertionError  # `count` has no end


class _Once:
    """A body that can be sent once: whoever would send it again asks first."""

    replayable = False

    def __init__(self, content: bytes) -> None:
        self._left = [content]
        self.length: int | None = len(content)

    def __aiter__(self) -> _Once:
        return self

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop()


async def _send_once(settings: Settings, call: Call, content: Content) -> Any:
    # A transport may repeat what it sent over a connection that turned out to be closed.
    if isinstance(call.body, bytes):
        call.body = _Once(call.body)
    return content.of(await _engine.send(settings, call, read=True))


def _wait(client: AsyncOpenAI, error: APIError, taken: int, clock: Deadline | None) -> float | None:
    """Seconds until it is tried again; None if it is not."""
    answer = error if isinstance(error, APIStatusError) else None
    if answer is None and (not isinstance(error, APIConnectionError) or error._final):
        return None
    return wait_before_retry(
        retries_taken=taken,
        max_retries=client.max_retries,
        status=None if answer is None else answer.status_code,
        headers={} if answer is None else answer._headers,
        code=error.code,
        now=time.time(),
        random=random.random(),
        time_left=math.inf if clock is None else clock.left(anyio.current_time()),
    )


async def read(
    client: AsyncOpenAI,
    file_id: str,
    clock: Deadline | None,
    begin: Callable[[], Take],
) -> None:
    """Hands the lines of a file, some at once, to what `begin` returns.

    If the connection breaks, it begins again, from the first line.
    """
    streaming = client.files.with_streaming_response
    for taken in itertools.count():
        try:
            async with streaming.content(file_id, deadline=cast(Any, clock)) as response:
                cut, take = ByteLines(), begin()
                async for piece in response.iter_bytes():
                    await take(cut.feed(piece))
                await take(cut.end())
        except DeadlineExceeded:
            raise
        except APIConnectionError:
            if taken >= client.max_retries:
                raise
            wait = backoff(taken, random=random.random())
            await within(clock, partial(pause, wait), late)
        else:
            return
