"""From an answer to what the method promised: a response object, text, bytes, or a clear error."""

from __future__ import annotations

import codecs
import typing
from typing import Any

import msgspec

from ._binary import HttpxBinaryResponseContent
from ._decode import ErrorBody, decode
from ._errors import APIResponseValidationError, APIStatusError
from ._exchange import Exchange
from ._fields import UNIONS, is_struct
from ._models import BaseModel
from ._urls import without_secrets

#: How much of a strange answer is quoted in the error about it.
_QUOTED = 120

_TRUE = "true"

_CHECK_URL = "Check base_url: it usually ends in /v1."


def parse(answer: Exchange, tp: Any) -> Any:
    """The body of a successful answer as `tp`.

    Raises APIResponseValidationError if it is not JSON where JSON is due, or no object where an
    object is; APIStatusError if it is an error object that came with a status of success.
    """
    content = answer.content or b""
    if tp is None or tp is type(None):
        return None
    if tp is HttpxBinaryResponseContent:
        return HttpxBinaryResponseContent(answer)
    if tp is bytes:
        return content
    if tp in _FROM_TEXT:
        return _from_text(answer, content, tp)
    try:
        value = decode(content.removeprefix(codecs.BOM_UTF8), tp)
    except ErrorBody as error:
        raise error_in_success(answer, error.error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        hint = f"It is cut or damaged: {error}." if _looks_like_json(content) else _CHECK_URL
        raise _strange(answer, content, "something that is not JSON", hint) from error
    if isinstance(value, BaseModel):
        vars(value)["_request_id"] = answer.headers.get("x-request-id")
    elif _promises_object(tp):
        raise _strange(answer, content, "JSON that is no object", _CHECK_URL)
    return value


_FROM_TEXT: dict[Any, Any] = {
    str: lambda text: text,
    int: int,
    float: float,
    bool: lambda text: text.strip().lower() == _TRUE,
}


def _from_text(answer: Exchange, content: bytes, tp: Any) -> Any:
    try:
        return _FROM_TEXT[tp](content.decode("utf-8", "replace"))
    except ValueError as error:
        raise _strange(answer, content, f"something that is no {tp.__name__}", "") from error


def _promises_object(tp: Any) -> bool:
    members = typing.get_args(tp) if typing.get_origin(tp) in UNIONS else (tp,)
    return all(is_struct(each) or is_struct(typing.get_origin(each)) for each in members)


def _looks_like_json(content: bytes) -> bool:
    return content.lstrip()[:1] in (b"{", b"[")


def error_in_success(answer: Exchange, error: Any) -> APIStatusError:
    """The error for a body that is an error object although the status says success."""
    message = error.get("message", error) if isinstance(error, dict) else error
    return APIStatusError(
        f"The server answered {answer.status} but sent an error: {message}",
        response=answer,
        body=error,
    )


def _strange(answer: Exchange, content: bytes, what: str, hint: str) -> APIResponseValidationError:
    """The error for an answer that is `what`."""
    kind = answer.headers.get("content-type", "no content type")
    start = content[:_QUOTED].decode("utf-8", "replace").strip()
    said = f"{kind}, beginning with {start!r}" if start else f"{kind}, and empty"
    url = without_secrets(answer.url)
    message = f"{answer.method} {url} was answered {answer.status} with {what} ({said}). {hint}"
    body = content.decode("utf-8", "replace")
    return APIResponseValidationError(answer, body, message=message.rstrip())
