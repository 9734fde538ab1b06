"""What became of the files of a bulk upload: a result for each, and all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, overload

from msgspec import Struct

from .._errors import OpenAIError

if TYPE_CHECKING:
    from ..types.files import FileObject
    from ..types.vector_stores import VectorStoreFileBatch

#: How many failed files the message of an error names.
_NAMED = 100

Status = Literal["ok", "failed", "skipped"]


class UploadResult(Struct):
    """What became of one file.

    `ok`: it was uploaded; `skipped`: it had been before, as the ledger knows; `failed`: see
    `error`. A file that was uploaded but could not be processed is `failed` with a `file_id`.
    """

    name: str
    """What the server knows it as."""
    status: Status
    path: str | None = None
    """Where it is; None for handles and content."""
    file_id: str | None = None
    file: FileObject | None = None
    """What the server said of it; None for files that were not uploaded now."""
    error: Exception | None = None
    size: int | None = None
    """Its bytes, if they are known."""


class Orphan(Struct):
    """A file on the server that the job left there and has no use for."""

    file_id: str
    name: str
    size: int | None
    reason: Literal["copy", "replaced"]
    """`copy`: its upload got no answer, so the file was sent again. `replaced`: the file has
    changed since, and its new content was uploaded."""
    purpose: str | None = None
    """None if the ledger is of a version that did not tell it."""
    deleted: bool = False
    error: Exception | None = None
    """Why it could not be deleted."""


class Uploads(Sequence[UploadResult]):
    """The results of a bulk upload: one for each file, in the order of the files."""

    def __init__(
        self,
        results: Iterable[UploadResult],
        *,
        orphans: Iterable[Orphan] = (),
        unchecked: Exception | None = None,
        batches: Iterable[VectorStoreFileBatch] = (),
    ) -> None:
        self._results = list(results)
        self.orphans: list[Orphan] = list(orphans)
        """Files on the server that nobody needs, as far as they were looked for."""
        self.unchecked: Exception | None = unchecked
        """Why it could not be found out whether there are more orphans, if so."""
        self.batches: list[VectorStoreFileBatch] = list(batches)
        """The batches in which files were added to a vector store."""

    def _having(self, status: Status) -> list[UploadResult]:
        return [result for result in self._results if result.status == status]

    @property
    def ok(self) -> list[UploadResult]:
        """The files that were uploaded now."""
        return self._having("ok")

    @property
    def failed(self) -> list[UploadResult]:
        """The files that could not be uploaded or, in a vector store, not be processed."""
        return self._having("failed")

    @property
    def skipped(self) -> list[UploadResult]:
        """The files that had been uploaded before."""
        return self._having("skipped")

    @property
    def file_ids(self) -> list[str]:
        """The ids of all that did not fail, uploaded now or before, in the order of the files."""
        return [
            result.file_id
            for result in self._results
            if result.status != "failed" and result.file_id is not None
        ]

    def raise_for_failures(self) -> None:
        """Raises UploadsFailed, which names each file that failed, if any did."""
        if self.failed:
            raise UploadsFailed(self)

    @overload
    def __getitem__(self, index: int) -> UploadResult: ...
    @overload
    def __getitem__(self, index: slice) -> list[UploadResult]: ...
    def __getitem__(self, index: int | slice) -> UploadResult | list[UploadResult]:
        return self._results[index]

    def __len__(self) -> int:
        return len(self._results)

    def __iter__(self) -> Iterator[UploadResult]:
        return iter(self._results)

    def counts(self) -> str:
        """`57 ok, 2 failed, 1 skipped`, without what there is none of."""
        numbers = {each: len(self._having(each)) for each in ("ok", "failed", "skipped")}
        return ", ".join(f"{number} {what}" for what, number in numbers.items() if number)

    def __repr__(self) -> str:
        told = self.counts() or "no files"
        if self.orphans:
            told += f"; {len(self.orphans)} orphan{'s' * (len(self.orphans) > 1)}"
        return f"<Uploads: {told}>"


class UploadsFailed(OpenAIError):
    """Files could not be uploaded: all that became of the job is in `uploads`."""

    def __init__(self, uploads: Uploads) -> None:
        self.uploads = uploads
        self.exceptions: tuple[Exception, ...] = tuple(
            result.error for result in uploads.failed if result.error is not None
        )
        """Why, for each file that failed, in their order."""
        lines = [f"  {result.path or result.name}: {told(result.error)}" for result in self.named]
        more = len(uploads.failed) - len(lines)
        lines += [f"  and {more} more: see uploads.failed"] if more else []
        head = f"{len(uploads.failed)} of {len(uploads)} files failed:"
        super().__init__("\n".join([head, *lines]))

    @property
    def named(self) -> list[UploadResult]:
        """The failed files that the message names."""
        return self.uploads.failed[:_NAMED]


class FileProcessingError(OpenAIError):
    """The server has a file, but could not process it for a vector store."""

    def __init__(self, file_id: str, status: str, code: str | None, message: str | None) -> None:
        why = ": ".join(filter(None, (code, message))) or f"its status is {status}"
        super().__init__(f"{file_id} could not be processed: {why}")
        self.file_id = file_id
        self.status = status
        self.code = code
        self.message = message


class UploadsProgress(Struct):
    """How far a bulk upload has come, as `on_progress` is told."""

    ok: int
    failed: int
    skipped: int
    total: int | None
    """How many files there are; None as long as an iterator may give more."""
    bytes_sent: int
    """Of the content of files, as far as it is new to the server."""
    bytes_skipped: int
    """Of files that are not sent, because they failed or had been uploaded before."""
    bytes_total: int | None
    """Of all files whose size can be known; None as `total`."""
    file: UploadResult | None = None
    """The file that has just been finished; None if this is about bytes or a batch."""
    batch: VectorStoreFileBatch | None = None
    """The batch that the server has just told about, in a vector store."""
    processed: int = 0
    """How many files of the vector store's batches the server is done with, failed or not."""

    @property
    def done(self) -> int:
        """How many files are finished: uploaded, failed or skipped."""
        return self.ok + self.failed + self.skipped

    @property
    def bytes_done(self) -> int:
        """How many bytes are done with, sent or not: `bytes_total` in the end."""
        return self.bytes_sent + self.bytes_skipped


def told(error: BaseException | None) -> str:
    """An error in one line: its kind and its message."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
