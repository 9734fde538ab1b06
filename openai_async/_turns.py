"""One of many requests: sent when it is its turn, and again if that was too soon."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import partial
from typing import Any

from . import _callbacks, _engine
from ._captured import STREAMS, Function, Sender
from ._deadline import Deadline, begin, sooner, within
from ._errors import RateLimitError
from ._pace import Pace, for_now
from ._requests import Call
from ._resource import Content
from ._transport import replayable
from ._unfinished import DeadlineExceeded

#: How often a request is tried again that the server refuses for now, whatever its retries.
_ROUNDS = 10

#: What says how long an answer may be, which servers count as if it were.
_MAXIMA = ("max_completion_tokens", "max_output_tokens", "max_tokens")
_BYTES_PER_TOKEN = 4


class Turns:
    """Sends requests at a `pace` until `clock` expires."""

    def __init__(self, sender: Sender, pace: Pace, clock: Deadline | None) -> None:
        self._sender, self._pace, self._clock = sender, pace, clock
        self._noticing: tuple[Any, Any] = (None, None)

    async def send(self, request: Mapping[str, Any]) -> Any:
        """The result of a request. Raises what its method raises, and DeadlineExceeded."""
        if isinstance(self._sender, Function):
            async with self._pace.turn(self._clock):
                bound = partial(_callbacks.call, self._sender.bound(request))
                return await within(self._clock, bound, late)
        return await self._sender.send(request, partial(self._deliver, request))

    async def _deliver(
        self, request: Mapping[str, Any], settings: Any, call: Call, content: Content
    ) -> Any:
        if content.streams:
            raise ValueError(STREAMS)
        tokens, clock = _tokens(call, request), self._clock
        for taken in itertools.count():
            try:
                async with self._pace.turn(clock, tokens) as past:
                    # Its own clock runs from the moment it is sent.
                    clock = call.deadline = sooner(self._clock, begin(call.deadline))
                    answer = await _engine.send(self._twin(settings), call, read=True)
                    self._pace.saw(answer.exchange.status, answer.exchange.headers, past)
                return content.of(answer)
            except RateLimitError as error:
                if taken >= _ROUNDS or not replayable(call.body) or not for_now(error):
                    raise
        raise AssertionError  # `count` has no end

    def _twin(self, settings: Any) -> Any:
        """A twin of `settings` whose retries keep the other requests back."""
        if self._noticing[0] is not settings:
            self._noticing = settings, self._pace.client(settings)
        return self._noticing[1]


def late(deadline: Deadline) -> DeadlineExceeded:
    """The error of requests that were not done in time."""
    return deadline.exceeded("working through the requests")


def _tokens(call: Call, request: Mapping[str, Any]) -> float:
    """About how many tokens a request costs, as servers count before they answer it."""
    body = request.get("body")
    given = body if isinstance(body, Mapping) else request
    longest = max((n for each in _MAXIMA if isinstance(n := given.get(each), int)), default=0)
    size = len(call.body) if isinstance(call.body, bytes) else 0
    return size / _BYTES_PER_TOKEN + longest
