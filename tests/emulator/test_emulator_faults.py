from __future__ import annotations

import json
import threading
import time
from typing import Any

import httpx
import pytest

from openai_async.emulator import Emulator, Fault
from openai_async.emulator.faults import parse

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello there"}]}
SPEC = "x-emulator-fault"


def spoilt(api: httpx.Client, spec: str, **more: str) -> httpx.Response:
    return api.get("/models", headers={SPEC: spec, **more})


def data(response: httpx.Response) -> list[str]:
    lines = response.text.splitlines()
    return [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]


def stream(api: httpx.Client, spec: str) -> httpx.Response:
    return api.post("/chat/completions", json={**CHAT, "stream": True}, headers={SPEC: spec})


def read_into(received: bytearray, api: httpx.Client, method: str, url: str, **more: Any) -> None:
    with api.stream(method, url, **more) as response:
        assert response.status_code == 200
        for block in response.iter_raw():
            received += block


# The grammar


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("status=429", Fault(status=429)),
        (" status = 429 ; retry-after=1;", Fault(status=429, retry_after="1")),
        ("status=503; retry-after-ms=20; times=2", Fault(status=503, retry_after_ms="20", times=2)),
        ("status=400; should-retry=true", Fault(status=400, should_retry="true")),
        ("status=400; message=a=b", Fault(status=400, message="a=b")),
        ("cut=0; reset", Fault(cut=0, reset=True)),
        ("stall-body=0.5; stall-after=3", Fault(stall_body=0.5, stall_after=3)),
        ("drip=3/5", Fault(drip=(3, 0.005))),
        ("disconnect-upload", Fault(disconnect_upload=1)),
        ("disconnect-upload=9", Fault(disconnect_upload=9)),
        ("status=503; html", Fault(status=503, page="html")),
        ("ends=2", Fault(ends=2)),
        ("pings", Fault(pings=0)),
        ("pings=3", Fault(pings=3)),
    ],
)
def test_spec_is_parsed(spec: str, fault: Fault) -> None:
    assert parse(spec) == fault


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("", "empty"),
        (" ; ", "empty"),
        ("nonsense", "Unknown fault 'nonsense': choose from "),
        ("status", "needs a value"),
        ("status=x", "Bad value 'x' for the fault 'status'"),
        ("status=199", "between 200 and 599"),
        ("html=1", "takes no value"),
        ("html; error-200", "contradicts"),
        ("cut=1; cut=2", "contradicts"),
        ("cut=-1", "negative"),
        ("stall=inf", "finite"),
        ("stall=-1", "negative"),
        ("drip=5", "BYTES/MS"),
        ("drip=0/5", "at least 1"),
        ("times=0", "at least 1"),
        ("should-retry=yes", "true or false"),
        ("retry-after=1", "'retry-after' needs 'status'"),
        ("stall-after=1", "'stall-after' needs 'stall-body'"),
    ],
)
def test_bad_spec_says_why(spec: str, why: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse(spec)
    assert why in str(caught.value)


# Who meets a fault, and how often


def test_header_spoils_its_own_request_only(api: httpx.Client) -> None:
    assert [spoilt(api, "status=500").status_code for _ in range(2)] == [500, 500]
    assert api.get("/models").status_code == 200


def test_bad_header_is_refused(api: httpx.Client) -> None:
    response = spoilt(api, "nonsense")
    assert response.status_code == 400
    assert "Unknown fault" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("spec", "headers"),
    [("status=500; times=2", {}), ("status=500", {"x-emulator-fault-times": "2"})],
)
def test_header_with_times_lets_later_attempts_through(
    api: httpx.Client, spec: str, headers: dict[str, str]
) -> None:
    assert [spoilt(api, spec, **headers).status_code for _ in range(3)] == [500, 500, 200]


@pytest.mark.parametrize("name", ["x-emulator-fault-id", "idempotency-key"])
def test_attempts_are_counted_by_id(api: httpx.Client, name: str) -> None:
    for key in ("one", "two"):
        codes = [spoilt(api, "status=500; times=1", **{name: key}).status_code for _ in range(2)]
        assert codes == [500, 200]


def test_queued_fault_happens_once(api: httpx.Client, emulator: Emulator) -> None:
    emulator.fault("status=500")
    assert [api.get("/models").status_code for _ in range(2)] == [500, 200]


def test_queued_faults_happen_in_order(api: httpx.Client, emulator: Emulator) -> None:
    emulator.fault("status=500", times=2)
    emulator.fault("status=503; times=1")
    assert [api.get("/models").status_code for _ in range(4)] == [500, 500, 503, 200]


@pytest.mark.parametrize("path", ["/models", "/v1/models", "/mod*"])
def test_queued_fault_waits_for_its_path(api: httpx.Client, emulator: Emulator, path: str) -> None:
    emulator.fault("status=500", path=path, method="get")
    assert api.get("/files").status_code == 200
    assert api.post("/models").status_code == 405
    assert api.get("/models").status_code == 500


