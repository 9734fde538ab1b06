"""What editors and notebooks tell of the methods: names, parameters, types, docs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from language_server import LanguageServer
from test_typing import ROOT, installed

from openai_async import AsyncOpenAI
from openai_sync import OpenAI

HEAD = """\
from openai_async import AsyncOpenAI
from openai_sync import OpenAI
c = OpenAI()
a = AsyncOpenAI()
"""

#: What an editor shows of a name: parameters, what is returned, docs.
SHOWN = {
    "c.files.retrieve": ["file_id: str", "-> FileObject", "`GET /files/{file_id}`"],
    "c.files.list": ["limit: int | Omit = omit", "-> SyncCursorPage[FileObject]", "`GET /files`"],
    "c.files.content": ["file_id: str", "-> HttpxBinaryResponseContent", "`GET /files/"],
    "c.files.with_raw_response.retrieve": ["-> LegacyAPIResponse[FileObject]", "`GET /files/"],
    "c.files.with_streaming_response.list": [
        "-> ResponseManager[SyncCursorPage[FileObject]]",
        "`GET /files`",
    ],
    "c.vector_stores.file_batches.upload_and_poll": [
        "max_concurrency: int",
        "-> VectorStoreFileBatch",
        "A new batch of `files`",
    ],
    "c.copy": ["set_default_headers: Headers | None = None", "-> OpenAI", "same connections"],
    "c.with_options": ["max_retries: int", "-> OpenAI", "same connections"],
    "c.chat.completions.create": [
        "messages:",
        "-> ChatCompletion",
        "Stream[ChatCompletionChunk]",
        "`POST /chat/completions`",
    ],
    "c.timeout": ["timeout: float | Timeout | None"],
    "a.files.retrieve": ["file_id: str", "FileObject]", "`GET /files/{file_id}`"],
}
CALLED = {
    "c.embeddings.create()": ("dimensions: int | Omit = omit", "`POST /embeddings`"),
    "c.files.with_raw_response.create()": ("purpose: ", "`POST /files`"),
    "c.chat.completions.create()": ("stream: Literal[True]", "`POST /chat/completions`"),
}
OFFERED = {
    "c.chat.completions.": {"create", "list", "messages", "with_raw_response"},
    "c.files.retrieve('f').": {"filename", "to_json"},
    "c.with_raw_response.": {"chat", "files"},
    "OpenAI().beta.": {"threads", "assistants"},
}


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    program = HEAD + "\n".join([*SHOWN, *CALLED, *OFFERED])
    directory = tmp_path_factory.mktemp("program")
    with LanguageServer(installed("pyright-langserver"), directory, ROOT, program) as server:
        yield server


@pytest.mark.parametrize(("name", "shown"), SHOWN.items(), ids=SHOWN)
def test_editors_show(editor: LanguageServer, name: str, shown: list[str]) -> None:
    text = editor.hover(name)
    assert [each for each in shown if each not in text] == [], text


@pytest.mark.parametrize(("line", "shown"), CALLED.items(), ids=CALLED)
def test_editors_show_signatures(editor: LanguageServer, line: str, shown: tuple[str, str]) -> None:
    parameter, doc = shown
    signatures = editor.signatures(line)
    assert any(parameter in each["label"] for each in signatures)
    assert doc in signatures[0].get("documentation", {}).get("value", "")


@pytest.mark.parametrize(("line", "names"), OFFERED.items(), ids=OFFERED)
def test_editors_offer(editor: LanguageServer, line: str, names: set[str]) -> None:
    assert names - editor.completions(line) == set()


@pytest.fixture
def live() -> list[dict[str, Any]]:
    return [{"c": OpenAI(api_key="k"), "a": AsyncOpenAI(api_key="k")}]


@pytest.mark.parametrize(
    "line", ["c.chat.completions.", "c.with_raw_response.", "c.beta.", "a.beta."]
)
def test_jedi_offers_for_objects(line: str, live: list[dict[str, Any]]) -> None:
    jedi = pytest.importorskip("jedi")
    names = OFFERED.get(line, {"threads", "assistants"})
    assert names - {each.name for each in jedi.Interpreter(line, live).complete()} == set()


@pytest.mark.parametrize("name", [name for name in SHOWN if "create" in name or "files" in name])
def test_jedi_shows_signatures_of_objects(name: str, live: list[dict[str, Any]]) -> None:
    jedi = pytest.importorskip("jedi")
    method = live[0][name[0]]
    for part in name.split(".")[1:]:
        method = getattr(method, part)
    shown = jedi.Interpreter(f"{name}(", live).get_signatures()
    assert shown
    assert all(re.search(r"\*, \w+: |\w+_id: 'str'", each.to_string()) for each in shown)
    assert method.__doc__.splitlines()[0] in shown[0].docstring()


@pytest.mark.parametrize("line", ["c.chat.completions.", "a.chat.completions.", "c.copy().chat."])
def test_jedi_offers_without_running(line: str) -> None:
    jedi = pytest.importorskip("jedi")
    names = {each.name for each in jedi.Script(HEAD + line).complete()}
    assert {"create", "with_raw_response"} <= names or {"completions"} <= names
