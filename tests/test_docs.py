"""What the documentation says is true: its code runs, its links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from openai_async.emulator import Emulator

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

#: A block of code, with the line its first line stands on.
Block = tuple[int, str]


def blocks(document: Path) -> list[Block]:
    text = document.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, match.start(1)) + 1, match[1])
        for match in re.finditer(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    ]


def name(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


CODE = [document for document in DOCUMENTS if blocks(document)]


def test_the_readme_has_code() -> None:
    assert len(blocks(ROOT / "README.md")) >= 5


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 150


@pytest.mark.parametrize("document", CODE, ids=name)
def test_the_code_runs(
    document: Path, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("OPENAI_BASE_URL", emulator.base_url)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").write_text("# For examples that upload one\n")
    names: dict[str, Any] = {"__name__": "__main__"}
    for line, code in blocks(document):
        # Errors are reported where the code stands in the document.
        exec(compile("\n" * (line - 1) + code, str(document), "exec"), names)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("## Blocking", ["You said: Say hello."]),
        ("## Awaited", ["You said: Say hello."]),
        ("## Many files at once", ["1 of 2", "2 of 2", "completed 2"]),
        ("## When it goes wrong", ["404 model_not_found req_"]),
    ],
)
def test_the_readme_prints_what_it_promises(
    words: str,
    said: list[str],
    emulator: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("OPENAI_BASE_URL", emulator.base_url)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").write_text("# For examples that upload one\n")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition(f"\n{words}\n")[2]
    code = section.partition("```python\n")[2].partition("\n```")[0]
    exec(compile(code, words, "exec"), {"__name__": "__main__"})
    printed = capsys.readouterr().out
    assert [each for each in said if each not in printed] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)", document.read_text(encoding="utf-8"))
    relative = [target for target in targets if "://" not in target]
    assert [target for target in relative if not (document.parent / target).exists()] == []


def demo(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "docs" / "demo.py")],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def assert_complete(done: subprocess.CompletedProcess[str]) -> None:
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("You said: Why do programs wait?") == 4  # two chats, two streams
    assert done.stdout.count("20/20 uploaded, 20 processed") == 2
    assert done.stdout.count("upload:    completed") == 2


def test_the_demo_needs_no_key() -> None:
    done = demo()
    assert "using an emulator at http://127.0.0.1:" in done.stdout
    assert_complete(done)


def test_the_demo_uses_the_server_that_it_is_given(emulator: Emulator) -> None:
    done = demo(OPENAI_API_KEY="sk-mine", OPENAI_BASE_URL=emulator.base_url)
    assert_complete(done)
    assert f"Using {emulator.base_url}" in done.stdout
    assert len(emulator.files) == 40
    keys = {request.headers["authorization"] for request in emulator.requests}
    assert keys == {"Bearer sk-mine"}
