"""Fixtures of the tests of the command line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from openai_async.emulator import Emulator
from openai_sync._cli.program import NAME, cli

from .commands import Done


@pytest.fixture(autouse=True)
def here(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory, where commands talk to the emulator."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("OPENAI_BASE_URL", emulator.base_url)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run() -> Callable[..., Done]:
    """Runs a command in this process."""

    def command(*arguments: str, stdin: str | bytes = b"") -> Done:
        result = CliRunner().invoke(cli, arguments, stdin, catch_exceptions=False, prog_name=NAME)
        return Done(result.exit_code, result.stdout, result.stderr)

    return command


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends of a terminal: the one that a person sits at, and the one for a program."""
    pty = pytest.importorskip("pty", reason="terminals are those of Unix")
    person, program = pty.openpty()
    yield person, program
    os.close(person)
