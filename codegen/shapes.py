"""The shape of JSON values, as an OpenAPI document tells it and as the description does."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from . import expressions
from .description import Description, Type
from .expressions import Expression

_PLAIN = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
_LISTS = ("list", "Iterable", "Sequence", "SequenceNotStr")


class Shape(Struct):
    """A kind of JSON value ("" if it may be several), and what is inside, found when asked for."""

    kind: str = ""
    fields: dict[str, Callable[[], Shape]] = {}


def differences(theirs: Shape, ours: Shape, at: str = "", depth: int = 6) -> Iterator[str]:
    """Signs and places: `+` is new in theirs, `-` is in ours alone, `~` is of another kind."""
    if not theirs.kind or not ours.kind or depth == 0:
        return
    if theirs.kind != ours.kind:
        yield f"~ {at}: {ours.kind} here, {theirs.kind} there"
        return
    if not theirs.fields or not ours.fields:
        return
    for name in sorted(theirs.fields.keys() | ours.fields.keys()):
        place = f"{at}.{name}" if at else name
        if name not in ours.fields:
            yield f"+ {place}"
        elif name not in theirs.fields:
            yield f"- {place}"
        else:
            inside = theirs.fields[name](), ours.fields[name]()
            yield from differences(*inside, at=place, depth=depth - 1)


def of_type(description: Description, each: Type) -> Shape:
    """The shape of a model or an alias."""
    if each.alias is not None:
        return of_expression(description, each.alias, each.root)
    fields: dict[str, Callable[[], Shape]] = {}
    for base in description.base_types(each) if each.definition.bases else ():
        fields |= of_type(description, base).fields
    for name, field in each.fields.items():
        fields[field.wire or name] = _later(description, each.types[name], each.root)
    return Shape("object", fields)


def _later(description: Description, node: Expression, root: str) -> Callable[[], Shape]:
    return lambda: of_expression(description, node, root)


def of_expression(description: Description, node: Expression, root: str) -> Shape:
    members = [each for each in expressions.members(node) if not expressions.is_optional(each)]
    literals = expressions.literals(node)
    if literals:
        kinds = {_PLAIN.get(type(each).__name__, "") for each in literals}
        return Shape(kinds.pop()) if len(kinds) == 1 else Shape()
    if len(members) != 1:
        return Shape()
    text = ast.unparse(members[0])
    head, _, inside = text.partition("[")
    if head in _LISTS:
        item = expressions.parse(inside.removesuffix("]"))
        return Shape("array", {"[]": _later(description, item, root)})
    if head == "dict":
        return Shape("object")
    if text in expressions.PLAIN:
        return Shape(_PLAIN.get(text, ""))
    return of_type(description, description.find(root, text, "the comparison"))


class Schemas:
    """The schemas of an OpenAPI document, looked up by reference."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def resolved(self, value: Any) -> Any:
        while isinstance(value, dict) and "$ref" in value:
            target: Any = self._document
            for step in value["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            value = target
        return value

    def shape(self, schema: Any) -> Shape:
        """The shape of what `schema` allows; null does not count."""
        schema = self.resolved(schema)
        for choice in ("oneOf", "anyOf"):
            if choice in schema:
                kinds = [self.resolved(each) for each in schema[choice]]
                kinds = [each for each in kinds if each.get("type") != "null"]
                return self.shape(kinds[0]) if len(kinds) == 1 else Shape()
        if "allOf" in schema:
            parts = [self.shape(each) for each in [*schema["allOf"], _without(schema, "allOf")]]
            fields = {name: item for part in parts for name, item in part.fields.items()}
            kinds = {part.kind for part in parts if part.kind}
            return Shape(kinds.pop(), fields) if len(kinds) == 1 else Shape()
        kind = schema.get("type", "object" if "properties" in schema else "")
        if isinstance(kind, list):
            known = [each for each in kind if each != "null"]
            kind = known[0] if len(known) == 1 else ""
        if kind == "array":
            return Shape("array", {"[]": self._later(schema.get("items", {}))})
        properties = schema.get("properties", {})
        return Shape(kind, {name: self._later(each) for name, each in properties.items()})

    def _later(self, schema: Any) -> Callable[[], Shape]:
        return lambda: self.shape(schema)


def _without(schema: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != key}
