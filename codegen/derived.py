"""Methods made of others: they have the parameters of the one they begin with, and some more.

    poll, wait             ask again and again until a job has ended
    create_and_poll, ...   begin a job, then wait for it
    stream, ...            begin a run, and hand its events to a handler

The tables say which there are; signatures and bodies follow from the description of what they are
made of, so a parameter that the API adds is there as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .description import Description, Method
from .imports import Imports
from .layout import Layout
from .signatures import FILE_OPTIONS, OPTIONS, Signature


@dataclass(frozen=True)
class Derived:
    """A method that begins with the method `base` of the same namespace."""

    kind: Literal["wait", "begin", "stream"]
    base: str
    doc: str
    #: What may be passed by position, if not the same as with `base`.
    positional: tuple[str, ...] | None = None
    #: The method that waits for what was begun, and how it is told the ids.
    then: str = "self.poll"
    ids: str = "begun.id"
    #: What the API is told that a stream is used through.
    called: str = ""


_ASKED = "asked for again and again until then."
_RETRIEVED = f"once it has ended, {_ASKED}"
_POLLED = "once it has ended, or needs something of you."
_STREAMED = "A context manager: {}, whose events its handler follows as they arrive."

#: By path. What waits has to be there before what begins.
DERIVED: dict[str, Derived] = {
    "batches.wait": Derived("wait", "retrieve", f"A batch {_RETRIEVED}"),
    "beta.responses.wait": Derived("wait", "retrieve", f"A background response {_RETRIEVED}"),
    "beta.threads.create_and_run_poll": Derived(
        "begin",
        "create_and_run",
        f"A run of a new thread {_POLLED}",
        then="self.runs.poll",
        ids="begun.id, thread_id=begun.thread_id",
    ),
    "beta.threads.create_and_run_stream": Derived(
        "stream",
        "create_and_run",
        _STREAMED.format("a run of a new thread"),
        called="threads.create_and_run_stream",
    ),
    "beta.threads.runs.poll": Derived(
        "wait", "retrieve", f"A run {_POLLED}", positional=("run_id", "thread_id")
    ),
    "beta.threads.runs.create_and_poll": Derived(
        "begin", "create", f"A new run {_POLLED}", ids="begun.id, thread_id=thread_id"
    ),
    "beta.threads.runs.submit_tool_outputs_and_poll": Derived(
        "begin",
        "submit_tool_outputs",
        f"A run that got the outputs of its tools, {_POLLED}",
        ids="begun.id, thread_id=thread_id",
    ),
    "beta.threads.runs.stream": Derived(
        "stream",
        "create",
        _STREAMED.format("a new run"),
        called="threads.runs.create_and_stream",
    ),
    "beta.threads.runs.create_and_stream": Derived(
        "stream",
        "create",
        _STREAMED.format("a new run"),
        called="threads.runs.create_and_stream",
    ),
    "beta.threads.runs.submit_tool_outputs_stream": Derived(
        "stream",
        "submit_tool_outputs",
        _STREAMED.format("a run that got the outputs of its tools"),
        called="threads.runs.submit_tool_outputs_stream",
    ),
    "evals.runs.wait": Derived("wait", "retrieve", f"A run of an eval {_RETRIEVED}"),
    "fine_tuning.jobs.wait": Derived("wait", "retrieve", f"A job {_RETRIEVED}"),
    "responses.wait": Derived("wait", "retrieve", f"A background response {_RETRIEVED}"),
    "vector_stores.file_batches.poll": Derived("wait", "retrieve", f"A batch {_RETRIEVED}"),
    "vector_stores.file_batches.create_and_poll": Derived(
        "begin",
        "create",
        "A new batch of files that were uploaded before, once they are processed.",
        ids="begun.id, vector_store_id=vector_store_id",
    ),
    "vector_stores.files.poll": Derived(
        "wait", "retrieve", f"A file once it is processed or cannot be, {_ASKED}"
    ),
    "vector_stores.files.create_and_poll": Derived(
        "begin",
        "create",
        "A file that was uploaded before, once it is processed.",
        positional=("file_id",),
        ids="begun.id, vector_store_id=vector_store_id",
    ),
    "videos.poll": Derived("wait", "retrieve", f"A video once it is made or cannot be, {_ASKED}"),
    "videos.create_and_poll": Derived("begin", "create", "A new video, once it is made."),
}

#: Parameters of the base that make no sense for what is made of it.
_LEFT_OUT = frozenset({"stream", "starting_after", "include_obfuscation"})

_WAIT = ("poll_interval_ms", "max_wait_seconds", "on_poll", "cancel_on_exit")
_ABOUT_WAITING = """
        Between two questions it waits `poll_interval_ms` milliseconds if given, else as long as the
        last answer says in `openai-poll-after-ms`, else a second and longer each time. `on_poll`
        sees every answer. `max_wait_seconds` bounds the wait and raises WaitTimeout, `deadline`
        all of it and raises DeadlineExceeded; both have the last answer as `last_event`.
