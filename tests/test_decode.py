"""Decoding: whatever a server sends becomes objects, and nothing of it is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, Generic, Literal, TypeVar

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_async import _build, _decode
from openai_async._decode import ErrorBody, decode
from openai_async._dump import encode
from openai_async._fields import fields_of, public_class
from openai_async._models import BaseModel, Unknown
from openai_async.pagination import AsyncCursorPage
from openai_async.types.chat import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionChunkChoiceDelta,
    ChatCompletionMessage,
    ChatCompletionMessageCustomToolCall,
    ChatCompletionMessageFunctionToolCall,
)
from openai_async.types.embeddings import CreateEmbeddingResponse, Embedding
from openai_async.types.files import FileObject
from openai_async.types.vector_stores import VectorStore

T = TypeVar("T")
K = TypeVar("K")


class Leaf(BaseModel):
    name: str
    size: int | None = None


class Tree(BaseModel):
    leaf: Leaf
    branches: list[Tree] | None = None
    by_name: dict[str, Tree] | None = None


class Renamed(BaseModel, rename={"schema_": "schema", "call": "api.call"}):
    schema_: str
    call: Leaf | None = None


class Narrow(Leaf):
    colour: str
    size: int = 7


class Cat(BaseModel, tag_field="type", tag="cat"):
    type: Literal["cat"]
    name: str


class Dog(BaseModel, tag_field="type", tag="dog"):
    type: Literal["dog"]
    name: str
    friends: list[Pet] | None = None


class LongHairedCat(BaseModel, tag_field="type", tag="cat"):
    type: Literal["cat"]
    name: str
    hair: str


Pet = Cat | Dog | Unknown


class Square(BaseModel):
    side: int


class Circle(BaseModel):
    radius: int


class Zoo(BaseModel):
    one: Cat | None = None
    pet: Pet | None = None
    pets: list[Pet] | None = None
    closed: Cat | Dog | None = None
    twins: Cat | LongHairedCat | Unknown | None = None
    shape: Square | Circle | None = None
    shapes: list[Square | Circle] | None = None
    shape_or_text: str | Square | None = None
    texts_or_shapes: str | list[str] | list[Square] | None = None
    table_or_shape: dict[str, Square] | Square | None = None
    ratio: float | None = None
    ratios: list[float] | None = None
    tables: dict[str, list[Square]] | None = None
    mixed: dict[str, str] | dict[str, Square] | list[Square] | None = None
    anything: object | None = None


class Box(BaseModel, Generic[T]):
    content: T
    more: list[T] | None = None


class Pair(BaseModel, Generic[K, T]):
    first: K
    second: dict[str, T] | None = None


class Boxes(BaseModel):
    leaf: Box[Leaf] | None = None
    square: Box[Square] | None = None


@pytest.fixture(autouse=True)
def _nothing_learned() -> Iterator[None]:
    _build.unknown_fields.clear()
    _decode._relearn()
    yield
    _build.unknown_fields.clear()
    _decode._relearn()


@pytest.fixture
def only_fast(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Calling it makes every decoding fail that needs the careful way."""

    def careful(data: bytes, tp: object) -> None:
        raise AssertionError(f"{data!r} as {tp} took the careful way")

    return lambda: monkeypatch.setattr(_decode, "_decode_carefully", careful)


def decoded(value: object, tp: Any) -> Any:
    return decode(json.dumps(value).encode(), tp)


CHUNK = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}],
}
EXTENDED_CHUNK = {
    **CHUNK,
    "provider": "elsewhere",
    "choices": [
        {
            "index": 0,
            "delta": {"content": None, "reasoning_content": "hm"},
            "finish_reason": None,
            "native_finish_reason": None,
        }
    ],
}


def test_known_fields_are_decoded_as_the_class_itself(only_fast: Callable[[], None]) -> None:
    only_fast()
    chunk = decoded(CHUNK, ChatCompletionChunk)
    assert type(chunk) is ChatCompletionChunk
    assert type(chunk.choices[0].delta) is ChatCompletionChunkChoiceDelta
    assert chunk.choices[0].delta.content == "Hi"
    assert chunk.to_dict() == CHUNK


