"""The two kinds of handlers, used alike: what is awaited here, blocks there, in a worker thread."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio.to_thread

from openai_async import AsyncAssistantEventHandler, AsyncOpenAI
from openai_sync import AssistantEventHandler, OpenAI

#: Every hook.
HOOKS = [
    "on_event",
    "on_run_step_created",
    "on_run_step_delta",
    "on_run_step_done",
    "on_tool_call_created",
    "on_tool_call_delta",
    "on_tool_call_done",
    "on_message_created",
    "on_message_delta",
    "on_message_done",
    "on_text_created",
    "on_text_delta",
    "on_text_done",
    "on_image_file_done",
    "on_timeout",
    "on_exception",
    "on_end",
]

#: What a hook does beside being noted; it is given the handler, and what the hook was.
Deed = Callable[..., Any]


class Face(ABC):
    """One of the two."""

    kind: type
    client: type

    def handler(self, **deeds: Deed) -> Any:
        """One that notes in `called` which hooks were called, with what, and does `deeds`."""
        hooks = {name: self.hook(name, deeds.get(name)) for name in HOOKS}
        # A class as users write it: no `__init__` of `kind` is called.
        handler: Any = type("Noting", (self.kind,), {**hooks, "__init__": lambda self: None})()
        handler.called = []
        return handler

    @abstractmethod
    def hook(self, name: str, deed: Deed | None) -> Callable[..., Any]: ...

    @abstractmethod
    async def events(self, manager: Any, most: int | None = None) -> list[Any]:
        """What iterating gives; it is left after `most` events."""

    @abstractmethod
    async def texts(self, manager: Any, most: int | None = None) -> list[str]:
        """What iterating over `text_deltas` gives."""

    @abstractmethod
    async def call(self, manager: Any, *methods: str) -> Any:
        """What the last of these methods of the handler returns."""

    @abstractmethod
    async def do(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """What a function of this kind returns."""


class Awaited(Face):
    kind = AsyncAssistantEventHandler
    client = AsyncOpenAI

    def hook(self, name: str, deed: Deed | None) -> Callable[..., Any]:
        async def called(handler: Any, *arguments: Any) -> None:
            handler.called.append((name, *arguments))
            done = deed and deed(handler, *arguments)
            if inspect.isawaitable(done):
                await done

        return called

    async def events(self, manager: Any, most: int | None = None) -> list[Any]:
        async with manager as handler:
            return await self._iterated(handler, most)

    async def texts(self, manager: Any, most: int | None = None) -> list[str]:
        async with manager as handler:
            return await self._iterated(handler.text_deltas, most)

    async def _iterated(self, iterator: Any, most: int | None) -> list[Any]:
        found: list[Any] = []
        async for each in iterator:
            found.append(each)
            if len(found) == most:
                break
        return found

    async def call(self, manager: Any, *methods: str) -> Any:
        async with manager as handler:
            for method in methods:
                result = await getattr(handler, method)()
            return result

    async def do(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        return await function(*arguments, **named)


class Blocking(Face):
    kind = AssistantEventHandler
    client = OpenAI

    def hook(self, name: str, deed: Deed | None) -> Callable[..., Any]:
        def called(handler: Any, *arguments: Any) -> None:
            handler.called.append((name, *arguments))
            if deed is not None:
                deed(handler, *arguments)

        return called

    async def events(self, manager: Any, most: int | None = None) -> list[Any]:
        def read() -> list[Any]:
            with manager as handler:
                return self._iterated(handler, most)

        found: list[Any] = await self.do(read)
        return found

    async def texts(self, manager: Any, most: int | None = None) -> list[str]:
        def read() -> list[Any]:
            with manager as handler:
                return self._iterated(handler.text_deltas, most)

        found: list[str] = await self.do(read)
        return found

    def _iterated(self, iterator: Any, most: int | None) -> list[Any]:
        found: list[Any] = []
        for each in iterator:
            found.append(each)
            if len(found) == most:
                break
        return found

    async def call(self, manager: Any, *methods: str) -> Any:
        def read() -> Any:
            with manager as handler:
                for method in methods:
                    result = getattr(handler, method)()
                return result

        return await self.do(read)

    async def do(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        return await anyio.to_thread.run_sync(partial(function, *arguments, **named))


FACES: list[Face] = [Awaited(), Blocking()]
