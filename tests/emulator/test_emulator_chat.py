from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from openai_async.emulator.schemas import example

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            },
            "required": ["city"],
        },
    },
}


def ask(text: Any = "Hello there", **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **more}


def stream(api: httpx.Client, body: dict[str, Any]) -> list[str]:
    """The data of every event."""
    response = api.post("/chat/completions", json={**body, "stream": True})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["transfer-encoding"] == "chunked"
    events = response.text.split("\n\n")
    assert events.pop() == ""
    return [event.removeprefix("data: ") for event in events]


def chunks(api: httpx.Client, body: dict[str, Any]) -> list[dict[str, Any]]:
    *data, done = stream(api, body)
    assert done == "[DONE]"
    return [json.loads(item) for item in data]


def test_answer_repeats_the_user(api: httpx.Client) -> None:
    completion = api.post("/chat/completions", json=ask()).json()
    assert completion["object"] == "chat.completion"
    assert completion["model"] == "gpt-4o"
    (choice,) = completion["choices"]
    assert choice["message"]["content"] == "You said: Hello there"
    assert choice["finish_reason"] == "stop"


def test_answer_is_a_function_of_the_request(api: httpx.Client) -> None:
    first, second = (api.post("/chat/completions", json=ask()) for _ in range(2))
    assert first.content == second.content
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    other = api.post("/chat/completions", json=ask(temperature=0.5)).json()
    assert other["id"] != first.json()["id"]


def test_content_parts_are_read(api: httpx.Client) -> None:
    parts = [{"type": "text", "text": "Look:"}, {"type": "image_url", "image_url": {"url": "x"}}]
    completion = api.post("/chat/completions", json=ask(parts)).json()
    assert completion["choices"][0]["message"]["content"] == "You said: Look: [image_url]"


def test_n_choices_and_usage(api: httpx.Client) -> None:
    completion = api.post("/chat/completions", json=ask(n=3)).json()
    assert [choice["index"] for choice in completion["choices"]] == [0, 1, 2]
    assert len({choice["message"]["content"] for choice in completion["choices"]}) == 3
    usage = completion["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["completion_tokens"] == 4 + 5 + 5


@pytest.mark.parametrize("param", ["max_tokens", "max_completion_tokens"])
def test_answer_stops_at_the_token_limit(api: httpx.Client, param: str) -> None:
    completion = api.post("/chat/completions", json=ask(**{param: 2})).json()
    assert completion["choices"][0]["message"]["content"] == "You said:"
    assert completion["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize(
    "choice",
    [
        "required",
        {"type": "function", "function": {"name": "get_weather"}},
        {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": []}},
    ],
)
def test_forced_tool_is_called(api: httpx.Client, choice: Any) -> None:
    body = ask(tools=[WEATHER], tool_choice=choice)
    choice = api.post("/chat/completions", json=body).json()["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    (call,) = choice["message"]["tool_calls"]
    assert call["function"]["name"] == "get_weather"
    assert json.loads(call["function"]["arguments"]) == {"city": "city", "unit": "celsius"}


def test_tools_alone_do_not_force_a_call(api: httpx.Client) -> None:
    choice = api.post("/chat/completions", json=ask(tools=[WEATHER])).json()["choices"][0]
    assert choice["message"]["content"] == "You said: Hello there"
    assert "tool_calls" not in choice["message"]


def test_named_tool_is_called_and_its_result_repeated(api: httpx.Client) -> None:
    body = ask("Please get_weather", tools=[WEATHER])
    message = api.post("/chat/completions", json=body).json()["choices"][0]["message"]
    call = message["tool_calls"][0]
    body["messages"] += [
        message,
        {"role": "tool", "tool_call_id": call["id"], "content": "Sunny"},
    ]
    choice = api.post("/chat/completions", json=body).json()["choices"][0]
    assert choice["message"]["content"] == "The tool said: Sunny"


def test_custom_tool_is_called_with_an_input(api: httpx.Client) -> None:
    body = ask(tools=[{"type": "custom", "custom": {"name": "run"}}], tool_choice="required")
    (call,) = api.post("/chat/completions", json=body).json()["choices"][0]["message"]["tool_calls"]
    assert (call["type"], call["custom"]) == ("custom", {"name": "run", "input": "input"})
    pieces = [
        piece
        for chunk in chunks(api, body)
        for piece in chunk["choices"][0]["delta"].get("tool_calls", [])
    ]
    assert "".join(piece["custom"]["input"] for piece in pieces) == "input"


def test_structured_answer_fits_the_schema(api: httpx.Client) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 18}},
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema}}
    body = ask(response_format=wanted)
    content = api.post("/chat/completions", json=body).json()["choices"][0]["message"]["content"]
    assert json.loads(content) == {"name": "name", "age": 18}


def test_json_object_answer_is_json(api: httpx.Client) -> None:
    body = ask(response_format={"type": "json_object"})
    content = api.post("/chat/completions", json=body).json()["choices"][0]["message"]["content"]
    assert isinstance(json.loads(content), dict)


