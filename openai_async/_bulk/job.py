"""A bulk upload: many files, so many at once, and none of them twice or in vain.

Each upload is an event in the ledger before it begins and another one after it. What a run of
before has left open is settled first, and what has become doubtful in this one last: `reconcile`
decides, `ledger` remembers, `settling` asks the server. Here is the order of things.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Literal, cast

import anyio
import anyio.to_thread
from msgspec import Struct

from .._config import Settings
from .._deadline import Deadline, within
from .._errors import APIError, APIStatusError, OpenAIError, RateLimitError
from .._notes import note
from .._pace import Pace, for_now
from .._sentinels import Omit
from .._sources import Source
from .._transport import ConnectionFailed
from .._unfinished import DeadlineExceeded
from .._uploads import at_most, check_concurrency
from .history import Key, Upload
from .inputs import Input, Listing
from .ledger import Ledger, LedgerError
from .reconcile import step
from .results import Orphan, UploadResult, Uploads, UploadsFailed, UploadsProgress
from .sending import Sending, digest, has_changed, opened
from .settling import Settling
from .tally import Tally

if TYPE_CHECKING:
    from .._client import AsyncOpenAI
    from ..resources._root import Namespaces
    from ..types.files import FileCreateParamsExpiresAfter, FileObject, FilePurpose

#: How often a file is sent again because the server had too much to do, besides the retries of
#: each call: the whole job waits for these, so one after another gets through.
_TURNS = 6

Orphans = Literal["keep", "list", "delete"]


class Options(Struct):
    """What the caller of a bulk upload chose."""

    purpose: FilePurpose
    expires_after: FileCreateParamsExpiresAfter | Omit
    max_concurrency: int
    fail_fast: bool
    ledger: str | os.PathLike[str] | None
    orphans: Orphans
    on_progress: Callable[[UploadsProgress], Any] | None
    deadline: Deadline | None

    def check(self) -> None:
        """Raises ValueError for what makes no sense."""
        check_concurrency(self.max_concurrency)
        if self.orphans not in ("keep", "list", "delete"):
            raise ValueError(f'orphans must be "keep", "list" or "delete", not {self.orphans!r}.')


#: What is done before the first upload, and with the results while the ledger is open.
Around = Callable[["Job"], Awaitable[None]]


async def run(
    client: Settings,
    files: Any,
    options: Options,
    *,
    before: Around | None = None,
    after: Around | None = None,
) -> Uploads:
    """What became of `files`."""
    options.check()
    ledger = Ledger(options.ledger)
    listing = Listing(files, leave_out={ledger.path} if ledger.path else ())
    job = Job(cast("AsyncOpenAI", client), listing, ledger, options)

    async def whole() -> None:
        await anyio.to_thread.run_sync(ledger.open)
        if before is not None:
            await before(job)
        await job.upload()
        if after is not None:
            await after(job)

    try:
        with job.telling():
            await within(options.deadline, whole, _late)
    finally:
        ledger.close()
    return job.uploads()


def _late(deadline: Deadline) -> DeadlineExceeded:
    return deadline.exceeded("uploading files")


class FirstFailure(Exception):
    """Ends a job that shall fail fast; its cause is why."""


class Job:
    """One run of a bulk upload."""

    def __init__(
        self, client: AsyncOpenAI, listing: Listing, ledger: Ledger, options: Options
    ) -> None:
        self.ledger = ledger
        self.options = options
        self.tally = Tally(listing, options.on_progress)
        self.results: dict[int, UploadResult] = {}
        """By position."""
        self.batches: dict[str, Any] = {}
        """Those of a vector store, by id."""
        self._listing = listing
        self._pace = Pace(options.max_concurrency, adaptive=True)
        self.client: Namespaces = cast("Namespaces", self._pace.client(client))
        """The client, whose requests all tell the pace when the server asks to wait."""
        self._turns = _TURNS if client.max_retries else 1
        self.clock: Any = options.deadline
        """What the methods take for a deadline that runs already."""
        self._settling = Settling(self.client.files, ledger, options.purpose, self.clock)
        self._orphans: list[Orphan] = []
        self._unchecked: Exception | None = None
        self._positions: dict[int, int] = {}
        """Of files that failed, by the number of an upload that may have been stored."""
        self._busy: dict[Key, anyio.Event] = {}

    async def upload(self) -> None:
        """Uploads the files. Raises UploadsFailed only if one failed and that shall be fast."""
        await self._settling.before()
        try:
            await at_most(self.options.max_concurrency, self._inputs(), self._work)
        except FirstFailure as failure:
            raise UploadsFailed(self.uploads()) from failure.__cause__
        if self.options.orphans != "keep":
            await self._settle()

    def uploads(self) -> Uploads:
        """What has become of the files so far."""
        return Uploads(
            [self.results[position] for position in sorted(self.results)],
            orphans=self._orphans or self.ledger.history.orphans_of(self.options.purpose),
            unchecked=self._unchecked,
            batches=self.batches.values(),
        )

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Says in a note of an exception how far the job had come."""
        try:
            yield
        except BaseException as error:
            so_far = self.uploads()
            total = "" if self._listing.total is None else f" of {self._listing.total}"
            told = so_far.counts() or "none"
            text = f"{len(so_far)}{total} files were done before that: {told}."
            if self.ledger.kept:
                text += " To go on from there, run it again with the same ledger."
            note(error, text)
            if isinstance(error, DeadlineExceeded):
                error.last_event = so_far
            raise

    async def finish(self, position: int, result: UploadResult) -> None:
        """Takes what became of a file."""
        self.results[position] = result
        await self.tally.finished(position, result)
        if result.error is not None and self.options.fail_fast:
            raise FirstFailure from result.error

    async def _inputs(self) -> AsyncGenerator[Input, None]:
        while (given := await self._listing.next()) is not None:
            yield given

    async def _work(self, position: int, given: Input) -> None:
        result = UploadResult(given.name, "failed", given.path, size=given.size)
        try:
            if given.error is not None:
                raise given.error
            await self._upload(position, given, result)
        except (DeadlineExceeded, LedgerError):
            raise
        except Exception as error:
            if error is self.tally.complaint:
                raise
            _forget_places(error)
            result.error = error
        await self.finish(position, result)

    async def _upload(self, position: int, given: Input, result: UploadResult) -> None:
        """Uploads one file, unless that was done before, and tells `result`."""
        file, content = await anyio.to_thread.run_sync(opened, given)
        self.tally.measured(content.size, given.size)
        result.size = content.size
        sha256 = await digest(content) if self.ledger.kept else None
        new = Upload(0, given.name, self.options.purpose, 0.0, given.path, content.size, sha256)
        async with self._alone(new.key):
            latest = self.ledger.history.latest.get(new.key)
            if latest is not None and step(latest, new.size, new.sha256) == "skip":
                result.status, result.file_id = "skipped", latest.file_id
                return
            result.file = await self._create(position, new, file, content)
            result.status, result.file_id = "ok", result.file.id
            if self.ledger.kept and await anyio.to_thread.run_sync(has_changed, content):
                self.ledger.write("changed", file_id=result.file_id)

    @asynccontextmanager
    async def _alone(self, key: Key) -> AsyncIterator[None]:
        """Keeps others from the same file, if the ledger would take them for the same."""
        if not self.ledger.kept:
            yield
            return
        while (busy := self._busy.get(key)) is not None:
            await busy.wait()
        ended = self._busy[key] = anyio.Event()
        try:
            yield
        finally:
            del self._busy[key]
            ended.set()

    async def _create(self, position: int, new: Upload, file: Any, content: Source) -> FileObject:
        """The file on the server; sent again if that has too much to do for now."""
        for turn in count(1):
            try:
                async with self._pace.turn(self.options.deadline):
                    return await self._send(position, new, file, content)
            except RateLimitError as error:
                if turn >= self._turns or not content.replayable or not for_now(error):
                    raise
        raise AssertionError  # `count` has no end

    async def _send(self, position: int, new: Upload, file: Any, content: Source) -> FileObject:
        number = self.ledger.begin(
            path=new.path, name=new.name, size=new.size, sha256=new.sha256, purpose=new.purpose
        )
        sending = Sending()
        try:
            created = await self.client.files._delivering(sending.deliver).create(
                file=file,
                purpose=self.options.purpose,
                expires_after=self.options.expires_after,
                on_progress=partial(self.tally.sent, position),
                deadline=self.clock,
            )
            if not isinstance(created.id, str) or not created.id:
                raise OpenAIError("The server answered without the id of the file.")
        except Exception as error:
            unknown = sending.may_have_stored(error)
            if unknown:
                self._positions[number] = position
            stored = None if unknown else False
            self.ledger.write("failed", upload=number, stored=stored, error=_kind(error))
            raise
        # Nothing is awaited between the answer and this.
        doubtful = {"doubtful": True} if sending.is_doubtful() else {}
        self.ledger.write(
            "done", upload=number, file_id=created.id, created_at=created.created_at, **doubtful
        )
        answer = sending.answer
        if answer is not None:
            self._pace.saw(answer.exchange.status, answer.exchange.headers)
        return created

    async def _settle(self) -> None:
        """Finds out what became of uploads without an answer, and what is left over of them."""
        try:
            found = await self._settling.after()
        except (DeadlineExceeded, LedgerError):
            raise
        except OpenAIError as error:
            self._unchecked, found = error, {}
        for number, file in found.items():
            position = self._positions.get(number)
            result = None if position is None else self.results[position]
            if result is not None and result.status == "failed":
                result.status, result.error = "ok", None
                result.file, result.file_id = file, file.id
                await self.tally.revised(result, "failed")
        self._orphans = self.ledger.history.orphans_of(self.options.purpose)
        if self.options.orphans == "delete":
            await self._settling.delete(self._orphans)


def _forget_places(error: BaseException | None) -> None:
    """Lets go of what an error that is kept would keep: contents of files, connections.

    Where the expected ones were raised tells nothing; where others were may be a mistake.
    """
    while isinstance(error, (APIError, OSError, ConnectionFailed)):
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


def _kind(error: Exception) -> str:
    """An error for the ledger: without its text, which may quote anything."""
    status = f" {error.status_code}" if isinstance(error, APIStatusError) else ""
    return type(error).__name__ + status
