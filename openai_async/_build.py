"""From plain Python values (parsed JSON) to response objects: the careful way.

`_decode` turns bytes into objects in C and comes here only when a server sent something the classes
do not describe: a field nobody knows, or a variant nobody knows. Nothing is refused and nothing is
guessed: an unknown field stays readable under its name, an unknown variant becomes `Unknown`, any
other value stays what it was.

Builders are compiled once per type into plain functions, so that building costs no type inspection.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, cast

from msgspec import Struct, StructMeta

from ._fields import (
    EXTRA,
    UNIONS,
    UNTAGGED,
    UnionParts,
    classes_lock,
    fields_of,
    is_open,
    is_struct,
)

Builder = Callable[[Any], Any]

#: Names of unknown fields met so far, by class: `_decode` makes them known to the C decoder. Tuples
#: that are replaced, never changed, because any thread may be reading them.
unknown_fields: dict[type[Struct], tuple[str, ...]] = {}

#: Per class, so that a server whose keys are data cannot grow the table without end.
MOST_UNKNOWN_FIELDS = 24
LONGEST_UNKNOWN_FIELD = 64

#: "error" stays unknown: `_decode` must be able to tell an error body from an answer.
_NEVER_LEARNED = {"error"}

#: msgspec refuses these in the name of a field.
_UNUSABLE = re.compile(r'[\\"\x00-\x1f]')


def build(tp: Any, value: Any) -> Any:
    """`value` as `tp`, as far as it fits."""
    return builder(tp)(value)


def builder(tp: Any) -> Builder:
    try:
        return _builder(tp)
    except TypeError:  # an unhashable annotation, such as Annotated with a list
        return _compile(tp)


@cache
def _builder(tp: Any) -> Builder:
    return _compile(tp)


def _compile(tp: Any) -> Builder:
    origin = typing.get_origin(tp)
    if is_struct(tp):
        return _struct_builder(tp, {})
    if is_struct(origin):
        names = cast("tuple[TypeVar, ...]", getattr(origin, "__parameters__", ()))
        return _struct_builder(origin, dict(zip(names, typing.get_args(tp), strict=True)))
    if origin is typing.Annotated:
        return builder(typing.get_args(tp)[0])
    if origin is list:
        return _list_builder(*typing.get_args(tp))
    if origin is dict:
        return _dict_builder(*typing.get_args(tp))
    if origin in UNIONS:
        return _union_builder(tp)
    if tp is float:
        return _as_float
    return _as_is


def _as_is(value: Any) -> Any:
    return value


def _as_float(value: Any) -> Any:
    if type(value) is not int:
        return value
    try:
        return float(value)
    except OverflowError:
        return value


def _list_builder(item: Any) -> Builder:
    build_item = builder(item)

    def build_list(value: Any) -> Any:
        return [build_item(each) for each in value] if isinstance(value, (list, tuple)) else value

    return build_list


def _dict_builder(_key: Any, item: Any) -> Builder:
    build_item = builder(item)

    def build_dict(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {key: build_item(each) for key, each in value.items()}

    return build_dict


def _struct_builder(cls: type[Struct], generics: Mapping[TypeVar, Any]) -> Builder:
    config = cls.__struct_config__
    prepared: dict[str, tuple[str, Builder]] | None = None

    def prepare() -> dict[str, tuple[str, Builder]]:
        nonlocal prepared  # only when it is complete: other threads may be building too
        fields = fields_of(cls)
        types = {wire: substitute(fields.types[n], generics) for wire, n in fields.by_wire.items()}
        prepared = {wire: (fields.by_wire[wire], builder(tp)) for wire, tp in types.items()}
        return prepared

    def build_struct(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        table = prepared or prepare()  # on first use, since classes may refer to themselves
        known: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for wire, item in value.items():
            found = table.get(wire)
            if found is None:
                extra[wire] = item
            else:
                known[found[0]] = found[1](item)
        untagged = config.tag is not None and config.tag_field not in value
        model = assemble(cls, known, extra)
        if untagged:
            model.__dict__[UNTAGGED] = True
        if extra:
            _remember(cls, extra)
        return model

    return build_struct


def substitute(tp: Any, generics: Mapping[TypeVar, Any]) -> Any:
    """`tp` with what `generics` says in the place of its type variables."""
    if isinstance(tp, TypeVar):
        return generics.get(tp, Any)
    parameters = getattr(tp, "__parameters__", ())
    if is_struct(tp) or not parameters:
        return tp
    return tp[tuple(generics.get(each, Any) for each in parameters)]


def construct(cls: Any, values: Mapping[str, Any], *, required: bool) -> Any:
    """An instance of `cls` from Python or wire names. TypeError if it is `required` and missing."""
    fields = fields_of(cls)
    known: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in values.items():
        field = name if name in fields.types else fields.by_wire.get(name)
        if field is None:
            extra[name] = value
        else:
            known[field] = build(fields.types[field], value)
    missing = [name for name in fields.required if name not in known]
    if required and missing:
        raise TypeError(
            f"{cls.__name__}() needs {', '.join(missing)}. "
            f"Use {cls.__name__}.model_construct() to build one without them."
        )
    return assemble(cls, known, extra)


def assemble(cls: type[Struct], known: dict[str, Any], extra: dict[str, Any]) -> Any:
    """An instance of `cls` from ready field values; takes what belongs to it out of `extra`."""
    model = StructMeta.__call__(cls, **known)
    config = cls.__struct_config__
    if config.tag is not None and config.tag_field in extra:
        tag = extra.pop(config.tag_field)
        if tag != config.tag:
            model.__dict__[config.tag_field] = tag
    if extra:
        model.__dict__[EXTRA] = extra
    return model


def _remember(cls: type[Struct], extra: Mapping[str, Any]) -> None:
    if is_open(cls):
        return
    if len(unknown_fields.get(cls, ())) >= MOST_UNKNOWN_FIELDS:
        return
    with classes_lock:
        names = unknown_fields.get(cls, ())
        new = [name for name in extra if name not in names and _is_learnable(name)]
        if new:
            unknown_fields[cls] = (*names, *new)[:MOST_UNKNOWN_FIELDS]


def _is_learnable(name: str) -> bool:
    usable = len(name) <= LONGEST_UNKNOWN_FIELD and not _UNUSABLE.search(name)
    return usable and name not in _NEVER_LEARNED


def _union_builder(tp: Any) -> Builder:
    parts = UnionParts(tp)
    if len(parts.others) == 1 and parts.opened is None:
        return builder(parts.others[0])
    build_opened = builder(parts.opened) if parts.opened is not None else _as_is
    build_list = _list_builder(parts.items) if parts.items is not None else _as_is
    build_dict = _dict_builder(str, parts.values) if parts.values is not None else build_opened

    def build_union(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return build_list(value)
        if not parts.structs:
            return build_dict(value) if parts.values is not None else value
        chosen = _variant_of(parts, value)
        return builder(chosen)(value) if chosen is not None else build_dict(value)

    return build_union


def _variant_of(parts: UnionParts, value: Mapping[str, Any]) -> type[Struct] | None:
    """The class that `value` says it is, or else that its fields speak for; None if in doubt."""
    marks = {each: _marks(each) for each in parts.structs}
    telling = _telling(list(marks.values()))
    said = [name for name in telling if name in value]
    named = [
        each for each, mark in marks.items() if said and value[said[0]] in mark.get(said[0], ())
    ]
    if len(named) == 1:
        return named[0]
    if not named and said and parts.opened is not None:
        return None
    if len(parts.structs) == 1 and parts.values is None:
        return parts.structs[0]
    fitting = [each for each in named or parts.structs if _fits(each, value)]
    if len(fitting) > 1:
        fitting = [each for each in fitting if _agrees(each, value)]
    return fitting[0] if len(fitting) == 1 else None


def _agrees(cls: type[Struct], value: Mapping[str, Any]) -> bool:
    """Whether every enumerated field of `cls` has one of its values."""
    fields = fields_of(cls)
    given = (
        (fields.types[name], value[wire]) for wire, name in fields.by_wire.items() if wire in value
    )
    return all(
        each in literals for tp, each in given if (literals := _literals(tp)) and each is not None
    )


def _telling(marks: Sequence[Mapping[str, tuple[object, ...]]]) -> list[str]:
    """The names of the fields that tell classes with these `marks` apart, the best first."""
    kinds = {name: {mark.get(name) for mark in marks} for mark in marks for name in mark}
    best = sorted(kinds, key=lambda name: -len(kinds[name] - {None}))
    return [name for name in best if len(marks) == 1 or len(kinds[name]) > 1]


@cache
def _marks(cls: type[Struct]) -> dict[str, tuple[object, ...]]:
    """The values that the tag and the enumerated fields of `cls` may have, by wire name."""
    fields = fields_of(cls)
    if fields.tag_field is not None:
        return {fields.tag_field: (fields.tag,)}
    found = {wire: _literals(fields.types[name]) for wire, name in fields.by_wire.items()}
    return {wire: values for wire, values in found.items() if values}


def _literals(tp: Any) -> tuple[object, ...]:
    """The values that `tp` enumerates, null aside; none if it is not an enumeration."""
    if typing.get_origin(tp) in UNIONS:
        members = [each for each in typing.get_args(tp) if each is not type(None)]
        return _literals(members[0]) if len(members) == 1 else ()
    return typing.get_args(tp) if typing.get_origin(tp) is typing.Literal else ()


def _fits(cls: type[Struct], value: Mapping[str, Any]) -> bool:
    """Whether the fields of `cls` explain every key, and no required one is missing."""
    fields = fields_of(cls)
    if value.get(cast(str, fields.tag_field), fields.tag) != fields.tag:
        return False
    required = {fields.slots[name] for name in fields.required}
    return required <= value.keys() <= {*fields.by_wire, fields.tag_field}
