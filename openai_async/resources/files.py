from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .._binary import HttpxBinaryResponseContent
from .._operation import Operation
from .._resource import Resource
from .._sentinels import NotGiven, Omit, not_given, omit
from ..pagination import AsyncCursorPage
from ..types.files import FileDeleted, FileObject

if TYPE_CHECKING:
    from .._timeouts import Timeout
    from .._types import Body, FileTypes, Headers, Query
    from ..pagination import AsyncPaginator
    from ..types.files import FileCreateParamsExpiresAfter, FilePurpose

_CREATE = Operation("POST", "/files", FileObject, file_fields=("file",))
_RETRIEVE = Operation("GET", "/files/{file_id}", FileObject)
_LIST = Operation("GET", "/files", FileObject)
_DELETE = Operation("DELETE", "/files/{file_id}", FileDeleted)
_CONTENT = Operation(
    "GET",
    "/files/{file_id}/content",
    HttpxBinaryResponseContent,
    headers={"Accept": "application/binary"},
)


class Files(Resource):
    async def create(
        self,
        *,
        file: FileTypes,
        purpose: FilePurpose,
        expires_after: FileCreateParamsExpiresAfter | Omit = omit,
        extra_headers: Headers | None = None,
        extra_query: Query | None = None,
        extra_body: Body | None = None,
        timeout: float | Timeout | NotGiven | None = not_given,
    ) -> FileObject:
        """Uploads a file, for other methods to refer to by its id. `POST /files`."""
        return await self._request(
            _CREATE,
            body={"file": file, "purpose": purpose, "expires_after": expires_after},
            options=(extra_headers, extra_query, extra_body, timeout),
        )

    async def retrieve(
        self,
        file_id: str,
        *,
        extra_headers: Headers | None = None,
        extra_query: Query | None = None,
        extra_body: Body | None = None,
        timeout: float | Timeout | NotGiven | None = not_given,
    ) -> FileObject:
        """What is known about one file, without its content. `GET /files/{file_id}`."""
        return await self._request(
            _RETRIEVE,
            path={"file_id": file_id},
            options=(extra_headers, extra_query, extra_body, timeout),
        )

    def list(
        self,
        *,
        after: str | Omit = omit,
        limit: int | Omit = omit,
        order: Literal["asc", "desc"] | Omit = omit,
        purpose: str | Omit = omit,
        extra_headers: Headers | None = None,
        extra_query: Query | None = None,
        extra_body: Body | None = None,
        timeout: float | Timeout | NotGiven | None = not_given,
    ) -> AsyncPaginator[FileObject, AsyncCursorPage[FileObject]]:
        """The files that were uploaded, page by page. `GET /files`."""
        return self._paginate(
            _LIST,
            AsyncCursorPage,
            query={"after": after, "limit": limit, "order": order, "purpose": purpose},
            options=(extra_headers, extra_query, extra_body, timeout),
        )

    async def delete(
        self,
        file_id: str,
        *,
        extra_headers: Headers | None = None,
        extra_query: Query | None = None,
        extra_body: Body | None = None,
        timeout: float | Timeout | NotGiven | None = not_given,
    ) -> FileDeleted:
        """Deletes a file and says whether it is gone. `DELETE /files/{file_id}`."""
        return await self._request(
            _DELETE,
            path={"file_id": file_id},
            options=(extra_headers, extra_query, extra_body, timeout),
        )

    async def content(
        self,
        file_id: str,
        *,
        extra_headers: Headers | None = None,
        extra_query: Query | None = None,
        extra_body: Body | None = None,
        timeout: float | Timeout | NotGiven | None = not_given,
    ) -> HttpxBinaryResponseContent:
        """The content of a file, as it was stored. `GET /files/{file_id}/content`."""
        return await self._request(
            _CONTENT,
            path={"file_id": file_id},
            options=(extra_headers, extra_query, extra_body, timeout),
        )
