"""The endpoints which generate: chat completions, embeddings, and the models that do it."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from . import azure
from .chat import answer, completion
from .chunks import chunks
from .errors import ApiError
from .replies import JsonReply
from .rows import Rows
from .server_events import CHAT, event, event_stream
from .settings import Settings
from .shapes import is_object
from .store import Store
from .vectors import embed


async def json_body(request: Request) -> dict[str, Any]:
    """The JSON object in the body of a request."""
    try:
        body = msgspec.json.decode(await request.body())
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ApiError(400, "We could not parse the JSON body of your request.") from None
    if not is_object(body):
        raise ApiError(400, "The body of your request must be a JSON object.")
    return body


class Generation:
    """Answers, all of them pure functions of the request."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings

    def rows(self) -> Rows:
        return [
            ("POST", "/v1/chat/completions", self.chat),
            ("POST", "/v1/embeddings", self.embeddings),
            ("GET", "/v1/models", self.models),
            ("GET", "/v1/models/{model:path}", self.model),
            ("DELETE", "/v1/models/{model:path}", self.delete_model),
        ]

    async def chat(self, request: Request) -> Response:
        body = await json_body(request)
        said = answer(body)
        if not body.get("stream"):
            whole = completion(said)
            if azure.asked(request.scope):
                whole = {**azure.filtered(whole), "prompt_filter_results": azure.PROMPT}
            return JsonReply(whole)
        options: Any = body.get("stream_options") or {}
        pieces = chunks(said, include_usage=bool(options.get("include_usage")))
        if azure.asked(request.scope):
            pieces = azure.filtered_chunks(pieces)
        return event_stream(request, (event(piece) for piece in pieces), CHAT, self.settings)

    async def embeddings(self, request: Request) -> Response:
        return JsonReply(embed(await json_body(request)))

    async def models(self, request: Request) -> Response:
        data = [self.store.model(identifier) for identifier in self.store.models]
        return JsonReply({"object": "list", "data": data})

    async def model(self, request: Request) -> Response:
        return JsonReply(self.store.model(request.path_params["model"]))

    async def delete_model(self, request: Request) -> Response:
        return JsonReply(self.store.delete_model(request.path_params["model"]))
