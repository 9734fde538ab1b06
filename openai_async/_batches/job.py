"""Many requests as batches: written, uploaded, created, waited for, and read.

All batches of a job run at once. What is begun is known at every moment, to the ledger before
anybody else, so that whatever ends the job, another one can go on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import anyio
import anyio.to_thread

from .. import _callbacks
from .._bulk.ledger import LedgerError
from .._deadline import Deadline, within
from .._errors import BadRequestError, NotFoundError
from .._intake import NO_MORE, Intake
from .._jobs import DONE
from .._map_results import BatchProgress, MapResult
from .._notes import note
from .._turns import late
from .._uploads import at_most
from .creating import create, find, find_file, id_of, read
from .files import BatchFiles
from .ledger import BatchLedger, Begun
from .lines import Part, read_line
from .results import Results

if TYPE_CHECKING:
    from .._client import AsyncOpenAI
    from .._types import SequenceNotStr
    from ..types.batches import Batch

#: How many requests are read before they are written, in one go of a worker thread.
_CHUNK = 256

#: How many input files are uploaded at once; each may have 200 MB.
_UPLOADS = 3

#: Seconds for telling the server that nobody waits for the batches any more.
_CANCELLING = 5.0


class Options(NamedTuple):
    """What a job is told."""

    create: dict[str, Any]
    """Arguments of `batches.create` for each batch."""
    poll_interval_ms: Any
    cancel_on_exit: bool
    on_progress: Callable[[BatchProgress], Any] | None
    on_batch: Callable[[Batch], Any] | None


async def write(intake: Intake, files: BatchFiles, clock: Deadline | None) -> None:
    """Reads all requests and writes them."""
    chunk: list[Any] = []
    try:
        while (request := await within(clock, intake.next, late)) is not NO_MORE:
            chunk.append(request)
            if len(chunk) == _CHUNK:
                await anyio.to_thread.run_sync(files.add, chunk)
                chunk = []
        await anyio.to_thread.run_sync(files.add, chunk)
    finally:
        files.close()
        await intake.close()


class BatchJob:
    """Has the batches of `files` run, and reads what becomes of their requests."""

    def __init__(
        self,
        client: AsyncOpenAI,
        files: BatchFiles,
        requests: Sequence[Any] | None,
        ledger: BatchLedger,
        options: Options,
        clock: Deadline | None,
    ) -> None:
        self._client, self._files, self._ledger = client, files, ledger
        self._options, self._clock = options, clock
        self._results = Results(files, requests)
        self._uploading = anyio.CapacityLimiter(_UPLOADS)
        self._reporting = anyio.Lock()
        #: The batches as they were last seen, by id.
        self._batches: dict[str, Batch | None] = {}
        #: The files of which nobody knows whether they have a batch, and since when they may.
        self._doubtful: dict[str, float] = {}
        #: Whose each part is, as soon as that is known.
        self._owners: dict[int, str] = {}

    async def run(self, batch_ids: SequenceNotStr[str] | None) -> list[MapResult[Any]]:
        """The results, in the order of the requests, from new batches or from these."""
        parts = self._files.parts
        try:
            if batch_ids is None:
                await at_most(max(1, len(parts)), parts, self._part)
            else:
                self._batches = dict.fromkeys(batch_ids)
                await at_most(max(1, len(batch_ids)), batch_ids, self._collect)
        except BaseException as error:
            await self._leave(error)
            raise
        # What no result has told of belongs to what is left, in the order in which it is given.
        others = (each for each in self._batches if each not in {*self._owners.values()})
        for part in parts:
            owner = self._owners.get(part.number) or next(others, None)
            self._results.settle(part, None if owner is None else self._batches[owner])
        return self._results.all

    async def _part(self, number: int, part: Part) -> None:
        begun = self._ledger.begun.get(self._files.digest(part))
        if begun is None or begun.batch_id is None:
            begun = await self._begun(part, begun)
        batch_id = cast(str, begun.batch_id)
        self._batches.setdefault(batch_id, None)
        self._owners[number] = batch_id
        await self._collect(number, batch_id)

    async def _begun(self, part: Part, begun: Begun | None) -> Begun:
        """A batch for a part: found, if a run before may have created one, or new."""
        digest, batch = self._files.digest(part), None
        uploaded_before = begun is not None and begun.file_id is not None
        if begun is None or begun.file_id is None:
            begun = await self._uploaded(part, digest, begun)
        else:
            batch = await find(self._client, begun.file_id, begun.at, self._clock)
        file_id = cast(str, begun.file_id)
        if batch is None:
            details = {**self._options.create, "endpoint": part.url, "input_file_id": file_id}
            self._doubtful[file_id] = begun.at
            try:
                batch = await create(self._client, details, begun.at, self._clock)
            except (BadRequestError, NotFoundError):
                if not uploaded_before or not await self._is_gone(file_id):
                    raise
                self._doubtful.pop(file_id)
                self._ledger.write("left", part=digest)
                return await self._begun(part, None)
        batch_id = id_of(batch, "batch")
        self._batches[batch_id] = batch
        self._doubtful.pop(file_id, None)
        self._ledger.write("batch", part=digest, batch_id=batch_id)
        if self._options.on_batch is not None:
            report = partial(_callbacks.call, self._options.on_batch, batch)
            await within(self._clock, report, late)
        return begun

    async def _is_gone(self, file_id: str) -> bool:
        """Whether a file that a run before uploaded was deleted meanwhile."""
        try:
            await self._client.files.retrieve(file_id, deadline=cast(Any, self._clock))
        except NotFoundError:
            return True
        return False

    async def _uploaded(self, part: Part, digest: str, begun: Begun | None) -> Begun:
        """A part whose file is on the server: found, if a run before may have left it, or new."""
        name, until = f"batch-{digest[:32]}.jsonl", cast(Any, self._clock)
        file = None
        if begun is None:
            self._ledger.write("upload", part=digest)
        else:
            file = await find_file(self._client, name, part.size, begun.at, until)
        if file is None:
            content = name, Path(self._files.path(part))
            async with self._uploading:
                create_file = self._client.files.create
                file = await create_file(file=content, purpose="batch", deadline=until)
        self._ledger.write("file", part=digest, file_id=id_of(file, "file"))
        return self._ledger.begun[digest]

    async def _collect(self, _number: int, batch_id: str) -> None:
        """Waits for a batch and takes its results."""
        batch = await self._client.batches.wait(
            batch_id,
            poll_interval_ms=self._options.poll_interval_ms,
            on_poll=partial(self._seen, batch_id),
            deadline=cast(Any, self._clock),
        )
        if batch.status == "failed" and not batch.output_file_id:
            self._forget(batch_id)  # nothing was executed, so another run may try again

        async def take(lines: list[bytes]) -> None:
            for line in filter(None, map(read_line, lines)):
                index = self._results.take(line, batch)
                self._owners.setdefault(self._files.part_numbers[index], batch_id)

        # What is in both files was answered.
        for file_id in filter(None, (batch.error_file_id, batch.output_file_id)):
            await read(self._client, file_id, self._clock, lambda: take)

    async def _seen(self, batch_id: str, batch: Batch) -> None:
        self._batches[batch_id] = batch
        if self._options.on_progress is not None:
            async with self._reporting:
                report = progress(self._batches.values(), len(self._results.all))
                await _callbacks.call(self._options.on_progress, report)

    async def _leave(self, error: BaseException) -> None:
        """Cancels what was begun if that is wanted, and says in a note of `error` what goes on."""
        if self._options.cancel_on_exit:
            with anyio.move_on_after(_CANCELLING, shield=True):
                async with anyio.create_task_group() as group:
                    for batch_id, batch in [*self._batches.items()]:
                        if goes_on(batch):
                            group.start_soon(self._cancel, batch_id, error)
                    for file_id, since in [*self._doubtful.items()]:
                        group.start_soon(self._cancel_doubtful, file_id, since, error)
        going = [batch_id for batch_id, batch in self._batches.items() if goes_on(batch)]
        if self._batches and isinstance(error, (Exception, SystemExit, KeyboardInterrupt)):
            text = f"Batches of this job: {', '.join(map(str, self._batches))}."
            if going:
                text += f" Not known to have ended: {', '.join(map(str, going))}."
            note(error, f"{text} To collect their results, pass batch_ids= or the same ledger=.")

    async def _cancel_doubtful(self, file_id: str, since: float, error: BaseException) -> None:
        try:
            batch = await find(self._client, file_id, since, None)
        except Exception as failure:
            note(error, f"There may be a batch with the file {file_id}: {failure}")
            return
        if batch is not None:
            await self._cancel(batch.id, error)

    async def _cancel(self, batch_id: str, error: BaseException) -> None:
        try:
            self._batches[batch_id] = await self._client.batches.cancel(
                batch_id, timeout=_CANCELLING, deadline=None
            )
        except Exception as failure:
            note(error, f"{batch_id} goes on, since cancelling it failed: {failure}")
            return
        try:
            self._forget(batch_id)
        except LedgerError as failure:
            note(error, str(failure))

    def _forget(self, batch_id: str) -> None:
        """Has a later run create another batch."""
        for digest, begun in [*self._ledger.begun.items()]:
            if begun.batch_id == batch_id:
                self._ledger.write("left", part=digest)


def goes_on(batch: Batch | None) -> bool:
    """Whether a batch is not known to have ended."""
    return batch is None or not DONE["batches"](batch)


def progress(batches: Iterable[Batch | None], total: int) -> BatchProgress:
    """The counts of these batches together."""
    seen = [batch for batch in batches if batch is not None]
    counts = [batch.request_counts for batch in seen if batch.request_counts is not None]
    completed = sum(count.completed or 0 for count in counts)
    failed = sum(count.failed or 0 for count in counts)
    return BatchProgress(completed, failed, total, seen)
