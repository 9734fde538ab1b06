from __future__ import annotations

from typing import Literal, TypeAlias

from typing_extensions import Required, TypedDict

from ..._types import FileTypes

FilePurpose: TypeAlias = Literal["assistants", "batch", "fine-tune", "vision", "user_data", "evals"]


class FileCreateParamsExpiresAfter(TypedDict, total=False):
    anchor: Required[Literal["created_at"]]
    seconds: Required[int]


class FileCreateParams(TypedDict, total=False):
    file: Required[FileTypes]
    purpose: Required[FilePurpose]
    expires_after: FileCreateParamsExpiresAfter


class FileListParams(TypedDict, total=False):
    after: str
    limit: int
    order: Literal["asc", "desc"]
    purpose: str
