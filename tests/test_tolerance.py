"""Whatever a server does to an answer, its class takes it and gives it back: nothing is lost."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

from openai_async._decode import decode
from openai_async._models import BaseModel
from tests.test_types import _sample, each_root

Place = tuple[Any, ...]

#: Too long to be learned, so that no decoder is made anew for it; learning has tests of its own.
NOBODY_KNOWS = "a_field_that_nobody_knows_" + "x" * 64


def _places(value: Any, at: Place = ()) -> Iterator[tuple[Place, Any]]:
    yield at, value
    inside = value.items() if isinstance(value, dict) else ()
    inside = enumerate(value) if isinstance(value, list) else inside
    for key, item in inside:
        yield from _places(item, (*at, key))


def _with(sample: Any, place: Place, item: Any) -> Any:
    changed = copy.deepcopy(sample)
    target = changed
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = item
    return changed


def _lossless(model: type[BaseModel], body: Any) -> bool:
    decoded = decode(json.dumps(body), model)
    return isinstance(decoded, model) and decoded.to_dict() == body


def _failures(models: list[type[BaseModel]], changes: Callable[[Any], Iterator[Any]]) -> list[Any]:
    return [
        (model.__name__, body)
        for model in models
        for body in changes(_sample(model, full=1))
        if not _lossless(model, body)
    ]


@each_root
def test_null_anywhere(models: list[type[BaseModel]]) -> None:
    def changes(sample: Any) -> Iterator[Any]:
        return (_with(sample, place, None) for place, _ in _places(sample) if place)

    assert _failures(models, changes) == []


@each_root
def test_another_scalar_anywhere(models: list[type[BaseModel]]) -> None:
    def changes(sample: Any) -> Iterator[Any]:
        for place, value in _places(sample):
            if place:
                yield _with(sample, place, 12.5 if isinstance(value, str) else "words")

    assert _failures(models, changes) == []


@each_root
def test_a_value_that_no_literal_has(models: list[type[BaseModel]]) -> None:
    def changes(sample: Any) -> Iterator[Any]:
        for place, value in _places(sample):
            if place and isinstance(value, str):
                yield _with(sample, place, "hologram")

    assert _failures(models, changes) == []


@each_root
def test_an_unknown_field_in_any_object(models: list[type[BaseModel]]) -> None:
    def changes(sample: Any) -> Iterator[Any]:
        for place, value in _places(sample):
            if isinstance(value, dict):
                yield _with(sample, (*place, NOBODY_KNOWS), {"deep": [1, None]})

    assert _failures(models, changes) == []


@each_root
def test_any_field_missing(models: list[type[BaseModel]]) -> None:
    def changes(sample: Any) -> Iterator[Any]:
        for name in sample:
            yield {key: value for key, value in sample.items() if key != name}

    assert _failures(models, changes) == []
