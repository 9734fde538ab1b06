"""Files of vector stores: upload one and attach it in a single call."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from .._polling import check_wait, clock, known
from .._sentinels import NotGiven, Omit, not_given, omit
from .._uploads import noting
from ..types.vector_stores import VectorStoreFile

if TYPE_CHECKING:
    from .._types import FileTypes
    from ..resources._root import Namespaces
    from ..resources.vector_stores import Files
    from ..types.vector_stores import FileChunkingStrategyParam

Attributes = dict[str, str | float | bool]


class VectorStoreFilesHelpers:
    """Joins the methods of `vector_stores.files`."""

    async def upload(
        self,
        *,
        vector_store_id: str,
        file: FileTypes,
        attributes: Attributes | Omit | None = omit,
        chunking_strategy: FileChunkingStrategyParam | Omit = omit,
        deadline: float | NotGiven | None = not_given,
    ) -> VectorStoreFile:
        """A file that is uploaded now and attached; `poll` waits until it is processed.

        If attaching it fails, a note of the error has the id of the uploaded file. `deadline`
        (seconds) is for both requests.
        `POST /files`, then `POST /vector_stores/{vector_store_id}/files`.
        """
        files = cast("Files", self)
        until = clock(files._client, deadline)
        api_files = cast("Namespaces", files._client).files
        uploaded = await api_files.create(file=file, purpose="assistants", deadline=until)
        with noting([uploaded.id]):
            return await files.create(
                vector_store_id,
                file_id=uploaded.id,
                attributes=attributes,
                chunking_strategy=chunking_strategy,
                deadline=until,
            )

    async def upload_and_poll(
        self,
        *,
        vector_store_id: str,
        file: FileTypes,
        attributes: Attributes | Omit | None = omit,
        poll_interval_ms: float | Omit | NotGiven = omit,
        max_wait_seconds: float | Omit | NotGiven | None = omit,
        chunking_strategy: FileChunkingStrategyParam | Omit = omit,
        on_poll: Callable[[VectorStoreFile], Any] | None = None,
        deadline: float | NotGiven | None = not_given,
    ) -> VectorStoreFile:
        """A file that is uploaded now and attached, once it is processed; the rest as in `poll`.

        `deadline` (seconds) is for all of it.
        `POST /files`, `POST /vector_stores/{vector_store_id}/files`, then as `poll`.
        """
        check_wait(poll_interval_ms, max_wait_seconds)
        files = cast("Files", self)
        until = clock(files._client, deadline)
        attached = await self.upload(
            vector_store_id=vector_store_id,
            file=file,
            attributes=attributes,
            chunking_strategy=chunking_strategy,
            deadline=until,
        )
        with known(attached), noting([attached.id]):
            return await files.poll(
                attached.id,
                vector_store_id=vector_store_id,
                poll_interval_ms=poll_interval_ms,
                max_wait_seconds=max_wait_seconds,
                on_poll=on_poll,
                deadline=until,
            )
