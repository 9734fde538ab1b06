"""What clients can do with many requests at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from .._sentinels import NotGiven, not_given

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Iterable, Mapping

    from .._map import AsyncMap
    from .._map_results import MapProgress

T = TypeVar("T")


class ClientHelpers:
    """Joins the methods of a client."""

    @overload
    def map(
        self,
        requests: Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]],
        method: Callable[..., Awaitable[T]],
        *,
        max_concurrency: int | Literal["auto"] | None = None,
        ordered: bool = True,
        fail_fast: bool = False,
        on_progress: Callable[[MapProgress], Any] | None = None,
        deadline: float | NotGiven | None = not_given,
    ) -> AsyncMap[T]: ...

    @overload
    def map(
        self,
        requests: Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]],
        method: str | None = None,
        *,
        max_concurrency: int | Literal["auto"] | None = None,
        ordered: bool = True,
        fail_fast: bool = False,
        on_progress: Callable[[MapProgress], Any] | None = None,
        deadline: float | NotGiven | None = not_given,
    ) -> AsyncMap[Any]: ...

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
    ) -> AsyncMap[Any]:
        """A `MapResult` for each of many requests, sent as fast as the server likes.

            results = await client.map(requests, client.chat.completions.create)

            async with client.map(requests, method, ordered=False) as results:
                async for result in results:
                    print(result.custom_id, result.get())

        Nothing is raised for one request: its `MapResult` has the error. Refusals for now (429) are
        waited for, and keep the other requests back; a request is given up if it meets them again
        and again, or if the quota is used up.

        Args:
            requests: A list, iterator or async iterator; it is read as requests are sent, one ahead
                of those that run. Each is a mapping of keyword arguments for `method`, and may have
                a name as `custom_id`.
            method: A method of this client, perhaps with some arguments (`functools.partial`), or
                a function of your own; or the path of an endpoint, such as "/v1/embeddings". Left
                out, each request is one of a batch: `custom_id`, `method`, `url` and `body`.
            max_concurrency: How many may run at once. "auto" finds out: it starts with 16 and goes
                up to 256, by what the answers say about limits.
            ordered: Whether results have the order of the requests, or come as soon as they are
                there.
            fail_fast: Raises the first error of a request, and cancels the others.
            on_progress: A function (plain or async) that is told of each result.
            deadline: Seconds for all of it. What it cuts off has DeadlineExceeded as its error, and
                so has the rest of a list; the rest of an iterator is not read. None leaves only the
                deadline of each request.

        Raises:
            ValueError, TypeError: An argument makes no sense, or `method` streams.
        """
        from .._map import AsyncMap  # noqa: PLC0415  # loaded by the first use

        return AsyncMap(
            self,
            requests,
            method,
            max_concurrency=max_concurrency,
            ordered=ordered,
            fail_fast=fail_fast,
            on_progress=on_progress,
            deadline=deadline,
        )
