"""The store: the models and files which the emulator remembers, the contents of files on disk as
soon as they are large."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

from .chat import CREATED
from .errors import ApiError, invalid, unknown
from .indexes import Attachment, Batch, VectorStore, Wanted
from .limits import Buckets
from .line_batches import LineBatch
from .parts import Upload
from .spool import BLOCK, Content, blocks_of

Clock = Callable[[], float]
T = TypeVar("T")

MODELS = {
    "gpt-5": "openai",
    "gpt-4.1": "openai",
    "gpt-4o": "openai",
    "gpt-4o-mini": "openai",
    "text-embedding-3-small": "openai",
    "text-embedding-3-large": "openai",
    "ft:gpt-4o-mini:acme::7qTVM5AR": "acme",
    "acme/llama-3": "acme",
}


@dataclass
class StoredFile:
    """A file as it was uploaded."""

    id: str
    filename: str
    purpose: str
    content_type: str | None
    size: int
    sha256: str
    created_at: int
    expires_at: int | None
    content: Content = field(repr=False)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    stored_at: float = 0.0

    def as_json(self, *, processed: bool = True) -> dict[str, Any]:
        """The file as the API shows it; a name which ends in `.fail` is the name of a bad one."""
        bad = processed and self.filename.endswith(".fail")
        return {
            "id": self.id,
            "object": "file",
            "bytes": self.size,
            "created_at": self.created_at,
            "expires_at": self.expires_at,
            "filename": self.filename,
            "purpose": self.purpose,
            "status": "error" if bad else "processed" if processed else "uploaded",
            "status_details": "The file could not be read." if bad else None,
        }

    def blocks(self) -> Iterator[bytes]:
        """The content from the start; every block seeks, for several readers share the file."""
        for start in range(0, self.size, BLOCK):
            with self.lock:
                self.content.seek(start)
                block = self.content.read(BLOCK)
            yield block

    def read(self) -> bytes:
        return b"".join(self.blocks())


class Shelf(dict[str, T]):
    """Things of one kind by their identifiers."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what: str = what

    def __missing__(self, identifier: str) -> T:
        raise unknown(self.what, identifier)


