"""The lines of batches: which file they belong in, and what those of results say."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from openai_async._batches.lines import (
    LIMITS,
    ByteLines,
    Limits,
    Parts,
    count_inputs,
    line_of,
    read_line,
)

CHAT, EMBEDDINGS = "/v1/chat/completions", "/v1/embeddings"


def placed(
    limits: Limits, requests: list[tuple[str, dict[str, Any]]], size: int | None = None
) -> list[list[int]]:
    """The positions of requests (a URL and a body each) in each part."""
    parts = Parts(limits)
    for index, (url, body) in enumerate(requests):
        content = json.dumps(body).encode()
        line = b"x" * size if size else line_of(f"r{index}", url, content)
        parts.place(index, line, url, content)
    assert [part.number for part in parts.all] == list(range(len(parts.all)))
    return [list(part.indices) for part in parts.all]


def chat(count: int, model: str = "m") -> list[tuple[str, dict[str, Any]]]:
    return [(CHAT, {"model": model})] * count


def embed(*inputs: int) -> list[tuple[str, dict[str, Any]]]:
    return [(EMBEDDINGS, {"model": "m", "input": ["a"] * count}) for count in inputs]


WIDE = Limits(requests=1000, size=10**9, inputs=10**9)


@pytest.mark.parametrize(
    ("limits", "requests", "size", "expected"),
    [
        (WIDE, [], None, []),
        (WIDE, chat(3), None, [[0, 1, 2]]),
        (Limits(2, 10**9, 9), chat(5), None, [[0, 1], [2, 3], [4]]),
        (Limits(9, 20, 9), chat(5), 10, [[0, 1], [2, 3], [4]]),
        (Limits(9, 29, 9), chat(3), 10, [[0, 1], [2]]),
        (Limits(9, 10**9, 10), embed(5, 5, 1, 10, 9), None, [[0, 1], [2], [3], [4]]),
        (WIDE, [*chat(1), *chat(1, "n"), *chat(1)], None, [[0, 2], [1]]),
        (WIDE, [*chat(1), *embed(1), *chat(1)], None, [[0, 2], [1]]),
        (Limits(2, 10**9, 9), [*chat(3), *chat(2, "n")], None, [[0, 1], [2], [3, 4]]),
        (Limits(9, 10**9, 1), chat(4), None, [[0, 1, 2, 3]]),  # inputs are those of embeddings
    ],
)
def test_parts_keep_to_the_limits(
    limits: Limits,
    requests: list[tuple[str, dict[str, Any]]],
    size: int | None,
    expected: list[list[int]],
) -> None:
    assert placed(limits, requests, size) == expected


def test_limits_are_those_of_the_api() -> None:
    assert (LIMITS.requests, LIMITS.size, LIMITS.inputs) == (50_000, 200_000_000, 50_000)


@pytest.mark.parametrize(
    ("limits", "request_", "message"),
    [
        (Limits(9, 50, 9), (CHAT, {"model": "m" * 50}), "bytes fits into no batch: 50"),
        (Limits(9, 10**9, 9), (EMBEDDINGS, {"input": [["a"]] * 10}), "10 inputs"),
    ],
)
def test_what_fits_into_no_part_is_refused_and_spoils_none(
    limits: Limits, request_: tuple[str, dict[str, Any]], message: str
) -> None:
    parts = Parts(limits)
    url, body = request_
    content = json.dumps(body).encode()
    with pytest.raises(ValueError, match=message):
        parts.place(0, line_of("r", url, content), url, content)
    assert parts.all == []


def test_no_part_ever_exceeds_a_limit_and_none_is_lost() -> None:
    rng = random.Random(1)
    limits = Limits(requests=7, size=900, inputs=20)
    parts = Parts(limits)
    for index in range(500):
        url = rng.choice([CHAT, EMBEDDINGS])
        body = {"model": rng.choice("ab"), "input": ["x"] * rng.randint(0, 20)}
        content = json.dumps(body).encode()
        parts.place(index, line_of(str(index), url, content), url, content)
    assert all(len(part.indices) <= 7 for part in parts.all)
    assert all(part.size <= 900 and part.inputs <= 20 for part in parts.all)
    assert sorted(index for part in parts.all for index in part.indices) == list(range(500))


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ("text", 1),
        (["a", "b"], 2),
        ([1, 2, 3], 1),
        ([[1, 2], [3]], 2),
        ([], 0),
        (None, 1),
    ],
)
def test_inputs_are_counted(given: Any, count: int) -> None:
    assert count_inputs(given) == count


@pytest.mark.parametrize("name", ["a", 'quote " and \\', "Grüße \u2028 \x00", "\U0001f600"])
def test_a_line_is_one_line_of_json(name: str) -> None:
    line = line_of(name, CHAT, b'{"model": "m"}')
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "custom_id": name,
        "method": "POST",
        "url": CHAT,
        "body": {"model": "m"},
    }


def test_an_answer_is_read() -> None:
    line = {
        "id": "batch_req_1",
        "custom_id": "a",
        "response": {"status_code": 200, "request_id": "req_1", "body": {"x": [1, 2]}},
        "error": None,
    }
    found = read_line(json.dumps(line).encode())
    assert found is not None
    assert found.response is not None
    assert (found.custom_id, found.response.status_code) == ("a", 200)
    assert (found.response.request_id, json.loads(bytes(found.response.body))) == (
        "req_1",
        {"x": [1, 2]},
    )


def test_an_error_is_read() -> None:
    found = read_line(
        b'{"custom_id": "a", "response": null, "error": {"code": "batch_expired", "message": "m"}}'
    )
    assert found is not None
    assert found.error is not None
    assert (found.error.code, found.error.message) == ("batch_expired", "m")


@pytest.mark.parametrize(
    "line",
    [b"", b"nonsense", b"[]", b'{"custom_id": 3}', b'{"custom_id": "a"}', b"\xff", b'{"custom_id'],
)
def test_what_is_no_result_is_none(line: bytes) -> None:
    assert read_line(line) is None


TEXT = 'a\nb\u2028still b\r\n\n  \n{"c": "\u0085"}\nlast'.encode()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_lines_end_with_a_line_feed_and_nothing_else(size: int, end: bytes) -> None:
    cut, lines = ByteLines(), []
    text = TEXT + end
    for start in range(0, len(text), size):
        lines += cut.feed(text[start : start + size])
    lines += cut.end()
    assert lines == [each for each in TEXT.split(b"\n") if each.strip()]
    assert cut.end() == []
