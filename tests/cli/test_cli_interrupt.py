"""Ctrl-C, SIGTERM and SIGKILL in the middle; the same command does the rest, and only that."""

from __future__ import annotations

import json
import re
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from openai_async.emulator import Emulator

from .commands import Command, Done, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to children")

Run = Callable[..., Done]

NAMES = [f"{number}.txt" for number in range(6)]


@pytest.fixture
def files(here: Path) -> None:
    (here / "files").mkdir()
    for name in NAMES:
        (here / "files" / name).write_text(f"this is {name}")


def stored(emulator: Emulator) -> Counter[str]:
    return Counter(file.filename for file in emulator.files)


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("number", "code", "words"),
    [
        (signal.SIGINT, 130, "Interrupted. 3 of 6 files are done; the same command continues.\n"),
        (signal.SIGTERM, 143, "Terminated. 3 of 6 files are done; the same command continues.\n"),
        (signal.SIGKILL, -signal.SIGKILL, ""),
    ],
)
def test_an_upload_goes_on(
    run: Run, emulator: Emulator, number: int, code: int, words: str
) -> None:
    emulator.fault("late=0", times=3, path="/files", method="POST")
    # It is stored, and nobody hears of that.
    emulator.fault("late=600", path="/files", method="POST")
    with Command("upload", "files", "--concurrency", "1") as command:
        until(lambda: len(emulator.files) == 4)
        command.send_signal(number)
        assert command.end() == Done(code, "", words)
    done = run("upload", "files")
    assert done.code == 0
    assert stored(emulator) == Counter(NAMES)
    assert len(done.out.splitlines()) == 6


@pytest.mark.usefixtures("files")
def test_an_upload_in_parts_goes_on(run: Run, emulator: Emulator) -> None:
    emulator.fault("late=0", times=2, path="/uploads/*/parts")
    emulator.fault("stall=600", path="/uploads/*/parts")
    with Command("upload", "files", "--chunked") as command:
        until(lambda: len(emulator.uploads) == 3 and emulator.uploads[2].id in parts(emulator))
        done = command.interrupt()
    assert done.code == 130
    assert done.err == "Interrupted. 2 of 6 files are done; the same command continues.\n"
    assert emulator.uploads[2].cancelled
    assert run("upload", "files", "--chunked").code == 0
    assert stored(emulator) == Counter(NAMES)


@pytest.mark.usefixtures("files")
def test_an_upload_in_parts_that_was_killed_goes_on(run: Run, emulator: Emulator) -> None:
    emulator.fault("late=600", path="/uploads/*/complete")
    with Command("upload", "files", "--chunked") as command:
        until(lambda: len(emulator.files) == 1)
        command.send_signal(signal.SIGKILL)
        command.end()
    assert run("upload", "files", "--chunked").code == 0
    assert stored(emulator) == Counter(NAMES)


def parts(emulator: Emulator) -> set[str]:
    """The uploads of which a part was sent."""
    asked = [request.path for request in emulator.requests if request.path.endswith("/parts")]
    return {path.split("/")[-2] for path in asked}


def test_a_new_vector_store_is_made_once(run: Run, emulator: Emulator, here: Path) -> None:
    (here / "a.txt").write_text("a")
    emulator.fault("stall=600", path="/files", method="POST")
    command = ("upload", "a.txt", "--new-vector-store", "notes")
    with Command(*command) as running:
        until(lambda: any(request.path == "/v1/files" for request in emulator.requests))
        assert running.interrupt().code == 130
    assert run(*command).code == 0
    assert len(emulator.vector_stores) == 1


@pytest.fixture
def questions(here: Path) -> None:
    bodies = [
        {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": str(number)}]}
        for number in range(3)
    ]
    (here / "bodies.jsonl").write_text("".join(json.dumps(each) + "\n" for each in bodies))


BATCH = ("batch", "run", "bodies.jsonl", "--endpoint", "/chat/completions")


@pytest.mark.usefixtures("questions")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_batch_is_picked_up(run: Run, emulator: Emulator, number: int) -> None:
    emulator.settings.processing_seconds = 3600
    with Command(*BATCH) as command:
        began = command.err.readline()
        command.send_signal(number)
        done = command.end()
    (batch,) = emulator.batches
    assert began == f"Began {batch.id}.\n"
    if number != signal.SIGKILL:
        assert done.code == (130 if number == signal.SIGINT else 143)
        assert done.err.endswith(
            f" At the server go on: {batch.id}. The same command picks them up.\n"
        )
    emulator.advance(4000)
    again = run(*BATCH)
    assert (again.code, len(again.out.splitlines())) == (0, 3)
    assert len(emulator.batches) == 1


@pytest.mark.usefixtures("questions")
def test_live_requests_are_printed_as_they_are_answered(emulator: Emulator) -> None:
    # Which of them is silent is not known, for they run at the same time.
    emulator.fault("late=0", times=2, path="/chat/completions")
    emulator.fault("stall=600", path="/chat/completions")
    with Command(*BATCH, "--live") as command:
        until(lambda: len(emulator.requests) == 3)
        done = command.interrupt()
    assert done.code == 130
    told = re.fullmatch(r"Interrupted. (\d) of 3 requests are done.\n", done.err)
    assert told is not None
    assert 0 <= len(done.out.splitlines()) - int(told[1]) <= 1


def test_a_streamed_answer_ends_at_once(emulator: Emulator) -> None:
    emulator.fault("pings=4")
    with Command("chat", "one two three four five six seven eight") as command:
        assert command.out.read(3) == "You"
        done = command.interrupt()
    assert (done.code, done.err) == (130, "Interrupted.\n")
    assert done.out.endswith("\n")


def test_embedding_says_how_far_it_came(emulator: Emulator) -> None:
    emulator.fault("stall=600", path="/embeddings")
    with Command("embed", "a", "b") as command:
        until(lambda: emulator.requests)
        done = command.interrupt()
    assert done == Done(130, "", "Interrupted. 0 texts of 2 are embedded.\n")