class Store:
    """What the emulator remembers. Identifiers are never used twice, not even after `clear`."""

    def __init__(self, monotonic: Clock = time.monotonic, wall: Clock = time.time) -> None:
        self._monotonic = monotonic
        self._wall = wall
        self.skipped: float = 0.0
        """How many seconds both clocks were put forward."""
        self._numbers = count(1)
        self.models: dict[str, str] = dict(MODELS)
        self.files: dict[str, StoredFile] = {}
        self.uploads: dict[str, Upload] = {}
        self.line_batches: dict[str, LineBatch] = {}
        self.buckets: Buckets = {}
        self.vector_stores: dict[str, VectorStore] = {}
        self._shelves: dict[str, Shelf[Any]] = {}

    def shelf(self, what: str) -> Shelf[Any]:
        """The place for things of one kind; `what` names them when one is not found."""
        return self._shelves.setdefault(what, Shelf(what))

    def clear(self) -> None:
        files, self.files = self.files, {}
        uploads, self.uploads = self.uploads, {}
        batches, self.line_batches = self.line_batches, {}
        self.buckets = {}
        self.skipped = 0.0
        self.vector_stores = {}
        self.models = dict(MODELS)
        for shelf in self._shelves.values():
            shelf.clear()
        for file in files.values():
            file.content.close()
        for upload in uploads.values():
            upload.spool.close()
        for batch in batches.values():
            batch.spool.close()

    def monotonic(self) -> float:
        return self._monotonic() + self.skipped

    def wall(self) -> float:
        return self._wall() + self.skipped

    def new_id(self, prefix: str) -> str:
        return f"{prefix}{next(self._numbers):024x}"

    def now(self) -> int:
        return int(self.wall())

    # Models

    def model(self, identifier: str) -> dict[str, Any]:
        if identifier not in self.models:
            raise ApiError(
                404,
                f"The model '{identifier}' does not exist or you do not have access to it.",
                param="model",
                code="model_not_found",
            )
        owner = self.models[identifier]
        return {"id": identifier, "object": "model", "created": CREATED, "owned_by": owner}

    def delete_model(self, identifier: str) -> dict[str, Any]:
        self.model(identifier)
        del self.models[identifier]
        return {"id": identifier, "object": "model", "deleted": True}

    # Files

    def add_file(
        self,
        content: Content,
        digest: tuple[int, str],
        *,
        filename: str,
        purpose: str,
        content_type: str | None = None,
        lifetime: int | None = None,
    ) -> StoredFile:
        """Keep a file, whose `content` from now on belongs to the store."""
        size, sha256 = digest
        now = self.now()
        file = StoredFile(
            id=self.new_id("file-"),
            filename=filename,
            purpose=purpose,
            content_type=content_type,
            size=size,
            sha256=sha256,
            created_at=now,
            expires_at=None if lifetime is None else now + lifetime,
            content=content,
            stored_at=self.monotonic(),
        )
        self.files[file.id] = file
        return file

    def file(self, identifier: str) -> StoredFile:
        if identifier not in self.files:
            raise unknown("File object", identifier)
        return self.files[identifier]

    def delete_file(self, identifier: str) -> dict[str, Any]:
        self.file(identifier)
        self.files.pop(identifier).content.close()
        return {"id": identifier, "object": "file", "deleted": True}

    # Uploads

    def add_upload(self, details: dict[str, Any]) -> Upload:
        upload = Upload(self.new_id("upload_"), created_at=self.now(), clock=self.wall, **details)
        self.uploads[upload.id] = upload
        return upload

    # Batches

    def new_line_batch(self, details: dict[str, Any], duration: float) -> LineBatch:
        """A batch that is not there before it is put into `line_batches`."""
        return LineBatch(
            id=self.new_id("batch_"),
            details=details,
            created_at=self.now(),
            began=self.monotonic(),
            duration=duration,
            clock=self.monotonic,
        )

    # Vector stores

    def vector_store(self, identifier: str) -> VectorStore:
        if identifier not in self.vector_stores:
            raise unknown("vector store", identifier)
        return self.vector_stores[identifier]

    def add_vector_store(self, details: dict[str, Any]) -> VectorStore:
        vector_store = VectorStore(self.new_id("vs_"), self.now(), details)
        self.vector_stores[vector_store.id] = vector_store
        return vector_store

    def attach(
        self, vector_store: VectorStore, files: Sequence[Wanted], duration: float
    ) -> list[Attachment]:
        """Attach files, which become ready one after another until `duration` has passed."""
        start = self.monotonic()
        attachments = [
            self._attachment(vector_store, file, start + duration * position / len(files))
            for position, file in enumerate(files, 1)
        ]
        vector_store.attachments.update((file.id, file) for file in attachments)
        return attachments

    def add_batch(
        self, vector_store: VectorStore, files: Sequence[Wanted], duration: float
    ) -> Batch:
        attachments = self.attach(vector_store, files, duration)
        batch = Batch(self.new_id("vsfb_"), vector_store.id, self.now(), attachments)
        vector_store.batches[batch.id] = batch
        return batch

    def _attachment(self, vector_store: VectorStore, wanted: Wanted, ready_at: float) -> Attachment:
        file = self.files.get(wanted.file_id)
        fails = file is not None and file.filename.endswith(".fail")
        return Attachment(
            id=wanted.file_id,
            vector_store_id=vector_store.id,
            created_at=self.now(),
            ready_at=ready_at,
            size=file.size if file else 0,
            failure="unknown" if file is None else "fail" if fails else None,
            attributes=wanted.attributes,
            chunking_strategy=wanted.chunking_strategy,
        )


def digest_of(content: Content, also: Callable[[bytes], object] | None = None) -> tuple[int, str]:
    """The size and SHA-256 of a file, read in blocks, which `also` is called with."""
    sha256 = hashlib.sha256()
    size = 0
    for block in blocks_of(content):
        sha256.update(block)
        size += len(block)
        if also is not None:
            also(block)
    return size, sha256.hexdigest()


def lifetime_of(anchor: str | None, seconds: str | None) -> int | None:
    """The seconds a file lives, from the two form fields of `expires_after`."""
    if anchor is None and seconds is None:
        return None
    if anchor != "created_at":
        raise invalid("expires_after[anchor]", "it must be 'created_at'")
    if seconds is None or not seconds.isdecimal():
        raise invalid("expires_after[seconds]", "it must be a number of seconds")
    return int(seconds)
