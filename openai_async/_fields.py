"""What a response class is made of: its fields, their wire names, types and tags.

A response class is a msgspec Struct whose every field may be absent. Absence is the value `UNSET`
in the slot, which msgspec leaves out when it encodes; reading the attribute then gives the declared
default. So the class knows exactly what the server said, at no cost to decoding.

This module looks at classes only. It is shared by the three things that need the answer: decoding
(`_decode`), building from plain Python values (`_build`) and turning back into them (`_dump`).
"""

from __future__ import annotations

import os
import threading
import types
import typing
from collections.abc import Iterator
from functools import cache
from typing import Any, Union, cast

from msgspec import UNSET, Struct, StructMeta
from msgspec.structs import asdict

#: Key in an instance's `__dict__` under which fields unknown to the class are kept.
EXTRA = "_extra"

#: Key under which an instance keeps what belongs to this process, and so is never pickled.
LIVE = "_live"

#: Key that marks an object of a tagged class that was sent without its tag.
UNTAGGED = "_untagged"

#: Held while annotations are read, since `_decode` changes them for moments (see `_Workshop`), and
#: while what is known of classes changes.
classes_lock = threading.RLock()
if hasattr(os, "register_at_fork"):  # a child process has no thread that would release it
    os.register_at_fork(
        before=classes_lock.acquire,
        after_in_parent=classes_lock.release,
        after_in_child=classes_lock.release,
    )

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


class UnionParts:
    """What a union is made of, for telling its members apart. Null is always one of them."""

    __slots__ = ("items", "opened", "others", "structs", "values")

    def __init__(self, tp: Any) -> None:
        members = [each for each in typing.get_args(tp) if each is not type(None)]
        self.opened = next((each for each in members if is_open(each)), None)
        self.others = [each for each in members if not is_open(each)]
        self.structs: list[type[Struct]] = [each for each in self.others if is_struct(each)]
        #: What the lists hold, and what the values of the dicts are; None without lists, dicts.
        self.items = _joined(self.others, list, 0)
        self.values = Any if object in self.others else _joined(self.others, dict, 1)


def _joined(members: list[Any], kind: type, position: int) -> Any:
    inner = [typing.get_args(each)[position] for each in members if typing.get_origin(each) is kind]
    return Union[tuple(inner)] if inner else None  # noqa: UP007


@cache
def fields_of(cls: type[Struct]) -> Fields:
    """The fields of `cls`."""
    with classes_lock:
        return Fields(cls)


def public_class(cls: Any) -> Any:
    """The class that users know, for `cls` or for a variant of it made while decoding."""
    return cls.__dict__.get("__model__", cls)


def extras_of(model: Struct) -> dict[str, Any]:
    """What the server or the user added to `model` beyond its declared fields, by wire name."""
    values: dict[str, Any] = {}
    for name, wire in getattr(type(model), "__learned__", {}).items():
        value = cast(Any, type(model)).__field_slots__[name].__get__(model)
        if value is not UNSET:
            values[wire] = value
    state: dict[str, Any] = getattr(model, "__dict__", {})
    values.update(state.get(EXTRA, ()))
    hidden = model.__struct_config__.tag_field
    values.update((n, v) for n, v in state.items() if not n.startswith("_") and n != hidden)
    return values


def forget_extra(model: Struct, name: str) -> bool:
    """Takes away the field `name` that the class does not declare; False if there is none."""
    if name not in extras_of(model):
        return False
    for slot, wire in getattr(type(model), "__learned__", {}).items():
        if wire == name:
            cast(Any, type(model)).__field_slots__[slot].__set__(model, UNSET)
    state = vars(model)
    state.get(EXTRA, {}).pop(name, None)
    state.pop(name, None)
    return True


def members(model: Struct) -> Iterator[tuple[str, str, Any]]:
    """Every field that has a value, as (Python name, wire name, value); tag first, extras last."""
    cls = type(model)
    config = cls.__struct_config__
    state: dict[str, Any] = getattr(model, "__dict__", {})
    if config.tag is not None and (UNTAGGED not in state or config.tag_field in state):
        name = cast(str, config.tag_field)
        yield name, name, getattr(model, name, config.tag)
    learned: dict[str, str] = getattr(cls, "__learned__", {})
    wire_names = cls.__struct_encode_fields__
    for (name, value), wire in zip(asdict(model).items(), wire_names, strict=True):
        if value is not UNSET and name not in learned:
            yield name, wire, value
    for name, value in extras_of(model).items():
        yield name, name, value
