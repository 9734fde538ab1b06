"""Many live requests, as fast as the server likes: `client.map`.

One task reads the requests, never far ahead; each request has a task of its own; a `Pace` says when
it may be sent. Results go to whoever iterates, by `fill`, as with streams: a blocking caller
crosses threads once for all that are there.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterable,
)
from types import TracebackType
from typing import Any, Generic, Literal, TypeVar, cast

import anyio
from typing_extensions import Self

from . import _callbacks
from ._captured import sender
from ._deadline import Deadline, begin, within
from ._intake import NO_MORE, Intake
from ._map_results import MapProgress, MapResult, name_of
from ._notes import note
from ._pace import Pace
from ._sentinels import NotGiven
from ._strays import strays_as_errors
from ._turns import Turns, late
from ._unfinished import DeadlineExceeded

T = TypeVar("T")

#: How many requests run at once at most, if that is to be found out.
_MOST = 256

#: How many results may wait to be read, beyond those of the requests that run.
_UNREAD = 256


class AsyncMap(Generic[T]):
    """The results of many requests: awaited all together, or iterated over as they arrive.

        results = await client.map(requests, method)

        async with client.map(requests, method, ordered=False) as results:
            async for result in results: ...

    Leaving the block, `close()` and an exception cancel what still runs. Results can be had once.
    """

    def __init__(
        self,
        client: Any,
        requests: Iterable[Any] | AsyncIterable[Any],
        method: Any = None,
        *,
        max_concurrency: int | Literal["auto"] | None = None,
        ordered: bool = True,
        fail_fast: bool = False,
        on_progress: Callable[[MapProgress], Any] | None = None,
        deadline: float | NotGiven | None,
    ) -> None:
        self._intake = Intake(requests, threaded=client._blocking)
        self._sender = sender(client, method)
        self._ordered = ordered
        self._fail_fast = fail_fast
        self._on_progress = on_progress
        self._seconds = client.deadline if isinstance(deadline, NotGiven) else deadline
        self._clock: Deadline | None = None
        auto = max_concurrency is None or max_concurrency == "auto"
        most = _MOST if auto else cast(int, max_concurrency)
        self._pace = Pace(most, adaptive=auto)
        self._unread = _UNREAD + 2 * most
        #: That of whoever iterates, and the one inside it that can be cancelled without him.
        self._outer: anyio.abc.TaskGroup | None = None
        self._group: anyio.abc.TaskGroup | None = None
        # Those of the loop that it runs in, which need not be the one that it was made in.
        self._reporting: anyio.Lock
        self._changed: anyio.Event | None = None
        #: Requests that were read, those that are done, and those whose results were handed out
        #: and, as far as can be known, taken.
        self._read = self._done = self._failed = self._handed = self._taken = 0
        self._all_read = self._over = False
        self._failure: BaseException | None = None
        #: Requests that were read and have not begun.
        self._given: deque[MapResult[T]] = deque()
        #: Results of which those before them are not there yet, if the order matters.
        self._early: dict[int, MapResult[T]] = {}
        self._ready: deque[MapResult[T]] = deque()
        self._events: deque[MapResult[T]] = deque()

    # Reading

    def __await__(self) -> Generator[Any, Any, list[MapResult[T]]]:
        return self._all().__await__()

    async def _all(self) -> list[MapResult[T]]:
        ordered, self._ordered = self._ordered, False  # a slow one must not hold up the others
        async with self:
            results = [result async for result in self]
        return sorted(results, key=lambda result: result.index) if ordered else results

    async def __aenter__(self) -> Self:
        if self._outer is not None:
            raise RuntimeError("These results were asked for before: call map() again.")
        self._reporting, self._changed = anyio.Lock(), anyio.Event()
        self._outer = anyio.create_task_group()
        await self._outer.__aenter__()
        self._clock = begin(self._seconds)
        self._turns = Turns(self._sender, self._pace, self._clock)
        self._outer.start_soon(self._work)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._outer is not None
        self._stop()
        # What happened in the block stays as it is, rather than in a group of exceptions.
        await self._outer.__aexit__(None, None, None)

    def __aiter__(self) -> AsyncIterator[MapResult[T]]:
        if self._outer is None:
            raise RuntimeError(
                "Iterate inside `async with client.map(...) as results:`, which cancels what runs "
                "when you leave it; or await client.map(...) for all results."
            )
        return self

    async def __anext__(self) -> MapResult[T]:
        while not self._events:
            if not await self.fill():
                raise StopAsyncIteration
        return self._events.popleft()

    async def fill(self) -> bool:
        """Waits for the next results; False if there are no more to come."""
        self._taken = self._handed
        self._signal()
        await self._until(lambda: bool(self._ready or self._failure or self._ended or self._over))
        if self._over:
            return False
        if self._ready:
            self._handed += len(self._ready)
            self._events += self._ready
            self._ready.clear()
            return True
        self._stop()
        if self._failure is not None:
            raise self._failure
        return False

    async def close(self) -> None:
        """Cancels what still runs; there are no more results then."""
        self._events.clear()
        self._stop()

    def _stop(self) -> None:
        self._over = True
        self._signal()
        if self._group is not None:
            self._group.cancel_scope.cancel()

    async def serve(self) -> None:
        """Runs until all is read or it is cancelled, for callers that are in no task."""
        async with self:
            await self._until(lambda: self._over)

    # Running

    @property
    def _ended(self) -> bool:
        return self._all_read and self._done == self._read

    def _signal(self) -> None:
        if self._changed is not None:
            self._changed.set()
            self._changed = anyio.Event()

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            assert self._changed is not None
            await self._changed.wait()

    async def _work(self) -> None:
        async with anyio.create_task_group() as self._group:
            if not self._over:
                self._group.start_soon(self._carried, self._feed)

    async def _carried(self, work: Callable[..., Awaitable[None]], *args: Any) -> None:
        """Does `work`; what it raises is raised where results are read."""
        try:
            with strays_as_errors("on_progress or the iterator of the requests"):
                await work(*args)
        except (Exception, SystemExit, KeyboardInterrupt) as failure:
            # These two would end an asyncio loop as soon as they leave a task.
            self._fail(failure)

    def _fail(self, failure: BaseException) -> None:
        if self._failure is None and self._group is not None:
            self._failure = failure
            self._signal()
            self._group.cancel_scope.cancel()

    async def _feed(self) -> None:
        try:
            await self._read_all()
        finally:
            await self._intake.close()
        self._all_read = True
        self._signal()

    async def _read_all(self) -> None:
        assert self._group is not None
        clock, passed = self._clock, None
        for index in itertools.count():
            try:
                await within(clock, self._room, late)
                request = await within(clock, self._intake.next, late)
            except DeadlineExceeded as error:
                if self._intake.total is None:
                    return  # who knows how many there are to come
                clock, passed = None, error
                request = await self._intake.next()
            if request is NO_MORE:
                return
            self._read += 1
            if passed is None:
                self._given.append(self._named(index, request))
                self._group.start_soon(self._carried, self._one)
            else:
                await self._finish(self._named(index, request, passed))

    async def _room(self) -> None:
        """Waits until the next request should be read: one ahead of those that run."""
        await self._until(
            lambda: (
                self._read - self._done <= self._pace.allowed
                and self._read - self._taken < self._unread
            )
        )

    async def _one(self) -> None:
        result = self._given.popleft()  # whichever task begins first
        try:
            name, arguments = self._sender.parted(result.request)
            result.custom_id = name or result.custom_id
            with strays_as_errors("The method of this request"):
                result.value = await self._turns.send(arguments)
        except Exception as error:
            result.error = error
        await self._finish(result)

    def _named(self, index: int, request: Any, error: Exception | None = None) -> MapResult[T]:
        return MapResult(index, name_of(index), error=error, request=request)

    async def _finish(self, result: MapResult[T]) -> None:
        failed = result.error
        if self._on_progress is not None:
            async with self._reporting:  # so that the numbers only grow
                done, failures = self._done + 1, self._failed + (failed is not None)
                report = MapProgress(done, failures, self._intake.total, result)
                await _callbacks.call(self._on_progress, report)
                self._count(result)
        else:
            self._count(result)
        if failed is not None and self._fail_fast:
            note(failed, f"This happened to request {result.index} ({result.custom_id}).")
            self._fail(failed)

    def _count(self, result: MapResult[T]) -> None:
        self._failed += result.error is not None
        if not self._ordered:
            self._ready.append(result)
        else:
            self._early[result.index] = result
            while self._early and (after := self._handed + len(self._ready)) in self._early:
                self._ready.append(self._early.pop(after))
        self._done += 1
        self._signal()
