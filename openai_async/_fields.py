"""What a response class is made of: its fields, their wire names, types and tags.

A response class is a msgspec Struct whose every field may be absent. Absence is the value `UNSET` in
the slot, which msgspec leaves out when it encodes; reading the attribute then gives the declared
default. So the class knows exactly what the server said, at no cost to decoding.

This module looks at classes only. It is shared by the three things that need the answer: decoding
(`_decode`), building from plain Python values (`_build`) and turning back into them (`_dump`).
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from functools import cache
from typing import Any, Union

from msgspec import UNSET, Struct, StructMeta
from msgspec.structs import asdict

#: Key in an instance's `__dict__` under which fields unknown to the class are kept.
EXTRA = "_extra"

#: Key under which an instance keeps what belongs to this process, and so is never pickled.
LIVE = "_live"

UNIONS = (Union, types.UnionType)


def is_struct(tp: object) -> bool:
    return isinstance(tp, StructMeta)


def is_open(tp: object) -> bool:
    """Whether `tp` is the class that stands for variants a union does not know."""
    return getattr(tp, "__unknown__", False)


class Fields:
    """The fields of one class, resolved once."""

    __slots__ = ("by_wire", "defaults", "model", "required", "slots", "tag", "tag_field", "types")

    def __init__(self, cls: type[Struct]) -> None:
        hints = typing.get_type_hints(cls)
        config = cls.__struct_config__
        self.model: type[Struct] = cls.__dict__.get("__model__", cls)
        self.types: dict[str, Any] = {name: hints[name] for name in cls.__struct_fields__}
        self.by_wire = dict(zip(cls.__struct_encode_fields__, cls.__struct_fields__, strict=True))
        self.slots = {name: wire for wire, name in self.by_wire.items()}
        self.defaults: dict[str, Any] = getattr(cls, "__defaults__", {})
        self.required = tuple(name for name in cls.__struct_fields__ if name not in self.defaults)
        self.tag_field: str | None = config.tag_field if config.tag is not None else None
        self.tag: Any = config.tag


@cache
def fields_of(cls: type[Struct]) -> Fields:
    """The fields of `cls`, or of its origin when `cls` is a parametrised generic."""
    return Fields(cls)


def public_class(cls: type[Any]) -> type[Any]:
    """The class that users know, for `cls` or for a variant of it made while decoding."""
    return typing.cast("type[Any]", cls.__dict__.get("__model__", cls))


def extras_of(model: Struct) -> dict[str, Any]:
    """What the server or the user added to `model` beyond its declared fields, by wire name."""
    values: dict[str, Any] = {}
    learned: dict[str, str] = getattr(type(model), "__learned__", {})
    if learned:
        raw = asdict(model)
        values = {wire: raw[slot] for slot, wire in learned.items() if raw[slot] is not UNSET}
    for name, value in model.__dict__.items():
        if name == EXTRA:
            values.update(value)
        elif not name.startswith("_") and name != model.__struct_config__.tag_field:
            values[name] = value
    return values


def members(model: Struct) -> Iterator[tuple[str, str, Any]]:
    """Every field that has a value, as (Python name, wire name, value); tag first, extras last."""
    cls = type(model)
    config = cls.__struct_config__
    if config.tag is not None:
        name = typing.cast(str, config.tag_field)
        yield name, name, getattr(model, name)
    learned: dict[str, str] = getattr(cls, "__learned__", {})
    wire_names = cls.__struct_encode_fields__
    for (name, value), wire in zip(asdict(model).items(), wire_names, strict=True):
        if value is not UNSET and name not in learned:
            yield name, wire, value
    for name, value in extras_of(model).items():
        yield name, name, value
