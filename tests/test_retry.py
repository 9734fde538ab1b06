"""When a failed attempt is worth another, and how long to wait before it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_async._headers import Headers
from openai_async._retry import backoff, check_max_retries, retry_after, wait_before_retry

NOW = 1_700_000_000.0


def wait(headers: Mapping[str, str] | None = None, **changes: Any) -> float | None:
    """The wait after a first attempt that ended with a 500, but for `changes`."""
    facts: dict[str, Any] = {
        "retries_taken": 0,
        "max_retries": 2,
        "status": 500,
        "code": None,
        "now": NOW,
        "random": 0.0,
    }
    return wait_before_retry(headers=Headers((headers or {}).items()), **{**facts, **changes})


@pytest.mark.parametrize("status", [408, 409, 429, 500, 501, 502, 503, 504, 529, 599])
def test_statuses_that_are_retried(status: int) -> None:
    assert wait(status=status) == 0.5


@pytest.mark.parametrize("status", [301, 304, 400, 401, 402, 403, 404, 410, 413, 418, 422, 499])
def test_statuses_that_are_not(status: int) -> None:
    assert wait(status=status) is None


def test_no_answer_is_retried() -> None:
    assert wait(status=None) == 0.5


@pytest.mark.parametrize(
    ("said", "status", "expected"),
    [
        ("true", 400, 0.5),
        ("true", 429, 0.5),
        ("false", 429, None),
        ("false", 500, None),
        ("True", 400, None),
        ("TRUE", 400, None),
        ("False", 500, 0.5),
        ("1", 400, None),
        ("0", 500, 0.5),
        ("", 500, 0.5),
    ],
)
def test_the_server_may_decide(said: str, status: int, expected: float | None) -> None:
    assert wait({"x-should-retry": said}, status=status) == expected


@pytest.mark.parametrize(("taken", "most"), [(0, 0), (1, 1), (2, 2), (5, 2)])
def test_the_last_attempt_is_the_last(taken: int, most: int) -> None:
    assert wait({"x-should-retry": "true"}, retries_taken=taken, max_retries=most) is None


def test_an_empty_quota_is_not_retried_even_if_the_server_says_so() -> None:
    headers = {"x-should-retry": "true", "retry-after": "1"}
    assert wait(headers, status=429, code="insufficient_quota") is None


def test_a_rate_limit_is_retried() -> None:
    assert wait(status=429, code="rate_limit_exceeded") == 0.5


ASKED: list[tuple[dict[str, str], float | None]] = [
    ({}, None),
    ({"retry-after": "7"}, 7.0),
    ({"retry-after": " 7 "}, 7.0),
    ({"retry-after": "0.25"}, 0.25),
    ({"Retry-After": "7"}, 7.0),
    ({"retry-after": "0"}, 0.0),
    ({"retry-after": "-5"}, 0.0),
    ({"retry-after": "121"}, 121.0),
    ({"retry-after": "1e400"}, math.inf),
    ({"retry-after": "9" * 400}, math.inf),
    ({"retry-after": "-1e400"}, 0.0),
    ({"retry-after": "inf"}, None),
    ({"retry-after": "-inf"}, None),
    ({"retry-after": "Infinity"}, None),
    ({"retry-after": "nan"}, None),
    ({"retry-after": ""}, None),
    ({"retry-after": "soon"}, None),
    ({"retry-after-ms": "1500"}, 1.5),
    ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
    ({"retry-after-ms": "0", "retry-after": "7"}, 0.0),
    ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
    ({"retry-after-ms": "nan", "retry-after": "7"}, 7.0),
    ({"retry-after-ms": "inf", "retry-after": "7"}, 7.0),
    ({"retry-after-ms": "soon"}, None),
    ({"retry-after-ms": "1e400"}, math.inf),
    ({"retry-after": formatdate(NOW + 30, usegmt=True)}, 30.0),
    ({"retry-after": formatdate(NOW + 30, localtime=True)}, 30.0),
    ({"retry-after": formatdate(NOW)}, 0.0),
    ({"retry-after": formatdate(NOW - 30, usegmt=True)}, 0.0),
    ({"retry-after": "Tue, 14 Nov 2023 22:13:40"}, 20.0),
    ({"retry-after": "Tue, 14 Nov 99999999999 22:13:40 GMT"}, None),
    ({"retry-after": "Tue, 34 Nov"}, None),
]


@pytest.mark.parametrize(("headers", "seconds"), ASKED)
def test_what_the_server_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(Headers(headers.items()), now=NOW) == seconds


def test_a_date_means_nothing_without_a_clock() -> None:
    date = formatdate(NOW + 30, usegmt=True)
    assert retry_after({"retry-after": date}, now=None) is None


def test_seconds_need_no_clock() -> None:
    assert retry_after({"retry-after": "7"}, now=None) == 7.0


@given(st.text(), st.text())
def test_no_header_is_too_strange(milliseconds: str, seconds: str) -> None:
    asked = retry_after({"retry-after-ms": milliseconds, "retry-after": seconds}, now=NOW)
    assert asked is None or asked >= 0


@given(st.from_regex(r"(Mon, )?-?\d{1,30} (Jan|Foo) \d{1,30} \d{1,20}:\d+:\d+ ([+-]\d{1,9}|GMT)?"))
def test_no_date_is_too_strange(date: str) -> None:
    asked = retry_after({"retry-after": date}, now=NOW)
    assert asked is None or asked >= 0


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": "0.001"}, 0.001),
        ({"retry-after": "0"}, 0.5),
        ({"retry-after": "-5"}, 0.5),
        ({"retry-after": "nan"}, 0.5),
        ({"retry-after": "inf"}, 0.5),
        ({"retry-after": formatdate(NOW - 30)}, 0.5),
        ({"retry-after": "120.001"}, None),
        ({"retry-after": "1e400"}, None),
        ({"retry-after-ms": "120001"}, None),
        ({"retry-after": formatdate(NOW + 121)}, None),
        ({"retry-after": "121", "x-should-retry": "true"}, None),
    ],
)
def test_the_wait_is_what_the_server_asks_within_reason(
    headers: dict[str, str], expected: float | None
) -> None:
    assert wait(headers, status=429) == expected


def test_the_wait_doubles_up_to_eight_seconds() -> None:
    waits = [wait(retries_taken=taken, max_retries=6) for taken in range(6)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]


@given(st.integers(0, 10**9), st.floats(0, 1, exclude_max=True))
def test_chance_takes_up_to_a_quarter_of_the_wait(taken: int, random: float) -> None:
    longest = backoff(taken, random=0.0)
    assert 0.75 * longest <= backoff(taken, random=random) <= longest <= 8.0


def test_chance_matters() -> None:
    assert backoff(0, random=0.5) < backoff(0, random=0.0)


def test_chance_does_not_change_what_the_server_asked() -> None:
    assert wait({"retry-after": "7"}, random=0.9) == 7.0


@pytest.mark.parametrize(
    ("headers", "time_left", "expected"),
    [
        ({}, 0.6, 0.5),
        ({}, 0.5, None),
        ({}, 0.0, None),
        ({}, -1.0, None),
        ({"retry-after": "7"}, 7.5, 7.0),
        ({"retry-after": "7"}, 6.5, None),
    ],
)
def test_a_wait_past_the_deadline_is_not_begun(
    headers: dict[str, str], time_left: float, expected: float | None
) -> None:
    assert wait(headers, time_left=time_left) == expected


@pytest.mark.parametrize("value", [0, 1, 2, 10**6, True])
def test_a_count_of_retries(value: int) -> None:
    assert check_max_retries(value) == value


@pytest.mark.parametrize("value", [None, 1.0, "2", math.inf, [1]])
def test_what_is_no_count_of_retries(value: object) -> None:
    with pytest.raises(TypeError, match=rf"max_retries .* not {type(value).__name__}.*Pass 0"):
        check_max_retries(value)


def test_a_negative_count_of_retries() -> None:
    with pytest.raises(ValueError, match=r"max_retries must be 0 or more: -1.*Pass 0"):
        check_max_retries(-1)
