"""The blocking package offers what the awaited one offers: the same names, parameters and docs.

Everything is walked: both clients, their resources and views, streams, pages, answers. What differs
is in the lists below.
"""

from __future__ import annotations

import inspect
import pydoc
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

import openai_async
import openai_async.pagination
import openai_async.resources
import openai_sync
import openai_sync.pagination
import openai_sync.resources
from openai_async import (
    AsyncAssistantEventHandler,
    AsyncAssistantStreamManager,
    AsyncMap,
    AsyncOpenAI,
    AsyncStream,
)
from openai_async._responses import AsyncAPIResponse, AsyncResponseManager
from openai_sync import AssistantEventHandler, AssistantStreamManager, Map, OpenAI, Stream
from openai_sync._client import Setting
from openai_sync._raw import APIResponse, ResponseManager

ROOT = Path(__file__).parent.parent

#: What exists for one of the two ways to wait, and has no twin of the same name.
AWAITED_ONLY = {
    "AsyncAPIResponse",
    "AsyncAssistantEventHandler",
    "AsyncAssistantStreamManager",
    "AsyncAzureOpenAI",
    "AsyncClient",
    "AsyncMap",
    "AsyncOpenAI",
    "AsyncStream",
}
BLOCKING_ONLY = {
    "APIRemovedInV1",  # the module as a client
    "APIResponse",
    "AmbiguousModuleClientUsageError",  # the module as a client
    "AssistantEventHandler",
    "AssistantStreamManager",
    "AzureOpenAI",
    "Client",
    "Map",
    "OpenAI",
    "Stream",
}

#: One name for both, but the blocking one gives blocking streams and pages.
OF_ITS_OWN_KIND = {"LegacyAPIResponse", "types"}

#: What is awaited and has no blocking twin, and why.
WITHOUT_TWIN = {
    "AsyncStream.aclose": "for contextlib.aclosing; contextlib.closing calls close",
    "AsyncStream.fill": "how the blocking stream reads",
    "AsyncMap.fill": "how the blocking map reads",
    "AsyncMap.serve": "what the blocking map runs",
}

#: Where the docs say of the blocking kind what is true of it alone.
DOCUMENTED_TWICE = {
    "AsyncAPIResponse.stream_to_file",
    "AsyncOpenAI.get_api_list",
    "ClientHelpers.map",
    "AsyncStream.outcome",
    "AsyncStream.print",
}

#: How a protocol is called where nothing is awaited.
PROTOCOLS = {
    "__aiter__": "__iter__",
    "__anext__": "__next__",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
}

#: What stands in annotations of the blocking kind instead.
WRAPPED = {
    "AsyncAPIResponse": "APIResponse",
    "AsyncHandlerT": "HandlerT",
    "AsyncIterator": "Iterator",
    "Pieces": "Filled",
    "_urls.URL": "URL",
}

#: The other ways to call the methods of a resource.
VIEWS = ["with_raw_response", "with_streaming_response"]

Twins = tuple[Any, Any]


def public(thing: object) -> list[str]:
    return [name for name in dir(thing) if not name.startswith("_")]


CLIENTS: dict[str, Twins] = {
    name: (getattr(openai_async, name), getattr(openai_sync, name.removeprefix("Async")))
    for name in openai_async.__all__
    if name.startswith("Async") and name.endswith("OpenAI")
}

#: What makes a client of each class.
SETTINGS: dict[str, dict[str, Any]] = {
    "AsyncOpenAI": {"api_key": "k"},
    "AsyncAzureOpenAI": {
        "api_key": "k",
        "api_version": "2024-10-21",
        "azure_endpoint": "https://example.openai.azure.com",
    },
}

PAGES: dict[str, Twins] = {
    name: (page, getattr(openai_sync.pagination, name.replace("Async", "Sync")))
    for name, page in vars(openai_async.pagination).items()
    if re.fullmatch(r"Async\w*Pages?", name)
}

#: Classes of what methods return.
RETURNED: dict[str, Twins] = PAGES | {
    "AsyncStream": (AsyncStream, Stream),
    "AsyncMap": (AsyncMap, Map),
    "AsyncAssistantEventHandler": (AsyncAssistantEventHandler, AssistantEventHandler),
    "AsyncAssistantStreamManager": (AsyncAssistantStreamManager, AssistantStreamManager),
    "AsyncAPIResponse": (AsyncAPIResponse, APIResponse),
    "AsyncResponseManager": (AsyncResponseManager, ResponseManager),
    "LegacyAPIResponse": (openai_async.LegacyAPIResponse, openai_sync.LegacyAPIResponse),
}


def clients(name: str) -> Twins:
    awaited, blocking = CLIENTS[name]
    return awaited(**SETTINGS[name]), blocking(**SETTINGS[name])


