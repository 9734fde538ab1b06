"""Everything this library raises on purpose.

OpenAIError
    APIError                            something about one request
        APIResponseValidationError      an answer that is not what the API sends
        APIStatusError                  an answer with an error status
            BadRequestError             400
            AuthenticationError         401
                OAuthError              a refused token exchange
            PermissionDeniedError       403
            NotFoundError               404
            ConflictError               409
            UnprocessableEntityError    422
            RateLimitError              429
            InternalServerError         500 and above
        APIConnectionError              no answer
            APITimeoutError             no answer in time
                DeadlineExceeded        the whole call took longer than its deadline
                StreamStalled           a stream was silent for too long
            StreamTruncated             a stream ended before its end
    MutuallyExclusiveAuthError          more than one way to authenticate was given
    LengthFinishReasonError             the answer was cut by the token limit
    ContentFilterFinishReasonError      the answer was withheld
    StreamAlreadyConsumed               the body of an answer was read before

Every error pickles, keeps the exception that caused it as `__cause__`, and has no secret in its
text. Errors about a request list what was tried in `attempts`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ._exchange import Exchange, record
from ._headers import Headers
from ._retry import retry_after

if TYPE_CHECKING:
    import httpx

_PUBLIC_MODULE = "openai_async"


class Attempt(Struct):
    """One try of a request: when it began and ended, in seconds since the call, and how."""

    number: int
    started: float
    ended: float
    status: int | None = None
    error: str | None = None
    request_id: str | None = None
    waited: float = 0.0
    """Seconds waited after it, before the next one."""


class OpenAIError(Exception):
    """The base of every error of this library."""

    def __init_subclass__(cls) -> None:
        if cls.__module__.startswith(f"{_PUBLIC_MODULE}."):
            cls.__module__ = _PUBLIC_MODULE

    def __reduce__(self) -> Any:
        # Requests and responses of httpx would be pickled with the keys in their headers.
        state = {name: record(value) for name, value in self.__dict__.items()}
        return _restore, (type(self), self.args, state)


OpenAIError.__module__ = _PUBLIC_MODULE


def _restore(cls: type[OpenAIError], args: tuple[Any, ...], state: dict[str, Any]) -> OpenAIError:
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(state)
    return error


class APIError(OpenAIError):
    """Something went wrong with one request.

    `body` is the error object the server sent (or whatever it sent); `code`, `param` and `type`
    come from it. `attempts` lists every try of the request.
    """

    message: str
    body: object | None
    code: str | None = None
    param: str | None = None
    type: str | None = None
    attempts: tuple[Attempt, ...] = ()

    def __init__(
        self,
        message: str,
        request: httpx.Request | Exchange | None = None,
        *,
        body: object | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.body = body
        self._exchange = request
        if isinstance(body, dict):
            code = body.get("code")
            self.code = None if code is None else str(code)
            self.param = body.get("param")
            self.type = body.get("type")

    @property
    def request(self) -> httpx.Request:
        """The request that failed, with secrets taken out of its headers."""
        if self._exchange is None:
            raise RuntimeError("This error is not about a request.")
        if isinstance(self._exchange, Exchange):
            return self._exchange.httpx_request()
        return self._exchange


class _Answered(APIError):
    """What errors about an answer have in common."""

    status_code: int

    def __init__(
        self, message: str, *, response: httpx.Response | Exchange, body: object | None
    ) -> None:
        super().__init__(message, body=body)
        self._answer = response
        if isinstance(response, Exchange):
            self.status_code, self._exchange = response.status, response
        else:
            self.status_code = response.status_code

    @property
    def response(self) -> httpx.Response:
        """The answer, as an `httpx.Response`."""
        return self._answer.httpx_response() if isinstance(self._answer, Exchange) else self._answer

    @property
    def request(self) -> httpx.Request:
        """The request that was answered so."""
        return super().request if self._exchange is not None else self.response.request

    @property
    def _headers(self) -> Headers:
        if isinstance(self._answer, Exchange):
            return self._answer.headers
        return Headers(self._answer.headers.multi_items())

    @property
    def request_id(self) -> str | None:
        """The `x-request-id` of the answer, for support."""
        return self._headers.get("x-request-id")


class APIResponseValidationError(_Answered):
    """The server answered, but not with what the API sends: often a wrong `base_url`."""

    def __init__(
        self,
        response: httpx.Response | Exchange,
        body: object | None,
        *,
        message: str | None = None,
    ) -> None:
        text = message or "The answer does not have the form that the API promises."
        super().__init__(text, response=response, body=body)


class APIStatusError(_Answered):
    """The server answered with an error status."""

    _received: float | None = None

    @property
    def retry_after(self) -> float | None:
        """Seconds the server asked to wait before another try, or None."""
        return retry_after(self._headers, now=self._received)


class BadRequestError(APIStatusError):
    """400: the request is not acceptable as it is; see `message` and `param`."""


class AuthenticationError(APIStatusError):
    """401: the key is missing, wrong or expired."""


class OAuthError(AuthenticationError):
    """A token exchange was refused."""

    @property
    def error(self) -> str | None:
        """The code of the answer, such as `invalid_grant`."""
        return self.body.get("error") if isinstance(self.body, dict) else None


class PermissionDeniedError(APIStatusError):
    """403: the key may not do this."""


class NotFoundError(APIStatusError):
    """404: no such object, model or path."""


class ConflictError(APIStatusError):
    """409: another request changed the same thing."""


class UnprocessableEntityError(APIStatusError):
    """422: well formed, but it cannot be done."""


class RateLimitError(APIStatusError):
    """429: too many requests or tokens for now, or the quota is used up (`code` tells)."""


class InternalServerError(APIStatusError):
    """500 and above: the server failed."""


class APIConnectionError(APIError):
    """No answer: the connection could not be made, or broke. The reason is `__cause__`.

    If that was in the middle of a stream, `partial` is the text that had arrived, `events` how many
    events had, `last_event` the last of them (None after pickling if it cannot be pickled).
    """

    partial: str = ""
    events: int = 0
    last_event: Any = None

    #: Whether another attempt would meet the same.
    _final = False

    def __init__(
        self,
        *,
        message: str = "Connection error.",
        request: httpx.Request | Exchange | None = None,
    ) -> None:
        super().__init__(message, request)

    def __reduce__(self) -> Any:
        restore, (cls, args, state) = super().__reduce__()
        if self.last_event is not None and not _pickles(self.last_event):
            state["last_event"] = None
        return restore, (cls, args, state)


class APITimeoutError(APIConnectionError):
    """No answer in time."""

    def __init__(
        self,
        request: httpx.Request | Exchange | None = None,
        *,
        message: str = "Request timed out.",
    ) -> None:
        super().__init__(message=message, request=request)


class MutuallyExclusiveAuthError(OpenAIError):
    """More than one way to authenticate was given, and which is meant cannot be told."""


class LengthFinishReasonError(OpenAIError):
    """The answer stopped at the token limit, so it cannot be parsed; it is in `completion`."""

    def __init__(self, *, completion: Any) -> None:
        usage = getattr(completion, "usage", None)
        super().__init__(
            "The answer cannot be parsed because it reached the length limit"
            + (f": {usage!r}." if usage else ".")
        )
        self.completion = completion


class ContentFilterFinishReasonError(OpenAIError):
    """The content filter stopped the answer, so it cannot be parsed."""

    def __init__(self, *, completion: Any = None) -> None:
        super().__init__("The answer cannot be parsed because the content filter stopped it.")
        self.completion = completion


class StreamAlreadyConsumed(OpenAIError):
    """The body of an answer can be read once, and has been."""

    def __init__(self) -> None:
        super().__init__("The body was read as a stream before, so it cannot be read again.")


_BY_STATUS: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: UnprocessableEntityError,
    429: RateLimitError,
}


def status_error(answer: Exchange, *, now: float) -> APIStatusError:
    """The error for an answer with an error status; `now` is Unix time, for `retry_after`."""
    body = error_body(answer.content)
    default = InternalServerError if answer.status >= 500 else APIStatusError
    error = _BY_STATUS.get(answer.status, default)(
        _status_message(answer.status, body), response=answer, body=body
    )
    error._received = now
    return error


def error_body(content: bytes | None) -> object | None:
    """The error object in `content`; all of it if there is none, as text if it is no JSON."""
    if content is None:
        return None
    text = content.decode("utf-8", "replace").strip()
    try:
        body: object = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return body["error"] if isinstance(body, dict) and "error" in body else body


def _status_message(status: int, body: object) -> str:
    message = body.get("message") if isinstance(body, dict) else None
    said = f" - {message}" if isinstance(message, str) and message else ""
    return f"Error code: {status}{said}"


def _pickles(value: Any) -> bool:
    import pickle  # noqa: PLC0415  # most programs pickle no error

    try:
        pickle.dumps(value)
    except Exception:  # whatever a value raises that cannot be pickled
        return False
    return True
