from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from .._operation import Operation
from .._resource import Resource
from .._sentinels import NotGiven, Omit, not_given, omit
from ..helpers.file_batches import FileBatchesHelpers
from ..types.vector_stores import VectorStore, VectorStoreFileBatch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._timeouts import Timeout
    from .._types import Body, Headers, Query, SequenceNotStr
    from ..types.shared import Metadata
    from ..types.vector_stores import (
        FileBatchCreateParamsFile,
        FileChunkingStrategyParam,
        VectorStoreCreateParamsExpiresAfter,
    )

_FILE_BATCHES_CREATE = Operation(
    "POST",
    "/vector_stores/{vector_store_id}/file_batches",
    VectorStoreFileBatch,
    headers={"OpenAI-Beta": "assistants=v2"},
)
_FILE_BATCHES_RETRIEVE = Operation(
    "GET",
    "/vector_stores/{vector_store_id}/file_batches/{batch_id}",
    VectorStoreFileBatch,
    headers={"OpenAI-Beta": "assistants=v2"},
)
_CREATE = Operation("POST", "/vector_stores", VectorStore, headers={"OpenAI-Beta": "assistants=v2"})
_RETRIEVE = Operation(
    "GET", "/vector_stores/{vector_store_id}", VectorStore, headers={"OpenAI-Beta": "assistants=v2"}
)


class FileBatches(FileBatchesHelpers, Resource):
    async def create(
        self,
        vector_store_id: str,
        *,
        attributes: dict[str, str | float | bool] | None | Omit = omit,
        chunking_strategy: FileChunkingStrategyParam | Omit = omit,
        file_ids: SequenceNotStr[str] | Omit = omit,
        files: Iterable[FileBatchCreateParamsFile] | Omit = omit,
        extra_headers: Headers | None = None,
        extra_query: Query | None = None,
        extra_body: Body | None = None,
        timeout: float | Timeout | NotGiven | None = not_given,
    ) -> VectorStoreFileBatch:
        """Adds files as one batch. `POST /vector_stores/{vector_store_id}/file_batches`."""
        return await self._request(
            _FILE_BATCHES_CREATE,
            path={"vector_store_id": vector_store_id},
            body={
                "attributes": attributes,
                "chunking_strategy": chunking_strategy,
                "file_ids": file_ids,
                "files": files,
            },
            options=(extra_headers, extra_query, extra_body, timeout),
        )

    async def retrieve(
        self,
        batch_id: str,
        *,
        vector_store_id: str,
        extra_headers: Headers | None = None,
        extra_query: Query | None = None,
        extra_body: Body | None = None,
        timeout: float | Timeout | NotGiven | None = not_given,
    ) -> VectorStoreFileBatch:
        """One batch. `GET /vector_stores/{vector_store_id}/file_batches/{batch_id}`."""
        return await self._request(
            _FILE_BATCHES_RETRIEVE,
            path={"vector_store_id": vector_store_id, "batch_id": batch_id},
            options=(extra_headers, extra_query, extra_body, timeout),
        )


class VectorStores(Resource):
    @cached_property
    def file_batches(self) -> FileBatches:
        return FileBatches(self._client)

    async def create(
        self,
        *,
        chunking_strategy: FileChunkingStrategyParam | Omit = omit,
        description: str | Omit = omit,
        expires_after: VectorStoreCreateParamsExpiresAfter | Omit = omit,
        file_ids: SequenceNotStr[str] | Omit = omit,
        metadata: Metadata | None | Omit = omit,
        name: str | Omit = omit,
        extra_headers: Headers | None = None,
        extra_query: Query | None = None,
        extra_body: Body | None = None,
        timeout: float | Timeout | NotGiven | None = not_given,
    ) -> VectorStore:
        """A new vector store, empty or with files to begin with. `POST /vector_stores`."""
        return await self._request(
            _CREATE,
            body={
                "chunking_strategy": chunking_strategy,
                "description": description,
                "expires_after": expires_after,
                "file_ids": file_ids,
                "metadata": metadata,
                "name": name,
            },
            options=(extra_headers, extra_query, extra_body, timeout),
        )

    async def retrieve(
        self,
        vector_store_id: str,
        *,
        extra_headers: Headers | None = None,
        extra_query: Query | None = None,
        extra_body: Body | None = None,
        timeout: float | Timeout | NotGiven | None = not_given,
    ) -> VectorStore:
        """One vector store, with counts of its files. `GET /vector_stores/{vector_store_id}`."""
        return await self._request(
            _RETRIEVE,
            path={"vector_store_id": vector_store_id},
            options=(extra_headers, extra_query, extra_body, timeout),
        )
