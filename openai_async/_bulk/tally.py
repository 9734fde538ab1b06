"""The tally of a bulk upload: counts of files and bytes, and the function that is told of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anyio

from .. import _callbacks
from .inputs import Listing
from .results import Status, UploadResult, UploadsProgress

if TYPE_CHECKING:
    from ..types.vector_stores import VectorStoreFileBatch

#: After how many more bytes of one file progress is told.
STEP = 1 << 20


class Tally:
    """How far a job has come; `on_progress` is told by one task at a time."""

    def __init__(
        self, listing: Listing, on_progress: Callable[[UploadsProgress], Any] | None
    ) -> None:
        self._listing = listing
        self._on_progress = on_progress
        self._telling = anyio.Lock()
        self._files: dict[Status, int] = {"ok": 0, "failed": 0, "skipped": 0}
        self._bytes: dict[Status, int] = {"ok": 0, "failed": 0, "skipped": 0}
        #: Bytes of files that are being uploaded, by position: sent, and last told.
        self._sent: dict[int, int] = {}
        self._told: dict[int, int] = {}
        self._batches: dict[str, int] = {}
        self.complaint: Exception | None = None
        """What `on_progress` raised."""

    def measured(self, size: int | None, before: int | None) -> None:
        """Counts the size of a file that was not known, or another one, `before`."""
        self._listing.known_size += (size or 0) - (before or 0)

    async def finished(self, position: int, result: UploadResult) -> None:
        """Counts what became of a file, and tells it."""
        async with self._telling:  # so that the numbers only grow
            self._sent.pop(position, None)
            self._told.pop(position, None)
            self._add(result)
            await self._tell(file=result)

    async def revised(self, result: UploadResult, before: Status) -> None:
        """Counts that something else became of a file than what was counted `before`."""
        async with self._telling:
            self._files[before] -= 1
            self._bytes[before] -= result.size or 0
            self._add(result)
            await self._tell(file=result)

    def _add(self, result: UploadResult) -> None:
        self._files[result.status] += 1
        self._bytes[result.status] += result.size or 0

    async def sent(self, position: int, sent: int, total: int | None) -> None:
        """Counts how much of a file was sent so far; that may begin again from 0."""
        self._sent[position] = sent
        if abs(sent - self._told.get(position, 0)) >= STEP:
            self._told[position] = sent
            async with self._telling:
                await self._tell()

    async def processed(self, batch: VectorStoreFileBatch) -> None:
        """Counts what the server says of a batch in a vector store, and tells it."""
        counts = batch.file_counts
        done = (counts.completed, counts.failed, counts.cancelled) if counts else ()
        async with self._telling:
            self._batches[batch.id] = sum(each or 0 for each in done)
            await self._tell(batch=batch)

    async def _tell(
        self, file: UploadResult | None = None, batch: VectorStoreFileBatch | None = None
    ) -> None:
        if self._on_progress is None:
            return
        try:
            await _callbacks.call(self._on_progress, self._progress(file, batch))
        except Exception as error:
            self.complaint = error
            raise

    def _progress(
        self, file: UploadResult | None, batch: VectorStoreFileBatch | None
    ) -> UploadsProgress:
        return UploadsProgress(
            **self._files,
            total=self._listing.total,
            bytes_sent=self._bytes["ok"] + sum(self._sent.values()),
            bytes_skipped=self._bytes["failed"] + self._bytes["skipped"],
            bytes_total=self._listing.size,
            file=file,
            batch=batch,
            processed=sum(self._batches.values()),
        )
