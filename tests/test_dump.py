"""What users pass as parameters, as JSON."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import json
import pathlib
import types
import uuid
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_async import NOT_GIVEN, not_given, omit
from openai_async._dump import encode, plain
from openai_async._models import BaseModel


class Part(BaseModel, rename={"from_": "from"}):
    text: str
    from_: str | None = None
    parts: list[Part] | None = None


class Colour(enum.Enum):
    RED = "red"
    MIXED = ("red", 1)


class Word(str, enum.Enum):
    HELLO = "hello"


class Level(enum.IntEnum):
    HIGH = 3


class Text(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "not what it is"


class Count(int):
    pass


class Weight(float):
    pass


@dataclasses.dataclass
class Point:
    x: int
    y: Any = None
    hidden: dataclasses.InitVar[int] = 0


@dataclasses.dataclass(frozen=True)
class Slotted:
    __slots__ = ("points",)
    points: list[Point]


class Model(pydantic.BaseModel):
    name: str = pydantic.Field(alias="Name")
    when: datetime.date | None = None
    other: int = 3


class OwnStruct(msgspec.Struct, tag="own", rename="camel"):
    some_name: int
    part: Part | None = None


class Plain(msgspec.Struct):
    a: int
    b: object = msgspec.UNSET


class Named(collections.UserDict[str, int]):
    pass


class Table(collections.abc.Mapping[str, int]):
    def __getitem__(self, key: str) -> int:
        return {"a": 1, "b": 2}[key]

    def __iter__(self) -> Iterator[str]:
        return iter(("a", "b"))

    def __len__(self) -> int:
        return 2


Pair = collections.namedtuple("Pair", ["a", "b"])


def _numbers() -> Iterator[int]:
    yield from (1, 2)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true"),
        (1, "1"),
        (0.5, "0.5"),
        ("x", '"x"'),
        ("é\u2028", '"é\u2028"'),
        ([], "[]"),
        ({}, "{}"),
        ({"b": 1, "a": {"d": 1, "c": 2}}, '{"b":1,"a":{"d":1,"c":2}}'),
        ({"a": None}, '{"a":null}'),
        ((1, "x", None), '[1,"x",null]'),
        ([(1,), [{"a": (2,)}]], '[[1],[{"a":[2]}]]'),
        (10**30, "1" + "0" * 30),
        (-(2**63) - 1, "-9223372036854775809"),
        ({1: "a", 2.5: "b"}, '{"1":"a","2.5":"b"}'),
        ({Text("k"): Text("v")}, '{"k":"v"}'),
        ({Word.HELLO: Word.HELLO}, '{"hello":"hello"}'),
        (Count(3), "3"),
        (Weight(0.5), "0.5"),
        (numpy.float64(0.5), "0.5"),
        (Colour.RED, '"red"'),
        (Colour.MIXED, '["red",1]'),
        (Level.HIGH, "3"),
        (datetime.datetime(2024, 1, 2, 3, 4, 5), '"2024-01-02T03:04:05"'),
        (
            datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone.utc),
            '"2024-01-02T00:00:00+00:00"',
        ),
        (datetime.date(2024, 1, 2), '"2024-01-02"'),
        (datetime.time(3, 4), '"03:04:00"'),
        (uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (decimal.Decimal("1.10"), '"1.10"'),
        (pathlib.PurePosixPath("/a/b"), '"/a/b"'),
        ({3}, "[3]"),
        (frozenset(["a"]), '["a"]'),
        (collections.deque([1, 2]), "[1,2]"),
        (range(3), "[0,1,2]"),
        (Pair(1, 2), "[1,2]"),
        ({"a": 1}.keys(), '["a"]'),
        (collections.OrderedDict(b=1, a=2), '{"b":1,"a":2}'),
        (collections.ChainMap({"a": 1}), '{"a":1}'),
        (types.MappingProxyType({"a": (1,)}), '{"a":[1]}'),
        (Named(a=1), '{"a":1}'),
        (Table(), '{"a":1,"b":2}'),
        (Point(1), '{"x":1,"y":null}'),
        (Slotted([Point(1, 2)]), '{"points":[{"x":1,"y":2}]}'),
        (Model(Name="n"), '{"Name":"n"}'),
        (Model(Name="n", when=datetime.date(2024, 1, 2)), '{"Name":"n","when":"2024-01-02"}'),
        (Plain(1), '{"a":1}'),
        (OwnStruct(1), '{"type":"own","someName":1,"part":null}'),
        (Part(text="x"), '{"text":"x"}'),
        (Part(text="x", from_=None), '{"text":"x","from":null}'),
        (
            Part(text="x", parts=[Part(text="y", from_="z")]),
            '{"text":"x","parts":[{"text":"y","from":"z"}]}',
        ),
        (
            [OwnStruct(1, Part(text="x", new=1))],
            '[{"type":"own","someName":1,"part":{"text":"x","new":1}}]',
        ),  # type: ignore[call-arg]
    ],
)
def test_values_and_their_json(value: object, expected: str) -> None:
    assert encode(value).decode() == expected
    assert encode({"k": [value]}).decode() == f'{{"k":[{expected}]}}'


@pytest.mark.parametrize("make", [_numbers, lambda: (n for n in (1, 2)), lambda: map(int, "12")])
def test_iterators_become_lists(make: Any) -> None:
    assert encode({"input": make()}) == b'{"input":[1,2]}'


def test_an_iterable_of_iterables_becomes_lists_of_lists() -> None:
    assert encode([_numbers(), (each for each in [_numbers()])]) == b"[[1,2],[[1,2]]]"


@pytest.mark.parametrize("mark", [omit, not_given, NOT_GIVEN])
@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda mark: {"a": mark, "b": 1}, {"b": 1}),
        (lambda mark: {"a": {"b": {"c": mark}}}, {"a": {"b": {}}}),
        (lambda mark: {"a": [{"b": mark}]}, {"a": [{}]}),
        (lambda mark: types.MappingProxyType({"a": mark}), {}),
        (lambda mark: Point(1, mark), {"x": 1}),
        (lambda mark: Part(text="x", from_=mark, new=mark), {"text": "x"}),
        (lambda mark: Plain(1, mark), {"a": 1}),
    ],
)
def test_what_is_not_given_leaves_its_key_out(mark: Any, make: Any, expected: object) -> None:
    assert plain(make(mark)) == expected


def test_none_is_sent_as_null_wherever_it_stands() -> None:
    assert plain({"a": None, "b": [None, {"c": None}], "d": Point(1)}) == {
        "a": None,
        "b": [None, {"c": None}],
        "d": {"x": 1, "y": None},
    }


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), Weight("nan")])
@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: {"a": [v]}, lambda v: Part(text=v)])
def test_numbers_without_notation_are_refused(value: float, wrap: Any) -> None:
    with pytest.raises(ValueError, match="JSON has no notation for"):
        encode(wrap(value))


@pytest.mark.parametrize("value", [b"x", bytearray(b"x"), memoryview(b"x")])
def test_bytes_are_refused_with_a_remedy(value: object) -> None:
    with pytest.raises(TypeError, match=r"cannot be sent as JSON: decode it to str, .* base64"):
        encode({"input": [value]})


@pytest.mark.parametrize("value", [object(), 1j, print, Model, Part, omit, datetime.timedelta(1)])
def test_what_json_cannot_say_is_refused_with_what_it_can(value: object) -> None:
    with pytest.raises(TypeError, match=r"cannot be sent as JSON\. Pass dicts, lists"):
        encode({"input": [value]})


@pytest.mark.parametrize("key", [None, True, ("a",)])
def test_keys_that_json_does_not_have_are_refused(key: object) -> None:
    with pytest.raises(TypeError):
        encode({key: 1})


def test_dataclass_types_are_not_taken_for_objects() -> None:
    with pytest.raises(TypeError, match="type cannot be sent"):
        encode(Point)


def test_what_is_passed_is_not_changed() -> None:
    value = {"a": omit, "b": [{"c": omit}], "d": (1,)}
    encode(value)
    assert value == {"a": omit, "b": [{"c": omit}], "d": (1,)}


def test_a_response_object_is_the_input_of_another() -> None:
    inner = Part.model_validate({"text": "x", "reasoning": "hm", "from": None})
    outer = Part(text="y", parts=[inner])
    again = Part.model_validate(outer.to_dict())
    assert json.loads(encode({"messages": [outer, again]})) == {
        "messages": [
            {"text": "y", "parts": [{"text": "x", "reasoning": "hm", "from": None}]},
            {"text": "y", "parts": [{"text": "x", "reasoning": "hm", "from": None}]},
        ]
    }


Json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=10,
)


@given(Json)
def test_json_values_are_encoded_as_themselves(value: object) -> None:
    assert json.loads(encode(value)) == value
    assert plain(value) == value


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), Json, max_size=20))
def test_the_order_of_keys_is_kept(value: dict[str, Any]) -> None:
    assert list(json.loads(encode(value))) == list(value)
