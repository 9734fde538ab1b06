"""From an answer to what the method promised, or to an error that says what to check."""

from __future__ import annotations

import json
from typing import Any

import pytest

from openai_async import APIResponseValidationError, APIStatusError, AsyncOpenAI
from openai_async._answers import error_in_success, parse
from openai_async._binary import HttpxBinaryResponseContent
from openai_async._exchange import Exchange
from openai_async._headers import Headers
from openai_async._models import Unknown
from openai_async.emulator import Emulator
from openai_async.pagination import AsyncCursorPage
from openai_async.types import FileObject, Model
from openai_async.types.chat import ChatCompletion

MODEL = {"id": "m", "created": 1, "object": "model", "owned_by": "me"}


def _answer(
    content: bytes | None, kind: str = "application/json", *, status: int = 200, url: str = ""
) -> Exchange:
    headers = Headers([("Content-Type", kind), ("X-Request-Id", "req_1")])
    url = url or "http://api.test/v1/models/m"
    return Exchange("GET", url, [], status=status, headers=headers, content=content)


def _json(value: object) -> Exchange:
    return _answer(json.dumps(value).encode())


def test_an_object_becomes_what_was_promised_and_knows_its_request_id() -> None:
    model = parse(_json(MODEL), Model)
    assert type(model) is Model
    assert model.to_dict() == MODEL
    assert model._request_id == "req_1"


def test_objects_inside_have_no_request_id() -> None:
    page = parse(_json({"data": [MODEL]}), AsyncCursorPage[Model])
    assert page._request_id == "req_1"
    assert not hasattr(page.data[0], "_request_id")


def test_without_the_header_the_request_id_is_none() -> None:
    answer = Exchange("GET", "http://x", [], status=200, content=json.dumps(MODEL).encode())
    assert parse(answer, Model)._request_id is None


@pytest.mark.parametrize("kind", ["text/plain", "", "application/problem+json; charset=utf-8"])
def test_json_is_recognised_whatever_the_content_type_says(kind: str) -> None:
    content = json.dumps(MODEL).encode()
    assert parse(_answer(content, kind), Model).id == "m"


@pytest.mark.parametrize("around", [(b"\xef\xbb\xbf", b""), (b" \r\n", b"\n")])
def test_a_byte_order_mark_and_blanks_do_no_harm(around: tuple[bytes, bytes]) -> None:
    content = json.dumps(MODEL).encode().join(around)
    assert parse(_answer(content), Model).id == "m"


HTML = b"<!DOCTYPE html><html><body>Welcome</body></html>"


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (HTML, "text/html", ["text/html", "<!DOCTYPE html>", "Check base_url", "/v1"]),
        (b"", "application/json", ["application/json, and empty", "Check base_url"]),
        (None, "application/json", ["and empty"]),
        (b"  ", "text/plain", ["text/plain, and empty"]),
        (b"OK", "text/plain", ["beginning with 'OK'"]),
        (b'{"id": "m", "crea', "application/json", ["cut or damaged", "truncated"]),
        (b'[{"id": "m"},', "application/json", ["cut or damaged"]),
        (b'{"id": "\xff"}', "application/json", ["cut or damaged"]),
        (b"[" * 100_000, "application/json", ["cut or damaged"]),
        (b'data: {"id": "m"}\n\n', "text/event-stream", ["text/event-stream"]),
    ],
)
def test_what_is_no_json_raises_and_says_what_to_check(
    content: bytes | None, kind: str, said: list[str]
) -> None:
    with pytest.raises(APIResponseValidationError) as caught:
        parse(_answer(content, kind), Model)
    message = str(caught.value)
    assert "GET http://api.test/v1/models/m was answered 200 with" in message
    assert [each for each in said if each not in message] == []
    assert caught.value.status_code == 200
    assert caught.value.body == (content or b"").decode("utf-8", "replace")


def test_an_error_about_an_answer_quotes_only_its_beginning() -> None:
    with pytest.raises(APIResponseValidationError) as caught:
        parse(_answer(HTML + b"x" * 10_000, "text/html"), Model)
    assert len(str(caught.value)) < 500


def test_an_error_about_an_answer_has_no_secret_of_the_url() -> None:
    answer = _answer(HTML, "text/html", url="http://user:secret@api.test/v1/models")
    with pytest.raises(APIResponseValidationError) as caught:
        parse(answer, Model)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("value", [None, [], [MODEL], "hello", 3, True])
