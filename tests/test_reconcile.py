"""What is found on the server, and whose it is: the table of decisions."""

from __future__ import annotations

from collections.abc import Set
from typing import Any, NamedTuple

import pytest

from openai_async import Attempt
from openai_async._bulk.history import Upload
from openai_async._bulk.reconcile import APART, SKEW, is_doubtful, match, server_offset, step

NOW = 1_800_000_000


def up(
    number: int,
    sha: str | None = "A",
    name: str = "f",
    size: int = 1,
    at: float = 0,
    after: float = 0,
) -> Upload:
    return Upload(number, name, "batch", NOW + at, None, size, sha, after=after)


class File(NamedTuple):
    id: str
    filename: Any = "f"
    bytes: int = 1
    created_at: Any = NOW
    purpose: str = "batch"


class Case(NamedTuple):
    doubts: list[Upload]
    found: list[File]
    adopted: dict[int, str]
    copies: list[str]
    wanting: Set[int] = frozenset({1, 2, 3})
    known: Set[str] = frozenset()
    offset: float | None = 0


X, Y, Z = File("x"), File("y", created_at=NOW + 1), File("z", created_at=NOW + 2)

CASES = {
    "nothing is doubtful": Case([], [X], {}, []),
    "nothing is found": Case([up(1)], [], {}, []),
    "the one that is missing": Case([up(1)], [X], {1: "x"}, []),
    "the one, and a copy": Case([up(1)], [Y, X], {1: "x"}, ["y"]),
    "known already": Case([up(1)], [X], {}, [], known={"x"}),
    "one is known, the other is a copy": Case([up(1)], [X, Y], {}, ["y"], set(), {"x"}),
    "nobody wants it": Case([up(1)], [X], {}, ["x"], wanting=set()),
    "another name": Case([up(1)], [File("x", "g")], {}, []),
    "another size": Case([up(1)], [File("x", "f", 2)], {}, []),
    "another purpose": Case([up(1)], [File("x", purpose="vision")], {}, []),
    "of the second before": Case([up(1)], [File("x", created_at=NOW - 1)], {}, []),
    "of the same second": Case([up(1, at=0.9)], [X], {1: "x"}, []),
    "of two seconds before, by a clock that tells whole seconds": Case(
        [up(1, at=2.5)], [X], {}, [], wanting=set(), offset=-0.9
    ),
    "too old, unknown clock": Case(
        [up(1)], [File("x", created_at=int(NOW - SKEW - 1))], {}, [], offset=None
    ),
    "old, unknown clock": Case(
        [up(1)], [File("x", created_at=int(NOW - SKEW))], {1: "x"}, [], offset=None
    ),
    "older than what the server had before, our clock was behind": Case(
        [up(1, at=-3600, after=NOW)], [File("x", created_at=int(NOW - APART - 1))], {}, []
    ),
    "newer than that": Case([up(1, at=-3600, after=NOW)], [X], {1: "x"}, []),
    "nobody knows how old": Case([up(1)], [File("x", created_at=None)], {1: "x"}, []),
    "no copy if nobody knows how old": Case(
        [up(1)], [File("x", created_at=None), File("y")], {1: "y"}, []
    ),
    "without a name": Case([up(1)], [File("x", None)], {}, []),
    "clock behind": Case([up(1)], [File("x", created_at=NOW - 7200)], {1: "x"}, [], offset=-7200),
    "clock ahead": Case([up(1)], [File("x", created_at=NOW)], {}, [], offset=7200),
    "same content twice": Case([up(1), up(2, at=1)], [X, Y], {1: "x", 2: "y"}, []),
    "same content twice, one found": Case([up(2, at=1), up(1)], [Y], {1: "y"}, []),
    "same content, three found": Case([up(1), up(2)], [X, Y, Z], {1: "x", 2: "y"}, ["z"]),
    "two contents": Case([up(1), up(2, "B")], [X, Y], {}, ["x", "y"]),
    "two contents, one sent well": Case([up(1), up(2, "B")], [X], {}, ["x"], wanting={1}),
    "two contents of two sizes": Case(
        [up(1), up(2, "B", size=2)], [X, File("y", bytes=2)], {1: "x", 2: "y"}, []
    ),
    "one content, unknown": Case([up(1, None)], [X], {1: "x"}, []),
    "two contents, both unknown": Case([up(1, None), up(2, None)], [X], {}, ["x"]),
    "name that forms escape": Case([up(1, name='"')], [File("x", "%22")], {1: "x"}, []),
    "name that forms escape, undone": Case([up(1, name='"')], [File("x", '"')], {1: "x"}, []),
    "name that is no text": Case([up(1, name="\udcff")], [File("x", "?")], {1: "x"}, []),
    "size not known": Case([Upload(1, "f", "batch", NOW)], [X], {}, []),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_match(case: Case) -> None:
    matches = match(case.doubts, case.wanting, case.found, case.known, case.offset)
    adopted = {number: file.id for number, file in matches.adopted.items()}
    assert (adopted, [file.id for file in matches.copies]) == (case.adopted, case.copies)


@pytest.mark.parametrize(
    ("latest", "size", "sha256", "expected"),
    [
        (None, 1, "A", "upload"),
        (up(1), 1, "A", "skip"),
        (up(1), 1, "B", "replace"),
        (up(1), 2, "A", "replace"),
        (up(1, None), 1, "A", "replace"),
        (up(1, None), 1, None, "replace"),
    ],
)
def test_step(latest: Upload | None, size: int, sha256: str | None, expected: str) -> None:
    assert step(latest, size, sha256) == expected


@pytest.mark.parametrize(
    ("statuses", "resent", "doubtful"),
    [
        ([], False, False),
        ([], True, True),
        ([429], False, False),
        ([429, 401, 413], False, False),
        ([429], True, True),
        ([408], False, True),
        ([500], False, True),
        ([429, 503], False, True),
        ([None], False, True),
        ([200], False, True),  # an answer that could not be read
    ],
)
def test_doubt(statuses: list[int | None], resent: bool, doubtful: bool) -> None:
    attempts = [Attempt(number, 0.0, 1.0, status) for number, status in enumerate(statuses, 1)]
    assert is_doubtful(attempts, resent=resent) is doubtful


@pytest.mark.parametrize(
    ("headers", "offset"),
    [
        ({"date": "Fri, 15 Jan 2027 08:00:05 GMT"}, 5),
        ({"date": "Fri, 15 Jan 2027 07:00:00 GMT"}, -3600),
        ({"date": "yesterday"}, None),
        ({"date": ""}, None),
        ({}, None),
    ],
)
def test_offset_is_what_the_server_says(headers: dict[str, str], offset: float | None) -> None:
    assert server_offset(headers, NOW) == offset
