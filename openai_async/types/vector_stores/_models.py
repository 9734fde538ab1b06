from __future__ import annotations

from typing import Literal

from ..._models import BaseModel
from ..shared._models import Metadata


class VectorStoreFileCounts(BaseModel):
    cancelled: int
    completed: int
    failed: int
    in_progress: int
    total: int


class VectorStoreExpiresAfter(BaseModel):
    anchor: Literal["last_active_at"]
    days: int


class VectorStore(BaseModel):
    id: str
    created_at: int
    file_counts: VectorStoreFileCounts
    last_active_at: int | None = None
    metadata: Metadata | None = None
    name: str
    object: Literal["vector_store"]
    status: Literal["expired", "in_progress", "completed"]
    usage_bytes: int
    expires_after: VectorStoreExpiresAfter | None = None
    expires_at: int | None = None


class VectorStoreFileBatchFileCounts(BaseModel):
    cancelled: int
    completed: int
    failed: int
    in_progress: int
    total: int


class VectorStoreFileBatch(BaseModel):
    """Files that are being added to a vector store together."""

    id: str
    created_at: int
    file_counts: VectorStoreFileBatchFileCounts
    object: Literal["vector_store.files_batch"]
    status: Literal["in_progress", "completed", "cancelled", "failed"]
    vector_store_id: str
