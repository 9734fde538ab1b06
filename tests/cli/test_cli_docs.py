"""Every shell line of docs/cli.md runs, and its exit codes are those of the program."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from openai_sync._cli.endings import Code
from openai_sync._cli.program import cli

from .commands import Done

DOCUMENT = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", DOCUMENT, re.DOTALL | re.MULTILINE)


@pytest.fixture
def files(here: Path) -> None:
    """What the examples are about, and the `python` that they call."""
    for directory in ("notes", "papers", "bin"):
        (here / directory).mkdir()
    (here / "README.md").write_text("# For an example\n")
    (here / "texts.txt").write_text("remember the milk\nbuy bread\n")
    (here / "notes" / "milk.txt").write_text("remember the milk")
    (here / "papers" / "bread.pdf").write_bytes(b"%PDF-1.4")
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hello."}]}
    (here / "questions.jsonl").write_text(json.dumps(body) + "\n")
    line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": body}
    (here / "requests.jsonl").write_text(json.dumps(line) + "\n")
    python = here / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -W error "$@"\n')
    python.chmod(0o755)


@pytest.mark.skipif(shutil.which("sh") is None, reason="the lines are for a shell")
@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split()[3])
def test_the_lines_run(block: str, here: Path) -> None:
    done = subprocess.run(
        ["sh", "-e", "-c", block],
        env={**os.environ, "PATH": f"{here / 'bin'}{os.pathsep}{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Error" not in done.stderr
    assert all(path.stat().st_size for path in here.glob("*.*") if path.name != "errors.jsonl")


def test_every_command_has_examples() -> None:
    shown = {block.split()[3] for block in BLOCKS} | {"chat"}
    assert shown == set(cli.commands)


def test_the_exit_codes_are_told_everywhere() -> None:
    codes = {str(int(code)) for code in Code}
    assert set(re.findall(r"^\| (\d+) \|", DOCUMENT, re.MULTILINE)) == codes
    assert codes <= set(re.findall(r"\d+", cli.help or ""))


def test_every_option_that_is_told_of_exists(run: Callable[..., Done]) -> None:
    commands = [(name,) for name in cli.commands]
    commands += [("batch", name) for name in ("run", "list", "status", "results", "cancel")]
    helps = "".join(run(*command, "--help").out for command in commands)
    options = re.compile("--[a-z][a-z-]+")
    assert {*options.findall(DOCUMENT)} - {*options.findall(helps)} == set()
