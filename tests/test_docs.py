"""What the documentation says is true: its code runs in both styles, its links lead somewhere."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
import styles
from documents import BLOCKS, DOCUMENTS, ROOT, Block, blocks

from openai_async.emulator import Emulator

#: What the API itself gives up is documented as long as it works.
pytestmark = pytest.mark.filterwarnings("ignore:The Assistants API:DeprecationWarning")


def name(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


CODE = [document for document in DOCUMENTS if blocks(document)]


@pytest.fixture
def here(
    emulator: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    """What examples find where they run."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("OPENAI_BASE_URL", emulator.base_url)
    if "docs/azure.md" in request.node.name:
        monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", emulator.azure_endpoint)
        monkeypatch.setenv("AZURE_OPENAI_API_KEY", "a-key")
        monkeypatch.setenv("OPENAI_API_VERSION", "2024-10-21")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").write_text("# For examples that upload one\n")


def test_the_readme_has_code() -> None:
    assert len(blocks(ROOT / "README.md")) >= 5


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 150


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("document", CODE, ids=name)
def test_the_code_runs(document: Path) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(document):
        # Errors are reported where the code stands in the document.
        exec(compile("\n" * (block.line - 1) + block.code, str(document), "exec"), names)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("block", [block for block in BLOCKS if block.twin], ids=str)
def test_the_code_runs_in_the_other_style(
    block: Block, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = anyio.run
    monkeypatch.setattr(anyio, "run", lambda main: run(main, backend=backend))
    exec(compile(block.twin or "", f"twin of {block}", "exec"), {"__name__": "__main__"})


def test_most_examples_have_both_styles() -> None:
    assert len([block for block in BLOCKS if block.twin]) > len(BLOCKS) / 2


STYLES = [
    ("client.files.delete('f')", "await client.files.delete('f')"),
    ("client.pool_stats()", "client.pool_stats()"),
    ("a = client.copy(); a.files.delete('f')", "a = client.copy(); await a.files.delete('f')"),
    ("OpenAI().models.retrieve('m')", "await AsyncOpenAI().models.retrieve('m')"),
    (
        "p = client.files.list()\nprint([f.id for f in p], p.data)",
        "p = await client.files.list()\nprint([f.id async for f in p], p.data)",
    ),
    (
        "for file in client.files.list():\n    client.files.delete(file.id)",
        "async for file in client.files.list():\n    await client.files.delete(file.id)",
    ),
    (
        "def get(f):\n    return client.files.retrieve(f)\nprint(get('f'))",
        "async def get(f):\n    return await client.files.retrieve(f)\nprint(await get('f'))",
    ),
    (
        "with client.chat.completions.create(stream=True) as s:\n    s.close()",
        "async with await client.chat.completions.create(stream=True) as s:\n    await s.close()",
    ),
    (
        "with client.files.with_streaming_response.content('f') as r:\n"
        "    for line in r.iter_lines():\n        print(line, r.read())",
        "async with client.files.with_streaming_response.content('f') as r:\n"
        "    async for line in r.iter_lines():\n        print(line, await r.read())",
    ),
    (
        "with client.map([{}], client.models.retrieve) as all:\n"
        "    for one in all:\n        print(one)",
        "async with client.map([{}], client.models.retrieve) as all:\n"
        "    async for one in all:\n        print(one)",
    ),
    (
        "for one in client.batches.map([{}]):\n    print(one)",
        "for one in await client.batches.map([{}]):\n    print(one)",
    ),
    (
        "class Own(AssistantEventHandler):\n    def on_end(self):\n        print()\n"
        "with client.beta.threads.runs.stream('t', event_handler=Own()) as h:\n    h.until_done()",
        "class Own(AsyncAssistantEventHandler):\n    async def on_end(self):\n        print()\n"
        "async with client.beta.threads.runs.stream('t', event_handler=Own()) as h:\n"
        "    await h.until_done()",
    ),
]


@pytest.mark.parametrize(("blocking", "awaited"), STYLES)
def test_styles_are_translated(blocking: str, awaited: str) -> None:
    lines = styles.awaited(f"client = OpenAI()\n{blocking}")
    main = next(n for n in ast.parse(lines).body if isinstance(n, ast.AsyncFunctionDef))
    assert ast.unparse(main.body[1:]) == ast.unparse(ast.parse(awaited))
    assert ast.dump(ast.parse(styles.blocking(awaited))) == ast.dump(ast.parse(blocking))


README = ROOT / "README.md"


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("style", ["as written", "the other"])
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
    words: str, said: list[str], style: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = README.read_text(encoding="utf-8").splitlines().index(words)
    block = next(block for block in blocks(README) if block.line > line)
    code = block.code if style == "as written" else block.twin
    exec(compile(code or "", words, "exec"), {"__name__": "__main__"})
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
