"""The module-level client in whole programs: imported, forked, ended, and in notebooks."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from openai_async.emulator import Emulator

from .children import run
from .test_notebook import Kernel

SET_UP = """
import openai_sync as openai

openai.api_key, openai.base_url = "sk-test", sys.argv[1]

def models():
    return [model.id for model in openai.models.list()]
"""

#: Programs that leave the module-level client as it is.
ENDS = {
    "after a call": "models()",
    "with a stream that was not read": """
        messages = [{"role": "user", "content": "Hello?"}]
        stream = openai.chat.completions.create(model="m", messages=messages, stream=True)
    """,
    "after other connections": "models(); openai.verify = False; models()",
    "after a key function": "openai.api_key = lambda: 'sk-asked'; models()",
    "after a call at the end": "import atexit; models(); atexit.register(models)",
    "while something of C holds it": """
        models()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=openai._reset_client)
    """,
}


@pytest.mark.parametrize("options", [(), ("-X", "dev")], ids=["plain", "dev"])
@pytest.mark.parametrize("program", ENDS.values(), ids=list(ENDS))
def test_it_ends_silently(program: str, options: tuple[str, ...], emulator: Emulator) -> None:
    text = SET_UP + textwrap.dedent(program)
    end = run(text, emulator.base_url, options=("-W", "error", *options))
    assert end == (0, "", "")
    assert emulator.requests


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_parent_and_child_use_connections_of_their_own(emulator: Emulator) -> None:
    program = """
models()
pid = os.fork()
if pid == 0:
    say("child", len(models()) > 0)
    os._exit(0)
say("ended", os.waitpid(pid, 0)[1])
say("parent", len(models()) > 0)
"""
    end = run(SET_UP + program, emulator.base_url)
    # Python may complain of any fork beside a thread.
    assert (end.code, end.said) == (0, "child True\nended 0\nparent True\n")
    parent, child, again = (request.port for request in emulator.requests)
    assert (parent == again, parent == child) == (True, False)


def test_importing_it_loads_little() -> None:
    program = "import sys, openai_sync; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stdout.split())
    assert "openai_sync" in loaded
    assert not loaded & {"openai_sync._module", "openai_sync.resources.chat", "httpx"}


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> Kernel:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("OPENAI_BASE_URL", emulator.base_url)
    kernel = Kernel()
    kernel.run("import openai_sync as openai")
    return kernel


def test_cells_may_call_it(kernel: Kernel) -> None:
    for _ in range(2):
        kernel.run("models = [model.id for model in openai.models.list()]")
    assert kernel.errors == []
    assert kernel.names["models"]


def test_a_cell_may_read_the_stream_of_another(kernel: Kernel) -> None:
    kernel.run(
        "messages = [{'role': 'user', 'content': 'cell'}]",
        "stream = openai.chat.completions.create(model='m', messages=messages, stream=True)",
        "rest = [chunk.choices[0].delta.content or '' for chunk in stream]",
    )
    assert kernel.errors == []
    assert "".join(kernel.names["rest"]) == "You said: cell"
