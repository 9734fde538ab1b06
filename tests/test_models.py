"""What response objects can do."""

from __future__ import annotations

import copy
import gc
import json
import operator
import pickle
import weakref
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Literal

import msgspec
import pydantic
import pytest

from openai_async import _build, _decode
from openai_async._decode import decode
from openai_async._fields import LIVE
from openai_async._models import BaseModel, Unknown
from openai_async.pagination import AsyncCursorPage, attach


class Part(BaseModel):
    text: str
    note: str | None = None


class Call(BaseModel, tag_field="type", tag="call"):
    type: Literal["call"]
    name: str


class Answer(BaseModel, tag_field="type", tag="answer"):
    type: Literal["answer"]
    value: int


Item = Call | Answer | Unknown


class Message(BaseModel, rename={"schema_": "schema"}):
    kinds: ClassVar[tuple[str, ...]] = ("a", "b")
    id: str
    schema_: dict[str, int] | None = None
    parts: list[Part] | None = None
    items: list[Item] | None = None
    score: float | None = None
    size: int = 3

    @property
    def text(self) -> str:
        """All parts as one."""
        return "".join(part.text for part in self.parts or [])


class LongMessage(Message):
    size: int = 9
    title: str | None = None


SENT = {
    "id": "m",
    "schema": {"a": 1},
    "parts": [{"text": "x", "note": None}, {"text": "y", "extra": [1]}],
    "items": [{"type": "call", "name": "f"}, {"type": "new", "what": {"deep": True}}],
    "reasoning": "hm",
}


@pytest.fixture(autouse=True)
def _nothing_learned() -> Iterator[None]:
    _build.unknown_fields.clear()
    _decode._relearn()
    yield
    _build.unknown_fields.clear()
    _decode._relearn()


def _decoded() -> Message:
    model: Message = decode(json.dumps(SENT), Message)
    return model


def _decoded_twice() -> Message:
    _decoded()
    return _decoded()


def _validated() -> Message:
    return Message.model_validate(SENT)


@pytest.fixture(params=[_decoded, _decoded_twice, _validated])
def message(request: pytest.FixtureRequest) -> Message:
    """The same message, come about in every way there is."""
    make: Callable[[], Message] = request.param
    return make()


# Making them


def test_fields_are_passed_by_name() -> None:
    part = Part(text="x")
    assert (part.text, part.note) == ("x", None)
    assert part.model_fields_set == {"text"}


def test_wire_names_are_accepted_as_well() -> None:
    assert Message(id="m", schema={"a": 1}) == Message(id="m", schema_={"a": 1})  # type: ignore[call-arg]


def test_positional_arguments_are_refused() -> None:
    with pytest.raises(TypeError, match=r"Part\(\) takes its fields by name"):
        Part("x")  # type: ignore[misc]


def test_missing_arguments_are_named_with_a_way_out() -> None:
    class Wide(BaseModel):
        one: int
        two: int
        three: int | None = None

    with pytest.raises(TypeError, match=r"Wide\(\) needs one, two\. Use Wide\.model_construct\(\)"):
        Wide()  # type: ignore[call-arg]


def test_unknown_arguments_become_unknown_fields() -> None:
    part = Part(text="x", mood="good", self=1, cls=2)  # type: ignore[call-arg]
    assert part.model_extra == {"mood": "good", "self": 1, "cls": 2}
    assert part.mood == "good"  # type: ignore[attr-defined]


def test_nested_dicts_become_objects() -> None:
    message = Message(id="m", parts=[{"text": "x"}, Part(text="y")], items=[{"type": "call"}])  # type: ignore[list-item]
    assert message.parts == [Part(text="x"), Part(text="y")]
    assert type((message.items or [])[0]) is Call


def test_tuples_become_lists() -> None:
    assert Message(id="m", parts=({"text": "x"},)).parts == [Part(text="x")]  # type: ignore[arg-type]


def test_objects_are_taken_as_they_are() -> None:
    part = Part(text="x")
    assert (Message(id="m", parts=[part]).parts or [])[0] is part


def test_a_tag_need_not_be_passed_and_is_sent() -> None:
    assert Call(name="f").to_dict() == {"type": "call", "name": "f"}  # type: ignore[call-arg]


