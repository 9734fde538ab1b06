"""Vector stores: which files they hold, and how these are processed while time passes.

Nothing runs in the background. Every attached file knows the moment at which it will be ready, so
the counts of a batch are a function of the clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import invalid, missing, unknown
from .shapes import is_list, is_object, is_objects

STATUSES = ("in_progress", "completed", "failed", "cancelled")
CHUNKING: dict[str, Any] = {
    "type": "static",
    "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400},
}
ERRORS = {
    "unknown": {"code": "invalid_file", "message": "There is no such file."},
    "fail": {"code": "unsupported_file", "message": "The file could not be read."},
}


@dataclass
class Attachment:
    """A file in a vector store: in progress until `ready_at`, then completed or failed."""

    id: str
    vector_store_id: str
    created_at: int
    ready_at: float
    size: int
    failure: str | None
    attributes: dict[str, Any] | None
    chunking_strategy: dict[str, Any]
    cancelled: bool = False

    def status(self, now: float) -> str:
        if self.cancelled:
            return "cancelled"
        if now < self.ready_at:
            return "in_progress"
        return "failed" if self.failure else "completed"

    def as_json(self, now: float) -> dict[str, Any]:
        status = self.status(now)
        return {
            "id": self.id,
            "object": "vector_store.file",
            "created_at": self.created_at,
            "vector_store_id": self.vector_store_id,
            "status": status,
            "usage_bytes": self.size if status == "completed" else 0,
            "last_error": ERRORS[self.failure or ""] if status == "failed" else None,
            "attributes": self.attributes or {},
            "chunking_strategy": self.chunking_strategy,
        }


@dataclass
class Batch:
    """Files attached together."""

    id: str
    vector_store_id: str
    created_at: int
    attachments: list[Attachment]

    def cancel(self, now: float) -> None:
        for attachment in self.attachments:
            if attachment.status(now) == "in_progress":
                attachment.cancelled = True

    def as_json(self, now: float) -> dict[str, Any]:
        counts = file_counts(self.attachments, now)
        return {
            "id": self.id,
            "object": "vector_store.files_batch",
            "created_at": self.created_at,
            "vector_store_id": self.vector_store_id,
            "status": status_of(counts),
            "file_counts": counts,
        }


@dataclass
class VectorStore:
    """A named collection of files."""

    id: str
    created_at: int
    details: dict[str, Any]
    attachments: dict[str, Attachment] = field(default_factory=dict[str, Attachment])
    batches: dict[str, Batch] = field(default_factory=dict[str, Batch])

    def batch(self, identifier: str) -> Batch:
        if identifier not in self.batches:
            raise unknown("file batch", identifier)
        return self.batches[identifier]

    def attachment(self, identifier: str) -> Attachment:
        if identifier not in self.attachments:
            raise unknown("vector store file", identifier)
        return self.attachments[identifier]

    def as_json(self, now: float) -> dict[str, Any]:
        attachments = self.attachments.values()
        counts = file_counts(attachments, now)
        expires_after = self.details.get("expires_after")
        lifetime = expires_after["days"] * 86400 if expires_after else None
        return {
            "id": self.id,
            "object": "vector_store",
            "created_at": self.created_at,
            "name": self.details.get("name") or "",
            "description": self.details.get("description"),
            "usage_bytes": sum(
                file.size for file in attachments if file.status(now) == "completed"
            ),
            "file_counts": counts,
            "status": "in_progress" if counts["in_progress"] else "completed",
            "expires_after": expires_after,
            "expires_at": None if lifetime is None else self.created_at + lifetime,
            "last_active_at": self.created_at,
            "metadata": self.details.get("metadata") or {},
        }


def file_counts(attachments: Iterable[Attachment], now: float) -> dict[str, int]:
    counts = Counter(attachment.status(now) for attachment in attachments)
    return {**{status: counts[status] for status in STATUSES}, "total": counts.total()}


def status_of(counts: Mapping[str, int]) -> str:
    if counts["in_progress"]:
        return "in_progress"
    return "cancelled" if counts["cancelled"] else "completed"


@dataclass(frozen=True)
class Wanted:
    """A file that a request wants to attach."""

    file_id: str
    attributes: dict[str, Any] | None
    chunking_strategy: dict[str, Any]


def wanted_files(body: Mapping[str, Any]) -> list[Wanted]:
    """The files a batch is to be made of: `file_ids`, or `files` with settings of their own."""
    if body.get("files") is not None:
        entries = body["files"]
        if not is_objects(entries):
            raise invalid("files", "it must be a list of objects")
        return [wanted(entry, f"files[{index}].file_id") for index, entry in enumerate(entries)]
    if body.get("file_ids") is None:
        raise missing("file_ids")
    return [wanted({**body, "file_id": item}, "file_ids") for item in file_ids_of(body)]


def file_ids_of(body: Mapping[str, Any]) -> list[str]:
    file_ids: Any = body.get("file_ids") or []
    if not is_list(file_ids):
        raise invalid("file_ids", "it must be a list of strings")
    return file_ids


def wanted(entry: Mapping[str, Any], param: str) -> Wanted:
    if not isinstance(entry.get("file_id"), str):
        raise invalid(param, "it must be the id of a file")
    return Wanted(entry["file_id"], entry.get("attributes"), chunking_of(entry))


def chunking_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    strategy: Any = entry.get("chunking_strategy") or {"type": "auto"}
    if not is_object(strategy):
        raise invalid("chunking_strategy", "it must be an object")
    return CHUNKING if strategy.get("type") == "auto" else dict(strategy)