def test_text_is_decoded_like_bytes() -> None:
    assert decode('{"name": "é"}', Leaf) == decode('{"name": "é"}'.encode(), Leaf)


def test_tags_choose_the_class(only_fast: Callable[[], None]) -> None:
    only_fast()
    zoo = decoded({"pets": [{"type": "dog", "name": "a"}, {"type": "cat", "name": "b"}]}, Zoo)
    assert [type(each) for each in zoo.pets] == [Dog, Cat]


def test_annotations_of_a_class_are_what_was_written_after_decoding() -> None:
    before = dict(Tree.__annotations__)
    decoded({"leaf": {"name": "x"}}, Tree)
    assert Tree.__annotations__ == before


def test_an_unknown_variant_becomes_unknown() -> None:
    sent = {"type": "parrot", "words": ["hello"], "cage": {"door": None}}
    pet = decoded({"pet": sent}, Zoo).pet
    assert type(pet) is Unknown
    assert (pet.type, pet.words, pet.cage) == ("parrot", ["hello"], {"door": None})
    assert pet.raw == sent


def test_an_unknown_variant_goes_out_again_unchanged() -> None:
    sent = {"type": "parrot", "words": ["hello"], "raw": 1, "copy": None, "_x": 2, "": 3}
    zoo = decoded({"pet": sent, "pets": [sent]}, Zoo)
    assert json.loads(encode({"input": [zoo.pet, *zoo.pets]})) == {"input": [sent, sent]}


def test_an_unknown_variant_does_not_take_its_neighbours_along() -> None:
    zoo = decoded({"pets": [{"type": "parrot"}, {"type": "cat", "name": "b"}]}, Zoo)
    assert [type(each) for each in zoo.pets] == [Unknown, Cat]


def test_an_unknown_variant_of_a_closed_union_stays_a_dict() -> None:
    assert decoded({"closed": {"type": "parrot"}}, Zoo).closed == {"type": "parrot"}


@pytest.mark.parametrize("tag", [None, 3, 1.5, True, [], {}, ["cat"]])
def test_a_tag_that_is_no_text_is_an_unknown_variant(tag: object) -> None:
    pet = decoded({"pet": {"type": tag, "name": "x"}}, Zoo).pet
    assert type(pet) is Unknown
    assert pet.type == tag


def test_without_a_tag_the_fields_speak() -> None:
    pets = decoded({"pets": [{"name": "x"}, {"name": "x", "friends": []}, {"a": 1}]}, Zoo).pets
    assert [type(each) for each in pets] == [Unknown, Dog, Unknown]


def test_a_tag_that_was_not_sent_is_not_invented() -> None:
    zoo = decoded({"one": {"name": "x"}, "pet": {"name": "x", "friends": None}}, Zoo)
    assert type(zoo.one) is Cat
    assert zoo.to_dict() == {"one": {"name": "x"}, "pet": {"name": "x", "friends": None}}
    assert zoo.one.type == "cat"
    assert zoo.one.model_fields_set == {"name"}


def test_a_tag_assigned_later_is_sent() -> None:
    cat = decoded({"one": {"name": "x"}}, Zoo).one
    cat.type = "cat"
    assert cat.to_dict() == {"name": "x", "type": "cat"}


