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

from ._fields import fields_of, members, public_class
from ._sentinels import ABSENT, is_given

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
        return {
            key: item if type(item) in _ATOMS else plain(item)
            for key, item in value.items()
            if not isinstance(item, ABSENT)
        }
    if kind is list or kind is tuple:
        return value if set(map(type, value)) <= _ATOMS else [plain(item) for item in value]
    if kind is float:
        return _finite(value)
    if isinstance(value, Struct):
        return {wire: plain(item) for _, wire, item in members(value) if is_given(item)}
    return _plain_other(value)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"JSON has no notation for {value!r}: send a finite number, or None.")
    return value


def _plain_other(value: Any) -> Any:
    for kind, convert in _CONVERSIONS:
        if isinstance(value, kind):
            return convert(value)
    if _is_pydantic(value):
        return plain(value.model_dump(mode="json", by_alias=True, exclude_unset=True))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return {n: plain(item) for n in names if is_given(item := getattr(value, n))}
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(
            f"{type(value).__name__} cannot be sent as JSON: decode it to str, or encode it with "
            "base64, whichever this parameter takes."
        )
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    raise TypeError(
        f"A value of type {type(value).__name__} cannot be sent as JSON. Pass dicts, lists, "
        "strings, numbers, response objects, dataclasses or pydantic models."
    )


def _is_pydantic(value: Any) -> bool:
    return hasattr(value, "model_dump") and not isinstance(value, type)


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

#: In `include` and `exclude`, what holds for every item of a list.
_EVERY = "__all__"


def _dump(value: Any, options: _Options, include: Any = None, exclude: Any = None) -> Any:
    if isinstance(value, Struct):
        return _dump_struct(value, options, include, exclude)
    if isinstance(value, (list, tuple)):
        return [
            _dump(item, options, *inside)
            for position, item in enumerate(value)
            if (inside := _selected(position, include, exclude)) is not None
        ]
    if isinstance(value, dict):
        return {
            key: _dump(item, options, *inside)
            for key, item in value.items()
            if (inside := _selected(key, include, exclude)) is not None
        }
    if _is_pydantic(value):
        by_alias, unset, defaults, none = options
        chosen = {"by_alias": by_alias, "include": include, "exclude": exclude}
        omitted = {"exclude_unset": unset, "exclude_defaults": defaults, "exclude_none": none}
        return value.model_dump(**chosen, **omitted)
    return value


def _dump_struct(model: Struct, options: _Options, include: Any, exclude: Any) -> dict[str, Any]:
    by_alias, exclude_unset, exclude_defaults, exclude_none = options
    fields = fields_of(public_class(type(model)))
    values = list(members(model))
    if not exclude_unset:
        sent = {name for name, _, _ in values}
        absent = ((n, wire) for n, wire in fields.slots.items() if n not in sent)
        values += ((n, wire, fields.defaults.get(n)) for n, wire in absent)
    result: dict[str, Any] = {}
    for name, wire, item in values:
        inside = _selected(name, include, exclude)
        is_default = name in fields.defaults and item == fields.defaults[name]
        if inside is None or (exclude_none and item is None) or (exclude_defaults and is_default):
            continue
        result[wire if by_alias else name] = _dump(item, options, *inside)
    return result


def _selected(name: Any, include: Any, exclude: Any) -> tuple[Any, Any] | None:
    """What `include` and `exclude` say of the inside of `name`; None if it is not wanted."""
    wanted, unwanted = _part(include, name), _part(exclude, name)
    if (include is not None and wanted is None) or unwanted is True:
        return None
    return (None if wanted is True else wanted), unwanted


def _part(selection: Any, name: Any) -> Any:
    """A selection inside `name`; True if it is selected as a whole, None if it is not."""
    if selection is None:
        return None
    key = name if name in selection else _EVERY
    if key not in selection:
        return None
    part = selection[key] if isinstance(selection, Mapping) else True
    return True if part is ... else part
