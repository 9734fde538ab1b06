from __future__ import annotations

import httpx
import pytest

from openai_async.emulator import Emulator
from openai_async.emulator.__main__ import parser
from openai_async.emulator.limits import Buckets, duration, spend, tokens_of

HOUR = 3600


def told(response: httpx.Response, what: str) -> tuple[str, str]:
    return (
        response.headers[f"x-ratelimit-limit-{what}"],
        response.headers[f"x-ratelimit-remaining-{what}"],
    )


def limited(response: httpx.Response) -> bool:
    return any(name.startswith("x-ratelimit") for name in response.headers)


# Over HTTP


def test_there_is_no_limit_without_a_setting(api: httpx.Client) -> None:
    assert not limited(api.get("/files"))


def test_requests_beyond_the_limit_are_refused(api: httpx.Client, emulator: Emulator) -> None:
    emulator.settings.rate_limit = (3, HOUR)
    answers = [api.get("/files") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [told(answer, "requests") for answer in answers] == [
        ("3", left) for left in ("2", "1", "0", "0")
    ]
    refused = answers[-1]
    error = refused.json()["error"]
    assert (error["type"], error["code"]) == ("requests", "rate_limit_exceeded")
    assert 0 < int(refused.headers["retry-after-ms"]) <= 1_200_000
    assert 0 < int(refused.headers["retry-after"]) <= 1200
    assert "m" in refused.headers["x-ratelimit-reset-requests"]

    emulator.advance(1200)
    assert [api.get("/files").status_code for _ in range(2)] == [200, 429]


def test_every_kind_of_request_has_its_own_limit(api: httpx.Client, emulator: Emulator) -> None:
    emulator.settings.rate_limit = (1, HOUR)
    body = {"model": "m", "input": "x", "messages": [{"role": "user", "content": "x"}]}
    for path in ("/chat/completions", "/embeddings"):
        assert [api.post(path, json=body).status_code for _ in range(2)] == [200, 429]
    assert not any(limited(api.get("/models")) for _ in range(3))


def test_refused_upload_is_read_and_not_kept(api: httpx.Client, emulator: Emulator) -> None:
    emulator.settings.rate_limit = (1, HOUR)
    for status in (200, 429):
        files = {"file": b"x" * 2_000_000}
        assert api.post("/files", data={"purpose": "x"}, files=files).status_code == status
    assert len(emulator.files) == 1
    assert len({request.port for request in emulator.requests}) == 1


def test_tokens_beyond_the_limit_are_refused(api: httpx.Client, emulator: Emulator) -> None:
    emulator.settings.token_limit = (1000, HOUR)
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], "max_tokens": 600}
    answers = [api.post("/chat/completions", json=body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert 300 < int(told(answers[0], "tokens")[1]) < 400
    assert answers[1].json()["error"]["type"] == "tokens"
    assert "x-ratelimit-limit-requests" not in answers[0].headers


def test_what_never_fits_is_not_to_be_tried_again(api: httpx.Client, emulator: Emulator) -> None:
    emulator.settings.token_limit = (10, 1)
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], "max_tokens": 600}
    refused = api.post("/chat/completions", json=body)
    assert (refused.status_code, refused.headers["x-should-retry"]) == (429, "false")
    assert "retry-after" not in refused.headers


def test_only_what_is_handled_costs(api: httpx.Client, emulator: Emulator) -> None:
    emulator.settings.rate_limit = (2, HOUR)
    fault = {"x-emulator-fault": "status=503"}
    assert told(api.get("/files", headers=fault), "requests") == ("2", "2")
    assert not limited(api.get("/files", headers={"authorization": ""}))
    with pytest.raises(httpx.TransportError):
        api.get("/files", headers={"x-emulator-fault": "lost"})
    assert told(api.get("/files"), "requests") == ("2", "0")


def test_reset_fills_everything_up(api: httpx.Client, emulator: Emulator) -> None:
    for _ in range(2):
        emulator.settings.rate_limit = (1, HOUR)
        assert api.get("/files").status_code == 200
        emulator.reset()


def test_command_line_has_options_for_all_that() -> None:
    given = (
        "--rate-limit 3/60 --token-limit 1000/0.5 --latency-ms 5 --fault-rate 0.1 --fault-seed 7"
    )
    options = vars(parser().parse_args(given.split()))
    assert (options["rate_limit"], options["token_limit"]) == ((3.0, 60.0), (1000.0, 0.5))
    emulator = Emulator(**options)
    assert (emulator.settings.rate_limit, emulator.settings.latency_ms) == ((3.0, 60.0), 5.0)


@pytest.mark.parametrize(
    "given", ["--rate-limit=3", "--rate-limit=0/1", "--rate-limit=1/inf", "--fault-rate=2"]
)
def test_command_line_refuses_nonsense(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args([given])
    assert "invalid" in capsys.readouterr().err


# The buckets


def left(buckets: Buckets, now: float, **wanted: float) -> tuple[dict[str, str], bool]:
    limits = {"requests": (4.0, 8.0), "tokens": (100.0, 10.0)}
    headers, error = spend(buckets, limits, "/files", now, dict(wanted))
    return {name.removeprefix("x-ratelimit-"): text for name, text in headers.items()}, bool(error)


def test_what_is_spent_comes_back_evenly() -> None:
    buckets: Buckets = {}
    assert left(buckets, 0.0, requests=1, tokens=60) == (
        {
            "limit-requests": "4",
            "remaining-requests": "3",
            "reset-requests": "2s",
            "limit-tokens": "100",
            "remaining-tokens": "40",
            "reset-tokens": "6s",
        },
        False,
    )
    headers, refused = left(buckets, 1.0, requests=1, tokens=60)
    assert refused
    # Nothing was spent, neither tokens nor requests.
    assert (headers["remaining-tokens"], headers["remaining-requests"]) == ("50", "3")
    assert (headers["retry-after-ms"], headers["retry-after"]) == ("1000", "1")
    assert not left(buckets, 2.0, requests=1, tokens=60)[1]
    assert left(buckets, 99.0)[0]["reset-tokens"] == "0ms"


def test_waiting_as_long_as_was_said_is_enough() -> None:
    buckets: Buckets = {}
    now, answered = 0.0, 0
    for _ in range(2000):
        headers, refused = left(buckets, now, requests=1)
        answered += not refused
        now += int(headers["retry-after-ms"]) / 1000 if refused else 0.0
    assert answered >= 1000


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0ms"),
        (0.0195, "20ms"),
        (0.9999, "1s"),
        (1.0, "1s"),
        (1.5, "1.5s"),
        (59.9999, "1m0s"),
        (360.0, "6m0s"),
        (90.951, "1m30.951s"),
        (3600.0, "1h0m0s"),
        (86_399.0, "23h59m59s"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        (b"", 0),
        (b"12345", 2),
        (b"\xff\xff\xff\xff", 1),
        (b'{"max_tokens": 10}', 15),
        (b'{"max_output_tokens": 10.5}', 7),
    ],
)
def test_tokens_are_estimated(body: bytes, tokens: int) -> None:
    assert tokens_of(body) == tokens


def test_limit_that_changes_begins_anew() -> None:
    buckets: Buckets = {}
    for most in (1.0, 2.0):
        headers, error = spend(buckets, {"requests": (most, 60.0)}, "x", 0.0, {"requests": 1})
        assert error is None
        assert headers["x-ratelimit-limit-requests"] == f"{most:.0f}"