def test_the_wrong_tag_where_one_class_is_due_is_kept() -> None:
    cat = decoded({"one": {"type": "dog", "name": "x"}}, Zoo).one
    assert type(cat) is Cat
    assert cat.type == "dog"
    assert cat.to_dict() == {"type": "dog", "name": "x"}


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ({"side": 1}, Square),
        ({"radius": 1}, Circle),
        ({"side": 1, "radius": 1}, dict),
        ({}, dict),
        ([], list),
        ("round", str),
        (3, int),
    ],
)
def test_untagged_unions_are_told_apart_by_fields_or_not_at_all(sent: object, kind: type) -> None:
    zoo = decoded({"shape": sent, "shapes": [sent]}, Zoo)
    assert type(zoo.shape) is kind
    assert type(zoo.shapes[0]) is kind
    assert zoo.to_dict() == {"shape": sent, "shapes": [sent]}


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ({"type": "cat", "name": "x"}, Cat),
        ({"type": "cat", "name": "x", "hair": "long"}, LongHairedCat),
        ({"type": "cat", "name": "x", "hair": "long", "eyes": 2}, Unknown),
        ({"type": "cow", "name": "x"}, Unknown),
    ],
)
def test_variants_with_one_tag_are_told_apart_by_fields(sent: dict[str, Any], kind: type) -> None:
    zoo = decoded({"twins": sent}, Zoo)
    assert type(zoo.twins) is kind
    assert zoo.to_dict() == {"twins": sent}


@pytest.mark.parametrize(
    ("field", "sent", "expected"),
    [
        ("shape_or_text", "x", "x"),
        ("shape_or_text", {"side": 1}, Square(side=1)),
        ("texts_or_shapes", "x", "x"),
        ("texts_or_shapes", ["x"], ["x"]),
        ("texts_or_shapes", [{"side": 1}], [Square(side=1)]),
        ("texts_or_shapes", ["x", {"side": 1}, 3], ["x", Square(side=1), 3]),
        ("texts_or_shapes", {"side": 1}, {"side": 1}),
        ("table_or_shape", {"side": 1}, Square(side=1)),
        ("table_or_shape", {"a": {"side": 1}}, {"a": Square(side=1)}),
        ("mixed", {"a": "x", "b": {"side": 1}}, {"a": "x", "b": Square(side=1)}),
        ("mixed", [{"side": 1}], [Square(side=1)]),
        ("tables", {"a": [{"side": 1}]}, {"a": [Square(side=1)]}),
        ("tables", {"a": {"side": 1}}, {"a": {"side": 1}}),
        ("ratio", 1, 1.0),
        ("ratios", [1, 2.5, None, "x"], [1.0, 2.5, None, "x"]),
    ],
)
@pytest.mark.parametrize("careful", [False, True])
def test_both_ways_give_the_same(field: str, sent: object, expected: object, careful: bool) -> None:
    """An unknown field beside it is what makes the careful way necessary."""
    value = getattr(decoded({field: sent} | ({"new": 1} if careful else {}), Zoo), field)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    "sent",
    [
        {"id": 3, "choices": None},
        {"choices": [None, 3, "x", [], [{}], {}]},
        {"choices": {"index": 0}},
        {"choices": [{"index": "zero", "message": None, "finish_reason": "new"}]},
        {"choices": [{"message": {"content": 3, "tool_calls": {"type": "function"}}}]},
        {"usage": [], "created": "yesterday"},
        {"usage": {"total_tokens": None, "prompt_tokens_details": 5}},
        {"object": "nonsense"},
        {},
    ],
)
def test_what_does_not_fit_stays_what_the_wire_said(
    sent: dict[str, Any], only_fast: Callable[[], None]
) -> None:
    only_fast()
    completion = decoded(sent, ChatCompletion)
    assert type(completion) is ChatCompletion
    assert completion.to_dict() == sent


def test_a_missing_field_reads_as_its_default_and_null_as_null() -> None:
    narrow = decoded({"size": None}, Narrow)
    assert (narrow.name, narrow.size) == (None, None)
    assert decoded({}, Narrow).size == 7
    assert narrow.model_fields_set == {"size"}


def test_unknown_fields_are_kept() -> None:
    sent = {"name": "a", "size": 1, "reasoning_content": {"deep": [1]}, "x": None}
    leaf = decoded(sent, Leaf)
    assert leaf.reasoning_content == {"deep": [1]}
    assert leaf.model_extra == {"reasoning_content": {"deep": [1]}, "x": None}
    assert leaf.model_fields_set == {"name", "size", "reasoning_content", "x"}
    assert leaf.to_dict() == sent
    assert json.loads(encode({"messages": [leaf]})) == {"messages": [sent]}


