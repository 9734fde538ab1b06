"""Merging deltas: how an object grows that a stream sends in pieces.

What a delta says of a field is added to what is there, by the kinds of both:

    nothing or null there         what the delta says, as the type that belongs there
    null in the delta             changes nothing
    `index`, `type`, `id`         replaced
    two strings, two numbers      concatenated, added
    two objects                   merged, field by field
    two lists of plain values     one after the other
    two lists of objects          merged by the integer `index` of each entry of the delta
    anything else                 replaced

The object grows in place, so that a delta costs what it brings and not what is there. Deltas are
left as they are, and share nothing with what they were merged into. Fields that no class declares
are merged like any other. Pure.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from msgspec import Struct

from ._build import build
from ._dump import dump
from ._fields import EXTRA, UNIONS, UnionParts, extras_of, fields_of, members, public_class

#: What tells entries of a list apart, and what says of which kind an object is.
_INDEX, _TYPE = "index", "type"

#: What a server may say again without meaning more of it.
_REPLACED = frozenset({_INDEX, _TYPE, "id"})

#: Under which key an entry keeps its index if its class has no field for that.
_PLACE = "_index"


def merge(grown: Any, delta: Any) -> None:
    """Adds what `delta` says to `grown`; both are response objects or dicts.

    Raises RuntimeError for an entry of a list that has no index and TypeError for an index that is
    no integer, if there are entries that it may be meant for.
    """
    for name, value in _given(delta):
        _merge_field(grown, name, value)


def entry_at(entries: Any, index: object) -> Any:
    """The entry of the list `entries` that deltas call `index`; None if there is none."""
    if not isinstance(entries, list) or not isinstance(index, int):
        return None
    position, found = _find(entries, index)
    return entries[position] if found else None


def _given(delta: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(delta, Mapping):
        yield from delta.items()
    else:
        for _, wire, value in members(delta):
            yield wire, value


def _merge_field(grown: Any, wire: str, value: Any) -> None:
    if not isinstance(grown, Struct):
        grown[wire] = _merged(Any, grown.get(wire), value, wire)
        return
    fields = fields_of(public_class(type(grown)))
    name = fields.by_wire.get(wire)
    if name is not None:
        setattr(grown, name, _merged(fields.types[name], getattr(grown, name), value, wire))
    elif wire != fields.tag_field and (wire != _INDEX or _PLACE not in vars(grown)):
        merged = _merged(Any, extras_of(grown).get(wire), value, wire)
        vars(grown).setdefault(EXTRA, {})[wire] = merged


def _merged(tp: Any, there: Any, value: Any, wire: str = "") -> Any:
    """What becomes of the value `there` of a field of type `tp`."""
    if value is None:
        return there
    if isinstance(there, list) and isinstance(value, list):
        _extend(_item_type(tp), there, value)
        return there
    if _is_object(there) and _is_object(value):
        return _merged_object(tp, there, value)
    if wire not in _REPLACED:
        if isinstance(there, str) and isinstance(value, str):
            return there + value
        if _is_number(there) and _is_number(value):
            return there + value
    return _new(tp, value)


def _merged_object(tp: Any, there: Any, delta: Any) -> Any:
    kind = _get(delta, _TYPE)
    if kind is None or kind == _get(there, _TYPE) or not isinstance(there, Struct):
        merge(there, delta)
        return there
    # It turns out to be something else, with a class of its own perhaps.
    place = vars(there).get(_PLACE)
    plain = _plain(there)
    merge(plain, delta)
    return build(tp, plain) if place is None else _entry(tp, plain, place)


def _extend(tp: Any, entries: list[Any], deltas: list[Any]) -> None:
    began_empty = not entries
    for delta in deltas:
        index = _get(delta, _INDEX)
        if not _is_object(delta) or (index is None and began_empty):
            entries.append(_new(tp, delta))
        elif index is None:
            raise RuntimeError(
                "A list entry of a delta has no index: there are several it may mean."
            )
        elif not isinstance(index, int):
            raise TypeError(f"The index of a list entry must be an integer, not {index!r}.")
        else:
            _merge_entry(tp, entries, index, delta)


def _merge_entry(tp: Any, entries: list[Any], index: int, delta: Any) -> None:
    position, found = _find(entries, index)
    if found:
        entry = entries[position]
        if isinstance(entry, Struct) and _INDEX not in _wire_names(entry):
            vars(entry)[_PLACE] = index
        entries[position] = _merged(tp, entry, delta)
        return
    entries.insert(position, _entry(tp, _plain(delta), index))


def _entry(tp: Any, plain: dict[str, Any], index: int) -> Any:
    """The entry that is made of `plain`, and that deltas call `index`."""
    plain.pop(_INDEX, None)  # lest a class learn a field that only deltas have
    entry = build(tp, plain)
    if not isinstance(entry, Struct):
        entry[_INDEX] = index
    elif _INDEX in _wire_names(entry):
        setattr(entry, _wire_names(entry)[_INDEX], index)
    else:
        vars(entry)[_PLACE] = index
    return entry


def _wire_names(model: Struct) -> dict[str, str]:
    return fields_of(public_class(type(model))).by_wire


def _find(entries: list[Any], index: int) -> tuple[int, bool]:
    """Where the entry with this index is, or belongs; whether it is there."""
    if 0 <= index < len(entries) and _index_of(entries[index], index) == index:
        return index, True
    for position, entry in enumerate(entries):
        own = _index_of(entry, position)
        if own >= index:
            return position, own == index
    return len(entries), False


def _index_of(entry: Any, position: int) -> int:
    """What deltas call `entry`: its position, unless it says otherwise."""
    own = vars(entry).get(_PLACE) if isinstance(entry, Struct) else None
    own = _get(entry, _INDEX) if own is None else own
    return own if isinstance(own, int) else position


def _new(tp: Any, value: Any) -> Any:
    """`value` as `tp`, made anew."""
    if isinstance(value, list):
        entries: list[Any] = []
        _extend(_item_type(tp), entries, value)
        return entries
    return build(tp, _plain(value))


def _plain(value: Any) -> Any:
    """A copy of `value`, of dicts, lists and atoms."""
    return dump(value, by_alias=True, exclude_unset=True)


@cache
def _item_type(tp: Any) -> Any:
    """What the lists hold that `tp` admits."""
    if typing.get_origin(tp) is list:
        return typing.get_args(tp)[0]
    return (UnionParts(tp).items or Any) if typing.get_origin(tp) in UNIONS else Any


def _get(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name)
    return getattr(value, name, None) if isinstance(value, Struct) else None


def _is_object(value: Any) -> bool:
    return isinstance(value, (Struct, Mapping))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
