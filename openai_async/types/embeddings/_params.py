from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from typing_extensions import Required, TypedDict

from ..._types import SequenceNotStr

EmbeddingModel: TypeAlias = Literal[
    "text-embedding-ada-002", "text-embedding-3-small", "text-embedding-3-large"
]


class EmbeddingCreateParams(TypedDict, total=False):
    input: Required[str | SequenceNotStr[str] | Iterable[int] | Iterable[Iterable[int]]]
    model: Required[str | EmbeddingModel]
    dimensions: int
    encoding_format: Literal["float", "base64"]
    user: str
