"""What is loaded when: importing the library costs nothing that is not used yet."""

from __future__ import annotations

import subprocess
import sys

import pytest

from openai_async.emulator import Emulator

CLIENT = "import openai_async, openai_sync"
HEAVY = [
    "httpx",
    "httpcore",
    "h11",
    "httptools",
    "ssl",
    "trio",
    "numpy",
    "pydantic",
    "click",
    "rich",
]
OWN = [
    "openai_async._azure",
    "openai_async.emulator",
    "openai_async._http.transport",
    "openai_async._httpx",
    "openai_async.types.chat",
    "openai_async._map",
    "openai_async._pace",
    "openai_async._batches.job",
    "openai_sync._cli",
]


def loaded_after(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after `code`."""
    program = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.fixture(scope="module")
def after_import() -> set[str]:
    return loaded_after(CLIENT)


@pytest.fixture(scope="module")
def after_client() -> set[str]:
    return loaded_after(
        f"{CLIENT}\nopenai_async.AsyncOpenAI(api_key='k')\nopenai_sync.OpenAI(api_key='k')"
    )


@pytest.mark.parametrize("module", [*HEAVY, *OWN])
def test_importing_loads_neither(module: str, after_import: set[str]) -> None:
    assert module not in after_import


@pytest.mark.parametrize("module", [*HEAVY, *OWN])
def test_making_a_client_loads_neither(module: str, after_client: set[str]) -> None:
    assert module not in after_client


def test_importing_async_loads_nothing_of_sync() -> None:
    assert not any(name.startswith("openai_sync") for name in loaded_after("import openai_async"))


@pytest.mark.parametrize(
    "use",
    [
        "from openai_async.types.chat import ChatCompletion",
        "from openai_async.types import FileObject",
        "import openai_async; openai_async.AsyncOpenAI(api_key='k').chat.completions",
        "import openai_sync; openai_sync.OpenAI(api_key='k').vector_stores.file_batches",
    ],
)
def test_using_a_type_loads_no_params(use: str) -> None:
    loaded = loaded_after(use)
    assert any(name.startswith("openai_async.types.") for name in loaded)
    assert [name for name in loaded if name.endswith("._params")] == []


def test_using_one_resource_loads_only_its_types() -> None:
    loaded = loaded_after("import openai_async; openai_async.AsyncOpenAI(api_key='k').models")
    assert "openai_async.types.models" in loaded
    assert "openai_async.types.chat" not in loaded
    assert "httpx" not in loaded


def test_a_call_loads_no_httpx(emulator: Emulator) -> None:
    loaded = loaded_after(
        f"import openai_sync\nwith openai_sync.OpenAI(api_key='k', base_url={emulator.base_url!r}) "
        "as client: client.models.list()"
    )
    assert "openai_async._http.transport" in loaded
    assert not loaded & {"httpx", "httpcore", "h11", "certifi", "trio"}


@pytest.mark.parametrize(
    "package", ["openai_async", "openai_async.types", "openai_async.resources"]
)
def test_every_public_name_loads(package: str) -> None:
    code = f"import {package} as p\nfor name in [*p.__all__, *dir(p)]: getattr(p, name)"
    assert package in loaded_after(code)


def test_unknown_name_is_an_attribute_error() -> None:
    import openai_async

    with pytest.raises(AttributeError, match="nothing"):
        openai_async.nothing  # type: ignore[attr-defined]  # noqa: B018
