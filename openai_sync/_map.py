"""The results of many requests, for blocking code: `OpenAI.map`."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar, cast, overload

from typing_extensions import Self

from openai_async import NotGiven, Omit, not_given, omit
from openai_async._overloads import Overloaded

from ._bridge import Begun, blocking
from ._portal import Background

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from openai_async import AsyncOpenAI
    from openai_async._map import AsyncMap
    from openai_async._map_results import BatchProgress, MapProgress, MapResult
    from openai_async._types import SequenceNotStr
    from openai_async.types.batches import Batch, BatchCreateParamsOutputExpiresAfter
    from openai_async.types.shared import Metadata

T = TypeVar("T")


class Map(Begun, Generic[T]):
    """The results of many requests, as they arrive: iterate over it, or make a list of it.

        for result in client.map(requests, method): ...

        with client.map(requests, method, ordered=False) as results:
            for result in results: ...

    While the program works on one result, the others go on. Leaving the block, `close()`, an
    exception while waiting, and dropping it cancel what still runs. Results can be had once.
    """

    def __init__(self, source: AsyncMap[T]) -> None:
        super().__init__()
        self._source = source
        self._events: deque[MapResult[T]] = source._events
        self._running: Background | None = None

    def __iter__(self) -> Iterator[MapResult[T]]:
        return self

    def __next__(self) -> MapResult[T]:
        while not self._events:
            try:
                self._begin()
                more = self._run(self._source.fill)
            except BaseException:
                self.close()
                raise
            if not more:
                raise StopIteration
        return self._events.popleft()

    def _begin(self) -> None:
        if self._running is None:
            self._running = Background(self._source.serve)

    def close(self) -> None:
        """Cancels what still runs; there are no more results then."""
        self._finish(self._source.close)
        self._stop(wait=True)

    def _stop(self, *, wait: bool) -> None:
        running, self._running = getattr(self, "_running", None), None
        if running is not None and os.getpid() == self._process:
            running.stop(wait=wait)

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self._stop(wait=False)


class BatchMap(Protocol):
    """`batches.map` as type checkers see it: it takes blocking methods."""

    @overload
    def __call__(
        self,
        requests: Iterable[Mapping[str, Any]],
        method: Callable[..., T],
        *,
        completion_window: Literal["24h"] = "24h",
        metadata: Metadata | Omit | None = omit,
        output_expires_after: BatchCreateParamsOutputExpiresAfter | Omit = omit,
        batch_ids: SequenceNotStr[str] | None = None,
        ledger: str | os.PathLike[str] | None = None,
        cancel_on_exit: bool = False,
        poll_interval_ms: float | Omit | NotGiven = omit,
        on_batch: Callable[[Batch], Any] | None = None,
        on_progress: Callable[[BatchProgress], Any] | None = None,
        deadline: float | NotGiven | None = not_given,
    ) -> list[MapResult[T]]: ...
    @overload
    def __call__(
        self,
        requests: Iterable[Mapping[str, Any]],
        method: str | None = None,
        *,
        completion_window: Literal["24h"] = "24h",
        metadata: Metadata | Omit | None = omit,
        output_expires_after: BatchCreateParamsOutputExpiresAfter | Omit = omit,
        batch_ids: SequenceNotStr[str] | None = None,
        ledger: str | os.PathLike[str] | None = None,
        cancel_on_exit: bool = False,
        poll_interval_ms: float | Omit | NotGiven = omit,
        on_batch: Callable[[Batch], Any] | None = None,
        on_progress: Callable[[BatchProgress], Any] | None = None,
        deadline: float | NotGiven | None = not_given,
    ) -> list[MapResult[Any]]: ...


def batch_map(method: Callable[..., Any]) -> Overloaded[BatchMap]:
    """The blocking `batches.map`."""
    made: Any = blocking(method)
    return cast("Overloaded[BatchMap]", made)


class ClientHelpers:
    """Joins the methods of a blocking client."""

    _async: AsyncOpenAI

    @overload
    def map(
        self,
        requests: Iterable[Mapping[str, Any]],
        method: Callable[..., T],
        *,
        max_concurrency: int | Literal["auto"] | None = None,
        ordered: bool = True,
        fail_fast: bool = False,
        on_progress: Callable[[MapProgress], Any] | None = None,
        deadline: float | NotGiven | None = not_given,
    ) -> Map[T]: ...

    @overload
    def map(
        self,
        requests: Iterable[Mapping[str, Any]],
        method: str | None = None,
        *,
        max_concurrency: int | Literal["auto"] | None = None,
        ordered: bool = True,
        fail_fast: bool = False,
        on_progress: Callable[[MapProgress], Any] | None = None,
        deadline: float | NotGiven | None = not_given,
    ) -> Map[Any]: ...

    def map(
        self,
        requests: Any,
        method: Any = None,
        *,
        max_concurrency: int | Literal["auto"] | None = None,
        ordered: bool = True,
        fail_fast: bool = False,
        on_progress: Callable[[MapProgress], Any] | None = None,
        deadline: float | NotGiven | None = not_given,
    ) -> Map[Any]:
        """A `MapResult` for each of many requests, sent as fast as the server likes.

            results = list(client.map(requests, client.chat.completions.create))

            with client.map(requests, method, ordered=False) as results:
                for result in results:
                    print(result.custom_id, result.get())

        Nothing is sent before the first result is asked for, or the block is entered; from then on
        it goes on while the program does other things. Nothing is raised for one request: its
        `MapResult` has the error. Arguments are those of `openai_async.AsyncOpenAI.map`; an
        iterator of requests is read in worker threads.
        """
        return Map(
            self._async.map(
                requests,
                method,
                max_concurrency=max_concurrency,
                ordered=ordered,
                fail_fast=fail_fast,
                on_progress=on_progress,
                deadline=deadline,
            )
        )
