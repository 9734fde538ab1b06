"""Azure's way to the same answers: deployments in the path, a version in the query, a key in a
header of its own, and what its content filters found.

    {root}/openai/deployments/{deployment}/chat/completions?api-version=...
    {root}/openai/files?api-version=..."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from .errors import ApiError
from .replies import error_reply

PREFIX = "/openai/"
KEY_HEADER = "api-key"
STATE = "emulator_azure"

#: What only a deployment answers; it answers nothing else.
OF_DEPLOYMENTS = re.compile(
    r"/(chat/)?completions|/embeddings|/images/(generations|edits)"
    r"|/audio/(transcriptions|translations|speech)"
)
PATH = re.compile(r"/openai(?:/deployments/(?P<deployment>[^/]+))?(?P<rest>/.*)")

SAFE: dict[str, dict[str, Any]] = {
    kind: {"filtered": False, "severity": "safe"}
    for kind in ("hate", "self_harm", "sexual", "violence")
}
PROMPT: list[dict[str, Any]] = [{"prompt_index": 0, "content_filter_results": SAFE}]


class Azure:
    """An ASGI app that asks `app` for what Azure serves under other paths."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].startswith(PREFIX):
            await self.app(scope, receive, send)
            return
        try:
            path = native(scope["raw_path"].decode("latin-1"), scope["query_string"].decode())
        except ApiError as error:
            await error_reply(error)(scope, receive, send)
            return
        scope["state"][STATE] = True
        await self.app({**scope, "path": unquote(path)}, receive, send)


def native(path: str, query: str) -> str:
    """The path under which OpenAI serves the same. Raises ApiError if Azure serves nothing here."""
    found = PATH.fullmatch(path)
    if found is None or not parse_qs(query).get("api-version"):
        raise ApiError(404, "Resource not found", code="404")
    deployment, rest = found["deployment"], found["rest"]
    if bool(deployment) != bool(OF_DEPLOYMENTS.fullmatch(rest)):
        raise ApiError(404, "Resource not found", code="404")
    if deployment and deployment.startswith("missing-"):
        message = "The API deployment for this resource does not exist."
        raise ApiError(404, message, code="DeploymentNotFound")
    return f"/v1{rest}"


def asked(scope: Scope) -> bool:
    """Whether the request came to a path of Azure."""
    return STATE in scope["state"]


def filtered(answer: dict[str, Any]) -> dict[str, Any]:
    """A chat completion, or a chunk of one, with what the content filters found in it."""
    choices = [{**choice, "content_filter_results": SAFE} for choice in answer["choices"]]
    return {**answer, "choices": choices}


def filtered_chunks(chunks: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Chunks of Azure, of which the first is about the prompt."""
    nothing = {"id": "", "object": "", "created": 0, "model": "", "choices": []}
    yield {**nothing, "prompt_filter_results": PROMPT}
    yield from map(filtered, chunks)