def test_the_second_decoding_of_unknown_fields_is_fast(only_fast: Callable[[], None]) -> None:
    first = decoded(EXTENDED_CHUNK, ChatCompletionChunk)
    only_fast()
    second = decoded(EXTENDED_CHUNK, ChatCompletionChunk)
    assert second == first
    assert repr(second) == repr(first)
    assert second.to_dict() == EXTENDED_CHUNK
    assert second.choices[0].delta.reasoning_content == "hm"
    assert second.provider == "elsewhere"
    assert second.choices[0].model_extra == {"native_finish_reason": None}


def test_an_object_with_learned_fields_is_still_of_its_class() -> None:
    decoded({"name": "a", "x": 1}, Leaf)
    leaf = decoded({"name": "a", "x": 1}, Leaf)
    assert isinstance(leaf, Leaf)
    assert public_class(type(leaf)) is Leaf
    assert repr(leaf) == "Leaf(name='a', x=1)"


def test_learned_fields_that_are_absent_are_no_attributes() -> None:
    decoded({"name": "a", "x": 1}, Leaf)
    leaf = decoded({"name": "a"}, Leaf)
    with pytest.raises(AttributeError, match="'Leaf' object has no attribute 'x'"):
        leaf.x  # noqa: B018
    assert leaf.model_extra == {}
    assert "x" not in dir(leaf)


def test_learned_fields_can_be_assigned_and_deleted() -> None:
    decoded({"name": "a", "x": 1, "y": 2}, Leaf)
    leaf = decoded({"name": "a", "x": 1, "y": 2}, Leaf)
    leaf.x = 5
    del leaf.y
    assert leaf.to_dict() == {"name": "a", "x": 5}
    del leaf.x
    assert leaf.to_dict() == {"name": "a"}
    with pytest.raises(AttributeError):
        del leaf.y


def test_fields_learned_while_building_by_hand_are_fast_as_well(
    only_fast: Callable[[], None],
) -> None:
    decoded({"leaf": {"name": "a"}}, Tree)
    Tree.model_validate({"leaf": {"name": "a", "x": 1}})
    decoded({"leaf": {"name": "a", "x": 1}}, Tree)
    only_fast()
    assert decoded({"leaf": {"name": "a", "x": 1}}, Tree).leaf.x == 1


def test_a_class_inside_itself_learns_at_every_depth(only_fast: Callable[[], None]) -> None:
    sent = {"leaf": {"name": "a", "size": "big"}, "x": 1}
    sent = {"leaf": {"name": 3, "y": 1}, "branches": [sent, sent], "by_name": {"k": sent}}
    first = decoded(sent, Tree)
    only_fast()
    second = decoded(sent, Tree)
    assert first.to_dict() == second.to_dict() == sent
    assert second.branches[1].x == second.by_name["k"].x == 1


def test_classes_inside_each_other_learn_too(only_fast: Callable[[], None]) -> None:
    sent = {"type": "dog", "name": "a", "friends": [{"type": "cat", "name": "b", "x": 1}]}
    first = decoded({"pets": [sent]}, Zoo)
    only_fast()
    second = decoded({"pets": [sent]}, Zoo)
    assert second == first
    assert second.pets[0].friends[0].x == 1


ODD_NAMES = [
    "",
    " ",
    "class",
    "self",
    "cls",
    "copy",
    "to_dict",
    "model_extra",
    "model_dump",
    "raw",
    "_x0",
    "_x1",
    "_extra",
    "_live",
    "_untagged",
    "_request_id",
    "__class__",
    "__dict__",
    "__learned__",
    "not an identifier",
    'with "quotes"',
    "with \\ backslash",
    "with \n newline",
    "naïve",
    "日本",
    "\x00",
    "\x7f",
    "x" * 65,
    "error",
]


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize("tp", [Leaf, Cat, Renamed, Unknown])
def test_any_name_of_a_field_survives_twice(name: str, tp: type[BaseModel]) -> None:
    sent = {name: None, "other": 1} if name == "error" else {name: [1], "other": 1}
    for _ in range(3):
        model = decoded(sent, tp)
        assert model.model_extra == sent
        assert model.to_dict() == sent
        assert json.loads(encode(model)) == sent


