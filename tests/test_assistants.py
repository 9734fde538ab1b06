"""Handlers of assistant streams: when hooks are called, how streams end, what is left of them."""

from __future__ import annotations

import gc
import threading
import warnings
from collections.abc import AsyncIterator
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from assistant_events import (
    CALLING,
    SAYING,
    Wire,
    body,
    function,
    image,
    message,
    message_delta,
    run,
    step,
    step_delta,
    text,
)
from assistant_faces import FACES, HOOKS, Deed, Face

from openai_async import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AsyncAssistantEventHandler,
    BadRequestError,
    StreamStalled,
    StreamTruncated,
)
from openai_sync import AssistantEventHandler

pytestmark = pytest.mark.filterwarnings("ignore:The Assistants API is deprecated")

SILENCE = None

Piece = bytes | Exception | None


class Feed(httpx.AsyncByteStream):
    """The body of an answer, piece by piece; an exception is raised, silence lasts until it is
    closed."""

    def __init__(self, pieces: list[Piece]) -> None:
        self._pieces = pieces
        self._closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            await anyio.lowlevel.checkpoint()
            if isinstance(piece, Exception):
                raise piece
            if piece is SILENCE:
                if self._closed:
                    raise httpx.ReadError("closed")
                await anyio.sleep_forever()
            yield piece or b""

    async def aclose(self) -> None:
        self._closed = True


