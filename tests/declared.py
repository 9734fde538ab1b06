"""Whether a decoded answer is what its class declares: decoding refuses nothing, so this looks."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any, Literal, Union

from openai_async._fields import extras_of, fields_of, is_open, is_struct, public_class
from openai_async._models import BaseModel


def misfits(value: BaseModel) -> list[str]:
    """Every place where `value` is not as declared: wrong types, missing and unknown fields."""
    return [*_misfits(value, public_class(type(value)), type(value).__name__)]


def _misfits(value: Any, declared: Any, path: str) -> Iterator[str]:
    origin, arguments = typing.get_origin(declared), typing.get_args(declared)
    if declared in (Any, object) or is_open(type(value)):
        if is_open(type(value)):
            yield f"{path}: an unknown variant"
    elif origin in (Union, types.UnionType):
        found = [[*_misfits(value, each, path)] for each in arguments]
        if all(found):
            yield min(found, key=len)[0]
    elif origin is Literal:
        if value not in arguments:
            yield f"{path}: {value!r} is none of {arguments}"
    elif origin is list:
        if not isinstance(value, list):
            yield f"{path}: {value!r} is no list"
            return
        for index, item in enumerate(value):
            yield from _misfits(item, arguments[0], f"{path}[{index}]")
    elif origin is dict:
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is no dict"
            return
        for name, item in value.items():
            yield from _misfits(item, arguments[1], f"{path}[{name!r}]")
    elif is_struct(declared):
        yield from _struct_misfits(value, declared, path)
    elif not _is_instance(value, declared):
        yield f"{path}: {value!r} is no {declared}"


def _struct_misfits(value: Any, declared: Any, path: str) -> Iterator[str]:
    if public_class(type(value)) is not declared:
        yield f"{path}: {value!r} is no {declared.__name__}"
        return
    fields = fields_of(declared)
    there = value.model_fields_set
    for name in fields.required:
        if name not in there and fields.slots[name] != fields.tag_field:
            yield f"{path}.{name}: missing"
    for name in extras_of(value):
        yield f"{path}.{name}: not declared"
    for name, tp in fields.types.items():
        if name in there:
            yield from _misfits(getattr(value, name), tp, f"{path}.{name}")


def _is_instance(value: Any, declared: Any) -> bool:
    if declared is type(None):
        return value is None
    if declared is float:
        return type(value) in (int, float)
    return type(value) is declared