def resources(name: str) -> dict[str, Twins]:
    """Every resource of the client of this class by its path: awaited and blocking."""
    waiting = [("", clients(name))]
    for path, twins in waiting:
        for part in public(type(twins[0])):
            thing = getattr(type(twins[0]), part)
            if part not in VIEWS and isinstance(thing, cached_property):
                inner = getattr(twins[0], part), getattr(twins[1], part)
                waiting.append((f"{path}.{part}".lstrip("."), inner))
    return dict(waiting[1:])


def methods() -> Iterator[tuple[str, Twins]]:
    """Every method of clients and resources by its path."""
    classes = {path: (type(twins[0]), type(twins[1])) for path, twins in RESOURCES.items()}
    for path, (awaited, blocking) in (CLIENTS | classes).items():
        for name in public(awaited):
            if inspect.isfunction(getattr(awaited, name)):
                yield f"{path}.{name}", (getattr(awaited, name), getattr(blocking, name, None))
    for path, (awaited, blocking) in CLIENTS.items():
        yield f"{path}.__init__", (awaited.__init__, blocking.__init__)


def interface(cls: type) -> set[str]:
    """What is public, and the protocols it has, by their blocking names."""
    own = {name for base in cls.__mro__ if base is not object for name in vars(base)}
    awaited = {PROTOCOLS[name] for name in own & set(PROTOCOLS)}
    return set(public(cls)) | awaited | own & set(PROTOCOLS.values())


def members() -> Iterator[tuple[str, Twins]]:
    """What the classes that methods return define anew for blocking code: methods, properties."""
    asynchronous = {blocking: awaited for awaited, blocking in PROTOCOLS.items()}
    for owner, (awaited, blocking) in RETURNED.items():
        for name in sorted(interface(awaited) & interface(blocking)):
            there = asynchronous.get(name, name)
            there = there if hasattr(awaited, there) else name
            twins = getattr(awaited, there), getattr(blocking, name)
            shared = twins[0] is twins[1]
            if not shared and (inspect.isfunction(twins[0]) or isinstance(twins[0], property)):
                yield f"{owner}.{there}", twins


RESOURCES = resources("AsyncOpenAI")
METHODS = dict(methods())
MEMBERS = dict(members())

each_client = pytest.mark.parametrize("name", CLIENTS)
each_method = pytest.mark.parametrize("twins", METHODS.values(), ids=METHODS)
each_member = pytest.mark.parametrize("name", MEMBERS)


def parameters(method: Any) -> list[inspect.Parameter]:
    """The parameters after `self`: names, kinds, defaults and annotations."""
    return list(inspect.signature(method).parameters.values())[1:]


def signature(member: Any) -> str:
    """Parameters and what is returned, as the blocking kind calls it."""
    text = str(inspect.signature(member.fget if isinstance(member, property) else member))
    for awaited, blocking in WRAPPED.items():
        text = re.sub(rf"\b{re.escape(awaited)}\b", blocking, text)
    return text


def type_of(cls: type, name: str) -> str:
    """The annotation of an attribute or a property of an awaited client."""
    thing = inspect.getattr_static(cls, name, None)
    if isinstance(thing, property):
        return signature(thing).partition(" -> ")[2].strip("'")
    return next(
        hints[name] for base in cls.__mro__ if name in (hints := inspect.get_annotations(base))
    )


