"""Merging deltas: what every kind of field does, and what the objects are that grow."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from openai_async import BaseModel, Unknown
from openai_async._build import build, unknown_fields
from openai_async._decode import decode
from openai_async._merge import entry_at, merge
from openai_async.types.beta import threads
from openai_async.types.beta.threads import runs

#: What is there, what the delta says, and what becomes of it. No class declares any of this.
RULES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "what is new": ({}, {"a": "x"}, {"a": "x"}),
    "what was null": ({"a": None}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    "a null": ({"a": "x"}, {"a": None}, {"a": "x"}),
    "a null where nothing is": ({}, {"a": None}, {"a": None}),
    "strings": ({"a": "x"}, {"a": "y"}, {"a": "xy"}),
    "an empty string": ({"a": "x"}, {"a": ""}, {"a": "x"}),
    "integers": ({"a": 1}, {"a": 2}, {"a": 3}),
    "numbers": ({"a": 1}, {"a": 0.5}, {"a": 1.5}),
    "booleans are no numbers": ({"a": True}, {"a": True}, {"a": True}),
    "another kind": ({"a": "x"}, {"a": 2}, {"a": 2}),
    "index": ({"index": 1}, {"index": 1}, {"index": 1}),
    "type": ({"type": "x"}, {"type": "y"}, {"type": "y"}),
    "id": ({"id": "call_1"}, {"id": "call_1"}, {"id": "call_1"}),
    "objects": ({"a": {"b": "x", "c": 1}}, {"a": {"b": "y"}}, {"a": {"b": "xy", "c": 1}}),
    "plain lists": ({"a": [1, "x"]}, {"a": [2]}, {"a": [1, "x", 2]}),
    "lists of lists": ({"a": [[1]]}, {"a": [[2]]}, {"a": [[1], [2]]}),
    "an empty list": ({"a": [1]}, {"a": []}, {"a": [1]}),
    "a list where nothing is": (
        {},
        {"a": [{"index": 0, "b": "x"}, {"index": 0, "b": "y"}]},
        {"a": [{"index": 0, "b": "xy"}]},
    ),
    "entries without index, when there are none": (
        {"a": []},
        {"a": [{"b": 1}, {"b": 2}]},
        {"a": [{"b": 1}, {"b": 2}]},
    ),
    "entries by index": (
        {"a": [{"index": 0, "b": "x"}, {"index": 1, "b": "y"}]},
        {"a": [{"index": 1, "b": "z"}, {"index": 2, "b": "w"}]},
        {"a": [{"index": 0, "b": "x"}, {"index": 1, "b": "yz"}, {"index": 2, "b": "w"}]},
    ),
    "entries that do not say their index": (
        {"a": [{"b": "x"}, {"b": "y"}]},
        {"a": [{"index": 1, "b": "z"}]},
        {"a": [{"b": "x"}, {"b": "yz", "index": 1}]},
    ),
    "entries with gaps between them": (
        {"a": [{"index": 1, "b": "x"}, {"index": 5, "b": "y"}]},
        {"a": [{"index": 5, "b": "z"}, {"index": 3, "b": "w"}]},
        {"a": [{"index": 1, "b": "x"}, {"index": 3, "b": "w"}, {"index": 5, "b": "yz"}]},
    ),
    "an entry that was no object": (
        {"a": ["x"]},
        {"a": [{"index": 0, "b": "y"}]},
        {"a": [{"b": "y", "index": 0}]},
    ),
}


@pytest.mark.parametrize(("there", "delta", "grown"), RULES.values(), ids=RULES)
@pytest.mark.parametrize("kind", [dict, Unknown])
def test_rules(
    kind: Any, there: dict[str, Any], delta: dict[str, Any], grown: dict[str, Any]
) -> None:
    target = kind(**copy.deepcopy(there))
    merge(target, build(kind, copy.deepcopy(delta)))
    assert (target if kind is dict else target.to_dict()) == grown


@pytest.mark.parametrize(
    ("entry", "error"),
    [({"b": 1}, RuntimeError), ({"index": "0"}, TypeError), ({"index": 0.0}, TypeError)],
)
def test_entries_that_may_mean_any(entry: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match="index"):
        merge({"a": [{"index": 0}]}, {"a": [entry]})


# Objects of classes


def message(**fields: Any) -> threads.Message:
    return threads.Message.model_construct(id="msg_1", **{"content": [], **fields})


def text_delta(value: str, index: int = 0, **more: Any) -> Any:
    block = {"index": index, "type": "text", "text": {"value": value, **more}}
    return build(threads.MessageDelta, {"content": [block]})


def test_text_grows_and_is_of_its_class() -> None:
    whole: Any = message()
    for each in ("One", " two", " three"):
        merge(whole, text_delta(each))
    (block,) = whole.content
    assert type(block) is threads.TextContentBlock
    assert type(block.text) is threads.Text
    assert block.to_dict() == {"type": "text", "text": {"value": "One two three"}}


def test_it_grows_in_place() -> None:
    whole: Any = message()
    merge(whole, text_delta("One"))
    block: Any = whole.content[0]
    text = block.text
    merge(whole, text_delta(" two"))
    assert whole.content[0] is block
    assert block.text is text
    assert text.value == "One two"


def test_a_delta_stays_as_it_was() -> None:
    whole = message()
    extra: Any = {"notes": [{"index": 0, "said": "x"}], "plain": [1]}
    first, second = text_delta("One", **extra), text_delta(" two", **extra)
    kept = copy.deepcopy((first, second))
    merge(whole, first)
    merge(whole, second)
    assert (first, second) == kept
    block: Any = whole.content[0]
    assert block.text.notes == [{"index": 0, "said": "xx"}]
    assert block.text.plain == [1, 1]


def test_entries_of_the_final_message_are_found_by_position() -> None:
    whole: Any = build(
        threads.Message,
        {"id": "m", "content": [{"type": "text", "text": {"value": "One", "annotations": []}}]},
    )
    merge(whole, text_delta(" two"))
    merge(whole, text_delta("Three", index=1))
    assert whole.to_dict()["content"] == [
        {"type": "text", "text": {"value": "One two", "annotations": []}},
        {"type": "text", "text": {"value": "Three"}},
    ]
    assert entry_at(whole.content, 1) is whole.content[1]
    assert entry_at(whole.content, 2) is None


def test_blocks_keep_the_order_of_their_indexes() -> None:
    whole: Any = message()
    for index, value in [(4, "e"), (1, "b"), (4, "E"), (1, "B")]:
        merge(whole, text_delta(value, index))
    assert [block.text.value for block in whole.content] == ["bB", "eE"]
    assert entry_at(whole.content, 4) is whole.content[1]


def test_no_class_learns_what_only_deltas_have() -> None:
    merge(message(), text_delta("One"))
    merge(whole := message(), text_delta("One"))
    assert "index" not in unknown_fields.get(threads.TextContentBlock, ())
    assert whole.content[0].model_extra == {}


def test_fields_that_no_class_declares_grow_too() -> None:
    whole = message()
    merge(whole, text_delta("One", thoughts="Hm", seen=1))
    merge(whole, text_delta(" two", thoughts="m.", seen=1))
    text: Any = whole.content[0]
    assert text.text.model_extra == {"thoughts": "Hmm.", "seen": 2}


def test_annotations_are_objects_of_their_classes() -> None:
    citation = {"index": 0, "type": "file_citation", "text": "[0]", "start_index": 3}
    whole = message()
    merge(whole, text_delta("One"))
    merge(whole, text_delta("", annotations=[citation]))
    merge(whole, text_delta("", annotations=[{"index": 0, "file_citation": {"file_id": "file-1"}}]))
    text: Any = whole.content[0]
    (annotation,) = text.text.annotations
    assert type(annotation) is threads.FileCitationAnnotation
    assert annotation.to_dict() == {
        "type": "file_citation",
        "text": "[0]",
        "start_index": 3,
        "file_citation": {"file_id": "file-1"},
    }


def step() -> Any:
    details = {"type": "tool_calls", "tool_calls": []}
    return build(runs.RunStep, {"id": "step_1", "step_details": details})


def call_delta(index: int, kind: str, **more: Any) -> Any:
    call = {"index": index, "type": kind, **more}
    details = {"type": "tool_calls", "tool_calls": [call]}
    return build(runs.RunStepDelta, {"step_details": details})


def test_tool_calls_grow_side_by_side() -> None:
    whole = step()
    code, function = "code_interpreter", "function"
    first = {"index": 0, "type": "logs", "logs": "4"}
    image = {"index": 1, "type": "image", "image": {"file_id": "file-1"}}
    for delta in [
        call_delta(0, code, id="call_0", code_interpreter={"input": "2", "outputs": []}),
        call_delta(1, function, id="call_1", function={"name": "f", "arguments": ""}),
        call_delta(0, code, code_interpreter={"input": "+2"}),
        call_delta(1, function, function={"arguments": '{"a"'}),
        call_delta(0, code, code_interpreter={"outputs": [first]}),
        call_delta(0, code, code_interpreter={"outputs": [{**first, "logs": "\n"}, image]}),
        call_delta(1, function, id="call_1", function={"arguments": ":1}"}),
    ]:
        merge(whole, delta)
    details: Any = whole.step_details
    assert [type(each) for each in details.tool_calls] == [
        runs.CodeInterpreterToolCall,
        runs.FunctionToolCall,
    ]
    assert details.to_dict() == {
        "type": "tool_calls",
        "tool_calls": [
            {
                "id": "call_0",
                "type": code,
                "code_interpreter": {
                    "input": "2+2",
                    "outputs": [
                        {"type": "logs", "logs": "4\n"},
                        {"type": "image", "image": {"file_id": "file-1"}},
                    ],
                },
            },
            {"id": "call_1", "type": function, "function": {"name": "f", "arguments": '{"a":1}'}},
        ],
    }


def test_a_field_that_may_hold_anything_grows_into_its_class() -> None:
    whole = step()
    merge(whole, call_delta(0, "file_search", file_search={}))
    result = {"file_id": "file-1", "file_name": "a.txt", "score": 1}
    merge(whole, call_delta(0, "file_search", file_search={"results": [result]}))
    details: Any = whole.step_details
    (found,) = details.tool_calls[0].file_search.results
    assert isinstance(found, BaseModel)  # not the dict that came
    assert found.to_dict() == {**result, "score": 1.0}


def test_an_entry_that_turns_out_to_be_another_kind() -> None:
    whole = step()
    merge(whole, call_delta(0, "some_day", id="call_0"))
    details: Any = whole.step_details
    assert type(details.tool_calls[0]) is Unknown
    merge(whole, call_delta(0, "function", function={"name": "f"}))
    (call,) = details.tool_calls
    assert type(call) is runs.FunctionToolCall
    assert call.to_dict() == {"id": "call_0", "type": "function", "function": {"name": "f"}}
    merge(whole, call_delta(0, "function", function={"arguments": "{}"}))
    assert details.tool_calls == [call]
    assert call.function.arguments == "{}"


def test_a_class_with_an_index_of_its_own_keeps_it() -> None:
    class Entry(BaseModel):
        index: int
        said: str | None = None

    class Whole(BaseModel):
        entries: list[Entry] | None = None

    globals().update(Entry=Entry, Whole=Whole)
    whole = Whole()
    merge(whole, {"entries": [{"index": 2, "said": "x"}]})
    merge(whole, {"entries": [{"index": 2, "said": "y"}]})
    assert whole.to_dict() == {"entries": [{"index": 2, "said": "xy"}]}


def test_objects_of_a_server_with_fields_of_its_own() -> None:
    """They were decoded into classes that have learned the fields."""
    body = b'{"id":"m","content":[],"mood":"calm","notes":{"a":"x"}}'
    for _ in range(2):
        whole = decode(body, threads.Message)
    merge(whole, {"mood": "er", "notes": {"a": "y"}})
    assert whole.to_dict() == {"id": "m", "content": [], "mood": "calmer", "notes": {"a": "xy"}}
    assert whole.mood == "calmer"
