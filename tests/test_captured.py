"""Requests in all their forms: what would be sent, and how its answer is decoded."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Generator, Mapping
from functools import partial
from typing import Any

import pytest

from openai_async import AsyncAzureOpenAI, AsyncOpenAI
from openai_async._captured import ENDPOINTS, Function, Lines, Sender, captured, checked, sender
from openai_async._resource import Deliver
from openai_async.types.batches import BatchCreateParams
from openai_async.types.chat import ChatCompletion
from openai_async.types.embeddings import CreateEmbeddingResponse
from openai_async.types.images import ImagesResponse
from openai_sync import OpenAI

ASYNC = AsyncOpenAI(api_key="k", base_url="https://api.test/v1")
SYNC = OpenAI(api_key="k", base_url="https://api.test/v1")
CHAT = {"model": "m", "messages": [{"role": "user", "content": "Grüße"}]}

each_endpoint = pytest.mark.parametrize("path", ENDPOINTS)


def at(client: Any, path: str) -> Any:
    return functools.reduce(getattr, path.split("."), client)


def test_all_endpoints_of_batches_are_known() -> None:
    annotation: Any = BatchCreateParams.__annotations__["endpoint"]
    text = annotation if isinstance(annotation, str) else annotation.__forward_arg__
    known = [path for path in ENDPOINTS if f'"{path}"' in text.replace("'", '"')]
    assert known == list(ENDPOINTS)
    assert text.count("/v1/") == len(ENDPOINTS)


@each_endpoint
def test_methods_are_known_by_their_endpoints(path: str) -> None:
    method = ENDPOINTS[path].method
    for given in (path, path.removeprefix("/v1"), at(ASYNC, method), at(SYNC, method)):
        assert sender(ASYNC, given).endpoint == path
    assert sender(ASYNC, partial(at(SYNC, method), model="m")).endpoint == path


def test_other_methods_have_no_endpoint() -> None:
    for method in (ASYNC.models.retrieve, ASYNC.files.create, ASYNC.beta.threads.create):
        assert sender(ASYNC, method).endpoint is None
    assert isinstance(sender(ASYNC, len), Function)
    assert isinstance(sender(ASYNC, ASYNC.models.with_raw_response.retrieve), Function)
    assert isinstance(sender(ASYNC, None), Lines)


@pytest.mark.parametrize("path", ["/v1/files", "chat/completions", "", "/v2/embeddings"])
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match="choose from /v1/responses, /v1/chat/completions"):
        checked(path)


@pytest.mark.parametrize(
    "method",
    [
        ASYNC.chat.completions.create,
        SYNC.chat.completions.create,
        "/v1/chat/completions",
        partial(ASYNC.chat.completions.create, model="m"),
        partial(SYNC.chat.completions.create, model="other"),
    ],
    ids=["async", "blocking", "path", "partial", "overridden"],
)
def test_a_method_says_what_it_would_send(method: Any) -> None:
    call, content = captured(sender(ASYNC, method), CHAT)
    assert isinstance(call.body, bytes)
    assert json.loads(call.body) == CHAT
    assert (call.method, call.url) == ("POST", "https://api.test/v1/chat/completions")
    assert content.result is ChatCompletion


def test_nothing_that_was_left_out_is_sent() -> None:
    call, content = captured(sender(ASYNC, ASYNC.embeddings.create), {"input": "a", "model": "m"})
    assert isinstance(call.body, bytes)
    assert json.loads(call.body) == {"input": "a", "model": "m", "encoding_format": "base64"}
    assert content.result is CreateEmbeddingResponse
    assert content.finish is not None


@pytest.mark.parametrize(
    ("line", "result"),
    [
        ({"url": "/v1/chat/completions", "body": CHAT}, ChatCompletion),
        ({"url": "/chat/completions", "method": "POST", "body": CHAT}, ChatCompletion),
        ({"url": "/v1/images/generations", "body": {"prompt": "x", "new": 1}}, ImagesResponse),
    ],
)
def test_the_body_of_a_line_is_sent_as_it_is(line: dict[str, Any], result: type) -> None:
    call, content = captured(sender(ASYNC, None), line)
    assert isinstance(call.body, bytes)
    assert json.loads(call.body) == line["body"]
    assert content.result is result


@pytest.mark.parametrize(
    ("format", "vectors", "decoded"),
    [(None, False, True), ("float", False, True), ("base64", False, False), ("base64", True, True)],
)
def test_embeddings_of_lines_are_vectors_unless_they_ask_for_something_else(
    format: str | None, vectors: bool, decoded: bool
) -> None:
    body = {"model": "m", "input": "a", **({"encoding_format": format} if format else {})}
    line = {"url": "/v1/embeddings", "body": body}
    content = captured(Lines(ASYNC, vectors=vectors), line).content
    assert (content.finish is not None) is decoded


def test_azure_sends_to_its_deployments() -> None:
    azure = AsyncAzureOpenAI(
        api_key="k", api_version="2024-10-21", azure_endpoint="https://a.example"
    )
    call = captured(sender(azure, azure.chat.completions.create), CHAT).call
    assert call.url.startswith("https://a.example/openai/deployments/m/chat/completions?")


@pytest.mark.parametrize(
    ("method", "request_", "error", "message"),
    [
        (ASYNC.chat.completions.create, {**CHAT, "stream": True}, ValueError, "stream=True"),
        (ASYNC.chat.completions.create, {"model": "m"}, TypeError, "messages"),
        (ASYNC.chat.completions.create, {**CHAT, "what": 1}, TypeError, "what"),
        (None, {"url": "/v1/chat/completions"}, ValueError, '"body"'),
        (None, {"url": "/v1/files", "body": {}}, ValueError, "choose from"),
        (None, {"body": {}}, ValueError, "choose from"),
        (None, {"url": "/v1/embeddings", "body": {"stream": True}}, ValueError, "stream=True"),
    ],
)
def test_mistakes(method: Any, request_: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        captured(sender(ASYNC, method), request_)


def test_methods_that_do_something_else_are_refused() -> None:
    class Waiting(Sender):
        async def send(self, request: Mapping[str, Any], deliver: Deliver) -> Any:
            await Never()

    class Idle(Sender):
        async def send(self, request: Mapping[str, Any], deliver: Deliver) -> Any:
            return None

    class Never:
        def __await__(self) -> Generator[None, None, None]:
            yield

    for sends in (Waiting(), Idle()):
        with pytest.raises(TypeError, match="more than send one request"):
            captured(sends, {})


@pytest.mark.parametrize("wrap", [lambda f: f, lambda f: partial(f, stream=True)])
def test_streams_are_refused_before_there_is_a_request(wrap: Callable[[Any], Any]) -> None:
    method = wrap(partial(SYNC.responses.create, model="m", stream=True))
    with pytest.raises(ValueError, match="stream=True"):
        sender(ASYNC, method)


def test_names_are_no_arguments() -> None:
    sends = sender(ASYNC, None)
    assert sends.parted({"custom_id": "a", "url": "/x"}) == ("a", {"url": "/x"})
    assert sends.parted({"url": "/x"}) == (None, {"url": "/x"})
    names: list[Any] = [3, "", []]
    for bad in names:
        with pytest.raises(TypeError, match="custom_id"):
            sends.parted({"custom_id": bad})
