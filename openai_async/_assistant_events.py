"""What handlers of assistant streams do, awaited or blocking: read an event, call its hooks.

Both kinds have the coroutines here, and four small ones of their own: how a stream is begun, read
and closed, and how a hook is called. Those of the blocking kind never wait for anything in a
coroutine, so it runs such a coroutine to its end in the thread of the caller.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ._endings import text_of
from ._errors import APITimeoutError
from ._notes import note
from ._thread_state import ThreadState

if TYPE_CHECKING:
    from .types.beta import AssistantStreamEvent
    from .types.beta.threads import Message, Run
    from .types.beta.threads.runs import RunStep

Send = Callable[[], Awaitable[Any]]

_T = TypeVar("_T")


class EventHandling:
    """Reads a stream and calls the hooks of the class that it is a base of.

    Subclasses of users need not call `__init__`: there is none.
    """

    _stream: Any = None
    #: Of a handler without a stream: nothing is ever added to this one.
    _state = ThreadState()
    _begun = False
    _reading = False
    _ended = False

    # What differs.

    async def _open(self, send: Send) -> Any:
        """The stream that `send` begins."""
        raise NotImplementedError

    async def _take(self) -> AssistantStreamEvent | None:
        """The next event of the stream; None after the last."""
        raise NotImplementedError

    async def _free(self) -> None:
        """Closes the stream."""
        raise NotImplementedError

    async def _call(self, hook: str, *args: Any) -> None:
        raise NotImplementedError

    # What does not.

    @property
    def current_event(self) -> AssistantStreamEvent | None:
        """The last event that came; None before the first."""
        return self._state.event

    @property
    def current_run(self) -> Run | None:
        """The run, as the last event about it says; None before that."""
        return self._state.run

    @property
    def current_run_step_snapshot(self) -> RunStep | None:
        """The step that the last event about a step was about, as far as it has come.

        It grows in place; None before the first.
        """
        return self._state.run_step

    @property
    def current_message_snapshot(self) -> Message | None:
        """The message that the last event about a message was about, as far as it has come.

        It grows in place; None before the first.
        """
        return self._state.message

    async def _begin(self, send: Send) -> None:
        if self._begun:
            raise RuntimeError(
                f"This {type(self).__name__} has been given to a stream before. A handler serves "
                "one stream: make another one for each."
            )
        self._begun = True
        self._state = ThreadState()
        try:
            self._stream = await self._open(send)
        except BaseException:
            self._begun = False
            raise

    async def _advance(self) -> AssistantStreamEvent | None:
        """The next event, once its hooks have been called; None after the last."""
        if self._stream is None:
            raise RuntimeError(
                "The stream has not begun: enter the manager that the method returned with `with`, "
                "or `async with`, and use the handler inside."
            )
        if self._reading:
            raise RuntimeError("This stream is being read by another task, thread or hook already.")
        if self._ended:
            return None
        self._reading = True
        try:
            event = await self._follow()
        except BaseException as error:
            self._reading = False
            try:
                await self._end()
            except Exception as lesser:
                if isinstance(error, Exception):
                    raise
                # Neither an exit nor a cancellation gives way to an error.
                note(error, f"on_end raised as well: {lesser!r}.")
            raise
        self._reading = False
        if event is None:
            await self._end()
        return event

    async def _follow(self) -> AssistantStreamEvent | None:
        try:
            event = await self._take()
            if event is not None:
                for hook, args in self._state.feed(event):
                    await self._call(hook, *args)
            return event
        except BaseException as error:
            await self._free()
            if isinstance(error, APITimeoutError):
                await self._call("on_timeout")
            if isinstance(error, Exception):
                await self._call("on_exception", error)
            raise

    async def _end(self) -> None:
        if not self._ended:
            self._ended = True
            await self._call("on_end")

    async def _close(self) -> None:
        if self._stream is None:
            return
        await self._free()
        if not self._reading:  # else whoever reads comes to the end now
            await self._end()

    async def _read_on(self) -> None:
        while await self._advance() is not None:
            pass

    async def _next_text(self) -> str | None:
        """The text in the next event that has any; None after the last."""
        while (event := await self._advance()) is not None:
            text = text_of(event)
            if text:
                return text
        return None

    async def _final_run(self) -> Run:
        await self._read_on()
        return _there(self.current_run, "a run")

    async def _final_run_steps(self) -> list[RunStep]:
        await self._read_on()
        return _there(list(self._state.run_steps.values()), "steps of a run")

    async def _final_messages(self) -> list[Message]:
        await self._read_on()
        return _there(list(self._state.messages.values()), "messages")


def _there(found: _T | None, what: str) -> _T:
    """`found`, if it is anything."""
    if not found:
        raise RuntimeError(f"The stream brought no events about {what}.")
    return found
