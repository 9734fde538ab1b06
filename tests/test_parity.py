"""The blocking package offers what the awaited one offers: the same names, parameters and docs."""

from __future__ import annotations

import inspect
import pydoc
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import pytest

import openai_async
import openai_async.pagination
import openai_async.resources
import openai_sync
import openai_sync.pagination
import openai_sync.resources
from openai_async import AsyncOpenAI
from openai_sync import OpenAI

#: What exists for one of the two ways to wait, and has no twin of the same name.
AWAITED_ONLY = {"AsyncAPIResponse", "AsyncClient", "AsyncOpenAI", "AsyncStream"}
BLOCKING_ONLY = {"APIResponse", "Client", "OpenAI", "Stream"}

#: One name for both, but the blocking one gives blocking streams and pages.
OF_ITS_OWN_KIND = {"LegacyAPIResponse"}

#: Methods that say of the blocking kind what is true of it alone.
DOCUMENTED_TWICE = {"get_api_list"}

#: The other ways to call the methods of a resource.
VIEWS = ["with_raw_response", "with_streaming_response"]

Twins = tuple[Any, Any]


def public(thing: object) -> list[str]:
    return [name for name in dir(thing) if not name.startswith("_")]


def resources() -> Iterator[Twins]:
    """Every resource of a client, as it is reached: awaited and blocking."""
    waiting: list[Twins] = [(AsyncOpenAI(api_key="k"), OpenAI(api_key="k"))]
    for awaited, blocking in waiting:
        for name in public(type(awaited)):
            if name not in VIEWS and isinstance(getattr(type(awaited), name), cached_property):
                twins = getattr(awaited, name), getattr(blocking, name)
                waiting.append(twins)
                yield twins


def methods() -> Iterator[Twins]:
    for awaited, blocking in [(AsyncOpenAI, OpenAI), *resources()]:
        cls = awaited if isinstance(awaited, type) else type(awaited)
        twin = blocking if isinstance(blocking, type) else type(blocking)
        for name in public(cls):
            if inspect.isfunction(getattr(cls, name)):
                yield getattr(cls, name), getattr(twin, name, None)
    yield AsyncOpenAI.__init__, OpenAI.__init__


RESOURCES = {type(awaited).__qualname__: (awaited, blocking) for awaited, blocking in resources()}
METHODS = {awaited.__qualname__: (awaited, blocking) for awaited, blocking in methods()}

each_method = pytest.mark.parametrize("twins", METHODS.values(), ids=METHODS)


def parameters(method: Any) -> list[tuple[str, Any, Any]]:
    """The parameters after `self`, with kinds and defaults."""
    given = list(inspect.signature(method).parameters.values())[1:]
    return [(each.name, each.kind, each.default) for each in given]


def test_the_walk_finds_something() -> None:
    assert {"Completions", "Embeddings", "Files", "Models", "FileBatches"} <= set(RESOURCES)
    assert {"Completions.create", "FileBatchesHelpers.upload_and_poll"} <= set(METHODS)


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


def test_clients_have_the_same_attributes() -> None:
    assert public(OpenAI(api_key="k")) == public(AsyncOpenAI(api_key="k"))


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


def test_pages_have_the_same_attributes() -> None:
    for name in ("Page", "CursorPage"):
        awaited = getattr(openai_async.pagination, f"Async{name}")
        blocking = getattr(openai_sync.pagination, f"Sync{name}")
        assert public(blocking) == public(awaited)


def test_streams_have_the_same_attributes() -> None:
    # `fill` is how the blocking stream reads; `aclose` is for `contextlib.aclosing`.
    assert set(public(openai_async.AsyncStream)) - set(public(openai_sync.Stream)) == {
        "aclose",
        "fill",
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
    assert same is (awaited.__name__ not in DOCUMENTED_TWICE)


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