@pytest.mark.parametrize("tp", [Model, AsyncCursorPage[Model], Model | FileObject | Unknown])
def test_json_that_is_no_object_raises_where_an_object_is_due(value: object, tp: Any) -> None:
    with pytest.raises(APIResponseValidationError, match=r"JSON that is no object .*base_url"):
        parse(_json(value), tp)


@pytest.mark.parametrize(
    ("tp", "value"),
    [
        (Model | None, None),
        (dict, {"error": {"message": "x"}}),
        (dict[str, Any], {"a": 1}),
        (list[str], ["a"]),
        (list, None),
        (object, 3),
        (str | dict[str, Any], {"a": 1}),
    ],
)
def test_other_types_are_given_what_was_sent(tp: Any, value: object) -> None:
    assert parse(_json(value), tp) == value


def test_a_list_of_models_is_built() -> None:
    models = parse(_json([MODEL, {**MODEL, "new": 1}]), list[Model])
    assert [type(each).__name__ for each in models] == ["Model", "Model"]
    assert models[1].new == 1


def test_a_union_is_resolved() -> None:
    file = {"id": "f", "bytes": 1, "created_at": 1, "filename": "x", "object": "file"}
    file |= {"purpose": "batch", "status": "processed"}
    assert isinstance(parse(_json(file), Model | FileObject), FileObject)
    assert isinstance(parse(_json(MODEL), Model | FileObject), Model)


@pytest.mark.parametrize(
    ("tp", "content", "value"),
    [
        (str, b"", ""),
        (str, b'{"a": 1}', '{"a": 1}'),
        (str, "é".encode(), "é"),
        (str, b"\xff", "\ufffd"),
        (bytes, b"\x00\xff", b"\x00\xff"),
        (bytes, None, b""),
        (int, b" 42\n", 42),
        (float, b"1.5", 1.5),
        (bool, b"true", True),
        (bool, b" True\n", True),
        (bool, b"false", False),
        (bool, b"", False),
    ],
)
def test_text_and_bytes_are_cast(tp: Any, content: bytes | None, value: object) -> None:
    result = parse(_answer(content, "text/plain"), tp)
    assert result == value
    assert type(result) is tp


@pytest.mark.parametrize(("tp", "name"), [(int, "int"), (float, "float")])
@pytest.mark.parametrize("content", [b"", b"forty-two", HTML])
def test_text_that_is_no_number_raises(tp: Any, name: str, content: bytes) -> None:
    with pytest.raises(APIResponseValidationError, match=f"something that is no {name}"):
        parse(_answer(content, "text/plain"), tp)


@pytest.mark.parametrize("tp", [None, type(None)])
@pytest.mark.parametrize("content", [None, b"", HTML, b"{}"])
def test_methods_that_return_nothing_do_not_look_at_the_body(
    tp: Any, content: bytes | None
) -> None:
    assert parse(_answer(content, status=204), tp) is None


def test_a_file_is_its_content() -> None:
    content = parse(_answer(b"\x00", "application/octet-stream"), HttpxBinaryResponseContent)
    assert (content.content, content._request_id) == (b"\x00", "req_1")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            {"message": "No such model", "code": "missing", "type": "t", "param": "p"},
            "No such model",
        ),
        ("overloaded", "overloaded"),
        ({"code": 42}, "{'code': 42}"),
        (["a"], "['a']"),
    ],
)
@pytest.mark.parametrize("tp", [Model, ChatCompletion, AsyncCursorPage[Model]])
def test_an_error_with_a_status_of_success_raises(error: Any, said: str, tp: Any) -> None:
    with pytest.raises(APIStatusError) as caught:
        parse(_json({"error": error, "id": None}), tp)
    assert str(caught.value) == f"The server answered 200 but sent an error: {said}"
    assert caught.value.body == error
    assert (caught.value.status_code, caught.value.request_id) == (200, "req_1")


def test_an_error_with_a_status_of_success_has_its_code_param_and_type() -> None:
    error = error_in_success(_json({}), {"message": "x", "code": 42, "type": "t", "param": "p"})
    assert (error.code, error.type, error.param) == ("42", "t", "p")


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ("html", APIResponseValidationError, "Check base_url"),
        ("garbage-json", APIResponseValidationError, "cut or damaged"),
        ("error-200", APIStatusError, "answered 200 but sent an error"),
    ],
)
async def test_a_method_raises_what_was_wrong_with_its_answer(
    client: AsyncOpenAI, emulator: Emulator, fault: str, error: type[Exception], said: str
) -> None:
    emulator.fault(fault)
    with pytest.raises(error, match=said):
        await client.models.list()
