"""From JSON bytes to response objects: in C, whatever the server sends.

msgspec decodes typed classes from bytes very fast, but it refuses a body at the first value that
does not fit. So it is not given our annotations as they stand: `_Workshop` widens each of them
until every JSON value fits its place (a number where the API promises a string stays a number, a
null stays a null). Two things remain that make it refuse, and both lead to the careful way:

- a tag that no class of the union has, or none: the variant becomes `Unknown`, unless its fields
  leave no doubt;
- a field that the class does not have. Its name is remembered, and from then on the decoder uses a
  subclass with one more slot, so that a gateway with fields of its own costs the slow way once.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, TypeVar, Union, cast

import msgspec
from msgspec import Struct, defstruct

from ._build import build, builder, substitute, unknown_fields
from ._fields import (
    EXTRA,
    UNIONS,
    Fields,
    UnionParts,
    classes_lock,
    fields_of,
    is_struct,
)

_ATOMS = (str, int, float, bool, None)
_LIST, _DICT = list[Any], dict[str, Any]


class ErrorBody(Exception):
    """An error object where an answer was expected; `error` is what stood under that key."""

    def __init__(self, error: Any) -> None:
        super().__init__(error)
        self.error = error


def decode(data: bytes | str, tp: Any) -> Any:
    """The JSON document `data` as `tp`.

    Raises `msgspec.DecodeError` if it is not JSON, `ErrorBody` if it is an error object.
    """
    decode_fast = _decoders.get(tp) or _prepare(tp)
    try:
        return decode_fast(data)
    except msgspec.ValidationError:
        return _decode_carefully(data, tp)


def _decode_carefully(data: bytes | str, tp: Any) -> Any:
    value = msgspec.json.decode(data)
    model = build(tp, value)
    _relearn()
    if isinstance(value, dict) and value.get("error") and "error" in _unknown_to(model):
        raise ErrorBody(value["error"])
    return model


def _unknown_to(model: Any) -> Any:
    return model.__dict__.get(EXTRA, ()) if isinstance(model, Struct) else ()


def _relearn() -> None:
    """Has decoders made anew if fields were met that the present ones do not know."""
    global _known
    with classes_lock:
        met = sum(map(len, list(unknown_fields.values())))
        if met != _known:
            _known = met
            _decoders.clear()
            _variants.clear()


_known = 0
_decoders: dict[Any, Callable[[bytes | str], Any]] = {}
_variants: dict[Any, type[Struct]] = {}


def _prepare(tp: Any) -> Callable[[bytes | str], Any]:
    with classes_lock:
        if tp not in _decoders:
            workshop = _Workshop()
            try:
                decoder = msgspec.json.Decoder(workshop.loosen(tp), dec_hook=_build_opaque)
            except BaseException:
                _variants.clear()
                raise
            finally:
                workshop.restore()
            _decoders[tp] = decoder.decode
        return _decoders[tp]


def _any_of(*members: Any) -> Any:
    return Union[members]  # noqa: UP007  # as many as there are


def _list_of(item: Any) -> Any:
    return types.GenericAlias(list, (item,))


def _dict_of(value: Any) -> Any:
    return types.GenericAlias(dict, (str, value))


class _Workshop:
    """Gives msgspec the widened annotations while it builds one decoder.

    msgspec reads the annotations of a class once, when it first meets it in a decoder. So they are
    widened in place for that moment and put back, and a class that has learned nothing is decoded
    as itself.
    """

    def __init__(self) -> None:
        self.originals: dict[type[Struct], dict[str, Any]] = {}

    def restore(self) -> None:
        for cls, original in self.originals.items():
            cls.__annotations__ = original

    def loosen(self, tp: Any) -> Any:
        """`tp`, widened until every JSON value fits."""
        origin, args = typing.get_origin(tp), typing.get_args(tp)
        if is_struct(tp) or is_struct(origin):
            return _any_of(*self.objects([tp]), _LIST, *_ATOMS)
        if origin is Annotated:
            return self.loosen(args[0])
        if origin is list:
            return _any_of(_list_of(self.loosen(args[0])), _DICT, *_ATOMS)
        if origin is dict:
            return _any_of(_dict_of(self.loosen(args[1])), _LIST, *_ATOMS)
        if origin in UNIONS:
            return self.union(tp)
        if tp is float:
            return _any_of(float, str, bool, None, _LIST, _DICT)
        return Any

    def union(self, tp: Any) -> Any:
        parts = UnionParts(tp)
        if len(parts.others) == 1:
            return self.loosen(parts.others[0])
        if not parts.structs and parts.items is None and parts.values is None:
            return Any
        if (parts.structs and parts.values is not None) or not _distinct(parts.structs):
            return _opaque(tp)
        items = _LIST if parts.items is None else _list_of(self.loosen(parts.items))
        values = _DICT if parts.values is None else _dict_of(self.loosen(parts.values))
        objects = self.objects(parts.structs) or [values]
        return _any_of(*objects, items, *_ATOMS)

    def objects(self, structs: list[Any]) -> list[Any]:
        """The classes to decode `structs` into, and one more where that makes msgspec look at tags.

        A single class with a tag it would decode without one, and then the tag is there although
        the server did not send it.
        """
        found: list[Any] = [self.variant(each) for each in structs]
        configs = [each.__struct_config__ for each in found]
        alone = len(found) == 1 and configs[0].tag is not None
        return [*found, _nobody(configs[0].tag_field)] if alone else found

    def variant(self, tp: Any) -> type[Struct]:
        """The class to decode `tp` into: itself, unless it or one inside it learned fields."""
        if tp in _variants:
            return _variants[tp]
        cls, args = cast("type[Struct]", typing.get_origin(tp) or tp), typing.get_args(tp)
        fields = fields_of(cls)
        if args or any(unknown_fields.get(each) for each in _reachable(cls)):
            chosen = _extended(cls, fields, unknown_fields.get(cls, ()))
        else:
            chosen = cls
            self.originals.setdefault(cls, inspect.get_annotations(cls))
        _variants[tp] = chosen  # before its annotations: a class may contain itself
        names: tuple[TypeVar, ...] = getattr(cls, "__parameters__", ())
        generics = dict(zip(names, args, strict=False))
        loose = {n: self.loosen(substitute(hint, generics)) for n, hint in fields.types.items()}
        chosen.__annotations__ = dict.fromkeys(chosen.__struct_fields__, Any) | loose
        return chosen


def _extended(cls: type[Struct], fields: Fields, learned: tuple[str, ...]) -> type[Struct]:
    """A subclass of `cls` with a slot for each field it learned."""
    slots = {f"_x{number}": wire for number, wire in enumerate(learned)}
    names = (*fields.types, *slots)
    namespace = {
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
        "__model__": cls,
        "__learned__": slots,
        "__annotations__": dict.fromkeys(names, Any),
        **{name: fields.defaults[name] for name in names if name in fields.defaults},
    }
    config: dict[str, Any] = {"rename": {**fields.slots, **slots}}
    if fields.tag_field is not None:
        config |= {"tag_field": fields.tag_field, "tag": fields.tag}
    variant = types.new_class(cls.__name__, (cls,), config, lambda ns: ns.update(namespace))
    for slot in slots:  # read through `model_extra` only: a server may use these names too
        delattr(variant, slot)
    return variant


@cache
def _reachable(cls: type[Struct]) -> frozenset[type[Struct]]:
    """`cls` and the classes of everything that may be inside it."""
    found, todo = {cls}, [cls]
    while todo:
        hints = fields_of(todo.pop()).types.values()
        new = {each for hint in hints for each in _structs_in(hint)} - found
        found |= new
        todo += new
    return frozenset(found)


@cache
def _nobody(tag_field: str) -> type[Struct]:
    """A class that nothing is decoded into."""
    return defstruct("Nobody", (), tag_field=tag_field, tag="\0")


def _distinct(structs: list[type[Struct]]) -> bool:
    """Whether msgspec can tell these classes apart by their tags."""
    if len(structs) < 2:
        return True
    configs = [each.__struct_config__ for each in structs]
    tags = {(config.tag_field, config.tag) for config in configs if config.tag is not None}
    return len(tags) == len(structs) and len({field for field, _ in tags}) == 1


def _structs_in(hint: Any) -> list[type[Struct]]:
    own = [each for each in (hint, typing.get_origin(hint)) if is_struct(each)]
    return own + [each for arg in typing.get_args(hint) for each in _structs_in(arg)]


class _Anything(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return True  # msgspec asks, of what `_build_opaque` gave it


class _Opaque(metaclass=_Anything):
    """Stands for a union msgspec cannot tell apart; `_build` does, from the parsed value."""

    build: Callable[[Any], Any]


def _opaque(tp: Any) -> type[_Opaque]:
    return type("Opaque", (_Opaque,), {"build": staticmethod(builder(tp))})


def _build_opaque(tp: type[_Opaque], value: Any) -> Any:
    return tp.build(value)
