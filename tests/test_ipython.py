"""What people see of the methods in IPython: completion, signatures, docs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from codegen.description import load

pytest.importorskip("IPython", reason="IPython is not installed")

API = load(Path(__file__).parent.parent / "codegen" / "api")

SESSION = """
import json
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
shell.run_cell("from openai_sync import OpenAI; from openai_async import AsyncOpenAI")
shell.run_cell("c = OpenAI(api_key='k'); a = AsyncOpenAI(api_key='k')")

def complete(text):
    with provisionalcompleter():
        return [each.text for each in shell.Completer.completions(text, len(text))]

def inspect(name):
    seen = shell.object_inspect(name)
    return [str(seen["definition"]), str(seen["docstring"])]

texts, names = json.loads(input())
completed = {text: complete(text) for text in texts}
print(json.dumps([completed, {name: inspect(name) for name in names}]))
"""

COMPLETIONS = {
    "c.vector_st": "vector_stores",
    "c.beta.threads.": "messages",
    "a.responses.": "create",
    "c.files.create(purp": "purpose=",
    "a.files.create(purp": "purpose=",
}


def sample() -> list[str]:
    """Namespaces with methods: of each root the first and the deepest."""
    by_root: dict[str, set[str]] = {}
    for path in API.methods:
        by_root.setdefault(path.partition(".")[0], set()).add(path.rpartition(".")[0])
    chosen = [{min(each), max(each, key=lambda s: s.count("."))} for each in by_root.values()]
    return sorted(name for names in chosen for name in names)


NAMESPACES = sample()
METHODS = sorted(API.methods)

Seen = tuple[dict[str, list[str]], dict[str, list[str]]]


@pytest.fixture(scope="module")
def seen() -> Seen:
    """What one session of IPython completed, and what it said of methods."""
    texts = [*COMPLETIONS, *(f"c.{namespace}." for namespace in NAMESPACES)]
    names = [*(f"c.{path}" for path in METHODS), "a.embeddings.create"]
    done = subprocess.run(
        [sys.executable, "-c", SESSION],
        input=json.dumps([texts, names]),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    completed, inspected = json.loads(done.stdout.splitlines()[-1])
    return completed, inspected


@pytest.mark.parametrize(("text", "completion"), COMPLETIONS.items())
def test_completion(seen: Seen, text: str, completion: str) -> None:
    assert completion in seen[0][text]


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_completion_finds_every_method(seen: Seen, namespace: str) -> None:
    methods = {path.rpartition(".")[2] for path in METHODS if path.rpartition(".")[0] == namespace}
    assert methods
    assert methods - set(seen[0][f"c.{namespace}."]) == set()


def test_completion_shows_nothing_private(seen: Seen) -> None:
    shown = {name for found in seen[0].values() for name in found}
    assert [name for name in shown if name.startswith("_")] == []


@pytest.mark.parametrize("name", ["c.embeddings.create", "a.embeddings.create"])
def test_inspection_shows_types_and_defaults(seen: Seen, name: str) -> None:
    definition, doc = seen[1][name]
    assert "input: 'str | SequenceNotStr[str]" in definition
    assert "dimensions: 'int | Omit' = omit" in definition
    assert "`POST /embeddings`" in doc


def test_inspection_shows_the_parameters_of_every_method(seen: Seen) -> None:
    missing = []
    for path, method in API.methods.items():
        names = [*re.findall(r"{(\w+)}", method.http), *method.parameters]
        definition, _ = seen[1][f"c.{path}"]
        missing += [
            f"{path}: {name}"
            for name in (each.rstrip("?") for each in names)
            if not re.search(rf"\b{name}:", definition)
        ]
    assert missing == []


def test_inspection_shows_the_request_of_every_method(seen: Seen) -> None:
    said = {path: seen[1][f"c.{path}"][1] for path in API.methods}
    assert [path for path, doc in said.items() if f"`{API.methods[path].http}`" not in doc] == []