def test_a_tag_may_be_passed() -> None:
    assert Call(type="call", name="f") == Call(name="f")  # type: ignore[call-arg]
    assert Call(type="other", name="f").type == "other"  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [Message.model_construct, Message.construct])
def test_construct_requires_nothing(make: Callable[..., Message]) -> None:
    message = make(parts=[{"text": "x"}], cls=1)
    assert message.id is None
    assert message.parts == [Part(text="x")]
    assert message.model_fields_set == {"parts", "cls"}


def test_construct_takes_the_fields_set_of_pydantic() -> None:
    assert Message.model_construct({"id"}, id="m").to_dict() == {"id": "m"}


def test_validate_takes_its_own_kind_as_it_is(message: Message) -> None:
    assert Message.model_validate(message) is message


@pytest.mark.parametrize("value", [None, 3, "x", [], [("id", "m")], Part(text="x")])
def test_validate_refuses_what_is_no_mapping(value: object) -> None:
    with pytest.raises(TypeError, match="Message is built from a mapping"):
        Message.model_validate(value)


def test_validate_names_missing_fields() -> None:
    with pytest.raises(TypeError, match=r"Message\(\) needs id"):
        Message.model_validate({"parts": []})


def test_validate_json_undoes_to_json(message: Message) -> None:
    assert Message.model_validate_json(message.to_json()) == message
    assert Message.model_validate_json(message.to_json().encode()) == message


def test_validate_json_refuses_what_is_no_json() -> None:
    with pytest.raises(ValueError, match="malformed"):
        Message.model_validate_json("<html>")


def test_validate_undoes_to_dict(message: Message) -> None:
    assert Message.model_validate(message.to_dict()) == message


# Classes


def test_a_subclass_may_change_a_default_and_add_fields() -> None:
    long = LongMessage(id="m")
    assert (long.size, long.title, Message(id="m").size) == (9, None, 3)
    assert LongMessage(id="m", size=1).size == 1


def test_class_variables_are_no_fields() -> None:
    assert Message.kinds == ("a", "b")
    assert "kinds" not in Message(id="m").model_dump()


def test_class_variables_with_evaluated_annotations_are_no_fields() -> None:
    made = type(BaseModel)("Made", (BaseModel,), {"__annotations__": {"n": ClassVar[int]}, "n": 5})
    assert made.n == 5
    assert made().to_dict() == {}


def test_properties_of_a_class_work(message: Message) -> None:
    assert message.text == "xy"


def test_methods_of_a_subclass_can_use_super() -> None:
    class Loud(Message):
        @property
        def text(self) -> str:
            return super().text.upper()

    assert Loud(id="m", parts=[Part(text="x")]).text == "X"


# Reading


def test_unknown_fields_are_attributes(message: Message) -> None:
    assert message.reasoning == "hm"  # type: ignore[attr-defined]
    assert message.model_extra == {"reasoning": "hm"}
    assert (message.parts or [])[1].extra == [1]  # type: ignore[attr-defined]


def test_an_unknown_variant_has_what_was_sent(message: Message) -> None:
    item = (message.items or [])[1]
    assert isinstance(item, Unknown)
    assert item.type == "new"
    assert item.raw == {"type": "new", "what": {"deep": True}}


def test_what_is_absent_reads_as_its_default(message: Message) -> None:
    assert (message.score, message.size) == (None, 3)
    assert message.model_fields_set == {"id", "schema_", "parts", "items", "reasoning"}


def test_null_is_told_from_absent(message: Message) -> None:
    first, second = message.parts or []
    assert first.note is second.note is None
    assert "note" in first.model_fields_set
    assert "note" not in second.model_fields_set


def test_other_attributes_do_not_exist(message: Message) -> None:
    assert not hasattr(message, "nothing")
    with pytest.raises(AttributeError, match="'Message' object has no attribute 'nothing'"):
        message.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_dir_shows_fields_methods_and_unknown_fields(message: Message) -> None:
    assert {"id", "parts", "reasoning", "to_dict", "text"} <= set(dir(message))


