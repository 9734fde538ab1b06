"""How commands end: exit codes, and errors as people are told them. Pure."""

from __future__ import annotations

from enum import IntEnum

from openai_async import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    OpenAIError,
)
from openai_async._bulk.results import UploadsFailed


class Code(IntEnum):
    """What a program that runs a command may go by."""

    OK = 0
    FAILED = 1
    """Some of the items failed, or something on this machine did."""
    USAGE = 2
    """The command cannot be run like this."""
    REFUSED = 3
    """The API refused it, with a status of 4xx or an error in the middle of a stream."""
    NO_ANSWER = 4
    """No connection, no answer in time, or none that makes sense: it may be better later."""
    INTERRUPTED = 130
    """Ctrl-C."""
    CLOSED = 141
    """Nobody reads the output any more."""
    TERMINATED = 143
    """A signal asked the program to end (SIGTERM)."""


class Terminated(KeyboardInterrupt):
    """The program was asked to end, which it does as after Ctrl-C."""


class Refused(Exception):
    """A command cannot do what it was asked to; the message says what to do."""


#: Exit codes by kind of error; the first that fits.
_CODES: tuple[tuple[tuple[type[BaseException], ...], Code], ...] = (
    ((Terminated,), Code.TERMINATED),
    ((KeyboardInterrupt,), Code.INTERRUPTED),
    ((BrokenPipeError,), Code.CLOSED),
    ((APIConnectionError, APIResponseValidationError), Code.NO_ANSWER),
    ((APIError,), Code.REFUSED),
    ((UploadsFailed, OSError), Code.FAILED),
    # A setting, a ledger, or an argument that the library does not take.
    ((Refused, OpenAIError, ValueError, TypeError), Code.USAGE),
)


def code_of(error: BaseException) -> Code | None:
    """The exit code for an error; None for one that nobody expects."""
    if isinstance(error, APIStatusError) and error.status_code >= 500:
        return Code.NO_ANSWER
    for kinds, code in _CODES:
        if isinstance(error, kinds):
            return code
    return None


def line_of(error: BaseException) -> str:
    """An error in one line; for answers with status, code and request id."""
    if isinstance(error, APIStatusError):
        words: list[object] = [error.status_code, error.code]
        head = " ".join(str(word) for word in words if word)
        return f"{head}: {_said(error)}{_request(error.request_id)}"
    if isinstance(error, APIConnectionError):
        return _one_line(f"{error}{_tried(error)}")
    if isinstance(error, APIResponseValidationError):
        return _one_line(f"{error}{_request(error.request_id)}")
    if isinstance(error, OSError) and error.strerror:
        where = "" if error.filename is None else f"{error.filename}: "
        return _one_line(f"{where}{error.strerror}")
    return _one_line(str(error)) or type(error).__name__


def _said(error: APIStatusError) -> str:
    """What the server said about it."""
    body = error.body
    message = body.get("message") if isinstance(body, dict) else None
    return _one_line(message if isinstance(message, str) and message else str(error))


def _tried(error: APIError) -> str:
    return f" ({len(error.attempts)} attempts)" if len(error.attempts) > 1 else ""


def _request(request_id: str | None) -> str:
    return f" (request {request_id})" if request_id else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())
