"""Requests as they are given: a list, an iterator or an async iterator, read one at a time."""

from __future__ import annotations

from collections.abc import AsyncIterable, Collection, Iterable, Mapping
from typing import Any, Final

import anyio

from . import _callbacks

#: What stands for the request after the last one.
NO_MORE: Final[Any] = object()

#: How long the iterator of a user may take to close once nobody wants more of it, in seconds.
_CLOSING = 5.0


class Intake:
    """Reads `requests`. Raises TypeError if there can be none in it.

    If `threaded`, an iterator is read in worker threads, since it may wait for something.
    """

    def __init__(self, requests: Any, *, threaded: bool) -> None:
        several = isinstance(requests, (Iterable, AsyncIterable))
        if not several or isinstance(requests, (str, bytes, Mapping)):
            raise TypeError(
                "requests must be a list or an iterator of requests, each of them a mapping, not "
                f"{type(requests).__name__}."
            )
        self._requests = requests
        self._iterator: Any = None
        self._threaded = threaded and not isinstance(requests, Collection)
        #: How many there are, or None if only reading can tell.
        self.total: int | None = len(requests) if isinstance(requests, Collection) else None

    async def next(self) -> Any:
        """The next request, and `NO_MORE` after the last one."""
        if isinstance(self._requests, AsyncIterable):
            if self._iterator is None:
                self._iterator = aiter(self._requests)
            return await anext(self._iterator, NO_MORE)
        if self._iterator is None:
            self._iterator = iter(self._requests)
        if self._threaded:
            return await _callbacks.call(next, self._iterator, NO_MORE)
        return next(self._iterator, NO_MORE)

    async def close(self) -> None:
        """Closes an async generator that was not read to its end."""
        close = getattr(self._iterator, "aclose", None)
        if close is not None:
            with anyio.CancelScope(shield=True), anyio.move_on_after(_CLOSING):
                await close()
