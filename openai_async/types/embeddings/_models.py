from __future__ import annotations

from typing import Literal

from ..._models import BaseModel


class CreateEmbeddingResponseUsage(BaseModel):
    prompt_tokens: int
    total_tokens: int


class Embedding(BaseModel):
    embedding: list[float]
    index: int
    object: Literal["embedding"]


class CreateEmbeddingResponse(BaseModel):
    data: list[Embedding]
    model: str
    object: Literal["list"]
    usage: CreateEmbeddingResponseUsage
