"""The store: the models and files which the emulator remembers, the contents of files on disk as
soon as they are large."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import IO, Any

from .chat import CREATED
from .errors import ApiError, invalid, unknown
from .indexes import Attachment, Batch, VectorStore, Wanted

Clock = Callable[[], float]

BLOCK = 1 << 16
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
    content: IO[bytes] = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "file",
            "bytes": self.size,
            "created_at": self.created_at,
            "expires_at": self.expires_at,
            "filename": self.filename,
            "purpose": self.purpose,
            "status": "processed",
            "status_details": None,
        }

    def blocks(self) -> Iterator[bytes]:
        """The content from the start; every block seeks, for several readers share the file."""
        for start in range(0, self.size, BLOCK):
            self.content.seek(start)
            yield self.content.read(BLOCK)

    def read(self) -> bytes:
        return b"".join(self.blocks())


class Store:
    """What the emulator remembers. Identifiers are never used twice, not even after `clear`."""

    def __init__(self, monotonic: Clock = time.monotonic, wall: Clock = time.time) -> None:
        self.monotonic = monotonic
        self.wall = wall
        self._numbers = count(1)
        self.models: dict[str, str] = dict(MODELS)
        self.files: dict[str, StoredFile] = {}
        self.vector_stores: dict[str, VectorStore] = {}

    def clear(self) -> None:
        files, self.files = self.files, {}
        self.vector_stores = {}
        self.models = dict(MODELS)
        for file in files.values():
            file.content.close()

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
        content: IO[bytes],
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


def digest_of(content: IO[bytes]) -> tuple[int, str]:
    """The size and SHA-256 of a file, read in blocks."""
    sha256 = hashlib.sha256()
    size = 0
    content.seek(0)
    while block := content.read(BLOCK):
        sha256.update(block)
        size += len(block)
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
