"""Uploads: files that come in parts, in any order and several at once, and are joined last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .errors import ApiError, invalid, missing
from .shapes import is_list, is_object
from .spool import Extent, Joined, Spool

MAX_BYTES = 8 << 30
MAX_PART = 64 << 20
LIFETIME = 3600  # seconds until an upload expires that nobody completes


@dataclass
class Part:
    """A part of an upload."""

    id: str
    upload_id: str
    created_at: int
    extent: Extent

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "upload.part",
            "created_at": self.created_at,
            "upload_id": self.upload_id,
        }


@dataclass
class Upload:
    """A file on its way."""

    id: str
    filename: str
    purpose: str
    mime_type: str
    bytes: int
    created_at: int
    lifetime: int | None
    """How long the file will live, in seconds."""
    clock: Callable[[], float] = field(repr=False)
    parts: dict[str, Part] = field(default_factory=dict[str, Part])
    file: dict[str, Any] | None = None
    """The file, when it is complete."""
    cancelled: bool = False
    completing: bool = False
    spool: Spool = field(default_factory=Spool, repr=False)

    @property
    def expires_at(self) -> int:
        return self.created_at + LIFETIME

    @property
    def status(self) -> str:
        if self.file is not None:
            return "completed"
        if self.cancelled:
            return "cancelled"
        return "pending" if self.clock() < self.expires_at else "expired"

    def require_pending(self) -> None:
        status = self.status
        if status != "pending" or self.completing:
            told = "completing" if self.completing else status
            message = f"Upload '{self.id}' is {told}: only a pending upload can be changed."
            raise ApiError(400, message, param="upload_id", code=f"upload_{told}")

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "upload",
            "bytes": self.bytes,
            "created_at": self.created_at,
            "expires_at": self.expires_at,
            "filename": self.filename,
            "purpose": self.purpose,
            "status": self.status,
            "file": self.file,
        }

    def join(self, part_ids: Sequence[str]) -> Joined:
        """The content, if it is all there and no more than that."""
        unknown = [each for each in part_ids if each not in self.parts]
        if unknown:
            raise invalid("part_ids", f"this upload has no part '{unknown[0]}'")
        if len({*part_ids}) < len(part_ids):
            raise invalid("part_ids", "every part may be there only once")
        extents = [self.parts[each].extent for each in part_ids]
        size = sum(extent.size for extent in extents)
        if size != self.bytes:
            message = (
                f"The parts have {size} bytes together, but the upload was announced with "
                f"{self.bytes} bytes."
            )
            raise ApiError(400, message, param="part_ids", code="upload_size_mismatch")
        return Joined(self.spool, extents, owned=True)


def announced(body: dict[str, Any]) -> dict[str, Any]:
    """What a request says about the file that will come."""
    for param in ("filename", "purpose", "mime_type"):
        text_of(body, param)
    size = body.get("bytes")
    if size is None:
        raise missing("bytes")
    if type(size) is not int or not 1 <= size <= MAX_BYTES:
        raise invalid("bytes", f"it must be an integer from 1 to {MAX_BYTES}")
    return {
        **{param: body[param] for param in ("filename", "purpose", "mime_type", "bytes")},
        "lifetime": lifetime_in(body.get("expires_after")),
    }


def lifetime_in(expires_after: Any) -> int | None:
    if expires_after is None:
        return None
    if not is_object(expires_after) or expires_after.get("anchor") != "created_at":
        raise invalid("expires_after.anchor", "it must be 'created_at'")
    seconds = expires_after.get("seconds")
    if type(seconds) is not int or seconds < 0:
        raise invalid("expires_after.seconds", "it must be a number of seconds")
    return seconds


def part_ids_in(body: dict[str, Any]) -> list[str]:
    part_ids = body.get("part_ids")
    if part_ids is None:
        raise missing("part_ids")
    if not is_list(part_ids) or not all(isinstance(each, str) for each in part_ids):
        raise invalid("part_ids", "it must be a list of ids")
    return part_ids


def text_of(body: dict[str, Any], param: str) -> str:
    text = body.get(param)
    if text is None or text == "":
        raise missing(param)
    if not isinstance(text, str):
        raise invalid(param, "it must be a string")
    return text
