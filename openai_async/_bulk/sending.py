"""One upload: what is sent, which attempts it takes, and how often its body is begun.

The last is more than the first where the transport repeats a request by itself, because a kept
connection turned out to be closed. The server may have stored the file before it closed it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from hashlib import sha256
from typing import Any

from .. import _engine
from .._config import Settings
from .._errors import APIError, Attempt
from .._requests import Call
from .._resource import Content
from .._sources import Source, Stored, of_path, source
from .._transport import Body
from .inputs import Input
from .reconcile import is_doubtful


class _Counted:
    """A body that counts how often it is sent."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self.times = 0

    @property
    def length(self) -> int | None:
        return self._body.length

    @property
    def replayable(self) -> bool:
        return self._body.replayable

    def __aiter__(self) -> AsyncIterator[bytes]:
        self.times += 1
        return aiter(self._body)


class Sending:
    """Watches one call: a resource sends it by `deliver`."""

    def __init__(self) -> None:
        self._body: _Counted | None = None
        self._failed: tuple[Attempt, ...] = ()
        self.answer: _engine.Answer | None = None

    async def deliver(self, settings: Settings, call: Call, content: Content) -> Any:
        if call.body is not None and not isinstance(call.body, bytes):
            call.body = self._body = _Counted(call.body)
        self.answer = await _engine.send(settings, call, read=True)
        self._failed = self.answer.attempts
        return content.of(self.answer)

    @property
    def _times(self) -> int:
        return 0 if self._body is None else self._body.times

    def is_doubtful(self) -> bool:
        """Whether an attempt before the answer may have been stored as well."""
        return is_doubtful(self._failed, resent=self._times > len(self._failed) + 1)

    def may_have_stored(self, error: Exception) -> bool:
        """Whether the file may have been stored although the call ended with `error`."""
        if self.answer is not None:  # which makes no sense, but says that it went well
            return True
        if isinstance(error, APIError):
            attempts = error.attempts
            return is_doubtful(attempts, resent=self._times > len(attempts))
        return self._times > 1  # what is no error of the wire ended it before its body did


def opened(given: Input) -> tuple[Any, Source]:
    """What `files.create` is given for an input, and its content. Blocks."""
    if given.content is None:
        assert given.path is not None
        content = of_path("files", given.path)
        return (given.name, content), content
    if not isinstance(given.content, tuple):
        content = source("files", given.content)
        return (given.name, content), content
    name, inside, *rest = given.content
    content = source("files", inside)
    return (name, content, *rest), content


async def digest(content: Source) -> str:
    """The hash of what will be sent."""
    if not isinstance(content, Stored):
        raise ValueError(
            "It can be read only once, and a ledger needs the hash before it is sent: pass its "
            "path or its content, or leave out ledger."
        )
    hashed = sha256()
    async with aclosing(content.pieces(hashed.update)) as pieces:
        async for _ in pieces:
            pass
    return hashed.hexdigest()


def has_changed(content: Source) -> bool:
    """Whether it is something else than when it was hashed. Blocks."""
    try:
        if isinstance(content, Stored):
            content.check()
    except (OSError, ValueError):
        return True
    return False