@pytest.mark.parametrize("name", ["copy", "to_dict", "model_extra"])
def test_fields_named_like_methods_do_not_replace_them(name: str) -> None:
    for _ in range(2):
        leaf = decoded({"name": "a", name: 1}, Leaf)
        assert leaf.to_dict()[name] == leaf.model_extra[name] == 1


def test_the_slots_of_learned_fields_are_not_attributes() -> None:
    decoded({"secret": 1}, Leaf)
    leaf = decoded({"secret": 1}, Leaf)
    assert not hasattr(leaf, "_x0")


def test_a_python_name_sent_by_the_server_is_another_field() -> None:
    sent = {"schema": "a", "schema_": "b", "call": 1, "api.call": {"name": "x"}}
    for _ in range(2):
        model = decoded(sent, Renamed)
        assert model.schema_ == "a"
        assert type(model.call) is Leaf
        assert model.to_dict() == sent
        assert json.loads(encode(model)) == sent


def test_renamed_fields_have_both_names() -> None:
    model = decoded({"schema": "a", "api.call": {"name": "x"}}, Renamed)
    assert (model.schema_, model.call.name) == ("a", "x")
    assert model.to_dict() == {"schema": "a", "api.call": {"name": "x"}}
    assert model.model_dump(exclude_unset=True) == {"schema_": "a", "call": {"name": "x"}}


def test_keys_that_are_data_are_learned_up_to_a_bound() -> None:
    for number in range(200):
        sent = {"name": "a", f"key-{number}": number}
        assert decoded(sent, Leaf).to_dict() == sent
    assert len(_build.unknown_fields[Leaf]) == _build.MOST_UNKNOWN_FIELDS


def test_one_answer_with_many_keys_is_learned_up_to_a_bound() -> None:
    sent = {f"key-{number}": number for number in range(500)}
    for _ in range(2):
        assert decoded(sent, Leaf).to_dict() == sent
    assert len(_build.unknown_fields[Leaf]) == _build.MOST_UNKNOWN_FIELDS


def test_long_keys_and_those_of_unknown_variants_are_not_learned() -> None:
    decoded({"x" * 65: 1, "pet": {"type": "parrot", "words": 3}}, Zoo)
    assert _build.unknown_fields == {}


def test_many_threads_learn_at_once() -> None:
    """Each thread meets fields the others do not, while decoders come and go."""
    start, failures = threading.Barrier(8), list[BaseException]()

    def work(number: int) -> None:
        try:
            start.wait()
            for turn in range(3):
                extra = {f"own-{number}-{turn}": turn}
                leaf = {"name": "a", **extra}
                sent = {"leaf": leaf, "branches": [{"leaf": leaf, **extra}], **extra}
                for _ in range(3):
                    assert decoded(sent, Tree).to_dict() == sent
                    assert Tree.model_validate(sent).to_dict() == sent
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(_build.unknown_fields[Leaf]) == 24
    assert not {"name", "size", "leaf", "branches"} & {*sum(_build.unknown_fields.values(), ())}


