from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from typing_extensions import Required, TypedDict

from ..._types import SequenceNotStr
from ..shared._models import Metadata


class AutoFileChunkingStrategyParam(TypedDict, total=False):
    type: Required[Literal["auto"]]


class StaticFileChunkingStrategyParam(TypedDict, total=False):
    chunk_overlap_tokens: Required[int]
    max_chunk_size_tokens: Required[int]


class StaticFileChunkingStrategyObjectParam(TypedDict, total=False):
    static: Required[StaticFileChunkingStrategyParam]
    type: Required[Literal["static"]]


FileChunkingStrategyParam: TypeAlias = (
    AutoFileChunkingStrategyParam | StaticFileChunkingStrategyObjectParam
)


class VectorStoreCreateParamsExpiresAfter(TypedDict, total=False):
    anchor: Required[Literal["last_active_at"]]
    days: Required[int]


class VectorStoreCreateParams(TypedDict, total=False):
    chunking_strategy: FileChunkingStrategyParam
    description: str
    expires_after: VectorStoreCreateParamsExpiresAfter
    file_ids: SequenceNotStr[str]
    metadata: Metadata | None
    name: str


class FileBatchCreateParamsFile(TypedDict, total=False):
    file_id: Required[str]
    attributes: dict[str, str | float | bool] | None
    chunking_strategy: FileChunkingStrategyParam


class FileBatchCreateParams(TypedDict, total=False):
    attributes: dict[str, str | float | bool] | None
    chunking_strategy: FileChunkingStrategyParam
    file_ids: SequenceNotStr[str]
    files: Iterable[FileBatchCreateParamsFile]