def test_repr_shows_what_was_sent(message: Message) -> None:
    assert repr(message) == str(message)
    assert repr(message) == (
        "Message(id='m', schema_={'a': 1}, parts=[Part(text='x', note=None), "
        "Part(text='y', extra=[1])], items=[Call(type='call', name='f'), "
        "Unknown(type='new', what={'deep': True})], reasoning='hm')"
    )


def test_rich_shows_the_same() -> None:
    assert list(Part(text="x", a=1).__rich_repr__()) == [("text", "x"), ("a", 1)]  # type: ignore[call-arg]


def test_iterating_gives_pairs(message: Message) -> None:
    assert dict(message) == {
        "id": "m",
        "schema_": {"a": 1},
        "parts": message.parts,
        "items": message.items,
        "score": None,
        "size": 3,
        "reasoning": "hm",
    }


def test_only_the_answer_itself_has_a_request_id(message: Message) -> None:
    vars(message)["_request_id"] = "req_1"
    assert message._request_id == "req_1"
    assert "_request_id" not in message.to_dict()
    assert message.model_extra == {"reasoning": "hm"}
    with pytest.raises(AttributeError, match="only the object that a method returned has one"):
        (message.parts or [])[0]._request_id  # noqa: B018


def test_a_server_cannot_forge_the_request_id() -> None:
    part = decode(b'{"text": "x", "_request_id": "forged"}', Part)
    assert not hasattr(part, "_request_id")
    assert part.to_dict() == {"text": "x", "_request_id": "forged"}


# Changing


def test_fields_can_be_assigned_unchecked(message: Message) -> None:
    message.score = "high"  # type: ignore[assignment]
    message.id = None  # type: ignore[assignment]
    assert message.to_dict() == {**SENT, "score": "high", "id": None}
    assert "score" in message.model_fields_set


def test_new_attributes_become_fields(message: Message) -> None:
    message.mood = "good"  # type: ignore[attr-defined]
    assert message.model_extra == {"reasoning": "hm", "mood": "good"}
    assert message.to_dict() == {**SENT, "mood": "good"}


def test_unknown_fields_can_be_assigned(message: Message) -> None:
    message.reasoning = "other"  # type: ignore[attr-defined]
    assert message.to_dict() == {**SENT, "reasoning": "other"}


def test_assigning_to_a_copy_of_something_assigned_to() -> None:
    message = _decoded_twice()
    message.reasoning = "other"  # type: ignore[attr-defined]
    twin = copy.copy(message)
    twin.reasoning = "third"  # type: ignore[attr-defined]
    assert twin.reasoning == twin.to_dict()["reasoning"] == "third"  # type: ignore[attr-defined]
    assert message.to_dict()["reasoning"] == "other"


def test_a_deleted_field_is_absent(message: Message) -> None:
    del message.parts
    assert message.parts is None
    assert "parts" not in message.to_dict()
    assert "parts" not in message.model_fields_set
    assert repr(copy.deepcopy(message)) == repr(message)


def test_a_deleted_unknown_field_is_gone(message: Message) -> None:
    del message.reasoning  # type: ignore[attr-defined]
    assert message.model_extra == {}
    with pytest.raises(AttributeError):
        del message.reasoning  # type: ignore[attr-defined]


def test_a_deleted_attribute_is_gone(message: Message) -> None:
    message.mood = "good"  # type: ignore[attr-defined]
    del message.mood  # type: ignore[attr-defined]
    assert message.to_dict() == SENT


def test_the_tag_can_be_assigned() -> None:
    call = Call(name="f")  # type: ignore[call-arg]
    call.type = "other"  # type: ignore[assignment]
    assert call.to_dict() == {"type": "other", "name": "f"}


# To dicts and JSON


def test_to_dict_is_what_was_sent(message: Message) -> None:
    assert message.to_dict() == SENT