"""
_ABOUT_CANCELLING = (
    "        With `cancel_on_exit` the server's job is cancelled if the wait ends before it.\n"
)
_ABOUT_HANDLERS = """
        Entering it sends the request and gives the handler: yours, or one that only follows.
        Iterate over that, or call its `until_done()`. A handler serves one stream.
"""


class DerivedSignature(Signature):
    """The signature of a derived method, as the file with `imports` spells it."""

    def __init__(
        self,
        description: Description,
        layout: Layout,
        path: str,
        imports: Imports,
        hidden: frozenset[str],
    ) -> None:
        self.derived = DERIVED[path]
        self.namespace, _, name = path.rpartition(".")
        super().__init__(
            description, layout, f"{self.namespace}.{self.derived.base}", imports, hidden
        )
        self.name = name
        #: The type of the handler of a stream, and its default.
        self._handler = ["None", "None"]
        method = self.method
        kept = [each for each in method.parameters if each.rstrip("?") not in _LEFT_OUT]
        self.method = _changed(method, parameters=kept, positional=self._positional(method))

    def _positional(self, method: Method) -> list[str] | None:
        given = self.derived.positional
        return method.positional if given is None else list(given)

    @property
    def cancels(self) -> bool:
        """Whether there is a method that cancels what is waited for."""
        return f"{self._waiting_namespace}.cancel" in self.description.methods

    @property
    def _waiting_namespace(self) -> str:
        inner = self.derived.then.split(".")[1:-1] if self.derived.kind == "begin" else []
        return ".".join([self.namespace, *inner])

    @property
    def options(self) -> tuple[tuple[str, str, str], ...]:
        if self.streams:
            return (("event_handler", *self._handler), *super().options)
        return (*self._waits(), *OPTIONS, *(FILE_OPTIONS if self.method.files else ()))

    @property
    def streams(self) -> bool:
        return self.derived.kind == "stream"

    def overloads(self, *, blocking: bool) -> tuple[list[str], str]:
        """The first lines of a method that takes a handler: its overloads, and itself.

        Without a handler it gives one that only follows the events, else that of the caller.
        """
        library, prefix = ("openai_sync", "") if blocking else ("openai_async", "Async")
        names = ("AssistantEventHandler", "HandlerT", "AssistantStreamManager")
        module = f"{library}._assistants"
        handler, any_, manager = (self.imports.add(module, prefix + name) for name in names)
        self.imports.builtin("overload")
        self.imports.builtin("Any")
        found = []
        for *self._handler, kind in (
            ["None", "None", handler],
            [any_, "", any_],
            [f"{handler} | None", "None", "Any"],
        ):
            found.append(self.header("", f"{manager}[{kind}]"))
        return found[:2], found[2]

    def _waits(self) -> Iterator[tuple[str, str, str]]:
        for name in ("Callable", "Any", "Omit", "NotGiven", "omit"):
            self.imports.builtin(name)
        number = self.imports.builtin("float", self.hidden)
        yield "poll_interval_ms", f"{number} | Omit | NotGiven", "omit"
        yield "max_wait_seconds", f"{number} | Omit | NotGiven | None", "omit"
        yield "on_poll", f"Callable[[{self.result}], Any] | None", "None"
        if self.cancels:
            yield "cancel_on_exit", self.imports.builtin("bool", self.hidden), "False"

    def docstring(self) -> str:
        doc = f'        """{self.derived.doc}\n'
        if self.streams:
            doc += _ABOUT_HANDLERS
        else:
            doc += _ABOUT_WAITING + (_ABOUT_CANCELLING if self.cancels else "")
        then = ", then as `poll`" if self.derived.kind == "begin" else ""
        return f'{doc}\n        `{self.method.http}`{then}.\n        """\n'

    # The bodies.

    #: What they call besides methods.
    uses = ("partial", "unwarned", "check_wait", "clock", "known", "wait_for", "assistant_stream")

    def _passed(self, *, without: frozenset[str] = frozenset()) -> str:
        """The arguments for the base, by name; those of its path that come first by position."""
        names = [*self.path_order, *(each.rstrip("?") for each in self.method.parameters)]
        names += [name for name, _, _ in self.options if name not in (*_WAIT, *without)]
        return ", ".join(f"{name}={name}" for name in dict.fromkeys(names))

    def body(self) -> str:
        """What it does, in the async class."""
        return {"wait": self._wait, "begin": self._begin, "stream": self._stream}[
            self.derived.kind
        ]()

    def _unwarned(self, method: str) -> str:
        """`method` as it is called by one that has warned that both are deprecated."""
        return f"unwarned({method})" if self.method.deprecated else method

    def _waiting(self) -> str:
        names = [name for name in _WAIT if name != "cancel_on_exit" or self.cancels]
        return ", ".join(f"{name}={name}" for name in names)

    def _wait(self) -> str:
        retrieve = self._unwarned("self._with_replies().retrieve")
        given = self._passed(without=frozenset({"extra_headers", "deadline"}))
        ids = ", ".join(f"{name}={name}" for name in self.path_order)
        cancel = ""
        if self.cancels:
            cancel = (
                f"cancel=partial({self._unwarned('self.cancel')}, {ids}, "
                "extra_headers=extra_headers, extra_query=extra_query) "
                "if cancel_on_exit else None, "
            )
        waiting = ", ".join(f"{name}={name}" for name in _WAIT if name != "cancel_on_exit")
        return (
            f'        job: {self.result} = await wait_for("{self.namespace}", '
            f"partial({retrieve}, {given}), {cancel}extra_headers=extra_headers, {waiting}, "
            "deadline=clock(self._client, deadline))\n        return job\n"
        )

    def _begin(self) -> str:
        base, then = self._unwarned(f"self.{self.derived.base}"), self._unwarned(self.derived.then)
        first = self._passed(without=frozenset({"deadline"}))
        more = "extra_headers=extra_headers, extra_query=extra_query, timeout=timeout"
        return (
            "        check_wait(poll_interval_ms, max_wait_seconds)\n"
            "        until = clock(self._client, deadline)\n"
            f"        begun = await {base}({first}, deadline=until)\n"
            "        with known(begun):\n"
            f"            return await {then}({self.derived.ids}, {self._waiting()}, {more}, "
            "deadline=until)\n"
        )

    def _stream(self) -> str:
        base = self._unwarned(f"self.{self.derived.base}")
        given = self._passed(without=frozenset({"event_handler"}))
        return (
            f"        send = partial({base}, {given}, stream=True)\n"
            f'        return assistant_stream(send, event_handler, "{self.derived.called}")\n'
        )


def _changed(method: Method, **changes: object) -> Method:
    return Method(**{**{n: getattr(method, n) for n in method.__struct_fields__}, **changes})  # type: ignore[arg-type]


def derived_of(namespace: str) -> list[str]:
    """The paths of the derived methods of `namespace`."""
    return [path for path in DERIVED if path.rpartition(".")[0] == namespace]
