"""What the events of a stream say about its end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from openai_async._build import build
from openai_async._decode import decode
from openai_async._endings import Ending, Outcome, Terminators
from openai_async.types.audio import TranscriptionStreamEvent
from openai_async.types.beta import AgentSessionEvent, AssistantStreamEvent
from openai_async.types.chat import ChatCompletionChunk
from openai_async.types.completions import Completion
from openai_async.types.images import ImageEditStreamEvent, ImageGenStreamEvent
from openai_async.types.responses import ResponseStreamEvent

ANYWHERE = "https://api.test/v1/x"
CHAT = "https://api.test/v1/chat/completions"


def ending_of(*events: Any, url: str = ANYWHERE, to: Any = object) -> Ending:
    """An ending that followed `events` (JSON values) as they are decoded to `to`."""
    ending = Ending(url)
    for event in events:
        ending.follow(decode(json.dumps(event).encode(), to))
    return ending


def choice(text: Any = None, index: Any = 0, reason: Any = None) -> dict[str, Any]:
    return {"index": index, "delta": {"content": text}, "finish_reason": reason}


def chunk(*choices: Any, model: str = "m") -> dict[str, Any]:
    return {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": model,
        "choices": list(choices),
    }


def named(*names: str) -> list[dict[str, Any]]:
    return [{"type": name} for name in names]


# What arrived


def test_nothing_arrived() -> None:
    ending = Ending(ANYWHERE)
    assert (ending.events, ending.partial, ending.last_event) == (0, "", None)


def test_events_are_counted_and_the_last_is_kept() -> None:
    ending = ending_of({"n": 1}, [2], "three", 4)
    assert (ending.events, ending.last_event) == (4, 4)


@pytest.mark.parametrize("to", [ChatCompletionChunk, object])
def test_text_of_chat(to: Any) -> None:
    chunks = [chunk(choice("")), chunk(choice("one ")), chunk(choice("two")), chunk(choice())]
    assert ending_of(*chunks, to=to).partial == "one two"


@pytest.mark.parametrize("to", [ChatCompletionChunk, object])
def test_text_of_the_first_choice(to: Any) -> None:
    chunks = [chunk(choice("b", 1)), chunk(choice("a", 0), choice("B", 1)), chunk(choice("A", 0))]
    assert ending_of(*chunks, to=to).partial == "aA"


@pytest.mark.parametrize("to", [Completion, object])
def test_text_of_completions(to: Any) -> None:
    events = [{"choices": [{"index": 0, "text": word}]} for word in ("one ", "two")]
    assert ending_of(*events, to=to).partial == "one two"


@pytest.mark.parametrize(
    ("name", "to"),
    [
        ("response.output_text.delta", ResponseStreamEvent),
        ("transcript.text.delta", TranscriptionStreamEvent),
        ("agent.session.turn.output_text.delta", AgentSessionEvent),
        ("response.output_text.delta", object),
    ],
)
def test_text_of_deltas(name: str, to: Any) -> None:
    events = [{"type": name, "delta": word} for word in ("one ", "two")]
    ending = Ending(ANYWHERE)
    for event in events:
        ending.follow(build(to, event))
    assert ending.partial == "one two"


@pytest.mark.parametrize("to", [AssistantStreamEvent, object])
def test_text_of_messages_of_threads(to: Any) -> None:
    content = [{"index": 0, "type": "text", "text": {"value": "one "}}, {"type": "image_file"}]
    delta = {"id": "m", "object": "thread.message.delta", "delta": {"content": content}}
    ending = Ending(ANYWHERE)
    ending.follow(build(to, {"event": "thread.message.delta", "data": delta}))
    assert ending.partial == "one "


def test_other_text_is_not_the_answer() -> None:
    event = {"type": "response.reasoning_text.delta", "delta": "hm"}
    assert ending_of(event).partial == ""


@pytest.mark.parametrize("to", [ChatCompletionChunk, object])
@pytest.mark.parametrize(
    "strange",
    [
        [],
        "text",
        None,
        {"choices": None},
        {"choices": 3},
        {"choices": [None, 3, "x", []]},
        {"choices": [{}]},
        {"choices": [{"index": [], "delta": {"content": "b"}}]},
        {"choices": [{"index": 0, "delta": None}]},
        {"choices": [{"index": 0, "delta": {"content": "b"}}, None]},
        {"choices": [{"index": 0, "delta": {"content": ["part"]}}]},
        {"type": 3},
        {"type": "response.output_text.delta", "delta": {}},
        {"event": "thread.message.delta", "data": {"delta": {"content": [None]}}},
    ],
)
def test_strange_events_do_no_harm(strange: Any, to: Any) -> None:
    ending = Ending(CHAT)
    for event in (chunk(choice("a")), strange, chunk(choice("c", reason="stop"))):
        ending.follow(build(to, event))
    assert ending.partial in {"ac", "abc"}
    assert ending.finished


def test_fields_that_no_class_declares_change_nothing() -> None:
    known, learned = chunk(choice("a")), chunk({**choice("b"), "never_seen_before": 1})
    learned["nor_was_this"] = True
    ending = ending_of(known, learned, learned, known, to=ChatCompletionChunk)
    assert ending.partial == "abba"


# Whether it is whole


def test_chat_is_finished_with_the_reason_of_its_choice() -> None:
    begun = chunk(choice("a"))
    assert not ending_of(begun, to=ChatCompletionChunk).finished
    ended = ending_of(begun, chunk(choice(reason="stop")), to=ChatCompletionChunk)
    assert ended.finished


@pytest.mark.parametrize("to", [ChatCompletionChunk, object])
@pytest.mark.parametrize(("reasons", "finished"), [([0], False), ([1], False), ([0, 1], True)])
def test_chat_is_finished_with_the_reasons_of_all_choices(
    reasons: list[int], finished: bool, to: Any
) -> None:
    begun = [chunk(choice("a", 0)), chunk(choice("b", 1))]
    ended = [chunk(choice("", index, "stop")) for index in reasons]
    assert ending_of(*begun, *ended, to=to).finished is finished


@pytest.mark.parametrize("to", [ChatCompletionChunk, object])
@pytest.mark.parametrize("index", [{}, {"index": None}])
def test_choices_may_come_without_index(index: dict[str, Any], to: Any) -> None:
    choices = [{"delta": {"content": word}, **index} for word in ("a", "b")]
    last = {"delta": {}, "finish_reason": "stop", **index}
    ending = ending_of(*map(chunk, choices), chunk(last), to=to)
    assert ending.partial == "ab"
    assert ending.finished


def test_usage_after_the_end_changes_nothing() -> None:
    chunks = [chunk(choice("a", reason="stop")), {**chunk(), "usage": {"total_tokens": 3}}]
    assert ending_of(*chunks, to=ChatCompletionChunk).finished


@pytest.mark.parametrize(
    ("last", "to"),
    [
        ("response.completed", ResponseStreamEvent),
        ("response.failed", ResponseStreamEvent),
        ("response.incomplete", ResponseStreamEvent),
        ("response.done", ResponseStreamEvent),
        ("error", ResponseStreamEvent),
        ("image_generation.completed", ImageGenStreamEvent),
        ("image_edit.completed", ImageEditStreamEvent),
        ("transcript.text.done", TranscriptionStreamEvent),
        ("agent.session.idle", AgentSessionEvent),
        ("agent.session.failed", AgentSessionEvent),
        ("agent.session.budget_reached", AgentSessionEvent),
    ],
)
def test_last_events(last: str, to: Any) -> None:
    ending = Ending(ANYWHERE)
    assert not ending.finished
    ending.follow(build(to, {"type": last}))
    assert ending.finished


@pytest.mark.parametrize(
    "status", ["completed", "incomplete", "failed", "cancelled", "expired", "requires_action"]
)
def test_last_events_of_threads(status: str) -> None:
    ending = Ending(ANYWHERE)
    ending.follow(build(AssistantStreamEvent, {"event": f"thread.run.{status}", "data": {}}))
    assert ending.finished


@pytest.mark.parametrize("name", ["response.output_item.done", "thread.run.step.completed"])
def test_end_of_a_part_is_not_the_end(name: str) -> None:
    assert not ending_of(*named(name)).finished


def test_agent_that_begins_again_has_not_finished() -> None:
    assert not ending_of(*named("agent.session.idle", "agent.session.in_progress")).finished


@pytest.mark.parametrize(
    ("events", "final"),
    [
        (named("response.created"), False),
        (named("response.created", "response.completed"), True),
        (named("agent.session.idle"), False),  # people watch on
        ([chunk(choice("a", reason="stop"))], False),  # usage may follow
    ],
)
def test_nothing_follows_the_last_event_of_a_protocol(events: list[Any], final: bool) -> None:
    assert ending_of(*events).final is final


# The verdict


@pytest.mark.parametrize(
    ("events", "elsewhere", "where_done_is_sent"),
    [
        ([chunk(choice("a", reason="stop"))], "complete", "complete"),
        ([chunk(choice("a"))], "unknown", "truncated"),
        ([chunk(choice("a", reason="stop"), choice("b", 1))], "unknown", "truncated"),
        ([chunk()], "unknown", "truncated"),
        ([{"choices": [{"index": 0, "text": "a"}]}], "unknown", "truncated"),
        (named("response.completed"), "complete", "complete"),
        (named("response.created"), "truncated", "truncated"),
        (named("response.created", "error"), "complete", "complete"),
        (named("image_generation.partial_image"), "truncated", "truncated"),
        (named("image_edit.partial_image"), "truncated", "truncated"),
        (named("transcript.text.delta"), "truncated", "truncated"),
        ([{"event": "thread.created"}], "unknown", "truncated"),
        ([{"event": "thread.run.completed"}], "complete", "complete"),
        (named("agent.session.in_progress"), "unknown", "unknown"),
        (named("agent.session.idle"), "complete", "complete"),
        ([{"n": 1}], "unknown", "unknown"),
        ([1], "unknown", "unknown"),
        ([], "unknown", "unknown"),
    ],
)
def test_verdict(events: list[Any], elsewhere: Outcome, where_done_is_sent: Outcome) -> None:
    ending = ending_of(*events)
    assert ending.verdict(done_expected=False) == elsewhere
    assert ending.verdict(done_expected=True) == where_done_is_sent


@pytest.mark.parametrize(
    ("url", "verdict"),
    [
        ("https://api.test/v1/chat/completions", "truncated"),
        ("https://api.test/v1/completions?api-version=1", "truncated"),
        ("https://api.test/v1/agents/sessions/s/events", "unknown"),
    ],
)
def test_verdict_on_a_stream_without_events(url: str, verdict: Outcome) -> None:
    assert Ending(url).verdict(done_expected=True) == verdict
    assert Ending(url).verdict(done_expected=False) == "unknown"


# Who sends terminators


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("api.openai.com", True),
        ("eu.api.openai.com", True),
        ("API.OpenAI.com", True),
        ("api.openai.com:443", True),
        ("mine.openai.azure.com", True),
        ("notopenai.com", False),
        ("api.openai.com.example.org", False),
        ("localhost:11434", False),
        ("[::1]:8000", False),
    ],
)
def test_servers_that_are_known_to_send_done(host: str, expected: bool) -> None:
    assert Terminators().expected(f"https://{host}/v1/chat/completions", chunk()) is expected


@pytest.mark.parametrize(
    ("url", "model", "expected"),
    [
        (CHAT, "m", True),
        (f"{CHAT}?trace=2", "m", True),
        (CHAT, "other", False),
        ("https://api.test/v1/completions", "m", False),
        ("https://api.test:8443/v1/chat/completions", "m", False),
    ],
)
def test_server_that_was_seen_to_send_done(url: str, model: str, expected: bool) -> None:
    terminators = Terminators()
    terminators.saw(f"{CHAT}?trace=1", chunk())
    assert terminators.expected(url, chunk(model=model)) is expected


def test_few_servers_are_remembered() -> None:
    terminators = Terminators()
    for number in range(10_000):
        terminators.saw(f"https://host-{number}/", None)
    assert len(terminators._seen) <= 256
    assert terminators.expected("https://host-9999/", None)