def test_queued_faults_are_forgotten(api: httpx.Client, emulator: Emulator) -> None:
    emulator.fault("status=500")
    emulator.clear_faults()
    assert api.get("/models").status_code == 200
    with pytest.raises(ValueError, match="at least 1"):
        emulator.fault("status=500", times=0)


def test_faults_are_queued_by_other_processes(api: httpx.Client, emulator: Emulator) -> None:
    control = f"{emulator.url}/_emulator/faults"
    fault = {"spec": "status=500", "times": 2, "path": "/models", "method": "GET"}
    assert api.post(control, json=fault).status_code == 204
    assert api.get("/models").status_code == 500
    assert api.delete(control).status_code == 204
    assert api.get("/models").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"spec": "nonsense"},
        {"spec": 3},
        {"spec": "html", "more": 1},
        {"spec": "html", "times": "x"},
    ],
)
def test_bad_faults_are_refused(api: httpx.Client, emulator: Emulator, body: Any) -> None:
    assert api.post(f"{emulator.url}/_emulator/faults", json=body).status_code == 400
    assert api.get("/models").status_code == 200


# Other answers


@pytest.mark.parametrize("status", [400, 403, 408, 409, 418, 422, 429, 500, 503, 529])
def test_status(api: httpx.Client, status: int) -> None:
    response = spoilt(api, f"status={status}")
    assert response.status_code == status
    error = response.json()["error"]
    assert (error["code"], error["param"]) == (None, None)
    assert error["message"]
    assert response.headers["x-request-id"].startswith("req_")


def test_status_with_details(api: httpx.Client) -> None:
    spec = "status=429; code=insufficient_quota; type=quota; param=p; message=No more."
    hints = "retry-after=1; retry-after-ms=20; should-retry=false"
    response = spoilt(api, f"{spec}; {hints}")
    assert response.json()["error"] == {
        "code": "insufficient_quota",
        "type": "quota",
        "param": "p",
        "message": "No more.",
    }
    assert response.headers["retry-after"] == "1"
    assert response.headers["retry-after-ms"] == "20"
    assert response.headers["x-should-retry"] == "false"


def test_error_as_success(api: httpx.Client) -> None:
    response = spoilt(api, "error-200; code=oops")
    assert (response.status_code, response.json()["error"]["code"]) == (200, "oops")


def test_garbage_json(api: httpx.Client) -> None:
    response = spoilt(api, "garbage-json")
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    with pytest.raises(json.JSONDecodeError):
        response.json()


@pytest.mark.parametrize(("spec", "status"), [("html", 200), ("status=503; html", 503)])
def test_html(api: httpx.Client, spec: str, status: int) -> None:
    response = spoilt(api, spec)
    assert response.status_code == status
    assert response.headers["content-type"].startswith("text/html")
    assert response.text.startswith("<!doctype html>")


def test_garbage_is_not_http(api: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="illegal status line"):
        spoilt(api, "garbage")


# Broken connections


def test_cut_ends_the_body_early(api: httpx.Client) -> None:
    for count in (0, 1, 100):
        received = bytearray()
        with pytest.raises(httpx.RemoteProtocolError, match=rf"received {count} bytes"):
            read_into(received, api, "GET", "/models", headers={SPEC: f"cut={count}"})
        assert len(received) == count


def test_cut_ends_a_stream_early(api: httpx.Client) -> None:
    received = bytearray()
    body = {**CHAT, "stream": True}
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
        read_into(received, api, "POST", "/chat/completions", json=body, headers={SPEC: "cut=300"})
    assert len(received) == 300


def test_cut_after_the_end_changes_nothing(api: httpx.Client) -> None:
    assert spoilt(api, "cut=100000").json() == api.get("/models").json()


