"""How streams end: what the events of a stream say about whether it is whole.

Pure. An `Ending` follows the events of one stream: how many there were, the text in them, and
whether one of them was an event that ends such streams. Its verdict counts when the body ends
without the `[DONE]` that some servers send and others do not, so a stream is called truncated only
where the events themselves, or the server, had promised an end that never came.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import astuple

from ._fields import public_class

Outcome = Literal["open", "complete", "incomplete", "truncated", "unknown"]

#: By what a stream is known to be whole: an event of its protocol, or `[DONE]` after its events.
_EVENT, _DONE = "event", "done"

#: What ends streams, by the first part of the names of their events. Those of agents are watched
#: for as long as anybody likes, so nothing is promised.
_ENDED_BY = {
    "response": _EVENT,
    "image_generation": _EVENT,
    "image_edit": _EVENT,
    "transcript": _EVENT,
    "thread": _DONE,
    "agent": None,
}

#: Events after which there is nothing more to say. Some are known from servers that are not
#: OpenAI's, or are spelled so elsewhere in the API.
_LAST = frozenset(
    {
        "error",
        "response.completed",
        "response.failed",
        "response.incomplete",
        "response.cancelled",
        "response.done",
        "image_generation.completed",
        "image_edit.completed",
        "transcript.text.done",
        "thread.run.completed",
        "thread.run.incomplete",
        "thread.run.failed",
        "thread.run.cancelled",
        "thread.run.expired",
        "thread.run.requires_action",
        "agent.session.idle",
        "agent.session.failed",
        "agent.session.budget_reached",
    }
)

#: Events after which there is more to come, whatever was before.
_FIRST = frozenset({"agent.session.in_progress", "agent.session.turn.created"})

#: Events whose `delta` is text.
_DELTAS = frozenset(
    {
        "response.output_text.delta",
        "transcript.text.delta",
        "agent.session.turn.output_text.delta",
    }
)

_MESSAGE_DELTA = "thread.message.delta"
_WITH_TEXT = _DELTAS | {_MESSAGE_DELTA}

#: A delta that is shown, but is no part of the answer.
_REFUSAL = "response.refusal.delta"

#: Where streams come from that `[DONE]` ends, if there is no event to tell.
_DONE_PATH = "/completions"

#: Servers that send `[DONE]`: these hosts, and those below them.
_DONE_HOSTS = ("openai.com", "openai.azure.com")

#: More servers than a program talks to.
_MOST_SERVERS = 256


#: Where the slots of a chat chunk are, for reading its attributes would take three times longer:
#: the classes of the chunk and of its choices; the getters of `choices` and of the `content` of a
#: delta; the places of `delta`, `index` and `finish_reason` in a choice.
_Shape = tuple[Any, Any, Callable[[Any], Any], Callable[[Any], Any], int, int, int]


class Ending:
    """What the events of one stream have said so far; `url` is where it came from."""

    __slots__ = (
        "_add",
        "_ended",
        "_ended_by",
        "_index",
        "_last_came",
        "_shape",
        "_text",
        "_texts",
        "_url",
        "events",
        "last_event",
    )

    def __init__(self, url: str) -> None:
        #: How many events there were.
        self.events = 0
        self.last_event: Any = None
        self._url = url
        self._ended_by: str | None = None
        self._last_came = False
        self._text: list[str] = []
        #: The text of each choice, by its index, and the choices that have ended.
        self._texts: dict[int, list[Any]] = {}
        self._ended: set[int] = set()
        #: The choice that was added to last.
        self._index = -1
        self._add: Callable[[Any], None] = self._text.append
        self._shape: _Shape | None = None

    def follow(self, event: Any) -> None:
        """Takes note of `event`; of any kind, for servers send what they like."""
        self.events += 1
        self.last_event = event
        if self._shape is None or type(event) is not self._shape[0]:
            self._follow(event)
            return
        _, choice_class, choices_of, content_of, delta, index, reason = self._shape
        try:
            choice: Any
            for choice in choices_of(event):
                if type(choice) is not choice_class:
                    self._follow_choice(choice)
                    continue
                values = astuple(choice)
                content = content_of(values[delta])
                if values[index] != self._index:
                    self._turn_to(values[index])
                if content:
                    self._add(content)
                if values[reason]:
                    self._ended.add(self._index)
        except TypeError:  # not what the class promises
            self._follow(event)

    def _follow(self, event: Any) -> None:
        name = _get(event, "type") or _get(event, "event")
        if isinstance(name, str):
            self._follow_named(event, name)
            return
        choices = _get(event, "choices")
        if isinstance(choices, list):
            self._ended_by = _DONE
            for choice in choices:
                self._follow_choice(choice)
            self._shape = _shape_of(event, choices)

    def _follow_named(self, event: Any, name: str) -> None:
        if self._ended_by is None:
            self._ended_by = _ENDED_BY.get(name.partition(".")[0])
        if name in _WITH_TEXT:
            self._text.append(_text_of_named(event, name))
        elif name in _LAST:
            self._last_came = True
        elif name in _FIRST:
            self._last_came = False

    def _follow_choice(self, choice: Any) -> None:
        self._turn_to(_get(choice, "index"))
        self._add(_text_of_choice(choice))
        if _get(choice, "finish_reason"):
            self._ended.add(self._index)

    def _turn_to(self, index: Any) -> None:
        self._index = index if isinstance(index, int) else 0  # some servers send none
        self._add = self._texts.setdefault(self._index, []).append

    @property
    def partial(self) -> str:
        """The text that arrived; of several choices, that of the first."""
        pieces = self._texts[min(self._texts)] if self._texts else self._text
        return "".join(piece for piece in pieces if isinstance(piece, str))

    @property
    def finished(self) -> bool:
        """Whether a terminal event came: nothing is missing, though more might have followed."""
        return self._last_came or (bool(self._texts) and self._ended.issuperset(self._texts))

    @property
    def final(self) -> bool:
        """Whether the event came after which the protocol has no other."""
        return self._last_came and self._ended_by == _EVENT

    def verdict(self, *, done_expected: bool) -> Outcome:
        """How the stream ended, if its body ended now; `done_expected` if its server is known to
        send `[DONE]`."""
        if self.finished:
            return "complete"
        ended_by = self._ended_by
        if not self.events and _place(self._url).endswith(_DONE_PATH):
            ended_by = _DONE
        if ended_by == _EVENT or (ended_by == _DONE and done_expected):
            return "truncated"
        return "unknown"


def text_of(event: Any) -> str:
    """What `event` adds to the text of an answer or a refusal; of several choices, the first."""
    name = _get(event, "type") or _get(event, "event")
    if isinstance(name, str):
        return _text_of_named(event, name)
    for choice in _list(_get(event, "choices")):
        if not _get(choice, "index"):
            return _text_of_choice(choice) or _text(_get(_get(choice, "delta"), "refusal"))
    return ""


def _text_of_named(event: Any, name: str) -> str:
    if name == _MESSAGE_DELTA:
        parts = _list(_get(_get(_get(event, "data"), "delta"), "content"))
        return "".join(_text(_get(_get(part, "text"), "value")) for part in parts)
    return _text(_get(event, "delta")) if name in _DELTAS or name == _REFUSAL else ""


def _text_of_choice(choice: Any) -> str:
    return _text(_get(_get(choice, "delta"), "content")) or _text(_get(choice, "text"))


class Terminators:
    """Who sends `[DONE]`: OpenAI, Azure, and every server that was seen to do so.

    One server may stand in front of several, so what it did for one model says nothing of others.
    """

    def __init__(self) -> None:
        self._seen: set[tuple[str, Any]] = set()

    def saw(self, url: str, event: Any) -> None:
        """Remembers that a stream of `url`, whose last event was `event`, had its terminator."""
        if len(self._seen) >= _MOST_SERVERS:
            self._seen.clear()
        self._seen.add(_source(url, event))

    def expected(self, url: str, event: Any) -> bool:
        """Whether a stream of `url` with that event in it should have had one."""
        host = urlsplit(url).hostname or ""
        if any(host == known or host.endswith(f".{known}") for known in _DONE_HOSTS):
            return True
        return _source(url, event) in self._seen


def _source(url: str, event: Any) -> tuple[str, Any]:
    return _place(url), _text(_get(event, "model"))


def _place(url: str) -> str:
    """`url` without its query."""
    return url.partition("?")[0]


def _shape_of(chunk: Any, choices: list[Any]) -> _Shape | None:
    """The shape of `chunk`, if it is a chat chunk of the usual classes."""
    if not choices:
        return None
    choice, delta = choices[0], _get(choices[0], "delta")
    if not (isinstance(choice, Struct) and isinstance(delta, Struct)):
        return None
    slots = [getattr(type(each), "__field_slots__", {}) for each in (chunk, choice, delta)]
    names = public_class(type(choice)).__struct_fields__
    if "choices" not in slots[0] or "content" not in slots[2]:
        return None
    if not {"delta", "index", "finish_reason"}.issubset(names):
        return None
    return (
        type(chunk),
        type(choice),
        slots[0]["choices"].__get__,
        slots[2]["content"].__get__,
        names.index("delta"),
        names.index("index"),
        names.index("finish_reason"),
    )


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
