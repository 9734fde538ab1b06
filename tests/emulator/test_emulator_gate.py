from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable

import httpx
import pytest

from openai_async.emulator import Emulator
from openai_async.emulator import recorder as recorder_module
from openai_async.emulator.recorder import Recorder

Dial = Callable[[], socket.socket]


def test_every_answer_has_the_headers_of_the_api(api: httpx.Client) -> None:
    for response in (
        api.get("/models"),
        api.get("/nowhere"),
        api.get("/models", headers={"x-emulator-fault": "html"}),
    ):
        assert response.headers["x-request-id"].startswith("req_")
        assert int(response.headers["openai-processing-ms"]) >= 0
        assert response.headers["openai-version"] == "2020-10-01"


@pytest.mark.parametrize("value", [None, "", "Bearer", "Basic x", "Bearer sk-invalid"])
def test_key_is_checked(emulator: Emulator, value: str | None) -> None:
    headers = {} if value is None else {"authorization": value}
    response = httpx.get(f"{emulator.base_url}/models", headers=headers)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "invalid_api_key"
    assert "sk-invalid" not in response.text


def test_upload_without_a_key_is_refused_after_reading(emulator: Emulator) -> None:
    files = {"file": b"x" * 2_000_000}
    assert httpx.post(f"{emulator.base_url}/files", files=files).status_code == 401
    assert emulator.requests[0].body_size > 2_000_000


@pytest.mark.parametrize(
    "path", ["/v1/nowhere", "/v1", "/v1/models/", "/v1/files/a/b/c", "/v1/files/"]
)
def test_unknown_path(api: httpx.Client, emulator: Emulator, path: str) -> None:
    response = api.get(emulator.url + path)
    assert response.status_code == 404
    assert response.json()["error"]["type"] == "invalid_request_error"


def test_forgotten_prefix_is_explained(api: httpx.Client, emulator: Emulator) -> None:
    response = api.post(f"{emulator.url}/chat/completions", json={})
    assert response.status_code == 404
    assert "add /v1 to base_url" in response.json()["error"]["message"]


def test_wrong_method(api: httpx.Client) -> None:
    response = api.put("/models")
    assert response.status_code == 405
    assert response.json()["error"]["code"] == "method_not_supported"
    assert "GET" in response.headers["allow"]


def test_head_has_no_body(api: httpx.Client) -> None:
    response = api.head("/models")
    assert (response.status_code, response.content) == (200, b"")


def test_mistakes_of_the_emulator_are_answered(
    api: httpx.Client, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulator._store, "models", None)
    for _ in range(2):
        response = api.get("/models")
        assert response.status_code == 500
        assert response.json()["error"]["type"] == "server_error"


def test_requests_are_recorded(api: httpx.Client, emulator: Emulator) -> None:
    response = api.post(
        "/models%2Fx?a=1&b=%20", json={"x": 1}, headers=[("X-Twice", "1"), ("X-Twice", "2")]
    )
    (request,) = emulator.requests
    assert (request.method, request.path, request.raw_path) == (
        "POST",
        "/v1/models/x",
        "/v1/models%2Fx",
    )
    assert request.query == "a=1&b=%20"
    assert request.headers["x-twice"] == "1, 2"
    assert ("x-twice", "1") in request.raw_headers
    assert request.json() == {"x": 1}
    assert request.body_size == len(request.body)
    assert request.request_id == response.headers["x-request-id"]
    emulator.clear()
    assert emulator.requests == []


def test_requests_are_recorded_even_if_spoilt(api: httpx.Client, emulator: Emulator) -> None:
    for spec in ("cut-head", "reset", "garbage", "status=500"):
        emulator.fault(spec)
        try:
            api.post("/embeddings", json={"x": spec})
        except httpx.TransportError:
            assert spec != "status=500"
    assert [request.json()["x"] for request in emulator.requests] == [
        "cut-head",
        "reset",
        "garbage",
        "status=500",
    ]


def test_requests_are_read_by_other_processes(api: httpx.Client, emulator: Emulator) -> None:
    api.post("/embeddings", content=b"\xff")
    url = f"{emulator.url}/_emulator/requests"
    (request,) = api.get(url).json()["data"]
    assert (request["path"], request["body_size"]) == ("/v1/embeddings", 1)
    assert base64.b64decode(request["body_base64"]) == b"\xff"
    assert api.delete(url).status_code == 204
    assert api.get(url).json()["data"] == []


def record(recorder: Recorder, *bodies: bytes) -> None:
    scope = {"method": "POST", "path": "/", "raw_path": b"/", "query_string": b"", "headers": []}
    for body in bodies:
        recorder.grow(recorder.open(scope, "req_1"), body)


def test_recorder_forgets_the_oldest() -> None:
    recorder = Recorder(2)
    record(recorder, b"1", b"2", b"3")
    assert [request.body for request in recorder.snapshot()] == [b"2", b"3"]


def test_recorder_holds_no_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "HELD_LIMIT", 4)
    monkeypatch.setattr(recorder_module, "BODY_LIMIT", 3)
    recorder = Recorder(100)
    record(recorder, b"1111", b"2", b"33")
    assert [(item.body, item.body_size) for item in recorder.snapshot()] == [(b"2", 1), (b"33", 2)]


def test_pipelined_requests_are_answered_in_turn(dial: Dial) -> None:
    connection = dial()
    head = b"GET /v1/models/gpt-%s HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\n%s\r\n"
    connection.sendall(head % (b"4o", b"") + head % (b"5", b"connection: close\r\n"))
    received = b""
    while block := connection.recv(65536):
        received += block
    assert received.index(b'"gpt-4o"') < received.index(b'"gpt-5"')


def test_what_is_not_http_is_refused(dial: Dial) -> None:
    connection = dial()
    connection.sendall(b"nonsense\r\n\r\n")
    assert connection.recv(100).startswith(b"HTTP/1.1 400 ")


def test_client_that_leaves_in_the_middle_of_an_upload(
    api: httpx.Client, emulator: Emulator, dial: Dial
) -> None:
    connection = dial()
    connection.sendall(
        b"POST /v1/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\ncontent-length: 1000\r\n"
        b"content-type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
        b'Content-Disposition: form-data; name="file"; filename="x"\r\n\r\nxxx'
    )
    connection.close()
    assert api.get("/files").json()["data"] == []
    assert emulator.files == []


def test_expect_continue_is_answered(dial: Dial) -> None:
    connection = dial()
    body = json.dumps({"model": "m", "input": "x", "dimensions": 1}).encode()
    connection.sendall(
        b"POST /v1/embeddings HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\n"
        b"expect: 100-continue\r\ncontent-length: %d\r\n\r\n" % len(body)
    )
    assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
    connection.sendall(body)
    assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