def test_cut_head(api: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        spoilt(api, "cut-head")


@pytest.mark.parametrize("spec", ["reset", "cut=10; reset", "cut-head; reset"])
def test_reset(api: httpx.Client, spec: str) -> None:
    with pytest.raises(httpx.ReadError):
        spoilt(api, spec)


def test_disconnect_upload(api: httpx.Client, emulator: Emulator) -> None:
    headers = {SPEC: "disconnect-upload=100000"}
    with pytest.raises(httpx.TransportError):
        api.post("/files", files={"file": b"x" * 50_000_000}, headers=headers)
    (request,) = emulator.requests
    assert 100_000 <= request.body_size < 50_000_000
    assert emulator.files == []


def test_connection_serves_again_after_a_fault(api: httpx.Client) -> None:
    for spec in ("cut=5", "reset", "garbage", "cut-head"):
        with pytest.raises(httpx.TransportError):
            spoilt(api, spec)
        assert api.get("/models").status_code == 200


# Slowness


@pytest.mark.parametrize(
    "spec", ["stall=0.05", "stall-body=0.05", "stall-body=0.05; stall-after=40", "drip=100/10"]
)
def test_slow_answer_is_complete(api: httpx.Client, spec: str) -> None:
    whole = api.get("/models").json()
    start = time.monotonic()
    assert spoilt(api, spec).json() == whole
    assert time.monotonic() - start >= 0.05


def test_stall_holds_back_the_head(api: httpx.Client) -> None:
    with pytest.raises(httpx.ReadTimeout):
        api.get("/models", headers={SPEC: "stall=100"}, timeout=0.05)


def test_stall_body_sends_what_comes_before(api: httpx.Client) -> None:
    headers = {SPEC: "stall-body=100; stall-after=25"}
    received = bytearray()
    with pytest.raises(httpx.ReadTimeout):
        read_into(received, api, "GET", "/models", headers=headers, timeout=0.05)
    assert len(received) == 25


def test_stall_before_an_error(api: httpx.Client) -> None:
    start = time.monotonic()
    assert spoilt(api, "stall=0.05; status=500").status_code == 500
    assert time.monotonic() - start >= 0.05


def test_stalled_upload_is_kept(api: httpx.Client, emulator: Emulator) -> None:
    headers = {SPEC: "stall=0.01"}
    files = {"file": b"x" * 1_000_000}
    assert api.post("/files", data={"purpose": "x"}, files=files, headers=headers).is_success
    assert emulator.files[0].size == 1_000_000


def test_stall_ends_when_the_emulator_stops() -> None:
    failures: list[Exception] = []

    def wait_for(spec: str) -> None:
        try:
            httpx.get(f"{emulator.base_url}/models", headers={SPEC: spec}, timeout=30)
        except httpx.TransportError as error:
            failures.append(error)

    specs = ["stall=100", "stall-body=100; status=500", "drip=1/100000; status=500"]
    with Emulator() as emulator:
        threads = [threading.Thread(target=wait_for, args=(spec,)) for spec in specs]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(emulator.requests) == len(specs))
        start = time.monotonic()
    assert time.monotonic() - start < 2
    for thread in threads:
        thread.join(timeout=10)
    assert len(failures) == len(specs)


def wait_until(condition: Any) -> None:
    pause = threading.Event()
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        pause.wait(0.001)


# Streams


def test_garbage_in_a_stream(api: httpx.Client) -> None:
    items = data(stream(api, "garbage-sse"))
    assert items.pop() == "[DONE]"
    (broken,) = (item for item in items if "broken" in item)
    with pytest.raises(json.JSONDecodeError):
        json.loads(broken)
    assert 0 < items.index(broken) < len(items) - 1
    items.remove(broken)
    assert all(map(json.loads, items))


def test_error_in_a_stream(api: httpx.Client) -> None:
    *good, last = data(stream(api, "sse-error; code=oops; message=Too bad."))
    assert len(good) == 3
    error = json.loads(last)["error"]
    assert (error["code"], error["message"]) == ("oops", "Too bad.")


def test_stream_without_done(api: httpx.Client) -> None:
    items = data(stream(api, "no-done"))
    assert json.loads(items[-1])["choices"][0]["finish_reason"] == "stop"


def test_stream_that_ends_too_early(api: httpx.Client) -> None:
    plain = data(api.post("/chat/completions", json={**CHAT, "stream": True}))
    assert data(stream(api, "ends=2")) == plain[:2]


@pytest.mark.parametrize(("spec", "events"), [("pings", 0), ("pings=2", 2)])
def test_stream_of_comments_for_ever(spec: str, events: int, api: httpx.Client) -> None:
    headers = {SPEC: spec}
    body = {**CHAT, "stream": True}
    with api.stream("POST", "/chat/completions", json=body, headers=headers) as response:
        lines = filter(None, response.iter_lines())
        first = [next(lines) for _ in range(events + 3)]
    assert [line.startswith("data: ") for line in first] == [True] * events + [False] * 3
    assert first[events:] == [": ping"] * 3


def test_comments_in_a_stream(api: httpx.Client) -> None:
    response = stream(api, "comments")
    for line in (": ping", "retry: 3000", "id: 1", "event: ping"):
        assert line in response.text.splitlines()
    plain = api.post("/chat/completions", json={**CHAT, "stream": True})
    assert data(response) == data(plain)


def test_dripping_stream_is_complete(api: httpx.Client) -> None:
    plain = api.post("/chat/completions", json={**CHAT, "stream": True})
    assert stream(api, "drip=100/1").text == plain.text


def test_chunks_may_be_delayed(api: httpx.Client, emulator: Emulator) -> None:
    emulator.settings.chunk_delay_ms = 10
    start = time.monotonic()
    assert len(data(api.post("/chat/completions", json={**CHAT, "stream": True}))) == 7
    assert time.monotonic() - start >= 0.06