class Server:
    """What is asked for runs, and answers with what `pieces` says."""

    def __init__(self, face: Face) -> None:
        self.face = face
        self.requests: list[httpx.Request] = []
        self.status = 200
        self.pieces: list[Piece] = []
        self.closed = 0
        http_client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self.client: Any = face.client(
            api_key="k", base_url="https://api.test/v1", http_client=http_client, max_retries=0
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.status != 200:
            return httpx.Response(self.status, json={"error": {"message": "No."}})
        kind = {"content-type": "text/event-stream"}
        return httpx.Response(200, headers=kind, stream=Feed(self.pieces))

    def says(self, *events: Wire, then: list[Piece] | None = None) -> None:
        self.pieces = [body(*events, done=then is None), *(then or [])]

    def stream(self, handler: Any = None, **options: Any) -> Any:
        """A manager of a stream for `handler`."""
        given = {} if handler is None else {"event_handler": handler}
        runs = self.client.beta.threads.runs
        return runs.stream("thread_1", assistant_id="asst_1", **given, **options)


@pytest.fixture(params=FACES, ids=lambda face: type(face).__name__.lower())
async def face(request: pytest.FixtureRequest) -> Face:
    face: Face = request.param
    return face


@pytest.fixture
async def server(face: Face) -> AsyncIterator[Server]:
    server = Server(face)
    yield server
    await face.do(server.client.close)


def names(handler: Any) -> list[str]:
    return [name.removeprefix("on_") for name, *_ in handler.called]


def quiet(handler: Any) -> list[str]:
    """Without the hook that every event calls."""
    return [name for name in names(handler) if name != "event"]


# What is read, and when hooks are called


async def test_every_hook_of_a_run(server: Server) -> None:
    server.says(*SAYING)
    handler = server.face.handler()
    events = await server.face.events(server.stream(handler))
    assert [event.event for event in events] == [name for name, _ in SAYING]
    assert [each[1] for each in handler.called if each[0] == "on_event"] == events
    assert quiet(handler) == [
        "run_step_created",
        "message_created",
        "text_created",
        "text_delta",
        "message_delta",
        "text_delta",
        "message_delta",
        "text_delta",
        "message_delta",
        "text_done",
        "message_done",
        "run_step_done",
        "end",
    ]


async def test_hooks_of_an_event_are_called_before_it_is_read(server: Server) -> None:
    server.says(*CALLING)
    handler = server.face.handler()
    await server.face.events(server.stream(handler), 4)
    assert names(handler) == [
        *["event"] * 3,
        "run_step_created",
        "event",
        "tool_call_created",
        "tool_call_delta",
        "run_step_delta",
        "end",  # for the reader left there
    ]


async def test_the_state_at_each_hook(server: Server) -> None:
    server.says(*SAYING)

    def see(handler: Any, delta: Any, snapshot: Any) -> None:
        current = handler.current_message_snapshot
        assert snapshot is current.content[0].text
        seen.append(
            (
                handler.current_event.event,
                handler.current_run.status,
                handler.current_run_step_snapshot.id,
                snapshot.value,
            )
        )

    seen: list[Any] = []
    handler = server.face.handler(on_text_delta=see)
    before: list[Any] = [handler.current_event, handler.current_run]
    before += [handler.current_run_step_snapshot, handler.current_message_snapshot]
    assert before == [None] * 4
    await server.face.call(server.stream(handler), "until_done")
    told = ("thread.message.delta", "in_progress", "step_1")
    assert seen == [(*told, "One"), (*told, "One two"), (*told, "One two three")]
    assert handler.current_run.status == "completed"


async def test_texts(server: Server) -> None:
    more = message_delta(text("Four", 1), text("Five", 2))
    server.says(*SAYING[:9], message_delta(image("file-1", 3)), message_delta(text("", 0)), more)
    handler = server.face.handler()
    assert await server.face.texts(server.stream(handler)) == ["One", " two", "FourFive"]
    assert names(handler).count("event") == 12
    assert names(handler)[-1] == "end"


async def test_texts_that_are_left(server: Server) -> None:
    server.says(*SAYING)
    handler = server.face.handler()
    assert await server.face.texts(server.stream(handler), 1) == ["One"]
    assert names(handler).count("text_delta") == 1
    assert names(handler)[-1] == "end"


async def test_a_handler_of_its_own_where_none_is_given(server: Server) -> None:
    server.says(*SAYING)
    events = await server.face.events(server.stream())
    assert len(events) == len(SAYING)


async def test_hooks_that_a_class_does_not_define_do_nothing(server: Server) -> None:
    server.says(*SAYING[:-1], step("created"), *CALLING[3:], message_delta(image("file-1", 1)))
    mine = type("Mine", (server.face.kind,), {})()
    messages = await server.face.call(server.stream(mine), "get_final_messages")
    assert [each.id for each in messages] == ["msg_1"]


# What is left of it


async def test_what_is_final(server: Server) -> None:
    server.says(*SAYING)
    handler = server.face.handler()
    stream = server.stream(handler)
    run_ = await server.face.call(stream, "until_done", "get_final_messages", "get_final_run")
    assert run_.status == "completed"
    steps = await server.face.call(_entered(stream), "get_final_run_steps")
    assert [(each.id, each.status) for each in steps] == [("step_1", "completed")]
    messages = await server.face.call(_entered(stream), "get_final_messages")
    assert [each.content[0].text.value for each in messages] == ["One two three"]
    assert names(handler).count("end") == 1


class _entered:  # stands for a manager in its block
    """Gives the handler of a manager that was entered and left."""

    def __init__(self, manager: Any) -> None:
        self._handler = manager._handler

    def __enter__(self) -> Any:
        return self._handler

    def __exit__(self, *raised: object) -> None: ...

    async def __aenter__(self) -> Any:
        return self._handler

    async def __aexit__(self, *raised: object) -> None: ...


@pytest.mark.parametrize(
    ("method", "what"),
    [("run", "a run"), ("run_steps", "steps"), ("messages", "messages")],
)
async def test_nothing_that_is_final(method: str, what: str, server: Server) -> None:
    server.says(("thread.created", {"id": "thread_1"}))
    with pytest.raises(RuntimeError, match=f"no events about {what}"):
        await server.face.call(server.stream(), f"get_final_{method}")


async def test_reading_after_the_end_gives_nothing(server: Server) -> None:
    server.says(*SAYING)
    stream = server.stream(server.face.handler())
    await server.face.call(stream, "until_done", "until_done")
    assert await server.face.events(_entered(stream)) == []
    assert await server.face.texts(_entered(stream)) == []


# One handler, one stream


async def test_nothing_is_sent_before_the_manager_is_entered(server: Server) -> None:
    handler = server.face.handler()
    manager = server.stream(handler)
    assert server.requests == []
    with pytest.raises(RuntimeError, match="enter the manager"):
        await server.face.events(_entered(manager))
    assert handler.called == []
    del manager
    gc.collect()  # nothing that would have had to be awaited


async def test_a_handler_serves_one_stream(server: Server) -> None:
    server.says(*SAYING)
    handler = server.face.handler()
    await server.face.call(server.stream(handler), "until_done")
    with pytest.raises(RuntimeError, match="one stream"):
        await server.face.call(server.stream(handler), "until_done")
    assert len(server.requests) == 1
    assert names(handler).count("end") == 1


async def test_a_handler_may_be_given_again_if_its_stream_never_began(server: Server) -> None:
    server.says(*SAYING)
    server.status = 400
    handler = server.face.handler()
    with pytest.raises(BadRequestError):
        await server.face.call(server.stream(handler), "until_done")
    assert handler.called == []
    server.status = 200
    await server.face.call(server.stream(handler), "until_done")
    assert names(handler)[-1] == "end"


async def test_what_is_no_handler(face: Face, server: Server) -> None:
    with pytest.raises(TypeError, match=rf"pass {face.kind.__name__}\(\)"):
        await face.call(server.stream(face.kind), "until_done")
    other = AssistantEventHandler if "Async" in face.kind.__name__ else AsyncAssistantEventHandler
    with pytest.raises(TypeError, match=f"{face.kind.__name__}, not {other.__name__}"):
        await face.call(server.stream(other()), "until_done")
    assert server.requests == []


async def test_what_the_api_is_told(server: Server) -> None:
    server.says(*CALLING)
    own = {"x-stainless-custom-event-handler": "mine", "X-Mine": "1"}
    for handler, headers in [(None, None), (server.face.handler(), {}), (None, own)]:
        stream = server.stream(handler, extra_headers=headers)
        await server.face.call(stream, "until_done")
    names_, told = "x-stainless-stream-helper", "x-stainless-custom-event-handler"
    assert [request.headers[told] for request in server.requests] == ["false", "true", "mine"]
    assert {each.headers[names_] for each in server.requests} == {"threads.runs.create_and_stream"}
    assert server.requests[2].headers["x-mine"] == "1"
    assert b'"stream":true' in server.requests[0].content


async def test_each_call_warns_once_of_its_own_line(server: Server) -> None:
    server.says(*CALLING)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await server.face.call(server.stream(), "until_done")
    assert [(each.category, each.filename) for each in caught] == [(DeprecationWarning, __file__)]


# How it ends


async def test_leaving_closes_and_tells(server: Server) -> None:
    server.says(*SAYING, then=[SILENCE])
    handler = server.face.handler()
    await server.face.events(server.stream(handler), 2)
    assert quiet(handler) == ["end"]
    assert handler._stream.outcome == "incomplete"


async def test_leaving_by_an_error_of_the_block(server: Server) -> None:
    server.says(*SAYING, then=[SILENCE])
    handler = server.face.handler()
    with pytest.raises(AttributeError, match="no_such_method"):
        await server.face.call(server.stream(handler), "no_such_method")
    assert names(handler) == ["end"]
    assert handler._stream.outcome == "incomplete"


async def test_closing_twice(server: Server) -> None:
    server.says(*SAYING, then=[SILENCE])
    handler = server.face.handler()
    await server.face.call(server.stream(handler), "close", "close")
    assert names(handler) == ["end"]


async def test_closing_in_a_hook(server: Server) -> None:
    server.says(*SAYING, then=[SILENCE])
    handler = server.face.handler(on_text_created=lambda handler, _: handler.close())
    events = await server.face.events(server.stream(handler))
    assert events[-1].event == "thread.message.delta"
    ending = [
        "text_created",
        "text_delta",
        "message_delta",
        "end",
    ]  # all of that event, and no more
    assert quiet(handler) == ["run_step_created", "message_created", *ending]


async def test_reading_in_a_hook(server: Server) -> None:
    server.says(*SAYING, then=[SILENCE])
    handler = server.face.handler(on_text_created=lambda handler, _: handler.until_done())
    with pytest.raises(RuntimeError, match="being read by another"):
        await server.face.call(server.stream(handler), "until_done")
    assert quiet(handler)[-3:] == ["text_created", "exception", "end"]


async def test_what_is_final_is_there_as_it_ends(server: Server) -> None:
    server.says(*SAYING)
    handler = server.face.handler(on_end=lambda handler: handler.get_final_run())
    await server.face.call(server.stream(handler), "until_done")
    assert names(handler)[-1] == "end"


#: What the server does after a message began, and what is raised.
FAILURES: dict[str, tuple[Piece, type[APIError], list[str]]] = {
    "an error in the stream": (
        b'event: error\ndata: {"error": {"message": "Overloaded."}}\n\n',
        APIError,
        ["exception"],
    ),
    "no answer in time": (httpx.ReadTimeout("slow"), APITimeoutError, ["timeout", "exception"]),
    "a broken connection": (httpx.ReadError("cut"), APIConnectionError, ["exception"]),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
async def test_failures(failure: tuple[Any, type[APIError], list[str]], server: Server) -> None:
    piece, kind, hooks = failure
    server.says(message("created"), then=[piece])
    handler = server.face.handler()
    with pytest.raises(kind) as raised:
        await server.face.call(server.stream(handler), "until_done")
    assert names(handler) == ["event", "message_created", *hooks, "end"]
    assert ("on_exception", raised.value) in handler.called
    assert handler.current_message_snapshot.id == "msg_1"


async def test_an_error_that_is_an_event(server: Server) -> None:
    error = {"code": "server_error", "message": "No.", "param": None, "type": "error"}
    server.says(("error", error))
    handler = server.face.handler()
    (event,) = await server.face.events(server.stream(handler))
    assert (event.event, event.data.message) == ("error", "No.")
    assert names(handler) == ["event", "end"]


async def test_a_stream_that_stalls(server: Server) -> None:
    server.says(run("created"), message("created"), then=[SILENCE])
    handler = server.face.handler()
    with pytest.raises(StreamStalled):
        await server.face.call(server.stream(handler, event_gap=1e-9), "until_done")
    assert quiet(handler) == ["message_created", "timeout", "exception", "end"]


async def test_a_stream_that_ends_too_early(face: Face, server: Server) -> None:
    server.says(*SAYING[:6], then=[])
    handler = face.handler()
    server.client = server.client.copy(base_url="https://api.openai.com/v1")
    with pytest.raises(StreamTruncated):
        await face.call(server.stream(handler), "until_done")
    assert quiet(handler) == ["run_step_created", "message_created", "exception", "end"]


#: A run that calls every hook but those about failures.
EVERYTHING = [
    run("created"),
    step("created"),
    step_delta(function(0, "{}")),
    step("completed", tool_calls=[function(0, "{}")]),
    message("created"),
    message_delta(image("file-1", 0)),
    message_delta(text("One", 1)),
    message("completed", image("file-1"), text("One")),
    run("completed"),
]


def fail(*_: object) -> None:
    raise LookupError("mine")


@pytest.mark.parametrize("hook", HOOKS[:-3])
async def test_errors_of_hooks(hook: str, server: Server) -> None:
    server.says(*EVERYTHING, then=[SILENCE])
    outcomes: list[str] = []
    see: Deed = lambda handler, _: outcomes.append(handler._stream.outcome)  # noqa: E731
    handler = server.face.handler(**{hook: fail, "on_exception": see})
    with pytest.raises(LookupError, match="mine") as raised:
        await server.face.call(server.stream(handler), "until_done")
    assert names(handler)[-3:] == [hook.removeprefix("on_"), "exception", "end"]
    assert handler.called[-2] == ("on_exception", raised.value)
    assert outcomes == ["incomplete"]  # it was closed before anybody was told


@pytest.mark.parametrize("hook", ["on_timeout", "on_exception"])
async def test_errors_of_hooks_about_failures(hook: str, server: Server) -> None:
    server.says(run("created"), then=[httpx.ReadTimeout("slow")])
    handler = server.face.handler(**{hook: fail})
    with pytest.raises(LookupError) as raised:
        await server.face.call(server.stream(handler), "until_done")
    assert isinstance(raised.value.__context__, APITimeoutError)
    assert names(handler)[-1] == "end"


async def test_an_error_of_the_last_hook(server: Server) -> None:
    server.says(run("created"))
    handler = server.face.handler(on_end=fail)
    with pytest.raises(LookupError):
        await server.face.call(server.stream(handler), "until_done")
    assert names(handler) == ["event", "end"]


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
async def test_an_error_of_the_last_hook_does_not_keep_a_program_from_ending(
    kind: type[BaseException], server: Server
) -> None:
    failure = kind()

    def leave(*_: object) -> None:
        raise failure

    server.says(run("created"))
    handler = server.face.handler(on_event=leave, on_end=fail)
    with pytest.raises(kind) as raised:
        await server.face.call(server.stream(handler), "until_done")
    assert raised.value is failure
    [said] = failure.__dict__["__notes__"]
    assert said.startswith("on_end raised as well: LookupError(")


async def test_an_error_that_is_none_of_programs(server: Server) -> None:
    """Such as Ctrl-C."""

    class Stop(BaseException): ...

    def stop(*_: object) -> None:
        raise Stop

    server.says(run("created"), then=[SILENCE])
    handler = server.face.handler(on_event=stop)
    with pytest.raises(Stop):
        await server.face.call(server.stream(handler), "until_done")
    assert names(handler) == ["event", "end"]
    assert handler._stream.outcome == "incomplete"


# What is true of one kind


@pytest.fixture
async def awaited() -> AsyncIterator[Server]:
    server = Server(FACES[0])
    yield server
    await server.client.close()


@pytest.fixture
async def blocking() -> AsyncIterator[Server]:
    server = Server(FACES[1])
    yield server
    await FACES[1].do(server.client.close)


async def test_cancelling_in_a_hook(awaited: Server) -> None:
    awaited.says(*SAYING, then=[SILENCE])
    with anyio.CancelScope() as scope:

        async def cancelled(*_: object) -> None:
            scope.cancel()
            await anyio.sleep_forever()

        handler = FACES[0].handler(on_message_created=cancelled)
        await FACES[0].call(awaited.stream(handler), "until_done")
    assert scope.cancelled_caught
    assert quiet(handler) == ["run_step_created", "message_created", "end"]
    assert handler._stream.outcome == "incomplete"


async def test_cancelling_while_it_waits(awaited: Server) -> None:
    awaited.says(*SAYING, then=[SILENCE])
    handler = FACES[0].handler()
    with anyio.CancelScope() as scope:
        async with awaited.stream(handler) as entered:
            async for event in entered:
                if event.event == "thread.run.completed":
                    scope.cancel()
    assert scope.cancelled_caught
    assert "exception" not in names(handler)
    assert names(handler)[-1] == "end"
    assert names(handler).count("end") == 1


async def test_hooks_that_are_plain_functions(awaited: Server) -> None:
    awaited.says(*SAYING)
    said = []

    class Plain(AsyncAssistantEventHandler):
        def on_text_delta(self, delta: Any, snapshot: Any) -> None:  # type: ignore[override]
            said.append(delta.value)

    await FACES[0].call(awaited.stream(Plain()), "until_done")
    assert said == ["One", " two", " three"]


async def test_hooks_are_called_in_the_thread_that_reads(blocking: Server) -> None:
    blocking.says(*SAYING)

    seen: set[threading.Thread] = set()
    handler = FACES[1].handler(on_event=lambda *_: seen.add(threading.current_thread()))

    def read() -> bool:
        with blocking.stream(handler) as entered:
            entered.until_done()
        return seen == {threading.current_thread()}

    assert await FACES[1].do(read)


async def test_hooks_that_would_have_to_be_awaited(blocking: Server) -> None:
    blocking.says(*SAYING)

    class Wrong(AssistantEventHandler):
        async def on_text_delta(self, delta: Any, snapshot: Any) -> None:  # type: ignore[override]
            raise AssertionError

    with pytest.raises(TypeError, match=r"Wrong\.on_text_delta must be a plain function"):
        await FACES[1].call(blocking.stream(Wrong()), "until_done")
    gc.collect()  # nobody is told that it was never awaited
