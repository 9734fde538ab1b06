"""Batches of requests: many of them in one call, and the results of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast, overload

import anyio.to_thread

from .._polling import check_wait, clock
from .._sentinels import NotGiven, Omit, not_given, omit

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping

    from .._batches.creating import Take
    from .._map_results import BatchProgress, MapResult
    from .._types import SequenceNotStr
    from ..resources.batches import Batches
    from ..types.batches import Batch, BatchCreateParamsOutputExpiresAfter
    from ..types.shared import Metadata

T = TypeVar("T")


class BatchesHelpers:
    """Joins the methods of `batches`."""

    @overload
    async def map(
        self,
        requests: Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]],
        method: Callable[..., Awaitable[T]],
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
    async def map(
        self,
        requests: Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]],
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

    async def map(
        self,
        requests: Any,
        method: Any = None,
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
    ) -> list[MapResult[Any]]:
        """A `MapResult` for each of many requests, from batches, in the order of the requests.

        Takes the same requests as `client.map`, which sends them at once, and gives the same values
        and errors: what a live call would return or raise. BatchRequestError is the error of a
        request that was not executed: its batch expired, was cancelled, or could not run. Requests
        are spread over as many batches as the limits of the API demand (50,000 requests, 200 MB,
        50,000 inputs of embeddings, one endpoint and one model each), which run at the same time.

        Args:
            requests: A list, iterator or async iterator of mappings. One may have a name as
                `custom_id`; those without are called `request-0`, `request-1` and so on.
            method: What the requests are for: a method of the client, perhaps with some arguments
                (`functools.partial`), or the path of an endpoint, such as "/v1/embeddings". Left
                out, each request is a line of a batch: `custom_id`, `method`, `url`, `body`.
            batch_ids: Batches of the same requests that were created before: they are waited for
                and read, and none is created.
            ledger: A file that says which batches were created. However the program ends, calling
                this again with the same requests and the same file goes on where it was.
            cancel_on_exit: Whether the batches are cancelled if this ends before they do.
            poll_interval_ms: Milliseconds between two questions about a batch, as for `wait`.
            on_batch: A function (plain or async) that is told of each new batch.
            on_progress: A function (plain or async) that is told the counts after each question.
            deadline: Seconds for all of it.

        Raises:
            ValueError, TypeError: An argument makes no sense, two requests have the same name, or
                `batch_ids` are of other requests. Nothing was created then.
            DeadlineExceeded, APIError: What was begun goes on at the server, unless
                `cancel_on_exit`; a note of the error has the ids of the batches.
            LedgerError: The ledger cannot be used.

        `POST /files` and `POST /batches` for each batch, then `GET /batches/{batch_id}` until it
        has ended, and `GET /files/{file_id}/content`.
        """
        # Loaded by the first use.
        from tempfile import TemporaryDirectory  # noqa: PLC0415

        from .._batches.files import BatchFiles  # noqa: PLC0415
        from .._batches.job import BatchJob, Options, write  # noqa: PLC0415
        from .._batches.ledger import BatchLedger  # noqa: PLC0415
        from .._captured import sender  # noqa: PLC0415
        from .._intake import Intake  # noqa: PLC0415

        check_wait(poll_interval_ms)
        if isinstance(batch_ids, str):
            raise TypeError("batch_ids must be a list of ids, not a single one.")
        if batch_ids is not None and ledger is not None:
            raise TypeError("Pass either batch_ids= or ledger=: both say what was begun before.")
        client = cast("Batches", self)._client
        until, sends = clock(client, deadline), sender(client, method)
        intake = Intake(requests, threaded=client._blocking)
        kept = requests if isinstance(requests, Sequence) else None
        create = {
            "completion_window": completion_window,
            "metadata": metadata,
            "output_expires_after": output_expires_after,
        }
        options = Options(create, poll_interval_ms, cancel_on_exit, on_progress, on_batch)
        book = BatchLedger(ledger)
        with TemporaryDirectory(prefix="openai-batches-") as directory:
            files = BatchFiles(sends, directory if batch_ids is None else None)
            await anyio.to_thread.run_sync(book.open)
            try:
                await write(intake, files, until)
                job = BatchJob(cast(Any, client), files, kept, book, options, until)
                return await job.run(batch_ids)
            finally:
                book.close()

    async def results(
        self, batch_id: str, *, deadline: float | NotGiven | None = not_given
    ) -> list[MapResult[Any]]:
        """A `MapResult` for each request of a batch, in the order of its input file.

        It waits until the batch has ended. Values have the types of its endpoint, and are plain
        where they fit into none. Lines that the server could not read are requests with an error.
        Raises NotFoundError if there is no such batch, or its input file was deleted.
        `GET /batches/{batch_id}`, then `GET /files/{file_id}/content`.
        """
        # Loaded by the first use.
        from .._batches.creating import read  # noqa: PLC0415
        from .._batches.job import BatchJob, Options  # noqa: PLC0415
        from .._batches.ledger import BatchLedger  # noqa: PLC0415
        from .._batches.written import WrittenFile  # noqa: PLC0415

        client: Any = cast("Batches", self)._client
        until = clock(client, deadline)
        batch = await cast("Batches", self).retrieve(batch_id, deadline=until)
        found: list[WrittenFile] = []

        def begin() -> Take:
            found[:] = [WrittenFile(client, batch.endpoint)]
            return take

        async def take(lines: list[bytes]) -> None:
            await anyio.to_thread.run_sync(found[0].add, lines)

        await read(client, batch.input_file_id, until, begin)
        options = Options({}, omit, False, None, None)
        job = BatchJob(client, found[0], None, BatchLedger(), options, until)
        return await job.run([batch_id])
