from __future__ import annotations

from typing import TYPE_CHECKING

from .._operation import Operation
from .._resource import Resource
from .._sentinels import NotGiven, not_given
from ..pagination import AsyncPage
from ..types.models import Model, ModelDeleted

if TYPE_CHECKING:
    from .._timeouts import Timeout
    from .._types import Body, Headers, Query
    from ..pagination import AsyncPaginator

_RETRIEVE = Operation("GET", "/models/{model}", Model)
_LIST = Operation("GET", "/models", Model)
_DELETE = Operation("DELETE", "/models/{model}", ModelDeleted)


class Models(Resource):
    async def retrieve(
        self,
        model: str,
        *,
        extra_headers: Headers | None = None,
        extra_query: Query | None = None,
        extra_body: Body | None = None,
        timeout: float | Timeout | NotGiven | None = not_given,
    ) -> Model:
        """One model and who owns it. `GET /models/{model}`."""
        return await self._request(
            _RETRIEVE,
            path={"model": model},
            options=(extra_headers, extra_query, extra_body, timeout),
        )

    def list(
        self,
        *,
        extra_headers: Headers | None = None,
        extra_query: Query | None = None,
        extra_body: Body | None = None,
        timeout: float | Timeout | NotGiven | None = not_given,
    ) -> AsyncPaginator[Model, AsyncPage[Model]]:
        """The models that the key may use. `GET /models`."""
        return self._paginate(
            _LIST, AsyncPage, options=(extra_headers, extra_query, extra_body, timeout)
        )

    async def delete(
        self,
        model: str,
        *,
        extra_headers: Headers | None = None,
        extra_query: Query | None = None,
        extra_body: Body | None = None,
        timeout: float | Timeout | NotGiven | None = not_given,
    ) -> ModelDeleted:
        """Deletes a fine-tuned model of your own. `DELETE /models/{model}`."""
        return await self._request(
            _DELETE,
            path={"model": model},
            options=(extra_headers, extra_query, extra_body, timeout),
        )
