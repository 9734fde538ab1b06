"""The answers to the lines of batches: those of the endpoints, without HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from .chat import answer, completion
from .errors import ApiError
from .faults import parse
from .images import generated
from .lines import Line
from .replies import error_of
from .responses import Responses
from .shapes import is_object
from .vectors import embed

Answer = Callable[[dict[str, Any]], dict[str, Any]]

READ = msgspec.json.Decoder()


def table(responses: Responses) -> dict[str, Answer]:
    """A function makes of the body of a request the body of its answer, or raises the `ApiError`
    it deserves."""
    return {
        "/v1/chat/completions": lambda body: completion(answer(body)),
        "/v1/embeddings": embed,
        "/v1/images/generations": generated,
        "/v1/responses": responses.answer,
    }


def answer_line(respond: Answer, line: Line) -> tuple[int, dict[str, Any]]:
    """Status and body of the answer to a line."""
    try:
        body = READ.decode(line.body)
        demand = demanded(body)
        if demand is not None:
            raise demand
        return 200, respond(body)
    except ApiError as error:
        return error.status, error.body()
    except msgspec.DecodeError as error:
        return 400, ApiError(400, f"The body is not JSON: {error}").body()


def demanded(body: Mapping[str, Any]) -> ApiError | None:
    """The error a line asks for in its metadata: {"emulator": "status=500; message=..."}."""
    metadata = body.get("metadata")
    spec = metadata.get("emulator") if is_object(metadata) else None
    if not isinstance(spec, str):
        return None
    try:
        fault = parse(spec)
    except ValueError as error:
        return ApiError(400, str(error), param="metadata")
    return None if fault.status is None else error_of(fault, fault.status)
