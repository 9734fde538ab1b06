from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .._embeddings import decode_embeddings
from .._operation import Operation
from .._resource import Resource
from .._sentinels import NotGiven, Omit, not_given, omit
from ..types.embeddings import CreateEmbeddingResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._timeouts import Timeout
    from .._types import Body, Headers, Query, SequenceNotStr
    from ..types.embeddings import EmbeddingModel

_CREATE = Operation("POST", "/embeddings", CreateEmbeddingResponse)


class Embeddings(Resource):
    async def create(
        self,
        *,
        input: str | SequenceNotStr[str] | Iterable[int] | Iterable[Iterable[int]],
        model: str | EmbeddingModel,
        dimensions: int | Omit = omit,
        encoding_format: Literal["float", "base64"] | Omit = omit,
        user: str | Omit = omit,
        extra_headers: Headers | None = None,
        extra_query: Query | None = None,
        extra_body: Body | None = None,
        timeout: float | Timeout | NotGiven | None = not_given,
    ) -> CreateEmbeddingResponse:
        """One vector for each input, in the order of the inputs. `POST /embeddings`."""
        body: dict[str, object] = {
            "model": model,
            "input": input,
            "dimensions": dimensions,
            "encoding_format": encoding_format,
            "user": user,
        }
        options = (extra_headers, extra_query, extra_body, timeout)
        if isinstance(encoding_format, (Omit, NotGiven)):
            # Base64 is a fraction of the size of JSON numbers; the caller still gets lists.
            body["encoding_format"] = "base64"
            return await self._request(
                _CREATE, body=body, options=options, finish=decode_embeddings
            )
        return await self._request(_CREATE, body=body, options=options)
