"""Answers that are lost or late, and faults that happen at random."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from openai_async.emulator import Emulator
from openai_async.emulator.faults import NO_FAULT, Fault, parse
from openai_async.emulator.queue import KINDS, FaultQueue

FORM = {"data": {"purpose": "x"}, "files": {"file": b"x" * 2_000_000}}
GET = b"GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\n"


def send_file(api: httpx.Client, spec: str = "") -> httpx.Response:
    headers = {"x-emulator-fault": spec} if spec else {}
    return api.post("/files", headers=headers, **FORM)  # type: ignore[arg-type]  # a form


# Lost answers


@pytest.mark.parametrize("spec", ["lost", "lost; reset"])
def test_lost_answer_is_to_a_request_that_was_handled(
    api: httpx.Client, emulator: Emulator, spec: str
) -> None:
    with pytest.raises(httpx.TransportError):
        send_file(api, spec)
    assert [file.size for file in emulator.files] == [2_000_000]
    (request,) = emulator.requests
    assert (request.fault, request.status) == (spec, 0)


def test_lost_answer_ends_as_connections_end(api: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        send_file(api, "lost")
    with pytest.raises(httpx.ReadError):
        send_file(api, "lost; reset")


def test_another_answer_may_come_for_the_one_that_is_lost(
    api: httpx.Client, emulator: Emulator
) -> None:
    response = send_file(api, "lost; status=503; retry-after-ms=5")
    assert (response.status_code, response.headers["retry-after-ms"]) == (503, "5")
    assert len(emulator.files) == 1
    assert send_file(api, "status=503").status_code == 503
    assert len(emulator.files) == 1
    assert [request.status for request in emulator.requests] == [503, 503]


def test_lost_answer_to_json_and_to_a_stream(api: httpx.Client, emulator: Emulator) -> None:
    emulator.fault("lost", times=2)
    with pytest.raises(httpx.RemoteProtocolError):
        api.post("/vector_stores", json={"name": "x"})
    assert [made.details["name"] for made in emulator.vector_stores] == ["x"]
    chat = {"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": True}
    with pytest.raises(httpx.RemoteProtocolError):
        api.post("/chat/completions", json=chat)


def test_request_without_a_key_is_not_handled_but_lost(emulator: Emulator) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(
            f"{emulator.base_url}/vector_stores", json={}, headers={"x-emulator-fault": "lost"}
        )
    assert emulator.vector_stores == []


# Late answers


def test_late_answer_is_to_a_request_that_was_handled_at_once(
    api: httpx.Client, emulator: Emulator, dial: Callable[[], socket.socket]
) -> None:
    waiting = dial()
    body = b'{"name":"late"}'
    waiting.sendall(
        b"POST /v1/vector_stores HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\n"
        b"x-emulator-fault: late=1000\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
    )
    while not api.get("/vector_stores").json()["data"]:
        pass
    assert emulator.requests[0].status == 0
    waiting.close()


def test_late_answer_comes(api: httpx.Client) -> None:
    response = api.get("/models", headers={"x-emulator-fault": "late=0.1"})
    assert response.status_code == 200
    assert response.elapsed.total_seconds() >= 0.1


def test_latency_holds_back_every_answer(api: httpx.Client, emulator: Emulator) -> None:
    emulator.settings.latency_ms = 100
    for headers in ({}, {"x-emulator-fault": "status=500"}, {"authorization": ""}):
        assert api.get("/models", headers=headers).elapsed.total_seconds() >= 0.1


def test_latency_holds_nobody_else_back(
    api: httpx.Client, emulator: Emulator, dial: Callable[[], socket.socket]
) -> None:
    emulator.settings.latency_ms = 1_000_000
    waiting = dial()
    waiting.sendall(GET + b"\r\n")
    while not emulator.requests:
        pass
    assert api.get(f"{emulator.url}/_emulator/requests").status_code == 200
    emulator.settings.latency_ms = 0
    assert api.get("/models").status_code == 200
    waiting.close()


# At random


def drawn(faults: FaultQueue, count: int, path: str = "/v1/files") -> list[Fault]:
    return [faults.take("POST", path, {}) for _ in range(count)]


def chance(rate: float, seed: int = 1, **more: str) -> FaultQueue:
    faults = FaultQueue()
    faults.add_chance(rate, seed=seed, **more)
    return faults


def test_same_seed_draws_the_same() -> None:
    assert drawn(chance(0.3), 100) == drawn(chance(0.3), 100)
    assert drawn(chance(0.3), 100) != drawn(chance(0.3, seed=2), 100)


def test_rate_is_the_share_of_the_requests_that_go_wrong() -> None:
    assert set(drawn(chance(0.0), 100)) == {NO_FAULT}
    assert NO_FAULT not in drawn(chance(1.0), 100)
    met = Counter(fault.spec for fault in drawn(chance(0.2), 5000))
    assert 800 < 5000 - met[""] < 1200
    assert {*met} == {"", *KINDS}


def test_only_the_requests_that_match_go_wrong() -> None:
    faults = chance(1.0, path="/files*", method="post")
    assert NO_FAULT not in drawn(faults, 9) + drawn(faults, 9, "/v1/files/x")
    assert set(drawn(faults, 9, "/v1/models")) == {NO_FAULT}
    assert faults.take("GET", "/v1/files", {}) is NO_FAULT


def test_faults_that_wait_come_first() -> None:
    faults = chance(1.0)
    faults.add("status=418")
    assert drawn(faults, 1)[0].status == 418
    assert drawn(faults, 1)[0].status != 418


def test_threads_draw_together_what_one_draws() -> None:
    faults = chance(0.3)
    with ThreadPoolExecutor(8) as pool:
        met = [fault for some in pool.map(lambda _: drawn(faults, 200), range(8)) for fault in some]
    assert Counter(met) == Counter(drawn(chance(0.3), 1600))


@pytest.mark.parametrize(
    ("rate", "kinds", "why"),
    [(1.1, None, "rate"), (-0.1, None, "rate"), (0.5, [], "kinds"), (0.5, ["x"], "Unknown fault")],
)
def test_bad_chance_is_refused(
    emulator: Emulator, api: httpx.Client, rate: float, kinds: list[str] | None, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        emulator.random_faults(rate, kinds)
    url = f"{emulator.url}/_emulator/faults"
    response = api.post(url, json={"rate": rate, "kinds": kinds})
    assert response.status_code == 400


def test_requests_go_wrong_at_random(api: httpx.Client, emulator: Emulator) -> None:
    emulator.random_faults(0.5, ["status=500", "lost"], path="/files", method="POST")
    heard: list[int] = []
    for _ in range(40):
        try:
            heard.append(send_file(api).status_code)
        except httpx.RemoteProtocolError:
            heard.append(0)
    met = [request.fault for request in emulator.requests]
    assert heard == [{"": 200, "status=500": 500, "lost": 0}[spec] for spec in met]
    assert len({*heard}) == 3
    assert len(emulator.files) == met.count("") + met.count("lost")
    emulator.clear_faults()
    assert {send_file(api).status_code for _ in range(20)} == {200}


def test_faults_at_random_are_wished_for_from_elsewhere(
    api: httpx.Client, emulator: Emulator
) -> None:
    wish = {"rate": 1, "kinds": ["status=418"], "path": "/models"}
    assert api.post(f"{emulator.url}/_emulator/faults", json=wish).status_code == 204
    assert {api.get("/models").status_code for _ in range(5)} == {418}
    seen = api.get(f"{emulator.url}/_emulator/requests").json()["data"]
    assert {(each["fault"], each["status"]) for each in seen} == {("status=418", 418)}


def test_emulator_may_be_made_with_faults(api: httpx.Client) -> None:
    with Emulator(fault_rate=1.0, fault_seed=5) as emulator:
        assert emulator._faults.take("GET", "/", {}) is not NO_FAULT
        emulator.clear_faults()
        assert emulator._faults.take("GET", "/", {}) is NO_FAULT
        emulator.reset()
        assert emulator._faults.take("GET", "/", {}) is not NO_FAULT


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("lost", Fault(lost=True)),
        ("lost; late=2; reset", Fault(lost=True, late=2, reset=True)),
        ("status=502; lost", Fault(status=502, lost=True)),
    ],
)
def test_spec_is_parsed(spec: str, fault: Fault) -> None:
    assert parse(spec) == fault
    assert parse(spec).spec == spec
