"""`embed`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openai_async.emulator import Emulator
from openai_sync._cli.embed import MOST_BYTES, MOST_TEXTS, Line, batches

from .commands import Done

Run = Callable[..., Done]


def rows(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_texts_become_lines_of_json(run: Run, emulator: Emulator) -> None:
    done = run("embed", "a", "b", "--dimensions", "3")
    assert (done.code, done.err) == (0, "")
    assert [(row["index"], row["text"], len(row["embedding"])) for row in rows(done.out)] == [
        (0, "a", 3),
        (1, "b", 3),
    ]
    request = emulator.requests[-1].json()
    assert (request["model"], request["input"]) == ("text-embedding-3-small", ["a", "b"])


def test_the_forms_say_the_same(run: Run) -> None:
    lines = rows(run("embed", "a", "b, c", "--dimensions", "2", "--jsonl").out)
    assert json.loads(run("embed", "a", "b, c", "--dimensions", "2", "--json").out) == lines
    table = csv.reader(io.StringIO(run("embed", "a", "b, c", "--dimensions", "2", "--csv").out))
    assert [[int(n), text, [float(each) for each in vector]] for n, text, *vector in table] == [
        [row["index"], row["text"], row["embedding"]] for row in lines
    ]


def test_blank_lines_are_counted_and_left_out(run: Run, here: Path) -> None:
    text = "first\n\n  \nfourth\n"
    (here / "texts.txt").write_text(text)
    expected = [(0, "first"), (3, "fourth")]
    for done in (
        run("embed", "-f", "texts.txt"),
        run("embed", stdin=text),
        run("embed", "-f", "-", stdin=text),
    ):
        assert [(row["index"], row["text"]) for row in rows(done.out)] == expected


def test_only_line_feeds_end_a_line(run: Run) -> None:
    done = run("embed", stdin="one\u2028line\x0cof text\r\nanother")
    assert [row["text"] for row in rows(done.out)] == ["one\u2028line\x0cof text", "another"]


def test_no_texts_are_no_request(run: Run, emulator: Emulator) -> None:
    assert run("embed", "--json", stdin="\n") == Done(0, "[]\n", "")
    assert emulator.requests == []


def test_many_texts_go_in_several_requests_and_come_in_order(run: Run, emulator: Emulator) -> None:
    number = 2 * MOST_TEXTS + 1
    done = run("embed", "--dimensions", "1", stdin="\n".join(map(str, range(number))))
    assert [row["text"] for row in rows(done.out)] == [*map(str, range(number))]
    sizes = sorted(len(request.json()["input"]) for request in emulator.requests)
    assert sizes == [1, MOST_TEXTS, MOST_TEXTS]


LIMITS = [
    ([], []),
    ([1] * MOST_TEXTS, [MOST_TEXTS]),
    ([1] * (MOST_TEXTS + 1), [MOST_TEXTS, 1]),
    ([MOST_BYTES, 1], [1, 1]),
    ([MOST_BYTES - 1, 1, 1], [2, 1]),
    ([MOST_BYTES + 1, MOST_BYTES + 1], [1, 1]),
]


@pytest.mark.parametrize(("lengths", "expected"), LIMITS)
def test_requests_keep_the_limits(lengths: list[int], expected: list[int]) -> None:
    lines = [Line(index, "x" * length) for index, length in enumerate(lengths)]
    made = [*batches(lines)]
    assert [len(batch) for batch in made] == expected
    assert [line for batch in made for line in batch] == lines


def test_what_fails_is_named_and_the_rest_printed(run: Run, emulator: Emulator) -> None:
    emulator.fault("status=400; message=Not that one.", path="/embeddings")
    stdin = "\n".join(map(str, range(MOST_TEXTS + 1)))
    done = run("embed", "--dimensions", "1", "--concurrency", "1", stdin=stdin)
    assert done.code == 1
    assert [row["index"] for row in rows(done.out)] == [MOST_TEXTS]
    assert done.err.startswith("Error: texts 0 to 2047: 400: Not that one.")


def test_if_all_fail_their_error_is_that_of_the_command(run: Run, emulator: Emulator) -> None:
    emulator.fault("status=401; message=No such key.", path="/embeddings")
    done = run("embed", "a")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("Error: 401: No such key.")


def test_texts_and_a_file_are_too_much(run: Run) -> None:
    assert run("embed", "a", "-f", "-").code == 2
