"""Exit codes, and the line that says why."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from openai_async import APIConnectionError, APIError, LedgerError, OpenAIError, __version__
from openai_async.emulator import Emulator
from openai_sync._cli.endings import Code, Refused, Terminated, code_of, line_of

from .commands import Command, Done

Run = Callable[..., Done]

CODES: list[tuple[BaseException, Code | None]] = [
    (KeyboardInterrupt(), Code.INTERRUPTED),
    (Terminated(), Code.TERMINATED),
    (BrokenPipeError(errno.EPIPE, "x"), Code.CLOSED),
    (OSError(errno.ENOSPC, "x"), Code.FAILED),
    (APIConnectionError(), Code.NO_ANSWER),
    (APIError("an error in the middle of a stream"), Code.REFUSED),
    (LedgerError("x"), Code.USAGE),
    (OpenAIError("x"), Code.USAGE),
    (Refused("x"), Code.USAGE),
    (ValueError("x"), Code.USAGE),
    (AssertionError("a defect"), None),
]


@pytest.mark.parametrize(("error", "code"), CODES, ids=lambda value: type(value).__name__)
def test_codes(error: BaseException, code: Code | None) -> None:
    assert code_of(error) == code


@pytest.mark.parametrize(
    ("fault", "code", "line"),
    [
        ("status=404; code=gone; message=No.", 3, "Error: 404 gone: No. (request req_"),
        ("status=401", 3, "Error: 401"),
        ("status=429; should-retry=false; message=Slow down.", 3, "Error: 429: Slow down."),
        ("status=500; should-retry=false; message=Oh.", 4, "Error: 500: Oh. (request req_"),
        ("html", 4, "Error: "),
        ("error-200", 3, "Error: "),
    ],
)
def test_what_the_server_does(
    run: Run, emulator: Emulator, fault: str, code: int, line: str
) -> None:
    emulator.fault(fault)
    done = run("models", "gpt-4o")
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(line)
    assert done.err.count("\n") == 1


def test_a_server_that_is_silent(run: Run, emulator: Emulator) -> None:
    emulator.fault("stall=600")
    done = run("models", "--deadline", "0.05")
    assert done.code == 4
    assert done.err.startswith("Error: Deadline of 0.05 seconds exceeded")


def test_nobody_is_there(run: Run) -> None:
    done = run("models", "--base-url", "http://127.0.0.1:9", "--deadline", "0.2")
    assert (done.code, done.err.count("\n")) == (4, 1)


@pytest.mark.parametrize(
    "arguments",
    [("nonsense",), ("chat", "a", "--nonsense"), ("models", "--timeout", "0"), ("upload",)],
)
def test_commands_that_make_no_sense(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Usage: python -m openai_sync")


def test_a_missing_key_is_told_of(
    run: Run, monkeypatch: pytest.MonkeyPatch, emulator: Emulator
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    done = run("models")
    assert done.code == 2
    assert done.err == "Error: There is no API key: set the environment variable OPENAI_API_KEY.\n"
    assert emulator.requests == []


def test_azure_is_asked_where_its_variables_are(
    run: Run, monkeypatch: pytest.MonkeyPatch, emulator: Emulator
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.delenv("OPENAI_BASE_URL")
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", emulator.azure_endpoint)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "a-key")
    monkeypatch.setenv("OPENAI_API_VERSION", "2024-10-21")
    assert run("chat", "a", "-m", "gpt-4o").out == "You said: a\n"
    assert emulator.requests[-1].path.startswith("/openai/deployments/gpt-4o/")


def test_debug_shows_where_an_error_comes_from(run: Run, emulator: Emulator) -> None:
    emulator.fault("status=404")
    done = run("models", "gpt-4o", "--debug")
    assert done.code == 3
    assert done.err.startswith("Traceback (most recent call last):")
    assert "sk-test" not in done.err


def test_a_file_that_cannot_be_written(run: Run, here: Path) -> None:
    (here / "a.jsonl").write_text('{"model": "m", "messages": []}\n')
    command = ("batch", "run", "a.jsonl", "--endpoint", "/chat/completions", "--live")
    done = run(*command, "-o", "nowhere/out.jsonl")
    assert done.code == 1
    assert done.err == "Error: nowhere/out.jsonl.part: No such file or directory\n"


def test_lines_have_no_line_breaks() -> None:
    assert line_of(ValueError("one\n  two")) == "one two"
    assert line_of(ValueError()) == "ValueError"


def test_the_version(run: Run) -> None:
    assert run("--version").out == f"openai-anyio, version {__version__}\n"


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_a_missing_extra_is_named(missing: str) -> None:
    with Command("models", before=f"sys.modules[{missing!r}] = None") as command:
        done = command.end()
    expected = 'The command line needs more packages: pip install "openai-anyio[cli]"\n'
    assert done == Done(2, "", expected)


def test_output_that_nobody_reads_is_no_error(here: Path) -> None:
    (here / "texts.txt").write_text("\n".join(map(str, range(3000))))
    with Command("embed", "-f", "texts.txt", "--dimensions", "64") as command:
        assert command.out.readline().startswith('{"index":0')
        command.out.close()
        assert (command.err.read(), command.wait()) == ("", 141)
