"""What people see of the methods in IPython: completion, signatures, docs."""

from __future__ import annotations

import subprocess
import sys

import pytest

SESSION = """
import json, warnings
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
shell.run_cell("from openai_sync import OpenAI; from openai_async import AsyncOpenAI")
shell.run_cell("c = OpenAI(api_key='k'); a = AsyncOpenAI(api_key='k')")

def complete(text):
    with provisionalcompleter():
        return [each.text for each in shell.Completer.completions(text, len(text))]

found = {text: complete(text) for text in json.loads(input())}
for name in ("c.embeddings.create", "a.embeddings.create"):
    seen = shell.object_inspect(name)
    found[name] = [str(seen["definition"]), str(seen["docstring"])]
print(json.dumps(found))
"""

COMPLETIONS = {
    "c.vector_st": "vector_stores",
    "c.beta.threads.": "messages",
    "c.responses.": "create",
    "a.responses.": "create",
    "c.files.create(purp": "purpose=",
    "a.files.create(purp": "purpose=",
}


@pytest.fixture(scope="module")
def found() -> dict[str, list[str]]:
    import json

    pytest.importorskip("IPython", reason="IPython is not installed")
    done = subprocess.run(
        [sys.executable, "-c", SESSION],
        input=json.dumps(list(COMPLETIONS)),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    result: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return result


@pytest.mark.parametrize(("text", "completion"), COMPLETIONS.items())
def test_completion(found: dict[str, list[str]], text: str, completion: str) -> None:
    assert completion in found[text]


@pytest.mark.parametrize("name", ["c.embeddings.create", "a.embeddings.create"])
def test_inspection_shows_names_types_and_docs(found: dict[str, list[str]], name: str) -> None:
    definition, doc = found[name]
    assert "input: 'str | SequenceNotStr[str]" in definition
    assert "dimensions: 'int | Omit' = omit" in definition
    assert "`POST /embeddings`" in doc
