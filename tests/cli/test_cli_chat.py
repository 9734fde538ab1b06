"""`chat` with one question."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openai_async.emulator import Emulator

from .commands import Command, Done

Run = Callable[..., Done]


def asked(emulator: Emulator) -> Any:
    """The last request."""
    return emulator.requests[-1].json()


def test_the_prompt_is_an_argument(run: Run) -> None:
    assert run("chat", "Hello there") == Done(0, "You said: Hello there\n", "")


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_the_prompt_is_standard_input(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("chat", *arguments, stdin="Hello\n").out == "You said: Hello\n"


def test_there_need_not_be_a_standard_input() -> None:
    with Command("chat", before="sys.stdin = None") as command:
        assert command.end().code == 2
    with Command("chat", "Hello", before="sys.stdin = None") as command:
        assert command.end() == Done(0, "You said: Hello\n", "")


def test_answers_are_streamed_unless_told_otherwise(run: Run, emulator: Emulator) -> None:
    run("chat", "a")
    assert asked(emulator)["stream"] is True
    assert run("chat", "a", "--no-stream").out == "You said: a\n"
    assert "stream" not in asked(emulator)


def test_options_are_sent(run: Run, emulator: Emulator) -> None:
    run("chat", "a", "-m", "some-model", "-s", "Be brief.", "-t", "0.5", "--max-tokens", "9")
    request = asked(emulator)
    assert request["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "a"},
    ]
    assert (request["model"], request["temperature"]) == ("some-model", 0.5)
    assert request["max_tokens"] == 9  # which every server knows


def test_a_cut_answer_is_told_of(run: Run) -> None:
    done = run("chat", "one two three", "--max-tokens", "2")
    assert done.code == 0
    assert "limit of tokens" in done.err
    assert run("chat", "one two three", "--max-tokens", "2", "--quiet").err == ""


def test_json_is_the_whole_answer(run: Run) -> None:
    answer = json.loads(run("chat", "a", "--json").out)
    assert answer["choices"][0]["message"]["content"] == "You said: a"


def test_json_of_a_stream_is_a_line_for_each_chunk(run: Run) -> None:
    chunks = [
        json.loads(line) for line in run("chat", "a b", "--json", "--stream").out.splitlines()
    ]
    said = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)
    assert said == "You said: a b"


def test_files_go_with_the_prompt(run: Run, emulator: Emulator, here: Path) -> None:
    (here / "notes.txt").write_text("milk")
    (here / "dot.png").write_bytes(b"png")
    (here / "paper.pdf").write_bytes(b"pdf")
    files = ("-f", "notes.txt", "-f", "dot.png", "-f", "paper.pdf", "-f", "-")
    assert run("chat", "What?", *files, stdin="bread").code == 0
    png, pdf = (base64.b64encode(each).decode() for each in (b"png", b"pdf"))
    assert asked(emulator)["messages"][0]["content"] == [
        {"type": "text", "text": "What?"},
        {"type": "text", "text": "notes.txt:\n\nmilk"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png}"}},
        {
            "type": "file",
            "file": {"filename": "paper.pdf", "file_data": f"data:application/pdf;base64,{pdf}"},
        },
        {"type": "text", "text": "bread"},
    ]


def test_a_file_of_another_kind_is_refused(run: Run, here: Path, emulator: Emulator) -> None:
    (here / "a.bin").write_bytes(b"\xff\xfe\x00")
    done = run("chat", "What?", "-f", "a.bin")
    assert done.code == 2
    assert "a.bin is no text" in done.err
    assert emulator.requests == []


@pytest.mark.parametrize("arguments", [("-",), ("  ",), ("-", "-f", "-")])
def test_nothing_to_ask_is_a_mistake(
    run: Run, arguments: tuple[str, ...], emulator: Emulator
) -> None:
    assert run("chat", *arguments).code == 2
    assert emulator.requests == []


def test_an_answer_that_breaks_off_is_an_error(run: Run, emulator: Emulator) -> None:
    emulator.fault("cut=600")
    done = run("chat", "one two three four five")
    assert done.code == 4
    assert done.out.startswith("You")
    assert done.out.endswith("\n")
    assert done.err.startswith("Error: ")