FORK = """
import os, signal, threading
from openai_async._decode import decode
from openai_async._fields import classes_lock
from openai_async.types import Model

held, forking = threading.Event(), threading.Event()
os.register_at_fork(before=forking.set)

def hold():
    with classes_lock:
        held.set()
        forking.wait()

thread = threading.Thread(target=hold)
thread.start()
held.wait()
child = os.fork()
if child == 0:
    signal.alarm(10)
    os._exit(0 if decode(b'{"id": "m", "new": 1}', Model).new == 1 else 1)
thread.join()
print(os.waitpid(child, 0)[1])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_fork_while_another_thread_learns_can_decode() -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORK]
    assert subprocess.run(command, capture_output=True, text=True, timeout=60).stdout == "0\n"


class Late(Leaf):
    colour: str


def test_no_thread_sees_the_annotations_that_msgspec_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are in place while a decoder is made; whoever resolves a class then has to wait."""
    seen: list[Any] = []
    thread = threading.Thread(target=lambda: seen.append(fields_of(Late).types))

    def make(*args: Any, **options: Any) -> Any:
        thread.start()
        thread.join(0.05)  # it cannot end here; if it does, it has seen what it should not
        return decoder(*args, **options)

    decoder = msgspec.json.Decoder
    monkeypatch.setattr(msgspec.json, "Decoder", make)
    decoded({"name": "a"}, Leaf)
    thread.join()
    assert seen == [{"name": str, "size": int | None, "colour": str}]


def test_pages_hold_items_of_their_type(only_fast: Callable[[], None]) -> None:
    only_fast()
    page = decoded({"data": [{"name": "a"}], "has_more": False}, AsyncCursorPage[Leaf])
    assert isinstance(page, AsyncCursorPage)
    assert type(page.data[0]) is Leaf
    assert page.to_dict() == {"data": [{"name": "a"}], "has_more": False}


@pytest.mark.parametrize("data", [None, 3, {}, [None, 3, []]])
def test_pages_hold_whatever_was_sent(data: object) -> None:
    assert decoded({"data": data}, AsyncCursorPage[Leaf]).to_dict() == {"data": data}


def test_pages_learn_per_class_and_keep_their_items_type(only_fast: Callable[[], None]) -> None:
    sent = {"data": [{"name": "a", "x": 1}], "total": 1}
    first = decoded(sent, AsyncCursorPage[Leaf])
    decoded({"data": [{"side": 1}], "total": 1}, AsyncCursorPage[Square])
    only_fast()
    second = decoded(sent, AsyncCursorPage[Leaf])
    squares = decoded({"data": [{"side": 1}], "total": 2}, AsyncCursorPage[Square])
    assert first == second
    assert (second.total, second.data[0].x) == (1, 1)
    assert (squares.total, type(squares.data[0])) == (2, Square)


@pytest.mark.parametrize("extra", [{}, {"new": 1}])
def test_generic_classes_inside_others_are_resolved(extra: dict[str, int]) -> None:
    sent = {"leaf": {"content": {"name": "a"}, "more": [{"name": "b"}]}, **extra}
    boxes = decoded({**sent, "square": {"content": {"side": 1}}}, Boxes)
    assert type(boxes.leaf.content) is type(boxes.leaf.more[0]) is Leaf
    assert type(boxes.square.content) is Square
    pair = decoded(
        {"first": {"name": "a"}, "second": {"k": {"side": 1}}, **extra}, Pair[Leaf, Square]
    )
    assert (type(pair.first), type(pair.second["k"])) == (Leaf, Square)


def test_a_generic_class_without_parameters_keeps_plain_values() -> None:
    assert decoded({"content": {"name": "a"}}, Box).content == {"name": "a"}


def test_a_subclass_has_the_fields_and_defaults_of_its_base_and_its_own() -> None:
    for sent in ({"name": "a", "colour": "red"}, {"name": "a", "colour": "red", "x": 1}) * 2:
        narrow = decoded(sent, Narrow)
        assert isinstance(narrow, Narrow)
        assert isinstance(narrow, Leaf)
        assert (narrow.name, narrow.colour, narrow.size) == ("a", "red", 7)
        assert narrow.to_dict() == sent
    assert decoded({"name": "a"}, Leaf).size is None


@pytest.mark.parametrize(
    ("tp", "sent"),
    [
        (dict, {"error": {"message": "x"}}),
        (dict[str, Any], {"a": 1}),
        (list, [1]),
        (object, None),
        (Any, {"a": [1]}),
        (str, "x"),
        (str | None, None),
        (float, 1.5),
        (Literal["a"], "b"),
    ],
)
def test_plain_types_are_given_what_the_wire_said(tp: Any, sent: object) -> None:
    assert decoded(sent, tp) == sent


