"""From plain Python values (parsed JSON) to response objects: the careful way.

`_decode` turns bytes into objects in C and comes here only when a server sent something the classes
do not describe: a field nobody knows, or a variant nobody knows. Nothing is refused and nothing is
guessed: an unknown field stays readable under its name, an unknown variant becomes `Unknown`, any
other value stays what it was.

Builders are compiled once per type into plain functions, so that building costs no type inspection.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar, cast

from msgspec import Struct, StructMeta

from ._fields import EXTRA, UNIONS, fields_of, is_open, is_struct

Builder = Callable[[Any], Any]

#: Names of unknown fields met so far, by class: `_decode` makes them known to the C decoder.
unknown_fields: dict[type[Struct], dict[str, None]] = {}

#: Per class, so that a server whose keys are data cannot grow the table without end.
MOST_UNKNOWN_FIELDS = 24
LONGEST_UNKNOWN_FIELD = 64


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
        return _union_builder(typing.get_args(tp))
    if tp is float:
        return _as_float
    return _as_is


def _as_is(value: Any) -> Any:
    return value


def _as_float(value: Any) -> Any:
    return float(value) if type(value) is int and float(value) == value else value


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
    table: dict[str, tuple[str, Builder]] = {}

    def prepare() -> None:  # on first use, since classes may refer to themselves
        fields = fields_of(cls)
        for wire, name in fields.by_wire.items():
            tp = fields.types[name]
            if generics and getattr(tp, "__parameters__", ()):
                tp = tp[tuple(generics[each] for each in tp.__parameters__)]
            table[wire] = (name, builder(generics.get(tp, tp)))

    def build_struct(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return [build_struct(v) for v in value] if isinstance(value, list) else value
        if not table:
            prepare()
        known: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for wire, item in value.items():
            found = table.get(wire)
            if found is None:
                extra[wire] = item
            else:
                known[found[0]] = found[1](item)
        model = assemble(cls, known, extra)
        if extra:
            _remember(cls, extra)
        return model

    return build_struct


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
    names = unknown_fields.setdefault(cls, {})
    for name in extra:
        # "error" stays unknown: `_decode` must be able to tell an error body from an answer.
        if len(names) < MOST_UNKNOWN_FIELDS and len(name) <= LONGEST_UNKNOWN_FIELD:
            if name != "error":
                names.setdefault(name)


def _union_builder(members: tuple[Any, ...]) -> Builder:
    structs = [each for each in members if is_struct(each) and not is_open(each)]
    opened = next((each for each in members if is_open(each)), None)
    others = [builder(each) for each in members if typing.get_origin(each) in (list, dict)]
    tag_field, tagged = _tag_table(structs)
    build_opened = builder(opened) if opened is not None else _as_is

    def build_union(value: Any) -> Any:
        if isinstance(value, Mapping) and structs:
            chosen = tagged.get(value[tag_field]) if tag_field in value else None
            if chosen is None and not (tag_field in value and opened is not None):
                chosen = _by_shape(structs, value)
            return builder(chosen)(value) if chosen is not None else build_opened(value)
        for build_other in others:
            built = build_other(value)
            if built is not value:
                return built
        return value

    return build_union


def _tag_table(structs: list[type[Struct]]) -> tuple[str, dict[Any, type[Struct]]]:
    configs = [(each, each.__struct_config__) for each in structs]
    names = {config.tag_field for _, config in configs if config.tag is not None}
    if len(names) != 1:
        return "", {}
    return cast(str, names.pop()), {config.tag: each for each, config in configs}


def _by_shape(structs: list[type[Struct]], value: Mapping[str, Any]) -> type[Struct] | None:
    """The one class whose fields explain every key; None if there is none or more than one."""
    if len(structs) == 1:
        return structs[0]
    fitting = []
    for each in structs:
        fields = fields_of(each)
        missing = any(fields.slots[name] not in value for name in fields.required)
        if not missing and value.keys() <= fields.by_wire.keys():
            fitting.append(each)
    return fitting[0] if len(fitting) == 1 else None