def test_to_dict_has_no_objects_in_it(message: Message) -> None:
    assert json.loads(json.dumps(message.to_dict())) == SENT


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"id": "m", "schema": None}),
        ({"use_api_names": False}, {"id": "m", "schema_": None}),
        ({"exclude_none": True}, {"id": "m"}),
        ({"exclude_defaults": True}, {"id": "m"}),
        ({"warnings": False, "mode": "json"}, {"id": "m", "schema": None}),
        (
            {"exclude_unset": False},
            {"id": "m", "schema": None, "parts": None, "items": None, "score": None, "size": 3},
        ),
        ({"exclude_unset": False, "exclude_none": True}, {"id": "m", "size": 3}),
        ({"exclude_unset": False, "exclude_defaults": True}, {"id": "m"}),
    ],
)
def test_to_dict_and_to_json_options(options: dict[str, Any], expected: dict[str, Any]) -> None:
    message = Message(id="m", schema_=None)
    assert message.to_dict(**options) == expected
    del_mode = {name: value for name, value in options.items() if name != "mode"}
    assert json.loads(message.to_json(**del_mode)) == expected


def test_to_json_is_indented_unless_told_otherwise() -> None:
    part = Part(text="é")
    assert part.to_json() == '{\n  "text": "é"\n}'
    assert part.to_json(indent=None) == '{"text":"é"}'
    assert part.to_json(indent=4) == '{\n    "text": "é"\n}'


def test_model_dump_has_every_field_under_its_python_name() -> None:
    assert Message(id="m", x=1).model_dump() == {  # type: ignore[call-arg]
        "id": "m",
        "schema_": None,
        "parts": None,
        "items": None,
        "score": None,
        "size": 3,
        "x": 1,
    }


def test_model_dump_by_alias(message: Message) -> None:
    assert message.model_dump(by_alias=True, exclude_unset=True) == SENT


def test_model_dump_of_something_with_learned_fields_absent() -> None:
    _decoded_twice()
    assert "reasoning" not in decode(b'{"id": "m"}', Message).model_dump()


def test_model_dump_reaches_into_nested_objects() -> None:
    dumped = Message(id="m", parts=[Part(text="x")], items=[Call(name="f")]).model_dump()  # type: ignore[call-arg]
    assert dumped["parts"] == [{"text": "x", "note": None}]
    assert dumped["items"] == [{"type": "call", "name": "f"}]


def test_model_dump_accepts_the_options_of_pydantic(message: Message) -> None:
    dumped = message.model_dump(
        mode="json",
        context=None,
        round_trip=False,
        warnings="none",
        serialize_as_any=False,
        by_alias=True,
        exclude_unset=True,
    )
    assert dumped == SENT


def test_json_mode_has_only_what_json_can_say() -> None:
    import datetime
    import uuid

    part = Part(text="x", when=datetime.date(2024, 1, 2), id=uuid.UUID(int=1), all={"a": (1,)})  # type: ignore[call-arg]
    assert part.model_dump()["when"] == datetime.date(2024, 1, 2)
    assert part.model_dump(mode="json") == part.to_dict(mode="json") | {"note": None}
    assert part.to_dict(mode="json") == {
        "text": "x",
        "when": "2024-01-02",
        "id": "00000000-0000-0000-0000-000000000001",
        "all": {"a": [1]},
    }