def test_a_list_of_models_is_decoded() -> None:
    leaves = decoded([{"name": "a"}, {"name": "b", "x": 1}, None], list[Leaf])
    assert isinstance(leaves[0], Leaf)
    assert leaves[1].x == 1
    assert leaves[2] is None


@pytest.mark.parametrize("error", [{"message": "x"}, "x", ["x"], 1, {"code": None}])
@pytest.mark.parametrize("beside", [{}, {"id": "x", "choices": []}, {"new": 1}])
@pytest.mark.parametrize("tp", [ChatCompletion, ChatCompletionChunk, AsyncCursorPage[Leaf], Pet])
def test_an_error_object_in_place_of_an_answer_raises(error: Any, beside: Any, tp: Any) -> None:
    for _ in range(2):
        with pytest.raises(ErrorBody) as caught:
            decoded({"error": error, **beside}, tp)
        assert caught.value.error == error


@pytest.mark.parametrize("error", [None, {}, "", False, 0])
def test_an_error_that_says_nothing_is_a_field_like_others(error: object) -> None:
    for _ in range(2):
        assert decoded({"name": "a", "error": error}, Leaf).error == error


def test_an_error_deep_inside_is_a_field_like_others() -> None:
    sent = {"leaf": {"name": "a", "error": {"message": "x"}}}
    for _ in range(2):
        assert decoded(sent, Tree).to_dict() == sent


class Job(BaseModel):
    id: str
    error: Leaf | None = None


def test_an_error_that_the_class_declares_is_part_of_the_answer() -> None:
    assert decoded({"id": "a", "error": {"name": "x"}, "new": 1}, Job).error.name == "x"


def test_fields_learned_from_an_error_body_make_the_next_answer_fast(
    only_fast: Callable[[], None],
) -> None:
    decoded({"name": "a"}, Leaf)
    with pytest.raises(ErrorBody):
        decoded({"error": {"message": "x"}, "provider": "y"}, Leaf)
    only_fast()
    assert decoded({"name": "a", "provider": "y"}, Leaf).provider == "y"


