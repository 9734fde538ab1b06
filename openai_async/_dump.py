"""From response objects, and anything users pass as parameters, back to plain values and JSON.

Sent and dumped is what is there: an absent field stays absent, an explicit null stays null, a field
the class does not know goes out under its own name. `omit` drops its key wherever it stands.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import math
import os
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from ._fields import fields_of, members
from ._sentinels import is_given

_encoder = msgspec.json.Encoder()

#: What JSON has a notation for and msgspec writes as it is.
_ATOMS = frozenset({str, int, bool, type(None)})


def encode(value: Any) -> bytes:
    """`value` as compact JSON. Raises TypeError or ValueError for what JSON cannot say."""
    return _encoder.encode(plain(value))


def plain(value: Any) -> Any:
    """`value` as dicts, lists and atoms, ready to be encoded."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is dict:
        return {key: plain(item) for key, item in value.items() if is_given(item)}
    if kind is list or kind is tuple:
        return value if set(map(type, value)) <= _ATOMS else [plain(item) for item in value]
    if kind is float:
        return _finite(value)
    if isinstance(value, Struct):
        return {wire: plain(item) for _, wire, item in members(value)}
    return _plain_other(value)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"JSON has no notation for {value!r}: send a finite number, or None.")
    return value


def _plain_other(value: Any) -> Any:
    for kind, convert in _CONVERSIONS:
        if isinstance(value, kind):
            return convert(value)
    if hasattr(value, "model_dump"):  # a pydantic model
        return plain(value.model_dump(mode="json", by_alias=True, exclude_unset=True))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return {n: plain(item) for n in names if is_given(item := getattr(value, n))}
    if isinstance(value, Iterable) and not isinstance(value, (bytes, bytearray, memoryview)):
        return [plain(item) for item in value]
    raise TypeError(
        f"A value of type {type(value).__name__} cannot be sent as JSON. Pass dicts, lists, "
        "strings, numbers, response objects, dataclasses or pydantic models."
    )


def _plain_mapping(value: Mapping[Any, Any]) -> dict[Any, Any]:
    return {key: plain(item) for key, item in value.items() if is_given(item)}


_CONVERSIONS: tuple[tuple[type | tuple[type, ...], Any], ...] = (
    (enum.Enum, lambda value: plain(value.value)),
    (str, str.__str__),
    (int, int),
    (float, lambda value: _finite(float(value))),
    ((datetime.datetime, datetime.date, datetime.time), lambda value: value.isoformat()),
    ((uuid.UUID, decimal.Decimal), str),
    (os.PathLike, os.fspath),
    (Mapping, _plain_mapping),
)


def dump(
    value: Any,
    *,
    by_alias: bool = False,
    exclude_unset: bool = False,
    exclude_defaults: bool = False,
    exclude_none: bool = False,
    include: Any = None,
    exclude: Any = None,
) -> Any:
    """`value` with every response object inside it turned into a dict."""
    options = (by_alias, exclude_unset, exclude_defaults, exclude_none)
    return _dump(value, options, include, exclude)


_Options = tuple[bool, bool, bool, bool]


def _dump(value: Any, options: _Options, include: Any = None, exclude: Any = None) -> Any:
    if isinstance(value, Struct):
        return _dump_struct(value, options, include, exclude)
    if isinstance(value, list):
        inner = (_part(include, "__all__"), _part(exclude, "__all__"))
        return [_dump(item, options, *inner) for item in value]
    if isinstance(value, dict):
        return {key: _dump(item, options) for key, item in value.items()}
    return value


def _dump_struct(model: Struct, options: _Options, include: Any, exclude: Any) -> dict[str, Any]:
    by_alias, exclude_unset, exclude_defaults, exclude_none = options
    fields = fields_of(type(model))
    values = {name: (wire, item) for name, wire, item in members(model)}
    if not exclude_unset:
        absent = ((n, fields.slots[n]) for n in _declared(model) if n not in values)
        values.update({n: (wire, fields.defaults.get(n)) for n, wire in absent})
    result: dict[str, Any] = {}
    for name, (wire, item) in values.items():
        if include is not None and name not in include:
            continue
        if exclude is not None and name in exclude and not _nested(exclude, name):
            continue
        if exclude_none and item is None:
            continue
        if exclude_defaults and name in fields.defaults and item == fields.defaults[name]:
            continue
        parts = (_part(include, name), _part(exclude, name))
        result[wire if by_alias else name] = _dump(item, options, *parts)
    return result


def _declared(model: Struct) -> Iterable[str]:
    learned = getattr(type(model), "__learned__", ())
    return (name for name in type(model).__struct_fields__ if name not in learned)


def _nested(selection: Any, name: str) -> bool:
    """Whether `selection` speaks of something inside `name` rather than of `name` itself."""
    return isinstance(selection, Mapping) and isinstance(selection[name], (set, Mapping))


def _part(selection: Any, name: str) -> Any:
    """What an `include`/`exclude` argument says of the inside of `name`."""
    if not isinstance(selection, Mapping) or name not in selection:
        return None
    return selection[name] if isinstance(selection[name], (set, Mapping)) else None

