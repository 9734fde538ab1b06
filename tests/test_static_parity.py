"""What type checkers see of every blocking method is what they see of its awaited twin.

One program names all methods of all resources and views; pyright reveals their types.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from test_parity import RESOURCES, VIEWS, public
from test_typing import ROOT, installed

#: What is returned by the blocking kind instead, but for pages.
WRAPPED = {
    "AsyncAssistantEventHandler": "AssistantEventHandler",
    "AsyncAssistantStreamManager": "AssistantStreamManager",
    "AsyncHandlerT": "HandlerT",
    "AsyncStream": "Stream",
    "AsyncResponseManager": "ResponseManager",
    "_responses.LegacyAPIResponse": "_raw.LegacyAPIResponse",
}
#: What takes methods, which are of another kind for blocking code: `tests/typing` has its types.
OF_ITS_OWN_TYPE = {"batches.map"}

#: What is awaited or iterated over; its last argument is what the blocking kind returns.
WAITED_FOR = re.compile(r"(CoroutineType|Coroutine|AsyncPaginator)\[")
REVEALED = re.compile(r'Type of "(\w)\.([\w.]+)" is "(.*)"', re.DOTALL)


def methods() -> Iterator[str]:
    """The path of every method of resources and their views."""
    for path, (_, blocking) in RESOURCES.items():
        for owner, place in [
            (blocking, path),
            *((getattr(blocking, view), f"{path}.{view}") for view in VIEWS),
        ]:
            for name in public(owner):
                if name not in VIEWS and callable(getattr(type(owner), name, None)):
                    yield f"{place}.{name}"


def last_argument(text: str, start: int) -> tuple[int, int, int]:
    """Where it begins and ends, and the whole ends, in a subscript opened before `start`."""
    depth, comma = 0, start
    for at in range(start, len(text)):
        character = text[at]
        if character == "]" and depth == 0:
            return comma, at, at + 1
        depth += (character in "[(") - (character in "])")
        if character == "," and depth == 0:
            comma = at + 1
    raise AssertionError(f"no end in {text}")


def in_brackets(text: str) -> str:
    """As pyright writes what a function returns: a union in brackets."""
    bare, rest = text, ""
    while bare != rest:
        bare, rest = re.sub(r"\[[^\[\]]*\]", "", bare), bare
    return f"({text})" if " | " in bare else text


def as_blocking(text: str) -> str:
    """The type of an awaited method, as that of its blocking twin."""
    while found := WAITED_FOR.search(text):
        begin, end, after = last_argument(text, found.end())
        text = text[: found.start()] + in_brackets(text[begin:end].strip()) + text[after:]
    for awaited, blocking in WRAPPED.items():
        text = text.replace(awaited, blocking)
    return re.sub(r"\bAsync(\w*Page)\b", r"Sync\1", text)


def test_every_method_has_the_types_of_its_twin(tmp_path: Path) -> None:
    head = (
        "from openai_async import AsyncOpenAI\nfrom openai_sync import OpenAI\n"
        "a = AsyncOpenAI()\nb = OpenAI()\n"
    )
    paths = list(methods())
    lines = [f"reveal_type({client}.{path})\n" for path in paths for client in "ab"]
    program = tmp_path / "program.py"
    program.write_text(head + "".join(lines), encoding="utf-8")
    done = subprocess.run(
        [installed("pyright"), "--pythonpath", sys.executable, "--outputjson", str(program)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    seen: dict[tuple[str, str], str] = {}
    for message in (each["message"] for each in json.loads(done.stdout)["generalDiagnostics"]):
        found = REVEALED.fullmatch(message)
        assert found, message
        client, path, text = found.groups()
        seen[client, path] = text
    assert len(paths) > 1000
    assert {path for _, path in seen} == set(paths)
    different = {
        path: (seen["a", path][-300:], seen["b", path][-300:])
        for path in paths
        if path not in OF_ITS_OWN_TYPE and as_blocking(seen["a", path]) != seen["b", path]
    }
    assert different == {}