DEEP = {
    "id": "m",
    "parts": [{"text": "x", "note": "n"}, {"text": "y", "note": "o"}],
    "schema": {"a": 1, "b": 2},
    "extra": {"k": [1, 2]},
}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"include": {"id"}}, {"id": "m"}),
        ({"include": {"id", "extra"}}, {"id": "m", "extra": {"k": [1, 2]}}),
        ({"include": {"id": True, "nothing": True}}, {"id": "m"}),
        ({"include": {"parts": {0}}}, {"parts": [{"text": "x", "note": "n"}]}),
        ({"include": {"parts": {"__all__": {"text"}}}}, {"parts": [{"text": "x"}, {"text": "y"}]}),
        ({"include": {"parts": {1: {"note"}}}}, {"parts": [{"note": "o"}]}),
        ({"include": {"parts": ...}}, {"parts": DEEP["parts"]}),
        ({"include": {"schema_": {"a"}}}, {"schema_": {"a": 1}}),
        ({"include": {"extra": {"k": {1}}}}, {"extra": {"k": [2]}}),
        ({"include": set()}, {}),
        ({"exclude": {"parts", "extra", "schema_"}}, {"id": "m"}),
        ({"exclude": {"parts": True, "extra": ..., "schema_": True}}, {"id": "m"}),
        (
            {"exclude": {"id": True, "extra": True, "schema_": {"b"}, "parts": {0}}},
            {"schema_": {"a": 1}, "parts": [{"text": "y", "note": "o"}]},
        ),
        (
            {"include": {"parts"}, "exclude": {"parts": {"__all__": {"note"}}}},
            {"parts": [{"text": "x"}, {"text": "y"}]},
        ),
        (
            {"include": {"parts"}, "exclude": {"parts": {0: {"note"}, 1: {"text"}}}},
            {"parts": [{"text": "x"}, {"note": "o"}]},
        ),
        ({"include": {"id"}, "exclude": {"id"}}, {}),
    ],
)
def test_include_and_exclude_mean_what_they_mean_to_pydantic(
    options: dict[str, Any], expected: dict[str, Any]
) -> None:
    class PydanticPart(pydantic.BaseModel):
        text: str
        note: str

    class PydanticMessage(pydantic.BaseModel):
        id: str
        parts: list[PydanticPart]
        schema_: dict[str, int] = pydantic.Field(alias="schema")
        extra: dict[str, list[int]]

    assert PydanticMessage.model_validate(DEEP).model_dump(**options) == expected
    model = Message.model_validate(DEEP)
    assert model.model_dump(**options, exclude_unset=True) == expected


def test_model_dump_json_is_one_line_unless_told_otherwise() -> None:
    part = Part(text="x")
    assert part.model_dump_json() == '{"text":"x","note":null}'
    assert part.model_dump_json(exclude_none=True) == '{"text":"x"}'
    assert part.model_dump_json(indent=2, include={"text"}) == '{\n  "text": "x"\n}'


def test_pydantic_models_inside_are_dumped_too() -> None:
    class Parsed(pydantic.BaseModel):
        a: int = pydantic.Field(alias="b")

    part = Part(text="x", parsed=Parsed(b=1))  # type: ignore[call-arg]
    assert part.to_dict() == {"text": "x", "parsed": {"b": 1}}
    assert part.model_dump(include={"parsed": {"a"}}) == {"parsed": {"a": 1}}
    assert json.loads(part.to_json()) == {"text": "x", "parsed": {"b": 1}}


# Copies


def test_a_copy_is_equal_and_shares_what_is_inside(message: Message) -> None:
    twin = copy.copy(message)
    assert twin == message
    assert twin.parts is message.parts
    twin.mood = "good"  # type: ignore[attr-defined]
    twin.id = "other"
    assert message.to_dict() == SENT


def test_a_deep_copy_shares_nothing(message: Message) -> None:
    twin = copy.deepcopy(message)
    assert twin == message
    assert twin.to_dict() == SENT
    (twin.parts or [])[0].text = "changed"
    (twin.parts or [])[1].extra.append(2)  # type: ignore[attr-defined]
    assert message.to_dict() == SENT


def test_a_deep_copy_keeps_what_is_shared_inside() -> None:
    part = Part(text="x")
    twins = copy.deepcopy([part, part])
    assert twins[0] is twins[1]


@pytest.mark.parametrize("deep", [False, True])
def test_model_copy_updates_the_copy_alone(message: Message, deep: bool) -> None:
    update = {"id": "n", "reasoning": "other", "mood": 1, "to_dict": 2}
    twin = message.model_copy(update=update, deep=deep)
    assert twin.to_dict() == {**SENT, **update}
    assert message.to_dict() == SENT
    assert ((twin.parts or [])[0] is (message.parts or [])[0]) is not deep


def test_copies_keep_the_request_id(message: Message) -> None:
    vars(message)["_request_id"] = "req_1"
    twins = [copy.copy(message), copy.deepcopy(message), pickle.loads(pickle.dumps(message))]
    assert [twin._request_id for twin in twins] == ["req_1"] * 3


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_objects_pickle(message: Message, protocol: int) -> None:
    twin = pickle.loads(pickle.dumps(message, protocol))
    assert twin == message
    assert twin.to_dict() == SENT
    assert type(twin) is Message


