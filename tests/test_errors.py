"""The errors: their tree, what they say, and what they keep to themselves."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import httpx
import pytest

import openai_async
import openai_sync
from openai_async import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ContentFilterFinishReasonError,
    DeadlineExceeded,
    InternalServerError,
    LengthFinishReasonError,
    MutuallyExclusiveAuthError,
    NotFoundError,
    OAuthError,
    OpenAIError,
    PermissionDeniedError,
    RateLimitError,
    StreamStalled,
    StreamTruncated,
    UnprocessableEntityError,
)
from openai_async._errors import Attempt, StreamAlreadyConsumed, error_body, status_error
from openai_async._exchange import Exchange
from openai_async._headers import Headers

SECRET = "sk-secret"
NOW = 1_700_000_000.0

TREE: dict[type[Exception], type[Exception]] = {
    OpenAIError: Exception,
    APIError: OpenAIError,
    APIResponseValidationError: APIError,
    APIStatusError: APIError,
    BadRequestError: APIStatusError,
    AuthenticationError: APIStatusError,
    OAuthError: AuthenticationError,
    PermissionDeniedError: APIStatusError,
    NotFoundError: APIStatusError,
    ConflictError: APIStatusError,
    UnprocessableEntityError: APIStatusError,
    RateLimitError: APIStatusError,
    InternalServerError: APIStatusError,
    APIConnectionError: APIError,
    APITimeoutError: APIConnectionError,
    DeadlineExceeded: APITimeoutError,
    StreamStalled: APITimeoutError,
    StreamTruncated: APIConnectionError,
    MutuallyExclusiveAuthError: OpenAIError,
    LengthFinishReasonError: OpenAIError,
    ContentFilterFinishReasonError: OpenAIError,
    StreamAlreadyConsumed: OpenAIError,
}
PUBLIC = [cls for cls in TREE if cls is not StreamAlreadyConsumed]


@pytest.mark.parametrize(("error", "base"), TREE.items())
def test_the_tree(error: type[Exception], base: type[Exception]) -> None:
    assert issubclass(error, base)


def test_an_error_with_a_status_is_no_connection_error() -> None:
    assert not issubclass(APIStatusError, APIConnectionError)
    assert not issubclass(APIResponseValidationError, APIStatusError)


@pytest.mark.parametrize("error", TREE)
def test_errors_say_they_are_of_the_package(error: type[Exception]) -> None:
    assert error.__module__ == "openai_async"


@pytest.mark.parametrize("error", PUBLIC)
def test_both_packages_raise_the_same_errors(error: type[Exception]) -> None:
    name = error.__name__
    assert getattr(openai_async, name) is getattr(openai_sync, name) is error


def exchange(status: int = 400, content: bytes | None = b"", **headers: str) -> Exchange:
    """A request full of secrets, and its answer."""
    names = ("Authorization", "api-key", "Cookie", "Proxy-Authorization", "X-Amz-Security-Token")
    return Exchange(
        "POST",
        f"https://me:{SECRET}@api.example.com/v1/files",
        [*((name, f"Bearer {SECRET}") for name in names), ("X-Mine", "kept")],
        status=status,
        headers=Headers(
            [("Set-Cookie", SECRET), *((n.replace("_", "-"), v) for n, v in headers.items())]
        ),
        content=content,
    )


def answered(status: int = 400, content: bytes | None = b"", **headers: str) -> APIStatusError:
    return status_error(exchange(status, content, **headers), now=NOW)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, BadRequestError),
        (401, AuthenticationError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (409, ConflictError),
        (422, UnprocessableEntityError),
        (429, RateLimitError),
        (500, InternalServerError),
        (503, InternalServerError),
        (529, InternalServerError),
        (302, APIStatusError),
        (402, APIStatusError),
        (408, APIStatusError),
        (413, APIStatusError),
        (418, APIStatusError),
    ],
)
def test_the_class_for_a_status(status: int, error: type[APIStatusError]) -> None:
    raised = answered(status)
    assert (type(raised), raised.status_code) == (error, status)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"error": {"message": "No such file"}}', "Error code: 404 - No such file"),
        (b'{"message": "No such file"}', "Error code: 404 - No such file"),
        (b'{"error": {"message": ""}}', "Error code: 404"),
        (b'{"error": {"message": null}}', "Error code: 404"),
        (b'{"error": {"message": ["x"]}}', "Error code: 404"),
        (b'{"error": {"code": "sk-secret"}}', "Error code: 404"),
        (b'{"error": "sk-secret"}', "Error code: 404"),
        (b'{"error": null, "message": "x"}', "Error code: 404"),
        (b'{"other": "sk-secret"}', "Error code: 404"),
        (b'["sk-secret"]', "Error code: 404"),
        (b"<html>sk-secret</html>", "Error code: 404"),
        (b"", "Error code: 404"),
        (None, "Error code: 404"),
    ],
)
def test_the_message_is_that_of_the_server_and_nothing_else(
    content: bytes | None, message: str
) -> None:
    error = answered(404, content)
    assert str(error) == error.message == message


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (b'{"error": {"code": "x"}}', {"code": "x"}),
        (b'{"error": "x"}', "x"),
        (b'{"error": null}', None),
        (b'{"code": "x"}', {"code": "x"}),
        (b"[1]", [1]),
        (b" null ", None),
        (b"  <html>\n", "<html>"),
        (b"{", "{"),
        (b"\xff", "�"),
        (b"", ""),
        (None, None),
        (b"[" * 100_000, "[" * 100_000),
    ],
    ids=range(12),
)
def test_the_body_is_the_error_object_or_whatever_came(content: bytes | None, body: object) -> None:
    assert error_body(content) == body


def test_code_param_and_type_come_from_the_body() -> None:
    error = answered(400, b'{"error": {"code": "c", "param": "p", "type": "t"}}')
    assert (error.code, error.param, error.type) == ("c", "p", "t")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"code": 42, "param": ["p"], "type": 7}, ("42", ["p"], 7)),
        ({"code": None}, (None, None, None)),
        ({}, (None, None, None)),
        ("text", (None, None, None)),
        (["x"], (None, None, None)),
        (None, (None, None, None)),
    ],
)
def test_code_is_text_and_the_others_are_as_they_came(body: object, expected: object) -> None:
    error = APIError("m", None, body=body)
    assert (error.code, error.param, error.type) == expected


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry_after": "7"}, 7.0),
        ({"retry_after_ms": "250"}, 0.25),
        ({"retry_after": "Tue, 14 Nov 2023 22:13:40 GMT"}, 20.0),
        ({"retry_after": "Tue, 14 Nov 2023 22:13:00 GMT"}, 0.0),
        ({"retry_after": "soon"}, None),
    ],
)
def test_how_long_the_server_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert answered(429, **headers).retry_after == seconds


def test_an_error_knows_its_request_id() -> None:
    assert answered(500, x_request_id="req_7").request_id == "req_7"
    assert answered(500).request_id is None


def test_an_error_has_no_attempts_unless_it_was_raised_by_a_call() -> None:
    assert answered().attempts == ()


def test_the_answer_is_readable_as_an_httpx_response() -> None:
    response = answered(404, b'{"error": {}}', x_request_id="req_7").response
    assert isinstance(response, httpx.Response)
    assert (response.status_code, response.json()) == (404, {"error": {}})
    assert response.headers["x-request-id"] == "req_7"


def test_the_answer_is_not_decompressed_twice() -> None:
    error = answered(404, b"plain", content_encoding="gzip", content_length="3")
    assert error.response.content == b"plain"
    assert "content-encoding" not in error.response.headers


def test_the_request_is_readable_as_an_httpx_request() -> None:
    request = answered().request
    assert isinstance(request, httpx.Request)
    assert (request.method, str(request.url)) == ("POST", "https://api.example.com/v1/files")
    assert request.headers["x-mine"] == "kept"


def test_an_error_about_no_request_says_so() -> None:
    with pytest.raises(RuntimeError, match="not about a request"):
        _ = APIConnectionError().request


def by_hand(status: int = 429, **options: Any) -> dict[str, Any]:
    request = httpx.Request(
        "POST",
        f"https://me:{SECRET}@api.example.com/v1/files",
        headers={"Authorization": f"Bearer {SECRET}", "X-Mine": "kept"},
    )
    headers = {"x-request-id": "req_7", "retry-after": "7", "Set-Cookie": SECRET}
    response = httpx.Response(status, headers=headers, json={"a": 1}, request=request, **options)
    return {"response": response, "body": {"code": "c", "message": "m"}}


REQUEST = httpx.Request("GET", "https://api.example.com", headers={"Authorization": SECRET})

STATUS_ERRORS = [cls for cls in TREE if issubclass(cls, APIStatusError)]

SO_FAR: dict[str, Any] = {
    "request": exchange(),
    "partial": "Once upon a",
    "events": 7,
    "last_event": {"id": 7},
}

MADE: dict[str, Callable[[], OpenAIError]] = {
    **{f"{cls.__name__} by hand": lambda cls=cls: cls("m", **by_hand()) for cls in STATUS_ERRORS},  # type: ignore[misc]
    **{f"{cls.__name__} of the client": lambda cls=cls: cls("m", response=exchange(429), body=None)
       for cls in STATUS_ERRORS},  # type: ignore[misc]
    "OpenAIError": lambda: OpenAIError("m"),
    "APIError by hand": lambda: APIError("m", REQUEST, body={"code": 1}),
    "APIError of the client": lambda: APIError("m", exchange(), body=None),
    "APIResponseValidationError by hand": lambda: APIResponseValidationError(**by_hand()),
    "APIResponseValidationError of the client": lambda: APIResponseValidationError(
        exchange(200), None, message="m"
    ),
    "APIConnectionError": APIConnectionError,
    "APIConnectionError by hand": lambda: APIConnectionError(request=REQUEST),
    "APIConnectionError of the client": lambda: APIConnectionError(message="m", request=exchange()),
    "APITimeoutError": APITimeoutError,
    "APITimeoutError by hand": lambda: APITimeoutError(REQUEST),
    "APITimeoutError with a keyword": lambda: APITimeoutError(request=REQUEST),
    "APITimeoutError of the client": lambda: APITimeoutError(exchange()),
    "DeadlineExceeded": lambda: DeadlineExceeded(
        deadline=5, doing="testing", elapsed=5.5, **SO_FAR
    ),
    "StreamStalled": lambda: StreamStalled(limit=5, phase="event_gap", elapsed=9.5, **SO_FAR),
    "StreamTruncated": lambda: StreamTruncated(elapsed=5.5, **SO_FAR),
    "MutuallyExclusiveAuthError": lambda: MutuallyExclusiveAuthError("Pass only one."),
    "LengthFinishReasonError": lambda: LengthFinishReasonError(completion={"usage": 1}),
    "ContentFilterFinishReasonError": ContentFilterFinishReasonError,
    "ContentFilterFinishReasonError of a completion": lambda: ContentFilterFinishReasonError(
        completion={"id": 1}
    ),
    "StreamAlreadyConsumed": StreamAlreadyConsumed,
}  # fmt: skip

TWINS: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda error: pickle.loads(pickle.dumps(error)),
    "pickle 2": lambda error: pickle.loads(pickle.dumps(error, protocol=2)),
}

FACTS = ("message", "body", "code", "param", "type", "attempts", "status_code", "request_id",
         "retry_after", "completion", "deadline", "limit", "phase", "elapsed", "partial", "events",
         "last_event")  # fmt: skip


def test_every_class_is_among_those_made_here() -> None:
    assert {type(make()) for make in MADE.values()} == set(TREE)


@pytest.mark.parametrize("twin", TWINS.values(), ids=TWINS)
@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_a_copy_is_the_same_error(
    make: Callable[[], OpenAIError], twin: Callable[[Any], Any]
) -> None:
    error = make()
    if isinstance(error, APIError):
        error.attempts = (Attempt(1, 0.0, 0.5, status=500), Attempt(2, 0.5, 1.0, error="x"))
    copied = twin(error)
    assert type(copied) is type(error)
    assert (str(copied), repr(copied), copied.args) == (str(error), repr(error), error.args)
    assert [getattr(copied, fact, None) for fact in FACTS] == [
        getattr(error, fact, None) for fact in FACTS
    ]


@pytest.mark.parametrize("twin", TWINS.values(), ids=TWINS)
@pytest.mark.parametrize("response", [by_hand()["response"], exchange(429, b'{"a":1}')])
def test_a_copy_keeps_request_and_answer(
    response: Any, twin: Callable[[RateLimitError], RateLimitError]
) -> None:
    copied = twin(RateLimitError("m", response=response, body=None))
    assert (copied.response.status_code, copied.response.json()) == (429, {"a": 1})
    assert (copied.request.method, copied.request.url.path) == ("POST", "/v1/files")
    assert copied.request.headers["x-mine"] == "kept"


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_no_secret_is_shown_or_pickled(make: Callable[[], OpenAIError]) -> None:
    error = make()
    assert SECRET not in str(error) + repr(error)
    assert SECRET.encode() not in pickle.dumps(error)


def test_no_secret_is_in_the_request_of_an_error_of_the_client() -> None:
    for error in (answered(), APIConnectionError(request=exchange()), APITimeoutError(exchange())):
        assert SECRET not in f"{error.request.headers.multi_items()} {error.request.url}"
        assert error.request.headers["authorization"] == "<redacted>"
        assert error.request.headers["x-mine"] == "kept"


def test_no_secret_is_in_the_request_of_the_answer_of_an_error() -> None:
    request = answered().response.request
    assert SECRET not in f"{request.headers.multi_items()} {request.url}"


def test_an_error_made_by_hand_gives_back_what_it_was_made_of() -> None:
    made_of = by_hand()
    error = RateLimitError("m", **made_of)
    assert error.response is made_of["response"]
    assert error.request is made_of["response"].request
    assert error.body is made_of["body"]
    assert (error.status_code, error.request_id, error.code) == (429, "req_7", "c")


def test_an_error_made_by_hand_knows_how_long_to_wait() -> None:
    assert RateLimitError("m", **by_hand()).retry_after == 7.0


def test_an_error_made_of_a_response_without_a_request_pickles() -> None:
    error = RateLimitError("m", response=httpx.Response(429), body=None)
    assert pickle.loads(pickle.dumps(error)).status_code == 429


def test_an_error_made_of_a_response_that_was_not_read_pickles() -> None:
    response = httpx.Response(429, stream=httpx.ByteStream(b"x"), request=REQUEST)
    error = RateLimitError("m", response=response, body=None)
    assert pickle.loads(pickle.dumps(error)).status_code == 429


def test_connection_errors_have_a_message_of_their_own() -> None:
    assert str(APIConnectionError(request=REQUEST)) == "Connection error."
    assert str(APITimeoutError(REQUEST)) == "Request timed out."
    assert APIConnectionError(message="m", request=REQUEST).message == "m"
    assert APIConnectionError(request=REQUEST).request is REQUEST


ATTEMPT = Attempt(1, 0.0, 0.5, status=500)


@pytest.mark.parametrize(
    ("attempts", "events", "so_far"),
    [
        (0, 0, ""),
        (1, 0, " after 1 attempt"),
        (2, 0, " after 2 attempts"),
        (0, 1, " after 1 event"),
        (1, 12, " after 1 attempt and 12 events"),
    ],
)
def test_an_exceeded_deadline_says_how_far_the_call_had_come(
    attempts: int, events: int, so_far: str
) -> None:
    error = DeadlineExceeded(
        deadline=0.5,
        doing="waiting to try again",
        elapsed=0.6,
        attempts=(ATTEMPT,) * attempts,
        events=events,
    )
    assert str(error) == error.message == (
        f"Deadline of 0.5 seconds exceeded{so_far}, while waiting to try again. "
        "To allow more time, pass a larger deadline=, or None for no limit."
    )  # fmt: skip
    assert (error.deadline, error.elapsed, error.events) == (0.5, 0.6, events)
    assert error.attempts == (ATTEMPT,) * attempts


@pytest.mark.parametrize(
    ("phase", "events", "message"),
    [
        (
            "first_event",
            0,
            "The stream stalled: no first event within 30 seconds. To allow more time, pass a "
            "larger first_event=, or None for no limit.",
        ),
        (
            "event_gap",
            2,
            "The stream stalled after 2 events: no further event within 30 seconds. To allow more "
            "time, pass a larger event_gap=, or None for no limit.",
        ),
    ],
)
def test_a_stalled_stream_names_the_option(phase: Any, events: int, message: str) -> None:
    error = StreamStalled(limit=30, phase=phase, elapsed=31, events=events)
    assert str(error) == message
    assert (error.limit, error.phase) == (30, phase)


@pytest.mark.parametrize(("events", "so_far"), [(0, "no event"), (1, "1 event"), (5, "5 events")])
def test_a_truncated_stream_says_how_much_came(events: int, so_far: str) -> None:
    error = StreamTruncated(elapsed=1, events=events, partial="Once", last_event=7)
    assert f"after {so_far}," in str(error)
    assert (error.partial, error.last_event) == ("Once", 7)


@pytest.mark.parametrize("twin", TWINS.values(), ids=TWINS)
def test_a_copy_goes_without_an_event_that_cannot_be_pickled(twin: Callable[[Any], Any]) -> None:
    error = StreamTruncated(elapsed=1, events=5, partial="Once", last_event=lambda: None)
    copied = twin(error)
    assert copied.last_event is None
    assert (copied.events, copied.partial) == (5, "Once")
    assert error.last_event is not None


def test_a_refused_token_exchange_has_a_code() -> None:
    error = OAuthError("m", **{**by_hand(401), "body": {"error": "invalid_grant"}})
    assert error.error == "invalid_grant"
    assert OAuthError("m", **{**by_hand(401), "body": "x"}).error is None


def test_an_answer_cut_by_its_length_tells_its_usage() -> None:
    class Completion:
        usage = "12 tokens"

    completion = Completion()
    error = LengthFinishReasonError(completion=completion)
    assert error.completion is completion
    assert "length limit: '12 tokens'" in str(error)


class Mine(RateLimitError):
    """An error of a user, in a module of a user."""

    def __init__(self, answer: httpx.Response, advice: str) -> None:
        super().__init__("mine", response=answer, body=None)
        self.advice = advice


def test_an_error_class_of_a_user_stays_in_its_module() -> None:
    assert Mine.__module__ == __name__


@pytest.mark.parametrize("twin", TWINS.values(), ids=TWINS)
def test_an_error_class_of_a_user_can_be_copied(twin: Callable[[Mine], Mine]) -> None:
    copied = twin(Mine(by_hand()["response"], "wait"))
    assert (type(copied), copied.advice, copied.status_code) == (Mine, "wait", 429)


def test_notes_are_copied() -> None:
    error = answered()
    error.__dict__["__notes__"] = ["file 7"]
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["file 7"]
