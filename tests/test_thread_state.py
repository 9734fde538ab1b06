"""Which hooks the events of a run call, in which order, with what; and what they add up to."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from assistant_events import (
    CALLING,
    SAYING,
    Wire,
    code,
    event,
    function,
    image,
    message,
    message_delta,
    run,
    step,
    step_delta,
    text,
)

from openai_async._thread_state import Hook, ThreadState
from openai_async.types import beta
from openai_async.types.beta import threads


def fed(*events: Wire) -> tuple[ThreadState, list[list[Hook]]]:
    """The state after these events, and the hooks of each but `on_event`, which is the first."""
    state = ThreadState()
    hooks = []
    for each in events:
        first, *others = state.feed(event(each))
        assert first == ("on_event", (state.event,))
        hooks.append(others)
    return state, hooks


def said(hook: Hook) -> str:
    """A hook in few words: its name, and what its arguments hold."""
    name, arguments = hook
    return " ".join([name.removeprefix("on_"), *map(content, arguments)])


def content(thing: Any) -> str:
    if isinstance(thing, (threads.Text, threads.TextDelta)):
        return repr(thing.value)
    if isinstance(thing, threads.ImageFile):
        return thing.file_id
    kind = getattr(thing, "type", None)
    if kind == "function":
        return repr(thing.function.arguments)
    if kind == "code_interpreter":
        return repr(thing.code_interpreter.input)
    return getattr(thing, "id", "") or type(thing).__name__


#: What comes, and the hooks of the last event. The arguments are shown as they are in the end.
ORDERS: dict[str, tuple[list[Wire], list[str]]] = {
    "a thread": ([("thread.created", {"id": "thread_1", "object": "thread"})], []),
    "an error": ([("error", {"message": "No.", "code": None, "param": None, "type": "x"})], []),
    "what nobody knows": ([("thread.dreamt", {"id": "x"})], []),
    "an event without data": ([("thread.message.completed", None)], []),
    "a delta that is none": ([message("created"), ("thread.message.delta", {"id": "msg_1"})], []),
    "a message that cannot be told from others": ([("thread.message.created", {"id": {}})], []),
    "a delta of nobody knows which": (
        [("thread.message.delta", {"id": [], "delta": {"content": [text("One", 0)]}})],
        [],
    ),
    "a run": ([run("created")], []),
    "a step": ([step("created")], ["run_step_created step_1"]),
    "a step in progress": ([step("created"), step("in_progress")], []),
    **{
        f"a step that is {end}": ([step("created"), step(end)], ["run_step_done step_1"])
        for end in ("completed", "failed", "cancelled", "expired")
    },
    "a call": (
        [step("created"), step_delta(function(0, "{"))],
        ["tool_call_created '{'", "tool_call_delta '{' '{'", "run_step_delta RunStepDelta step_1"],
    ),
    "more of a call": (
        [step("created"), step_delta(function(0, "{")), step_delta(function(0, "}"))],
        ["tool_call_delta '}' '{}'", "run_step_delta RunStepDelta step_1"],
    ),
    "another call": (
        [step("created"), step_delta(code(0, "1+1")), step_delta(function(1, "{"))],
        [
            "tool_call_done '1+1'",
            "tool_call_created '{'",
            "tool_call_delta '{' '{'",
            "run_step_delta RunStepDelta step_1",
        ],
    ),
    "two calls at once": (
        [step("created"), step_delta(function(0, "a"), function(1, "b"))],
        [
            "tool_call_created 'a'",
            "tool_call_delta 'a' 'a'",
            "tool_call_done 'a'",
            "tool_call_created 'b'",
            "tool_call_delta 'b' 'b'",
            "run_step_delta RunStepDelta step_1",
        ],
    ),
    "a call that is returned to": (
        [step("created"), *(step_delta(function(each, "x")) for each in (0, 1, 0))],
        ["tool_call_done 'x'", "tool_call_delta 'x' 'xx'", "run_step_delta RunStepDelta step_1"],
    ),
    "a call that was returned to ends once": (
        [
            step("created"),
            *(step_delta(function(each, "x")) for each in (0, 1, 0, 1)),
            run("requires_action"),
        ],
        [],
    ),
    "the end of a step that calls": (
        [
            step("created"),
            step_delta(function(0, "{}")),
            step("completed", tool_calls=[function(0, "{ }", output="3")]),
        ],
        ["tool_call_done '{ }'", "run_step_done step_1"],
    ),
    "the end of a step that does not tell its calls again": (
        [step("created"), step_delta(function(0, "{}")), step("failed")],
        ["run_step_done step_1"],
    ),
    "a run that needs something": (CALLING, ["tool_call_done '{\"a\":1}'"]),
    **{
        f"a run that is {end}": (
            [step("created"), step_delta(function(0, "x")), run(end)],
            ["tool_call_done 'x'"],
        )
        for end in ("completed", "incomplete", "failed", "cancelled", "expired")
    },
    "a run that goes on": ([*CALLING[:-1], run("in_progress")], []),
    "a run that ends after its step": (
        [step("created"), step_delta(function(0, "x")), step("completed"), run("completed")],
        [],
    ),
    "a step that nobody announced": (
        [step_delta(function(0, "x"), name="step_2")],
        ["tool_call_created 'x'", "tool_call_delta 'x' 'x'", "run_step_delta RunStepDelta step_2"],
    ),
    "a step without details": (
        [step("created"), ("thread.run.step.delta", {"id": "step_1", "delta": {}})],
        ["run_step_delta RunStepDelta step_1"],
    ),
    "a message": ([message("created")], ["message_created msg_1"]),
    "a message in progress": ([message("created"), message("in_progress")], []),
    "a text": (
        [message("created"), message_delta(text("One", 0))],
        ["text_created 'One'", "text_delta 'One' 'One'", "message_delta MessageDelta msg_1"],
    ),
    "more of a text": (
        [message("created"), message_delta(text("One", 0)), message_delta(text(" two", 0))],
        ["text_delta ' two' 'One two'", "message_delta MessageDelta msg_1"],
    ),
    "another text": (
        [message("created"), message_delta(text("One", 0)), message_delta(text("Two", 1))],
        [
            "text_created 'Two'",
            "text_delta 'Two' 'Two'",
            "text_done 'One'",
            "message_delta MessageDelta msg_1",
        ],
    ),
    "two texts at once": (
        [message("created"), message_delta(text("One", 0), text("Two", 1))],
        [
            "text_created 'One'",
            "text_created 'Two'",
            "text_delta 'One' 'One'",
            "text_delta 'Two' 'Two'",
            "text_done 'One'",
            "message_delta MessageDelta msg_1",
        ],
    ),
    "an image": (
        [message("created"), message_delta(image("file-1", 0))],
        ["message_delta MessageDelta msg_1"],
    ),
    "a text after an image": (
        [message("created"), message_delta(image("file-1", 0)), message_delta(text("One", 1))],
        [
            "text_created 'One'",
            "text_delta 'One' 'One'",
            "image_file_done file-1",
            "message_delta MessageDelta msg_1",
        ],
    ),
    "an image after a text": (
        [message("created"), message_delta(text("One", 0)), message_delta(image("file-1", 1))],
        ["text_done 'One'", "message_delta MessageDelta msg_1"],
    ),
    "a refusal": (
        [message("created"), message_delta({"index": 0, "type": "refusal", "refusal": "No"})],
        ["message_delta MessageDelta msg_1"],
    ),
    "a block that gets its text later": (
        [
            message("created"),
            message_delta({"index": 0, "type": "text"}),
            message_delta(text("One", 0)),
        ],
        ["text_created 'One'", "text_delta 'One' 'One'", "message_delta MessageDelta msg_1"],
    ),
    "a block without text": (
        [message("created"), message_delta({"index": 0, "type": "text"})],
        ["message_delta MessageDelta msg_1"],
    ),
    "the end of a message": (
        [message("created"), message_delta(text("On", 0)), message("completed", text("One."))],
        ["text_done 'One.'", "message_done msg_1"],
    ),
    "a message that is cut": (
        [message("created"), message_delta(text("On", 0)), message("incomplete", text("On"))],
        ["text_done 'On'", "message_done msg_1"],
    ),
    "the end of a message with an image": (
        [
            message("created"),
            message_delta(image("file-1", 0)),
            message("completed", image("file-1")),
        ],
        ["image_file_done file-1", "message_done msg_1"],
    ),
    "a message at once": ([message("completed", text("One"))], ["message_done msg_1"]),
    "another message meanwhile": (
        [
            message("created"),
            message_delta(text("One", 0)),
            message_delta(text("Two", 0), name="msg_2"),
        ],
        [
            "text_created 'Two'",
            "text_delta 'Two' 'Two'",
            "text_done 'One'",
            "message_delta MessageDelta msg_2",
        ],
    ),
    "a message without news": (
        [message("created"), message_delta()],
        ["message_delta MessageDelta msg_1"],
    ),
}


@pytest.mark.parametrize(("events", "hooks"), ORDERS.values(), ids=ORDERS)
def test_hooks_of_the_last_event(events: list[Wire], hooks: list[str]) -> None:
    _, called = fed(*events)
    assert [said(each) for each in called[-1]] == hooks


def test_every_known_event_is_in_the_table() -> None:
    """An event that the API adds must be thought of."""
    names = {each.__struct_config__.tag for each in beta.AssistantStreamEvent.__args__[:-1]}
    thought_of = {name for events, _ in ORDERS.values() for name, _ in [*events, *SAYING]}
    assert names - thought_of == {"thread.run.cancelling"}
    assert len(names) == 24


def test_deltas_are_handed_over_as_they_came() -> None:
    delta = message_delta(text("One", 0), role="assistant")
    state, hooks = fed(message("created"), delta)
    data: Any = event(delta)
    message_: Any = state.message
    assert hooks[-1][1][1] == (data.data.delta.content[0].text, message_.content[0].text)
    assert hooks[-1][2][1] == (data.data.delta, message_)


def test_snapshots_are_typed_and_whole() -> None:
    state, _ = fed(*SAYING[:-3])
    assert type(state.message) is threads.Message
    assert state.message.to_dict() == event(SAYING[5]).data.to_dict() | {
        "status": "in_progress",
        "content": [text("One two three")],
    }
    state, _ = fed(*CALLING)
    assert state.run_step is not None
    assert state.run_step.step_details.to_dict()["tool_calls"] == [
        {
            "type": "function",
            "id": "call_1",
            "function": {"name": "add", "arguments": '{"a":1}', "output": None},
        }
    ]


def test_the_role_of_a_delta_is_not_added() -> None:
    state, _ = fed(message("created"), message_delta(text("One", 0), role="assistant", mood="calm"))
    assert state.message is not None
    assert state.message.role == "assistant"
    assert state.message.model_extra == {"mood": "calm"}


#: A message that is told as a whole while it grows.
RETOLD = [
    message("created"),
    message_delta(text("One", 0)),
    message("in_progress", text("One")),
    message_delta(text(" two", 0)),
]


@pytest.mark.parametrize("events", [SAYING, CALLING, RETOLD])
def test_events_stay_as_they_came(events: list[Wire]) -> None:
    state, kept = ThreadState(), []
    for each in events:
        known = event(each)
        kept.append((known, copy.deepcopy(known)))
        state.feed(known)
    assert [known for known, _ in kept] == [twin for _, twin in kept]


def test_it_follows_what_the_last_event_was_about() -> None:
    state, _ = fed(*SAYING[:4], *SAYING[5:6])
    assert state.run is not None
    assert state.run_step is not None
    assert state.message is not None
    assert (state.run.status, state.run_step.id, state.message.id) == (
        "in_progress",
        "step_1",
        "msg_1",
    )
    state.feed(event(message("created", name="msg_2")))
    assert state.message.id == "msg_2"
    state.feed(event(message_delta(text("One", 0))))
    assert state.message.id == "msg_1"
    state.feed(event(run("completed")))
    assert state.message.id == "msg_1"
    assert state.run.status == "completed"


def test_it_keeps_all_in_the_order_in_which_they_began() -> None:
    state, _ = fed(
        step("created"),
        message("created"),
        step("created", name="step_2"),
        message("created", name="msg_2"),
        message("completed", text("One")),
        step("completed"),
        step_delta(function(0, "x"), name="step_2"),
    )
    assert [*state.messages] == ["msg_1", "msg_2"]
    assert [*state.run_steps] == ["step_1", "step_2"]
    assert state.messages["msg_1"].status == "completed"
    assert state.run_steps["step_1"].status == "completed"


def test_the_last_word_counts() -> None:
    state, _ = fed(message("created"), message_delta(text("On", 0)), message("completed"))
    assert state.messages["msg_1"].content == []


def test_a_delta_that_may_mean_any_entry_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="no index"):
        fed(message("created", text("One")), message_delta(text("Two")))