def test_stream_begins_with_the_role_and_ends_with_the_reason(api: httpx.Client) -> None:
    first, *middle, last = chunks(api, ask())
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
    words = [chunk["choices"][0]["delta"]["content"] for chunk in middle]
    assert len(words) == 4
    assert "".join(words) == "You said: Hello there"
    assert last["choices"][0] == {
        "index": 0,
        "delta": {},
        "logprobs": None,
        "finish_reason": "stop",
    }
    assert {chunk["object"] for chunk in (first, *middle, last)} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in (first, *middle, last)}) == 1


def test_stream_reports_usage_on_request_only(api: httpx.Client) -> None:
    assert all("usage" not in chunk for chunk in chunks(api, ask()))
    *data, last = chunks(api, ask(stream_options={"include_usage": True}))
    assert [chunk["usage"] for chunk in data] == [None] * len(data)
    assert last["choices"] == []
    assert last["usage"] == api.post("/chat/completions", json=ask()).json()["usage"]


def test_streamed_choices_take_turns(api: httpx.Client) -> None:
    data = chunks(api, ask(n=2))
    assert [chunk["choices"][0]["index"] for chunk in data[:4]] == [0, 1, 0, 1]
    texts = ["", ""]
    for chunk in data:
        choice = chunk["choices"][0]
        texts[choice["index"]] += choice["delta"].get("content") or ""
    assert texts == ["You said: Hello there", "You said: Hello there (2)"]


def test_streamed_tool_call_comes_in_pieces(api: httpx.Client) -> None:
    data = chunks(api, ask(tools=[WEATHER], tool_choice="required"))
    assert data[0]["choices"][0]["delta"]["content"] is None
    pieces = [chunk["choices"][0]["delta"]["tool_calls"][0] for chunk in data[1:-1]]
    assert pieces[0]["function"] == {"name": "get_weather", "arguments": ""}
    assert pieces[0]["id"].startswith("call_")
    assert len(pieces) > 3
    arguments = "".join(piece["function"]["arguments"] for piece in pieces)
    assert json.loads(arguments) == {"city": "city", "unit": "celsius"}
    assert data[-1]["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": [{"role": "user", "content": "x"}]}, "model"),
        ({"model": 3, "messages": [{"role": "user", "content": "x"}]}, "model"),
        ({"model": "gpt-4o"}, "messages"),
        ({"model": "gpt-4o", "messages": []}, "messages"),
        ({"model": "gpt-4o", "messages": "x"}, "messages"),
        ({"model": "gpt-4o", "messages": ["x"]}, "messages[0]"),
        ({"model": "gpt-4o", "messages": [{"content": "x"}]}, "messages[0].role"),
        (ask(n=0), "n"),
        (ask(max_tokens=0), "max_tokens"),
        (ask(tools="x"), "tools"),
        (ask(tool_choice="required"), "tool_choice"),
        (ask(tools=[WEATHER], tool_choice={"type": "function", "function": {}}), "tool_choice"),
        (ask(response_format={"type": "json_schema"}), "response_format.json_schema"),
    ],
)
def test_bad_request_names_its_param(api: httpx.Client, body: Any, param: str) -> None:
    response = api.post("/chat/completions", json=body)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == param
    assert response.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("model", ["model-not-found", "missing-1"])
def test_unknown_model(api: httpx.Client, model: str) -> None:
    response = api.post("/chat/completions", json={**ask(), "model": model})
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "model_not_found"


@pytest.mark.parametrize("content", [b"{", b"", b"\xff", b"[]", b"3"])
def test_body_must_be_a_json_object(api: httpx.Client, content: bytes) -> None:
    response = api.post("/chat/completions", content=content)
    assert response.status_code == 400
    assert "JSON" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "value"),
        ({"type": "string", "minLength": 7}, "value.."),
        ({"type": "string", "maxLength": 2}, "va"),
        ({"type": "string", "format": "date"}, "2025-01-01"),
        ({"type": ["null", "boolean"]}, True),
        ({"type": "null"}, None),
        ({"type": "number", "exclusiveMinimum": 3}, 4),
        ({"type": "integer", "maximum": -2}, -2),
        ({"type": "integer", "multipleOf": 5}, 5),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
        ({"const": 7}, 7),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 1),
        (
            {"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {}}}]},
            {"a": 1, "b": "b"},
        ),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"const": "y"}}}, "y"),
        ({"$ref": "#/nowhere/at/all"}, "value"),
        (True, "value"),
        ({"allOf": [{"const": 1}]}, 1),
        ({"anyOf": []}, "value"),
        ({"enum": []}, None),
    ],
)
def test_example_of_a_schema(schema: Any, value: Any) -> None:
    assert example(schema) == value


def test_example_of_a_recursive_schema_ends() -> None:
    link = {"anyOf": [{"$ref": "#"}, {"type": "null"}]}
    node = {"type": "object", "properties": {"next": link}, "required": ["next"]}
    assert json.dumps(example(node)).count("next") == 3


def test_example_of_an_endless_schema_ends() -> None:
    endless = {"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]}
    assert json.dumps(example(endless)).count("next") < 40