@pytest.mark.parametrize(
    "text", ["", " ", "<html>", "{", '{"name": "a"', '{"name": }', "nul", "1e999"]
)
def test_what_is_no_json_raises(text: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(text, Leaf)


@pytest.mark.parametrize("number", ["1" * 400, "-" + "9" * 310, str(2**64), str(-(2**63) - 1)])
def test_numbers_of_any_size_are_kept(number: str) -> None:
    embedding = decode(f'{{"embedding": [0.5], "index": {number}, "new": {number}}}', Embedding)
    assert embedding.index == embedding.new == int(number)
    vector = decode(f'{{"embedding": [0.5, {number}]}}', Embedding).embedding
    assert vector[1] == pytest.approx(int(number))


def test_a_class_that_cannot_be_resolved_says_so_every_time() -> None:
    class Lost(BaseModel):
        leaf: Leaf
        inner: Nowhere  # type: ignore[name-defined]  # noqa: F821

    for _ in range(2):
        with pytest.raises(NameError, match="Nowhere"):
            decoded({"leaf": {"name": "a"}}, Lost)


# What follows generates JSON for real classes: what they describe, that with parts replaced, and
# anything at all.

Json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
            | st.sampled_from(["type", "object", "id", "role", "data", "choices", *ODD_NAMES]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


def _without_error(value: object) -> bool:
    return not (isinstance(value, dict) and value.get("error"))


def _mutated(valid: Any) -> st.SearchStrategy[Any]:
    """`valid`, with some parts of it replaced by anything, left out or added to."""
    if isinstance(valid, dict):
        parts = {key: _mutated(item) for key, item in valid.items()}
        return st.fixed_dictionaries({}, optional=parts).flatmap(
            lambda kept: st.dictionaries(st.sampled_from(ODD_NAMES), Json, max_size=2).map(
                lambda added: {**added, **kept}
            )
        ) | st.one_of(Json)
    if isinstance(valid, list):
        return st.lists(_mutated(valid[0]), max_size=3) | Json if valid else Json
    return st.just(valid) | Json


TOOL_CALLS = [
    {"type": "function", "id": "a", "function": {"name": "f", "arguments": "{}"}},
]
USAGE = {
    "completion_tokens": 1,
    "prompt_tokens": 2,
    "total_tokens": 3,
    "prompt_tokens_details": {"cached_tokens": 0},
}
LOGPROBS = {
    "content": [{"token": "a", "bytes": [1], "logprob": -0.5, "top_logprobs": []}],
    "refusal": None,
}
VALID: dict[Any, dict[str, Any]] = {
    ChatCompletion: {
        "id": "a",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "logprobs": LOGPROBS,
                "message": {"role": "assistant", "content": "x", "tool_calls": TOOL_CALLS},
            }
        ],
        "usage": USAGE,
    },
    ChatCompletionChunk: {**EXTENDED_CHUNK, "usage": USAGE},
    ChatCompletionMessage: {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"type": "custom", "id": "a", "custom": {"input": "", "name": "n"}}],
    },
    ChatCompletionMessageFunctionToolCall: TOOL_CALLS[0],
    ChatCompletionMessageCustomToolCall: {
        "type": "custom",
        "id": "a",
        "custom": {"input": "", "name": "n"},
    },
    VectorStore: {
        "id": "vs_1",
        "object": "vector_store",
        "created_at": 1,
        "file_counts": {"cancelled": 0, "completed": 1, "failed": 0, "in_progress": 0, "total": 1},
        "metadata": {"a": "b"},
        "name": "n",
        "status": "completed",
        "usage_bytes": 1,
        "expires_after": {"anchor": "last_active_at", "days": 1},
    },
    FileObject: {"id": "f", "bytes": 1, "created_at": 1, "filename": "x", "object": "file"},
    CreateEmbeddingResponse: {
        "object": "list",
        "model": "m",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 1]}],
        "usage": {"prompt_tokens": 1, "total_tokens": 1},
    },
    AsyncCursorPage[VectorStore]: {"data": [{"id": "x", "metadata": {}}], "has_more": True},
    Zoo: {
        "one": {"type": "cat", "name": "x"},
        "pets": [{"type": "dog", "name": "x", "friends": [{"type": "cat", "name": "y"}]}],
        "closed": {"type": "dog", "name": "x"},
        "twins": {"type": "cat", "name": "x", "hair": "y"},
        "shape": {"side": 1},
        "shapes": [{"radius": 1}],
        "texts_or_shapes": [{"side": 1}],
        "table_or_shape": {"a": {"side": 1}},
        "ratios": [1.5],
        "tables": {"a": [{"side": 1}]},
        "mixed": {"a": {"side": 1}},
    },
    Tree: {"leaf": {"name": "a", "size": 1}, "branches": [{"leaf": {"name": "b"}}]},
    Renamed: {"schema": "a", "api.call": {"name": "b"}, "schema_": 1},
    Boxes: {"leaf": {"content": {"name": "a"}, "more": []}},
}


@pytest.mark.parametrize("tp", VALID, ids=str)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_json_is_decoded_and_comes_back_exactly(tp: Any, data: st.DataObject) -> None:
    value = data.draw(_mutated(VALID[tp]).filter(_without_error))
    text = json.dumps(value, ensure_ascii=False).encode()
    first, second = decode(text, tp), decode(text, tp)
    assert _dumped(first) == _dumped(second) == value
    assert json.loads(encode(second)) == value
    assert first == second


def _dumped(value: Any) -> Any:
    return value.to_dict() if isinstance(value, BaseModel) else value


@pytest.mark.parametrize("tp", VALID, ids=str)
def test_what_the_class_describes_takes_the_fast_way(
    tp: Any, only_fast: Callable[[], None]
) -> None:
    valid = VALID[tp]
    decoded(valid, tp)
    only_fast()
    assert decoded(valid, tp).to_dict() == valid