def test_a_missing_tag_is_still_missing_after_pickling() -> None:
    item = decode(b'{"id": "m", "items": [{"name": "f"}]}', Message).items[0]
    assert pickle.loads(pickle.dumps(item)).to_dict() == {"name": "f"}


@pytest.mark.parametrize("extra", [b"", b', "total": 1'])
def test_pages_pickle_without_their_connection(extra: bytes) -> None:
    async def fetch(_params: object) -> None:
        raise AssertionError("nothing is asked for")

    for _ in range(2):
        page = decode(
            b'{"data": [{"text": "x"}], "has_more": true%s}' % extra, AsyncCursorPage[Part]
        )
    attach(page, fetch)
    twin = pickle.loads(pickle.dumps(page))
    assert twin == page
    assert type(twin) is AsyncCursorPage
    assert LIVE not in vars(twin)
    assert vars(copy.copy(page))[LIVE] is vars(copy.deepcopy(page))[LIVE] is fetch


# Comparing


def test_objects_with_the_same_content_are_equal(message: Message) -> None:
    assert message == _decoded() == _validated()
    assert operator.ne(message, _decoded()) is False


@pytest.mark.parametrize(
    "other",
    [
        Part(text="x", note="n"),
        Part(text="y"),
        Part(text="x", more=1),  # type: ignore[call-arg]
        LongMessage(id="x"),
        {"text": "x", "note": None},
        None,
    ],
)
def test_objects_with_other_content_or_of_another_class_differ(other: object) -> None:
    assert Part(text="x") != other
    assert operator.eq(Part(text="x"), other) is False


def test_absent_equals_the_default() -> None:
    assert Part(text="x") == Part(text="x", note=None)


def test_a_subclass_is_not_equal_to_its_base() -> None:
    assert LongMessage(id="m", size=3) != Message(id="m")


def test_objects_are_not_hashable() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(Part(text="x"))


def test_objects_can_be_referred_to_weakly(message: Message) -> None:
    reference = weakref.ref(message)
    assert reference() is message


def test_garbage_is_collected() -> None:
    message = _decoded_twice()
    message.itself = message  # type: ignore[attr-defined]
    reference = weakref.ref(message)
    del message
    gc.collect()
    assert reference() is None


# In pydantic models


class Record(pydantic.BaseModel):
    message: Message
    items: list[Item] = []
    maybe: Part | None = None


def test_pydantic_models_turn_dicts_into_objects() -> None:
    record = Record.model_validate(
        {"message": SENT, "items": [{"type": "answer", "value": 1}, {"type": "call", "name": "f"}]}
    )
    assert record.message == _validated()
    assert [type(item) for item in record.items] == [Answer, Call]


def test_pydantic_models_put_variants_nobody_knows_into_unknown() -> None:
    record = Record(message=_validated(), items=[{"type": "new", "name": "f", "value": 1}])  # type: ignore[list-item]
    assert type(record.items[0]) is Unknown


def test_pydantic_models_take_objects_as_they_are(message: Message) -> None:
    assert Record(message=message).message is message


@pytest.mark.parametrize("value", [None, "x", 3, {}, {"parts": []}, Part(text="x")])
def test_pydantic_models_refuse_the_rest_with_a_validation_error(value: Any) -> None:
    with pytest.raises(pydantic.ValidationError, match="Message"):
        Record(message=value)


def test_pydantic_models_serialise_what_was_sent(message: Message) -> None:
    record = Record(message=message, items=message.items or [])
    expected = {"message": SENT, "items": SENT["items"], "maybe": None}
    assert record.model_dump() == record.model_dump(mode="json") == expected
    assert json.loads(record.model_dump_json()) == expected
    assert Record.model_validate_json(record.model_dump_json()) == record


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_pydantic_models_with_objects_have_a_json_schema(mode: Any) -> None:
    schema = Record.model_json_schema(mode=mode)
    assert "message" in schema["properties"]


def test_pydantic_models_with_objects_copy_and_pickle(message: Message) -> None:
    record = Record(message=message)
    assert copy.deepcopy(record) == pickle.loads(pickle.dumps(record)) == record


# With msgspec itself


def test_objects_are_structs(message: Message) -> None:
    assert isinstance(message, msgspec.Struct)