def test_the_walk_finds_everything() -> None:
    listed = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([\w.]+)` \|", listed, re.MULTILINE)) <= set(METHODS)
    assert {"vector_stores.file_batches.upload_and_poll", "AsyncOpenAI.copy"} <= set(METHODS)


def test_all_clients_have_the_same_resources() -> None:
    for name in CLIENTS:
        found = resources(name)
        assert list(found) == list(RESOURCES)
        for path, twins in found.items():
            assert [type(each) for each in twins] == [type(each) for each in RESOURCES[path]]


def test_both_packages_export_the_same() -> None:
    awaited, blocking = set(openai_async.__all__), set(openai_sync.__all__)
    assert awaited - blocking == AWAITED_ONLY
    assert blocking - awaited == BLOCKING_ONLY


@pytest.mark.parametrize("name", sorted(set(openai_sync.__all__) - BLOCKING_ONLY - OF_ITS_OWN_KIND))
def test_what_both_export_is_one_thing(name: str) -> None:
    assert getattr(openai_sync, name) is getattr(openai_async, name)


@pytest.mark.parametrize("package", [openai_async, openai_sync])
def test_what_is_exported_exists(package: Any) -> None:
    assert [name for name in package.__all__ if not hasattr(package, name)] == []
    assert set(package.__all__) <= set(dir(package))


def test_both_have_the_same_resource_classes() -> None:
    assert openai_sync.resources.__all__ == openai_async.resources.__all__


@each_client
def test_clients_have_the_same_attributes(name: str) -> None:
    awaited, blocking = clients(name)
    assert public(blocking) == public(awaited)
    assert interface(type(blocking)) >= {"__enter__", "__exit__"}


@each_client
def test_clients_have_settings_of_the_same_types(name: str) -> None:
    awaited, blocking = CLIENTS[name]
    settings = [each for each in public(blocking) if isinstance(getattr(blocking, each), Setting)]
    assert {"api_key", "base_url", "timeout", "user_agent"} <= set(settings)
    for each in settings:
        assert type_of(blocking, each).startswith(f"Setting[{type_of(awaited, each)}"), each


@each_client
@pytest.mark.parametrize("way", VIEWS)
def test_clients_have_the_same_views(name: str, way: str) -> None:
    awaited, blocking = (getattr(client, way) for client in clients(name))
    assert public(blocking) == public(awaited)
    assert set(public(awaited)) <= set(openai_sync.resources.__all__) | {
        each for each in public(AsyncOpenAI) if each not in VIEWS
    }


@pytest.mark.parametrize("twins", RESOURCES.values(), ids=RESOURCES)
def test_resources_have_the_same_attributes(twins: Twins) -> None:
    awaited, blocking = twins
    assert public(blocking) == public(awaited)
    assert type(blocking).__name__ == type(awaited).__name__
    assert type(blocking).__module__ == type(awaited).__module__.replace("async", "sync")


@pytest.mark.parametrize("way", VIEWS)
@pytest.mark.parametrize("twins", RESOURCES.values(), ids=RESOURCES)
def test_views_have_methods_of_their_resource(twins: Twins, way: str) -> None:
    awaited, blocking = (getattr(twin, way) for twin in twins)
    assert public(blocking) == public(awaited)
    for view, resource in zip((awaited, blocking), twins, strict=True):
        assert type(view).__module__.startswith(f"{type(resource).__module__.split('.')[0]}.")
        for name in public(view):
            method, part = getattr(resource, name), getattr(view, name)
            if inspect.isroutine(method):
                assert inspect.signature(part) == inspect.signature(method)
                assert inspect.getdoc(part) == inspect.getdoc(method)
            else:
                assert part is getattr(method, way)


@pytest.mark.parametrize("name", RETURNED)
def test_what_methods_return_can_do_the_same(name: str) -> None:
    awaited, blocking = (interface(cls) for cls in RETURNED[name])
    assert blocking - awaited == set()
    assert {f"{name}.{each}" for each in awaited - blocking} == {
        each for each in WITHOUT_TWIN if each.startswith(f"{name}.")
    }


@each_member
def test_members_have_the_same_signature(name: str) -> None:
    awaited, blocking = MEMBERS[name]
    assert type(blocking) is type(awaited)
    assert signature(blocking) == signature(awaited)


@each_member
def test_members_are_documented_alike(name: str) -> None:
    awaited, blocking = MEMBERS[name]
    assert name.partition(".")[2].startswith("__") or inspect.getdoc(awaited)
    same = inspect.getdoc(blocking) == inspect.getdoc(awaited)
    assert same is (name not in DOCUMENTED_TWICE)


def test_every_page_that_a_client_returns_has_a_twin() -> None:
    assert {blocking.__name__ for _, blocking in PAGES.values()} > {
        name for name in openai_sync.pagination.__all__ if name.startswith("Sync")
    }


@each_method
def test_methods_have_the_same_parameters(twins: Twins) -> None:
    awaited, blocking = twins
    assert parameters(blocking) == parameters(awaited)


@each_method
def test_methods_are_documented(twins: Twins) -> None:
    awaited, blocking = twins
    assert inspect.getdoc(awaited)
    same = inspect.getdoc(blocking) == inspect.getdoc(awaited)
    assert same is (awaited.__qualname__ not in DOCUMENTED_TWICE)


@each_method
def test_blocking_methods_are_plain_functions(twins: Twins) -> None:
    _, blocking = twins
    assert inspect.isfunction(blocking)
    assert not inspect.iscoroutinefunction(blocking)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("files.retrieve", ["file_id: 'str'", "GET /files/{file_id}"]),
        ("embeddings.create", ["encoding_format: ", "POST /embeddings"]),
        ("copy", ["set_default_headers: ", "over the same connections"]),
    ],
)
def test_help_shows_them(path: str, shown: list[str]) -> None:
    thing: Any = OpenAI(api_key="k")
    for name in path.split("."):
        thing = getattr(thing, name)
    text = pydoc.render_doc(thing, renderer=pydoc.plaintext)
    assert [each for each in shown if each not in text] == []
