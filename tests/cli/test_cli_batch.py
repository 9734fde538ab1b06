"""`batch`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openai_async.emulator import Emulator

from .commands import Done

Run = Callable[..., Done]

CHAT = ("--endpoint", "/chat/completions")


def body(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}], **more}


@pytest.fixture(autouse=True)
def questions(here: Path) -> None:
    lines = [body("one"), body("two"), {**body("three"), "custom_id": "third"}]
    write(here / "bodies.jsonl", lines)


def write(path: Path, lines: list[Any]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def answers(text: str) -> list[tuple[str, str]]:
    """Names and texts in lines of results."""
    found = map(json.loads, text.splitlines())
    return [
        (line["custom_id"], line["response"]["body"]["choices"][0]["message"]["content"])
        for line in found
    ]


EXPECTED = [
    ("request-0", "You said: one"),
    ("request-1", "You said: two"),
    ("third", "You said: three"),
]


def test_bodies_become_a_batch(run: Run, emulator: Emulator) -> None:
    done = run("batch", "run", "bodies.jsonl", *CHAT)
    assert (done.code, answers(done.out)) == (0, EXPECTED)
    (batch,) = emulator.batches
    assert done.err == f"Began {batch.id}.\n3 requests: 3 answered, 0 failed.\n"


def test_lines_of_batches_are_taken_as_they_are(run: Run, here: Path) -> None:
    url = "/v1/chat/completions"
    lines = [{"custom_id": "x", "method": "POST", "url": url, "body": body("hello")}]
    write(here / "lines.jsonl", lines)
    assert answers(run("batch", "run", "lines.jsonl").out) == [("x", "You said: hello")]


def test_standard_input(run: Run, here: Path) -> None:
    text = (here / "bodies.jsonl").read_text()
    assert answers(run("batch", "run", "-", *CHAT, stdin=text).out) == EXPECTED


def test_the_same_command_begins_nothing_twice(run: Run, emulator: Emulator) -> None:
    first = run("batch", "run", "bodies.jsonl", *CHAT)
    again = run("batch", "run", "bodies.jsonl", *CHAT)
    assert again.out == first.out
    assert len(emulator.batches) == 1
    run("batch", "run", "bodies.jsonl", *CHAT, "--no-ledger")
    assert len(emulator.batches) == 2


def test_live_gives_the_same_lines(run: Run, emulator: Emulator) -> None:
    done = run("batch", "run", "bodies.jsonl", *CHAT, "--live")
    assert (done.code, answers(done.out)) == (0, EXPECTED)
    assert emulator.batches == []


@pytest.mark.parametrize("live", [False, True])
def test_failures_go_to_a_file_of_their_own(
    run: Run, here: Path, emulator: Emulator, live: bool
) -> None:
    spec = "status=400; code=odd; message=No."
    write(here / "bodies.jsonl", [body("one"), body("two", metadata={"emulator": spec})])
    if live:
        write(here / "bodies.jsonl", [body("one"), body("two", model="missing-model")])
    more = ("-o", "out.jsonl", "--errors", "err.jsonl", *(["--live"] if live else []))
    done = run("batch", "run", "bodies.jsonl", *CHAT, *more)
    assert (done.code, done.out) == (1, "")
    assert done.err.endswith("2 requests: 1 answered, 1 failed.\n")
    assert answers((here / "out.jsonl").read_text()) == EXPECTED[:1]
    error = json.loads((here / "err.jsonl").read_text())
    assert error["custom_id"] == "request-1"
    assert error["response"]["status_code"] == (404 if live else 400)
    assert error["response"]["body"]["error"]["code"] == ("model_not_found" if live else "odd")
    assert [*here.glob("*.part")] == []


def test_failures_without_a_file_are_shown(run: Run, here: Path) -> None:
    write(here / "bodies.jsonl", [body("one", model="missing-model")])
    done = run("batch", "run", "bodies.jsonl", *CHAT)
    assert (done.code, done.out) == (1, "")
    assert "request-0\t404 model_not_found: " in done.err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "There are no requests in"),
        ('{"model": "m"}\n\n[1]\n', "Line 3 of"),
        ("nonsense\n", "Line 1 of"),
    ],
)
@pytest.mark.parametrize("live", [(), ("--live",)])
def test_mistakes_are_found_before_anything_begins(
    run: Run, here: Path, emulator: Emulator, content: str, words: str, live: tuple[str, ...]
) -> None:
    (here / "bodies.jsonl").write_text(content)
    done = run("batch", "run", "bodies.jsonl", *CHAT, *live)
    assert done.code == 2
    assert done.err.startswith(f"Error: {words}")
    assert emulator.requests == []


def test_bodies_need_an_endpoint_that_there_is(run: Run) -> None:
    done = run("batch", "run", "bodies.jsonl")
    assert done.code == 2
    assert "add --endpoint" in done.err
    done = run("batch", "run", "bodies.jsonl", "--endpoint", "/nonsense")
    assert done.code == 2
    assert "/v1/chat/completions" in done.err


def test_batches_go_on_when_nobody_waits(run: Run, emulator: Emulator) -> None:
    emulator.settings.processing_seconds = 3600
    done = run("batch", "run", "bodies.jsonl", *CHAT, "--no-wait", "-q")
    (batch,) = emulator.batches
    assert (done.code, done.err) == (0, "")
    assert done.out.split("\t")[0] == batch.id
    assert run("batch", "run", "bodies.jsonl", *CHAT, "--no-wait").out == done.out
    assert len(emulator.batches) == 1

    emulator.advance(1800)
    shown = dict(line.split("\t") for line in run("batch", "status", batch.id).out.splitlines())
    assert shown["status"] == "in_progress"
    assert shown["requests"].endswith(", 3 in all")
    assert json.loads(run("batch", "status", batch.id, "--json").out)["id"] == batch.id

    emulator.advance(3600)
    results = run("batch", "results", batch.id)
    assert (results.code, answers(results.out)) == (0, EXPECTED)


def test_several_batches_begin_without_waiting(run: Run, here: Path, emulator: Emulator) -> None:
    emulator.settings.processing_seconds = 3600
    write(here / "bodies.jsonl", [body("one", model=f"model-{number}") for number in range(3)])
    done = run("batch", "run", "bodies.jsonl", *CHAT, "--no-wait")
    ids = sorted(line.split("\t")[0] for line in done.out.splitlines())
    assert ids == sorted(batch.id for batch in emulator.batches)
    assert len(ids) == 3


def test_cancelling(run: Run, emulator: Emulator) -> None:
    emulator.settings.processing_seconds = 3600
    run("batch", "run", "bodies.jsonl", *CHAT, "--no-wait")
    done = run("batch", "cancel", emulator.batches[0].id, "--json")
    assert json.loads(done.out)["status"] in ("cancelling", "cancelled")
    emulator.advance(3600)
    done = run("batch", "results", emulator.batches[0].id)
    assert done.code == 1
    assert "batch_cancelled" not in done.out
    assert done.err.count("request-") >= 2


def test_results_in_files(run: Run, here: Path, emulator: Emulator) -> None:
    run("batch", "run", "bodies.jsonl", *CHAT, "-q")
    done = run("batch", "results", emulator.batches[0].id, "-o", "out.jsonl")
    assert done == Done(0, "", "")
    assert answers((here / "out.jsonl").read_text()) == EXPECTED


def test_listing(run: Run, emulator: Emulator) -> None:
    for _ in range(3):
        run("batch", "run", "bodies.jsonl", *CHAT, "--no-ledger")
    ids = [batch.id for batch in reversed(emulator.batches)]
    rows = [line.split("\t") for line in run("batch", "list").out.splitlines()]
    assert [row[0] for row in rows] == ids
    assert rows[0][1:6] == ["completed", "3", "0", "3", "/v1/chat/completions"]
    limited = run("batch", "list", "--limit", "2", "--json")
    assert [each["id"] for each in json.loads(limited.out)] == ids[:2]
    everything = run("batch", "list", "--limit", "1", "--all", "--json")
    assert [each["id"] for each in json.loads(everything.out)] == ids


def test_live_and_not_waiting_exclude_each_other(run: Run) -> None:
    assert run("batch", "run", "bodies.jsonl", "--live", "--no-wait").code == 2
