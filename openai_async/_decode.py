"""From JSON bytes to response objects: in C, whatever the server sends.

msgspec decodes typed classes from bytes very fast, but it refuses a body at the first value that
does not fit. So it is not given our annotations as they stand: `_loosen` widens each of them until
every JSON value fits its place (a number where the API promises a string stays a number, a null
stays a null). Two things remain that make it refuse, and both lead to the careful way in `_build`:

- a variant whose tag no class of the union has: it becomes `Unknown`;
- a field that the class does not have. Its name is remembered, and from then on the decoder uses a
  subclass with one more slot, so that a gateway with fields of its own costs the slow way once.
"""

from __future__ import annotations

import threading
import types
import typing
from collections.abc import Callable
from typing import Annotated, Any, TypeVar, Union, cast

import msgspec
from msgspec import Struct

from ._build import build, builder, unknown_fields
from ._fields import EXTRA, UNIONS, fields_of, is_open, is_struct

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
    known_before = _count_unknown_fields()
    model = build(tp, value)
    if isinstance(value, dict) and value.get("error") and "error" in _unknown_to(model):
        raise ErrorBody(value["error"])
    if _count_unknown_fields() != known_before:
        with _lock:
            _decoders.clear()
            _variants.clear()
    return model


def _unknown_to(model: Any) -> Any:
    return model.__dict__.get(EXTRA, ()) if isinstance(model, Struct) else ()


def _count_unknown_fields() -> int:
    return sum(map(len, unknown_fields.values()))


_lock = threading.RLock()
_decoders: dict[Any, Callable[[bytes | str], Any]] = {}
_variants: dict[Any, type[Struct]] = {}


def _prepare(tp: Any) -> Callable[[bytes | str], Any]:
    with _lock:
        if tp not in _decoders:
            workshop = _Workshop()
            try:
                decoder = msgspec.json.Decoder(workshop.loosen(tp), dec_hook=_build_opaque)
            finally:
                workshop.restore()
            _decoders[tp] = decoder.decode
        return _decoders[tp]


class _Workshop:
    """Gives msgspec the widened annotations while it builds one decoder.

    msgspec reads the annotations of a class once, when it first meets it in a decoder. So they are
    widened in place for that moment and put back, and a class that has learned nothing is decoded
    as itself.
    """

    def __init__(self) -> None:
        self.originals: dict[type[Struct], dict[str, Any]] = {}

    def restore(self) -> None:
        for cls, annotations in self.originals.items():
            cls.__annotations__ = annotations

    def loosen(self, tp: Any) -> Any:
        """`tp`, widened until every JSON value fits."""
        origin, args = typing.get_origin(tp), typing.get_args(tp)
        if is_struct(tp) or is_struct(origin):
            return Union[(self.variant(tp), _LIST, *_ATOMS)]  # noqa: UP007
        if origin is Annotated:
            return self.loosen(args[0])
        if origin is list:
            return Union[(list[self.loosen(args[0])], _DICT, *_ATOMS)]  # type: ignore[misc]  # noqa: UP007
        if origin is dict:
            return Union[(dict[str, self.loosen(args[1])], _LIST, *_ATOMS)]  # type: ignore[misc]  # noqa: UP007
        if origin in UNIONS:
            return self.union(tp, args)
        if tp is float:
            return Union[(float, str, bool, None, _LIST, _DICT)]  # noqa: UP007
        return Any

    def union(self, tp: Any, args: tuple[Any, ...]) -> Any:
        args = tuple(each for each in args if not is_open(each) and each is not type(None))
        structs = [each for each in args if is_struct(each)]
        lists = [each for each in args if typing.get_origin(each) is list]
        dicts = [each for each in args if typing.get_origin(each) is dict]
        if len(args) == 1:
            return self.loosen(args[0])
        if not structs and not lists and not dicts:
            return Any
        if len(lists) > 1 or len(dicts) > 1 or (structs and dicts) or not _distinct(structs):
            return _opaque(tp)
        items = [list[self.loosen(typing.get_args(each)[0])] for each in lists] or [_LIST]  # type: ignore[misc]
        maps = [dict[str, self.loosen(typing.get_args(each)[1])] for each in dicts]  # type: ignore[misc]
        objects = [self.variant(each) for each in structs] or maps or [_DICT]
        return Union[(*objects, *items, *_ATOMS)]  # noqa: UP007

    def variant(self, tp: Any) -> type[Struct]:
        """The class to decode `tp` into: itself, unless it or one inside it learned fields."""
        if tp not in _variants:
            origin = cast("type[Struct]", typing.get_origin(tp) or tp)
            _variants[tp] = origin  # a class that contains itself finds itself here
            _variants[tp] = self._make(origin, typing.get_args(tp))
        return _variants[tp]

    def _make(self, cls: type[Struct], args: tuple[Any, ...]) -> type[Struct]:
        fields = fields_of(cls)
        names: tuple[TypeVar, ...] = getattr(cls, "__parameters__", ())
        annotations = {
            name: self.loosen(_substitute(hint, dict(zip(names, args, strict=False))))
            for name, hint in fields.types.items()
        }
        inside = (each for hint in fields.types.values() for each in _structs_in(hint))
        learned = unknown_fields.get(cls)
        if not args and not learned and all(self.variant(each) is each for each in inside):
            self.originals.setdefault(cls, cls.__dict__.get("__annotations__", {}))
            cls.__annotations__ = annotations
            return cls
        slots = {f"_x{number}": wire for number, wire in enumerate(learned or ())}
        namespace = {
            "__module__": cls.__module__,
            "__qualname__": cls.__qualname__,
            "__doc__": cls.__doc__,
            "__model__": cls,
            "__learned__": slots,
            "__annotations__": {**annotations, **dict.fromkeys(slots, Any)},
            **{name: fields.defaults[name] for name in annotations if name in fields.defaults},
        }
        config: dict[str, Any] = {"rename": {**fields.slots, **slots}}
        if fields.tag_field is not None:
            config |= {"tag_field": fields.tag_field, "tag": fields.tag}
        return types.new_class(cls.__name__, (cls,), config, lambda ns: ns.update(namespace))


def _distinct(structs: list[type[Struct]]) -> bool:
    """Whether msgspec can tell these classes apart by their tags."""
    if len(structs) < 2:
        return True
    configs = [each.__struct_config__ for each in structs if typing.get_origin(each) is None]
    tags = {(config.tag_field, config.tag) for config in configs if config.tag is not None}
    return len(tags) == len(structs) and len({field for field, _ in tags}) == 1


def _substitute(hint: Any, generics: dict[TypeVar, Any]) -> Any:
    parameters = getattr(hint, "__parameters__", ())
    if isinstance(hint, TypeVar):
        return generics.get(hint, Any)
    return hint[tuple(generics.get(each, Any) for each in parameters)] if parameters else hint


def _structs_in(hint: Any) -> list[Any]:
    if is_struct(hint):
        return [] if is_open(hint) else [hint]
    return [each for arg in typing.get_args(hint) for each in _structs_in(arg)]


class _Opaque:
    """Stands for a union msgspec cannot tell apart; `_build` does, from the parsed value."""

    build: Callable[[Any], Any]


def _opaque(tp: Any) -> type[_Opaque]:
    return type("Opaque", (_Opaque,), {"build": staticmethod(builder(tp))})


def _build_opaque(tp: type[_Opaque], value: Any) -> Any:
    return tp.build(value)


