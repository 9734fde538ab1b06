"""From an answer to what the method promised: a response object, text, bytes, or a clear error."""

from __future__ import annotations

from typing import Any

import msgspec

from ._binary import HttpxBinaryResponseContent
from ._decode import ErrorBody, decode
from ._errors import APIResponseValidationError, APIStatusError
from ._exchange import Exchange
from ._models import BaseModel
from ._urls import without_secrets

#: How much of a strange answer is quoted in the error about it.
_QUOTED = 120

_TRUE = "true"


def parse(answer: Exchange, tp: Any) -> Any:
    """The body of a successful answer as `tp`.

    Raises APIResponseValidationError if it is not JSON where JSON is due, and APIStatusError if it
    is an error object that came with a status of success.
    """
    content = answer.content or b""
    if tp is None or tp is type(None):
        return None
    if tp is HttpxBinaryResponseContent:
        return HttpxBinaryResponseContent(answer)
    if tp is bytes:
        return content
    if tp in _FROM_TEXT:
        return _FROM_TEXT[tp](content.decode("utf-8", "replace"))
    try:
        value = decode(content, tp)
    except ErrorBody as error:
        raise error_in_success(answer, error.error) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise APIResponseValidationError(
            answer, content.decode("utf-8", "replace"), message=_not_json(answer, content)
        ) from error
    if isinstance(value, BaseModel):
        value.__dict__["_request_id"] = answer.headers.get("x-request-id")
    return value


_FROM_TEXT: dict[Any, Any] = {
    str: lambda text: text,
    int: int,
    float: float,
    bool: lambda text: text.strip().lower() == _TRUE,
}


def error_in_success(answer: Exchange, error: Any) -> APIStatusError:
    """The error for a body that is an error object although the status says success."""
    message = error.get("message") if isinstance(error, dict) else error
    return APIStatusError(
        f"The server answered {answer.status} but sent an error: {message}",
        response=answer,
        body=error,
    )


def _not_json(answer: Exchange, content: bytes) -> str:
    kind = answer.headers.get("content-type", "no content type")
    start = content[:_QUOTED].decode("utf-8", "replace").strip()
    said = f"{kind}, beginning with {start!r}" if start else f"{kind}, and empty"
    return (
        f"{answer.method} {without_secrets(answer.url)} was answered {answer.status} with something "
        f"that is not JSON ({said}). Check base_url: it usually ends in /v1."
    )
