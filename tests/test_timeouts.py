"""Limits for the phases of one attempt."""

from __future__ import annotations

import copy
import math
import pickle
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from openai_async._timeouts import DEFAULT_TIMEOUT, Timeout, phases


def limits(timeout: Any) -> tuple[object, ...]:
    return timeout.connect, timeout.read, timeout.write, timeout.pool


@pytest.mark.parametrize(
    ("timeout", "expected"),
    [
        (Timeout(30), (30, 30, 30, 30)),
        (Timeout(0.5), (0.5, 0.5, 0.5, 0.5)),
        (Timeout(0), (0, 0, 0, 0)),
        (Timeout(None), (None, None, None, None)),
        (Timeout(600, connect=5), (5, 600, 600, 600)),
        (Timeout(600, connect=None), (None, 600, 600, 600)),
        (Timeout(None, read=5), (None, 5, None, None)),
        (Timeout(connect=1, read=2, write=3, pool=4), (1, 2, 3, 4)),
        (Timeout(Timeout(1, pool=2)), (1, 1, 1, 2)),
        (Timeout(Timeout(1, pool=2), read=9), (1, 9, 1, 2)),
        (Timeout(httpx.Timeout(1, pool=None)), (1, 1, 1, None)),
        (Timeout(SimpleNamespace(connect=1, read=2, write=3, pool=4)), (1, 2, 3, 4)),
        (Timeout(math.inf), (math.inf,) * 4),
    ],
)
def test_a_limit_for_each_phase(timeout: Timeout, expected: tuple[object, ...]) -> None:
    assert limits(timeout) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (30, (30, 30, 30, 30)),
        (None, (None, None, None, None)),
        (httpx.Timeout(600, connect=5), (5, 600, 600, 600)),
        (Timeout(1, read=2), (1, 2, 1, 1)),
    ],
)
def test_what_is_accepted_as_a_timeout(given: Any, expected: tuple[object, ...]) -> None:
    assert limits(phases(given)) == expected


def test_the_default_is_ten_minutes_and_five_seconds_to_connect() -> None:
    assert limits(DEFAULT_TIMEOUT) == (5.0, 600, 600, 600)


@pytest.mark.parametrize("missing", ["connect", "read", "write", "pool"])
def test_a_phase_without_a_limit_is_refused_by_name(missing: str) -> None:
    given: dict[str, Any] = {"connect": 1, "read": 1, "write": 1, "pool": 1}
    del given[missing]
    with pytest.raises(ValueError, match=rf"needs a default .* or {missing}="):
        Timeout(**given)


@pytest.mark.parametrize("value", [-1, -0.1, math.nan, "30", (5, 10), [1]])
def test_what_is_no_limit_is_refused_by_name(value: Any) -> None:
    with pytest.raises(ValueError, match="read must be seconds"):
        Timeout(30, read=value)


@pytest.mark.parametrize("value", [-1, math.nan, "30", (5, 10), object()])
def test_what_is_no_timeout_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"must be seconds \(0 or more\) or None"):
        phases(value)


def test_timeouts_compare_by_their_limits() -> None:
    assert Timeout(5) == Timeout(5, read=5) == httpx.Timeout(5)
    assert Timeout(5) != Timeout(5, read=6)
    assert Timeout(5) != 5
    assert len({Timeout(5), Timeout(5), Timeout(6)}) == 2


@pytest.mark.parametrize(
    "twin", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))]
)
def test_copies_of_a_timeout(twin: Any) -> None:
    assert twin(DEFAULT_TIMEOUT) == DEFAULT_TIMEOUT


def test_a_timeout_shows_its_limits() -> None:
    assert repr(Timeout(600, connect=5)) == "Timeout(connect=5, read=600, write=600, pool=600)"
